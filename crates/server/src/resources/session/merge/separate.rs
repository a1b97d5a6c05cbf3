//! What a merge changed of its survivor, and how that is taken back.
//!
//! A value is what it was before the merge, unless it was changed since: then it stays. Sums lose what the merge added.

use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};

use super::super::document::{EventSummary, PageView, Session};
use super::super::event;

type Members = IndexMap<String, Box<RawValue>>;

/// Objects of which only the members that differ are noted.
const NESTED: [&str; 2] = ["customData", "eventData"];

/// The fields that differ, as they were before and after. Read as sessions, both have the default where they were alike.
pub fn difference(
    before: &Session,
    after: &Session,
) -> serde_json::Result<(Box<RawValue>, Box<RawValue>)> {
    let (before, after) = differing(&to_raw_value(before)?, &to_raw_value(after)?, &NESTED)?;
    Ok((before, after))
}

fn differing(
    before: &RawValue,
    after: &RawValue,
    nested: &[&str],
) -> serde_json::Result<(Box<RawValue>, Box<RawValue>)> {
    let (mut before, mut after): (Members, Members) = (
        serde_json::from_str(before.get())?,
        serde_json::from_str(after.get())?,
    );
    let differs = |own: &RawValue, other: Option<&Box<RawValue>>| {
        other.is_none_or(|other| other.get() != own.get())
    };
    let was = before.clone();
    before.retain(|key, value| differs(value, after.get(key)));
    after.retain(|key, value| differs(value, was.get(key)));
    for key in nested {
        if let (Some(own), Some(other)) = (before.get_mut(*key), after.get_mut(*key)) {
            (*own, *other) = differing(own, other, &[])?;
        }
    }
    Ok((to_raw_value(&before)?, to_raw_value(&after)?))
}

/// Takes out of `now` what it has from a merge. `before` and `after`: what the merge changed; `stayed`: the sums of the
/// events that stay.
pub fn separate(now: &mut Session, before: &Session, after: &Session, stayed: Session) {
    take_back_values(now, before, after);
    take_back_lists(now, before, after);
    take_back_sums(now, before, after);
    take_back_events(now, before, after, stayed);
}

fn back<T: PartialEq + Clone>(now: &mut T, before: &T, after: &T) {
    if now == after {
        now.clone_from(before);
    }
}

fn back_raw(
    now: &mut Option<Box<RawValue>>,
    before: &Option<Box<RawValue>>,
    after: &Option<Box<RawValue>>,
) {
    let text = |value: &Option<Box<RawValue>>| value.as_ref().map(|value| value.get().to_owned());
    if text(now) == text(after) {
        now.clone_from(before);
    }
}

fn take_back_values(now: &mut Session, before: &Session, after: &Session) {
    back(&mut now.user_id, &before.user_id, &after.user_id);
    back(&mut now.name, &before.name, &after.name);
    back(&mut now.email, &before.email, &after.email);
    back(&mut now.phone, &before.phone, &after.phone);
    back(&mut now.avatar, &before.avatar, &after.avatar);
    back(&mut now.sla, &before.sla, &after.sla);
    back(&mut now.plan, &before.plan, &after.plan);
    back(&mut now.company_id, &before.company_id, &after.company_id);
    let (was, is) = (&before.company_name, &after.company_name);
    back(&mut now.company_name, was, is);
    back(&mut now.platform, &before.platform, &after.platform);
    let (was, is) = (&before.device_type, &after.device_type);
    back(&mut now.device_type, was, is);
    let (was, is) = (&before.facebook_id, &after.facebook_id);
    back(&mut now.facebook_id, was, is);
    let (was, is) = (&before.instagram_id, &after.instagram_id);
    back(&mut now.instagram_id, was, is);
    let (was, is) = (&before.instagram_username, &after.instagram_username);
    back(&mut now.instagram_username, was, is);
    let (was, is) = (&before.telegram_chat_id, &after.telegram_chat_id);
    back(&mut now.telegram_chat_id, was, is);
    let (was, is) = (&before.telegram_username, &after.telegram_username);
    back(&mut now.telegram_username, was, is);
    back(&mut now.blocked, &before.blocked, &after.blocked);
    back_raw(&mut now.location, &before.location, &after.location);
    let (was, is) = (&before.checklist_tasks, &after.checklist_tasks);
    back_raw(&mut now.checklist_tasks, was, is);
    let (was, is) = (&before.outbound_history, &after.outbound_history);
    back_raw(&mut now.outbound_history, was, is);
    take_back_unsubscription(now, before, after);
}

