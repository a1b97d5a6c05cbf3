//! What the survivor of a merge takes over: what it lacks, and the sums.

use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::super::document::Session;
use super::super::event;
use super::super::fields::TAGS_MAX;
use super::super::memory;

/// Custom attributes that a session may come to have by merges: more than one call may set, but not without end.
pub const CUSTOM_KEYS_MAX: usize = 1_000;
/// Bytes of all of them together.
pub const CUSTOM_BYTES_MAX: usize = 256 << 10;

/// Gives `kept` what it lacks of `gone`, and adds up what is counted.
pub fn absorb(kept: &mut Session, gone: Session, names_max: usize) {
    fn fill<T>(place: &mut Option<T>, value: Option<T>) {
        if place.is_none() {
            *place = value;
        }
    }
    fill(&mut kept.user_id, gone.user_id);
    fill(&mut kept.name, gone.name);
    fill(&mut kept.email, gone.email);
    fill(&mut kept.phone, gone.phone);
    fill(&mut kept.avatar, gone.avatar);
    fill(&mut kept.sla, gone.sla);
    fill(&mut kept.plan, gone.plan);
    fill(&mut kept.company_id, gone.company_id);
    fill(&mut kept.company_name, gone.company_name);
    fill(&mut kept.platform, gone.platform);
    fill(&mut kept.device_type, gone.device_type);
    fill(&mut kept.location, gone.location);
    fill(&mut kept.facebook_id, gone.facebook_id);
    fill(&mut kept.instagram_id, gone.instagram_id);
    fill(&mut kept.instagram_username, gone.instagram_username);
    fill(&mut kept.telegram_chat_id, gone.telegram_chat_id);
    fill(&mut kept.telegram_username, gone.telegram_username);
    fill(&mut kept.checklist_tasks, gone.checklist_tasks);
    fill(&mut kept.outbound_history, gone.outbound_history);
    let known: Vec<_> = kept.memory.iter().map(|entry| entry.name.clone()).collect();
    kept.memory.extend(
        gone.memory
            .into_iter()
            .filter(|entry| !known.contains(&entry.name)),
    );
    kept.memory.truncate(known.len().max(memory::ENTRIES_MAX));
    // What protects the team or the user from messages must not be lost by a merge.
    kept.blocked |= gone.blocked;
    if gone.unsubscribed && !kept.unsubscribed {
        kept.unsubscribed = true;
        kept.unsubscribed_at = gone.unsubscribed_at;
        kept.unsubscribe_reason = gone.unsubscribe_reason;
    }
    take_custom(&mut kept.custom_data, gone.custom_data);
    let own_tags = kept.tags.len();
    let new_tags: Vec<_> = gone
        .tags
        .into_iter()
        .filter(|tag| !kept.tags.contains(tag))
        .collect();
    kept.tags.extend(new_tags);
    kept.tags.truncate(own_tags.max(TAGS_MAX));
    if kept.value.as_f64() == Some(0.0) {
        kept.value = gone.value;
    }
    kept.sessions += gone.sessions;
    kept.count_feedback_reports += gone.count_feedback_reports;
    kept.count_feedback_comments += gone.count_feedback_comments;
    kept.first_activity = kept.first_activity.min(gone.first_activity);
    kept.last_activity = kept.last_activity.max(gone.last_activity);
    kept.last_heard_from = kept.last_heard_from.max(gone.last_heard_from);
    kept.last_feedback_report = kept.last_feedback_report.max(gone.last_feedback_report);
    if gone.last_page_view.as_ref().map(|view| view.date)
        > kept.last_page_view.as_ref().map(|view| view.date)
    {
        kept.last_page_view = gone.last_page_view;
    }
    kept.event_data = event::join(
        std::mem::take(&mut kept.event_data),
        gone.event_data,
        names_max,
    );
}

/// Takes over custom data that is new, as far as it fits. What does not is in the record of the merge.
fn take_custom(kept: &mut IndexMap<String, Box<RawValue>>, gone: IndexMap<String, Box<RawValue>>) {
    let size = |key: &str, value: &RawValue| key.len() + value.get().len();
    let mut bytes: usize = kept.iter().map(|(key, value)| size(key, value)).sum();
    for (key, value) in gone {
        let more = size(&key, &value);
        let fits = kept.len() < CUSTOM_KEYS_MAX && bytes + more <= CUSTOM_BYTES_MAX;
        if fits && !kept.contains_key(&key) {
            kept.insert(key, value);
            bytes += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::session::document::MemoryEntry;
    use store::Millis;

    fn entry(name: &str, content: &str) -> MemoryEntry {
        MemoryEntry {
            name: name.into(),
            description: String::new(),
            content: content.into(),
            actor: "admin".into(),
            actor_user_id: None,
            created_at: Millis(0),
            updated_at: Millis(0),
        }
    }

    #[test]
    fn the_survivor_keeps_its_own_and_takes_what_it_lacks() {
        let mut kept = Session {
            name: Some("Ada".into()),
            tags: vec!["vip".into()],
            memory: vec![entry("a", "own")],
            sessions: 2,
            ..Session::default()
        };
        let gone = Session {
            name: Some("Guest".into()),
            facebook_id: Some("f".into()),
            tags: vec!["vip".into(), "trial".into()],
            memory: vec![entry("a", "other"), entry("b", "new")],
            sessions: 3,
            ..Session::default()
        };
        absorb(&mut kept, gone, 10);
        assert_eq!(kept.name.as_deref(), Some("Ada"));
        assert_eq!(kept.facebook_id.as_deref(), Some("f"));
        assert_eq!(kept.tags, ["vip", "trial"]);
        assert_eq!(kept.memory, [entry("a", "own"), entry("b", "new")]);
        assert_eq!(kept.sessions, 5);
    }

    #[test]
    fn a_merge_never_lifts_a_block_or_an_unsubscription() {
        let mut kept = Session::default();
        let gone = Session {
            blocked: true,
            unsubscribed: true,
            unsubscribed_at: Some(Millis(7)),
            ..Session::default()
        };
        absorb(&mut kept, gone, 10);
        assert!(kept.blocked && kept.unsubscribed);
        assert_eq!(kept.unsubscribed_at, Some(Millis(7)));
    }

    #[test]
    fn what_merges_bring_together_has_an_end() {
        let custom = |count: usize, from: usize| {
            let value = |n: usize| (format!("k{n}"), RawValue::from_string("1".into()).unwrap());
            (from..from + count).map(value).collect()
        };
        let mut kept = Session {
            custom_data: custom(CUSTOM_KEYS_MAX - 1, 0),
            tags: (0..TAGS_MAX - 1).map(|n| format!("t{n}")).collect(),
            ..Session::default()
        };
        let gone = Session {
            custom_data: custom(2, CUSTOM_KEYS_MAX),
            tags: vec!["x".into(), "y".into()],
            ..Session::default()
        };
        absorb(&mut kept, gone, 10);
        assert_eq!(
            (kept.custom_data.len(), kept.tags.len()),
            (CUSTOM_KEYS_MAX, TAGS_MAX)
        );
        let large = |bytes: usize| {
            let value = RawValue::from_string(format!("\"{}\"", "x".repeat(bytes - 3))).unwrap();
            IndexMap::from([("k".to_owned(), value)])
        };
        for (bytes, taken) in [(CUSTOM_BYTES_MAX, 1), (CUSTOM_BYTES_MAX + 1, 0)] {
            let mut kept = IndexMap::new();
            take_custom(&mut kept, large(bytes));
            assert_eq!(kept.len(), taken);
        }
    }
}
