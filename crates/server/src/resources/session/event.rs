//! Events: what a session did. Stored once each, summed up in the session.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use store::{Collection, Column, ColumnKind, Document, Millis, ObjectId, Reference, Tx, Value};

use super::attributes::compact;
use super::document::{EventSummary, PageView, Session};
use super::merge::via::Ways;

/// The name of the event that a page was looked at; `data.page` says which.
pub const PAGE_VIEW: &str = "pageView";
const YEAR_MS: i64 = 365 * 86_400_000;
const CLOCK_SKEW_MS: i64 = 5 * 60_000;

/// One event, as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Whose.
    pub session: ObjectId,
    /// What happened.
    pub name: String,
    /// When, by the client's clock within bounds.
    pub date: Millis,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// The merges that brought it.
    #[serde(default, skip_serializing_if = "Ways::is_own")]
    pub via: Ways,
}

/// The table of events: those of a session lie together, oldest first.
pub static EVENTS: Collection = Collection {
    table: "event",
    columns: &[
        Column {
            name: "session",
            path: "session",
            kind: ColumnKind::Id,
        },
        Column {
            name: "date",
            path: "date",
            kind: ColumnKind::Instant,
        },
    ],
    indexes: &[],
    cluster: &["session", "date"],
    references: &[Reference {
        column: "session",
        table: "session",
    }],
};

impl Document for Event {
    const COLLECTION: &'static Collection = &EVENTS;

    fn promoted(&self) -> Vec<Value> {
        vec![self.session.into(), self.date.into()]
    }
}

/// An event as a client sent it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What happened.
    pub name: String,
    /// When; the time of arrival when the client did not say.
    pub date: Option<Millis>,
    /// More about it.
    pub data: Option<Box<RawValue>>,
    /// Tells apart events that are alike in all else. What is sent again has the same number again.
    pub number: u32,
}

/// How large an event may be.
#[derive(Debug, Clone, Copy)]
pub struct EventLimits {
    /// Characters of the name.
    pub name_chars_max: usize,
    /// Bytes of the data, as JSON.
    pub data_bytes_max: usize,
}

/// An event of the parts that a client sent.
///
/// # Errors
/// What is wrong with which part.
pub fn sent(
    name: Option<String>,
    date: Option<Millis>,
    data: Option<Box<RawValue>>,
    limits: EventLimits,
) -> Result<Sent, String> {
    let name = name
        .filter(|name| !name.is_empty())
        .ok_or(".name: must not be empty")?;
    if name.chars().count() > limits.name_chars_max {
        return Err(format!(
            ".name: is longer than {} characters",
            limits.name_chars_max
        ));
    }
    let data = data
        .filter(|data| data.get() != "null")
        .map(|data| compact(&data).map_err(|why| format!(".data: {why}")))
        .transpose()?;
    if data
        .as_ref()
        .is_some_and(|data| data.get().len() > limits.data_bytes_max)
    {
        return Err(format!(
            ".data: is longer than {} bytes",
            limits.data_bytes_max
        ));
    }
    let number = 0;
    Ok(Sent {
        name,
        date,
        data,
        number,
    })
}

/// What became of a batch for one session.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tracked {
    /// Events that were stored.
    pub stored: u64,
    /// Events that had been stored before.
    pub repeated: u64,
}

/// Stores the events of one session and sums them up in it. The caller writes the session when any were stored.
///
/// The same event (name, date, data and number) of a session is stored once: its id is made of them, and is its key. The date
/// is the one that was sent: those of a clock that is wrong are bounded to one instant, and are different events all the same.
///
/// # Errors
/// Those of the store.
pub fn track(
    tx: &mut Tx<'_>,
    id: ObjectId,
    session: &mut Session,
    events: &[Sent],
    names_max: usize,
) -> store::Result<Tracked> {
    let now = tx.now();
    let event = |sent: &Sent| {
        let said = sent.date.unwrap_or(now);
        let event = Event {
            session: id,
            name: sent.name.clone(),
            date: bounded(said, now),
            data: sent.data.clone(),
            via: Ways::default(),
        };
        (event_id(&event, said, sent.number), event)
    };
    let events: Vec<_> = events.iter().map(event).collect();
    let mut tracked = Tracked::default();
    for ((_, event), is_new) in events.iter().zip(tx.append_all(&events)?) {
        if is_new {
            tracked.stored += 1;
            summarise(session, event, names_max);
        } else {
            tracked.repeated += 1;
        }
    }
    Ok(tracked)
}

/// The client's clock is believed within a year back and five minutes ahead.
fn bounded(date: Millis, now: Millis) -> Millis {
    Millis(date.0.clamp(now.0 - YEAR_MS, now.0 + CLOCK_SKEW_MS))
}

fn event_id(event: &Event, said: Millis, number: u32) -> ObjectId {
    let mut hash = Sha256::new();
    if number > 0 {
        hash.update(number.to_be_bytes());
    }
    hash.update(said.0.to_be_bytes());
    hash.update((event.name.len() as u64).to_be_bytes());
    hash.update(event.name.as_bytes());
    hash.update(event.data.as_ref().map_or("", |data| data.get()).as_bytes());
    let mut unique = [0; 8];
    unique.copy_from_slice(&hash.finalize()[..8]);
    ObjectId::from_parts(event.date.seconds(), unique)
}