/// Date and reason belong to it.
fn take_back_unsubscription(now: &mut Session, before: &Session, after: &Session) {
    let of = |session: &Session| {
        let reason = session.unsubscribe_reason.clone();
        (session.unsubscribed, session.unsubscribed_at, reason)
    };
    let mut all = of(now);
    // Fields that were alike before and after are noted in neither: unsubscribing always changes the first of the three.
    if before.unsubscribed != after.unsubscribed {
        back(&mut all, &of(before), &of(after));
    }
    (
        now.unsubscribed,
        now.unsubscribed_at,
        now.unsubscribe_reason,
    ) = all;
}

fn take_back_lists(now: &mut Session, before: &Session, after: &Session) {
    now.tags
        .retain(|tag| before.tags.contains(tag) || !after.tags.contains(tag));
    let brought = |name: &str| before.memory.iter().all(|entry| entry.name != name);
    now.memory
        .retain(|entry| !(brought(&entry.name) && after.memory.contains(entry)));
    for (key, value) in &after.custom_data {
        let is_same = now
            .custom_data
            .get(key)
            .is_some_and(|now| now.get() == value.get());
        if is_same && !before.custom_data.contains_key(key) {
            now.custom_data.shift_remove(key);
        }
    }
}

fn take_back_sums(now: &mut Session, before: &Session, after: &Session) {
    fn less(now: &mut u64, before: u64, after: u64) {
        *now = now.saturating_sub(after.saturating_sub(before));
    }
    less(&mut now.sessions, before.sessions, after.sessions);
    less(
        &mut now.count_feedback_reports,
        before.count_feedback_reports,
        after.count_feedback_reports,
    );
    less(
        &mut now.count_feedback_comments,
        before.count_feedback_comments,
        after.count_feedback_comments,
    );
    let (was, is) = (&before.first_activity, &after.first_activity);
    back(&mut now.first_activity, was, is);
    let (was, is) = (&before.last_activity, &after.last_activity);
    back(&mut now.last_activity, was, is);
    let (was, is) = (&before.last_heard_from, &after.last_heard_from);
    back(&mut now.last_heard_from, was, is);
    let (was, is) = (&before.last_feedback_report, &after.last_feedback_report);
    back(&mut now.last_feedback_report, was, is);
}

fn take_back_events(now: &mut Session, before: &Session, after: &Session, stayed: Session) {
    if before.last_page_view != after.last_page_view && now.last_page_view == after.last_page_view {
        let date = |view: &Option<PageView>| view.as_ref().map(|view| view.date);
        now.last_page_view = if date(&stayed.last_page_view) > date(&before.last_page_view) {
            stayed.last_page_view
        } else {
            before.last_page_view.clone()
        };
    }
    for (name, joined) in &after.event_data {
        let was = before.event_data.get(name);
        let added = joined
            .count
            .saturating_sub(was.map_or(0, |summary| summary.count));
        let Some(summary) = now.event_data.get_mut(name) else {
            continue;
        };
        summary.count = summary.count.saturating_sub(added);
        if summary.count == 0 && was.is_none() {
            now.event_data.shift_remove(name);
        } else {
            bound(summary, was, stayed.event_data.get(name));
        }
    }
}

/// First and last are those of what was there before the merge, and of the events that stay.
fn bound(summary: &mut EventSummary, was: Option<&EventSummary>, stayed: Option<&EventSummary>) {
    let one = |own: &EventSummary| IndexMap::from([(String::new(), own.clone())]);
    let joined = match (was, stayed) {
        (Some(was), Some(stayed)) => event::join(one(was), one(stayed), 1).shift_remove(""),
        (was, stayed) => was.or(stayed).cloned(),
    };
    if let Some(joined) = joined {
        *summary = EventSummary {
            count: summary.count,
            ..joined
        };
    }
}
