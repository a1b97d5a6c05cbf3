//! What the survivor of a merge takes over: what it lacks, and the sums.

use super::super::document::Session;
use super::super::event;

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
    // What protects the team or the user from messages must not be lost by a merge.
    kept.blocked |= gone.blocked;
    if gone.unsubscribed && !kept.unsubscribed {
        kept.unsubscribed = true;
        kept.unsubscribed_at = gone.unsubscribed_at;
        kept.unsubscribe_reason = gone.unsubscribe_reason;
    }
    for (key, value) in gone.custom_data {
        kept.custom_data.entry(key).or_insert(value);
    }
    let new_tags: Vec<_> = gone
        .tags
        .into_iter()
        .filter(|tag| !kept.tags.contains(tag))
        .collect();
    kept.tags.extend(new_tags);
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
}