/// Adds one event to the sums. Names beyond the limit are stored but not summed up.
pub fn summarise(session: &mut Session, event: &Event, names_max: usize) {
    if event.name == PAGE_VIEW {
        see_page(session, event);
    }
    if let Some(summary) = session.event_data.get_mut(&event.name) {
        summary.count += 1;
        summary.first_at = summary.first_at.min(event.date);
        if event.date >= summary.last_at {
            summary.last_at = event.date;
            summary.last_data.clone_from(&event.data);
        }
    } else if session.event_data.len() < names_max {
        let summary = EventSummary {
            count: 1,
            first_at: event.date,
            last_at: event.date,
            last_data: event.data.clone(),
        };
        session.event_data.insert(event.name.clone(), summary);
    }
}

fn see_page(session: &mut Session, event: &Event) {
    #[derive(Deserialize)]
    struct Page {
        page: String,
    }
    let Some(Page { page }) = event
        .data
        .as_ref()
        .and_then(|data| serde_json::from_str(data.get()).ok())
    else {
        return;
    };
    if session
        .last_page_view
        .as_ref()
        .is_none_or(|seen| seen.date <= event.date)
    {
        session.last_page_view = Some(PageView {
            page,
            date: event.date,
        });
    }
}

/// Joins two summaries of different events.
#[must_use]
pub fn join(
    mut kept: IndexMap<String, EventSummary>,
    other: IndexMap<String, EventSummary>,
    names_max: usize,
) -> IndexMap<String, EventSummary> {
    for (name, summary) in other {
        if let Some(own) = kept.get_mut(&name) {
            own.count += summary.count;
            own.first_at = own.first_at.min(summary.first_at);
            if summary.last_at > own.last_at {
                own.last_at = summary.last_at;
                own.last_data = summary.last_data;
            }
        } else if kept.len() < names_max {
            kept.insert(name, summary);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, date: i64, data: &str) -> Event {
        let data = (!data.is_empty()).then(|| RawValue::from_string(data.into()).unwrap());
        Event {
            session: ObjectId::ZERO,
            name: name.into(),
            date: Millis(date),
            data,
            via: Ways::default(),
        }
    }

    #[test]
    fn an_event_has_one_id_and_another_event_another() {
        let id = event_id(&event("a", 1000, "{}"), Millis(1000), 0);
        assert_eq!(id, event_id(&event("a", 1000, "{}"), Millis(1000), 0));
        for other in [
            event("b", 1000, "{}"),
            event("a", 1001, "{}"),
            event("a", 1000, "{\"n\":1}"),
            event("a1", 1000, "2"),
            event("a", 1000, "12"),
        ] {
            assert_ne!(id, event_id(&other, other.date, 0));
        }
        assert_ne!(id, event_id(&event("a", 1000, "{}"), Millis(1000), 1));
    }

    #[test]
    fn the_clock_of_a_client_is_bounded() {
        let now = Millis(1_700_000_000_000);
        assert_eq!(
            bounded(Millis(now.0 + CLOCK_SKEW_MS), now).0,
            now.0 + CLOCK_SKEW_MS
        );
        assert_eq!(
            bounded(Millis(now.0 + CLOCK_SKEW_MS + 1), now).0,
            now.0 + CLOCK_SKEW_MS
        );
        assert_eq!(bounded(Millis(now.0 - YEAR_MS - 1), now).0, now.0 - YEAR_MS);
    }

    #[test]
    fn late_events_do_not_become_the_latest() {
        let mut session = Session::default();
        for (date, data) in [(20, "2"), (10, "1"), (30, "3"), (25, "4")] {
            summarise(&mut session, &event("x", date, data), 500);
        }
        let summary = &session.event_data["x"];
        assert_eq!(
            (summary.count, summary.first_at.0, summary.last_at.0),
            (4, 10, 30)
        );
        assert_eq!(summary.last_data.as_ref().unwrap().get(), "3");
    }

    #[test]
    fn names_beyond_the_limit_are_not_summed_up() {
        let mut session = Session::default();
        for name in ["a", "b", "c", "a"] {
            summarise(&mut session, &event(name, 1, ""), 2);
        }
        assert_eq!(session.event_data.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(session.event_data["a"].count, 2);
    }

    #[test]
    fn a_page_view_is_the_last_page() {
        let mut session = Session::default();
        summarise(&mut session, &event(PAGE_VIEW, 20, r#"{"page":"/b"}"#), 5);
        summarise(&mut session, &event(PAGE_VIEW, 10, r#"{"page":"/a"}"#), 5);
        summarise(&mut session, &event(PAGE_VIEW, 30, r#"{"page":5}"#), 5);
        assert_eq!(
            session.last_page_view,
            Some(PageView {
                page: "/b".into(),
                date: Millis(20)
            })
        );
    }
}
