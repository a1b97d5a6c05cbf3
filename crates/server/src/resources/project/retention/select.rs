//! Which guests and events the rules let go.

use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Millis, ObjectId, Query, RawRow, Snapshot, Sort};

use crate::resources::session::document::Session;
use crate::resources::session::event::Event;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::settings::TicketSettings;

/// Sessions that are looked at in one read.
pub const SESSIONS_PER_READ: u32 = 500;
/// Tickets of a guest that are looked at. Who has more stays.
const TICKETS_LOOKED_AT: u32 = 200;

/// Some sessions by id.
#[derive(Debug)]
pub struct Seen<T> {
    /// Those that were asked for.
    pub found: Vec<T>,
    /// Where to go on; `None` at the end.
    pub next: Option<ObjectId>,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self {
            found: Vec::new(),
            next: None,
        }
    }
}

/// Of the next sessions those that are guests whom nobody saw since `before`, with the instant at which each was last seen.
///
/// # Errors
/// Those of the store.
pub fn guests(
    snapshot: &Snapshot<'_>,
    after: ObjectId,
    before: Millis,
) -> store::Result<Seen<(ObjectId, Millis)>> {
    let query = Query {
        filter: Filter::Range {
            field: FieldPath::known("_id"),
            op: RangeOp::Gt,
            value: Scalar::Id(after),
        },
        sort: vec![by("_id")],
        limit: SESSIONS_PER_READ,
        ..Query::default()
    };
    let page = snapshot.page::<Session>(&query)?;
    let mut found = Vec::new();
    for row in &page.rows {
        let session: Session = row.parse()?;
        if is_unseen_guest(&session, before) {
            found.push((row.id, seen(&session)));
        }
    }
    let last = page.rows.last().map(|row| row.id);
    Ok(Seen {
        found,
        next: page.next.and(last),
    })
}

/// Whether a session is a guest that was not seen since `before`. Those that are blocked or unsubscribed stay: nobody else
/// knows that of them.
#[must_use]
pub fn is_unseen_guest(session: &Session, before: Millis) -> bool {
    session.user_id.is_none()
        && seen(session) < before
        && !(session.blocked || session.unsubscribed)
}

fn seen(session: &Session) -> Millis {
    session.last_activity.unwrap_or(session.first_activity)
}

/// Whether something is still to be done about a ticket of a session: it is neither archived nor in a closed status.
///
/// # Errors
/// Those of the store.
pub fn has_open_ticket(
    snapshot: &Snapshot<'_>,
    session: ObjectId,
    settings: &TicketSettings,
) -> store::Result<bool> {
    let archived = Filter::Eq(FieldPath::known("archived"), Scalar::Bool(true));
    let page = snapshot.page::<Ticket>(&Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("session"), Scalar::Id(session)),
            Filter::Not(Box::new(archived)),
        ]),
        limit: TICKETS_LOOKED_AT,
        ..Query::default()
    })?;
    if page.next.is_some() {
        return Ok(true);
    }
    let status = |row: &RawRow| row.parse::<Ticket>().map(|ticket| ticket.status);
    for row in &page.rows {
        if !settings.is_closed(&status(row)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Of the next sessions those that have events from before `before`, with the date of the oldest.
///
/// # Errors
/// Those of the store.
pub fn with_old_events(
    snapshot: &Snapshot<'_>,
    after: ObjectId,
    before: Millis,
) -> store::Result<Seen<(ObjectId, Millis)>> {
    let looked_at = snapshot.oldest_of::<Session, Event>(after, before, SESSIONS_PER_READ)?;
    let is_last = looked_at.len() < SESSIONS_PER_READ as usize;
    let last = looked_at.last().map(|(id, _)| *id);
    let found = looked_at
        .into_iter()
        .filter_map(|(id, oldest)| Some((id, oldest?)));
    Ok(Seen {
        found: found.collect(),
        next: last.filter(|_| !is_last),
    })
}

/// How many events of a session are from before `before`, counted up to `most`, and the date of the latest of them.
///
/// # Errors
/// Those of the store.
pub fn count_events(
    snapshot: &Snapshot<'_>,
    session: ObjectId,
    before: Millis,
    most: u64,
) -> store::Result<(u64, Option<Millis>)> {
    let query = Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("session"), Scalar::Id(session)),
            Filter::Range {
                field: FieldPath::known("date"),
                op: RangeOp::Lt,
                value: Scalar::Instant(before),
            },
        ]),
        sort: vec![Sort {
            descending: true,
            ..by("date")
        }],
        limit: 1,
        ..Query::default()
    };
    let count = snapshot.count::<Event>(&query, most)?;
    let latest = snapshot.page::<Event>(&query)?;
    let latest = latest.rows.first().map(|row| row.parse::<Event>());
    Ok((count, latest.transpose()?.map(|event| event.date)))
}

fn by(path: &str) -> Sort {
    Sort {
        path: path.into(),
        descending: false,
    }
}
