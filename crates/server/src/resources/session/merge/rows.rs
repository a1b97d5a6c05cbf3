//! The rows of a session that move to another with a merge, and back when it is undone.

use std::collections::HashSet;

use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Document, Millis, ObjectId, Query, Row, Sort, Tx};

use super::super::activity::Activity;
use super::super::document::Session;
use super::super::event::{self, Event, PAGE_VIEW};
use super::super::history::IdentityChange;
use super::document::Merge;
use super::via::Via;

/// Rows that are moved before the next are read.
const ROWS_PER_STEP: u32 = 500;

/// A row that lies with others of its session, in the order of time.
pub trait Timed: Document {
    /// The path of its time.
    const TIME: &'static str;
    /// Its time.
    fn time(&self) -> Millis;
    /// Whose it is.
    fn session(&mut self) -> &mut ObjectId;
}

impl Timed for Event {
    const TIME: &'static str = "date";
    fn time(&self) -> Millis {
        self.date
    }
    fn session(&mut self) -> &mut ObjectId {
        &mut self.session
    }
}

impl Timed for IdentityChange {
    const TIME: &'static str = "at";
    fn time(&self) -> Millis {
        self.at
    }
    fn session(&mut self) -> &mut ObjectId {
        &mut self.session
    }
}

impl Timed for Activity {
    const TIME: &'static str = "at";
    fn time(&self) -> Millis {
        self.at
    }
    fn session(&mut self) -> &mut ObjectId {
        &mut self.session
    }
}

/// A row that knows by which merges it came.
pub trait Brought: Timed {
    /// Those merges.
    fn via(&mut self) -> &mut Via;
}

impl Brought for IdentityChange {
    fn via(&mut self) -> &mut Via {
        &mut self.via
    }
}

impl Brought for Activity {
    fn via(&mut self) -> &mut Via {
        &mut self.via
    }
}

/// Does something with each timed row of a session, newest first. Rows may be deleted meanwhile.
fn each_timed<D: Timed>(
    tx: &mut Tx<'_>,
    session: ObjectId,
    mut act: impl FnMut(&mut Tx<'_>, ObjectId, D) -> store::Result<()>,
) -> store::Result<()> {
    let of_session = Filter::Eq(FieldPath::known("session"), Scalar::Id(session));
    let mut query = Query {
        filter: of_session.clone(),
        sort: vec![Sort {
            path: D::TIME.into(),
            descending: true,
        }],
        limit: ROWS_PER_STEP,
        ..Query::default()
    };
    loop {
        let page = tx.page::<D>(&query)?;
        let mut last = None;
        for row in page.rows {
            let doc: D = row.parse()?;
            last = Some(doc.time());
            act(tx, row.id, doc)?;
        }
        let (Some(next), Some(last)) = (page.next, last) else {
            return Ok(());
        };
        // The cursor alone would have the rows before it read again.
        let rest = Filter::Range {
            field: FieldPath::known(D::TIME),
            op: RangeOp::Le,
            value: Scalar::Instant(last),
        };
        query.filter = Filter::And(vec![of_session.clone(), rest]);
        query.after = Some(next);
    }
}

/// Does something with each document that names a session at `path`, newest first.
pub fn each<D: Document>(
    tx: &mut Tx<'_>,
    path: &'static str,
    session: ObjectId,
    mut act: impl FnMut(&mut Tx<'_>, Row<D>) -> store::Result<()>,
) -> store::Result<()> {
    let mut query = Query {
        filter: Filter::Eq(FieldPath::known(path), Scalar::Id(session)),
        limit: ROWS_PER_STEP,
        ..Query::default()
    };
    loop {
        let page = tx.page::<D>(&query)?;
        for row in page.rows {
            let row = tx.get_for_update::<D>(row.id)?.ok_or_else(|| tx.raced())?;
            act(tx, row)?;
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Moves the rows of a session to another; returns how many.
pub fn move_to<D: Brought>(
    tx: &mut Tx<'_>,
    gone: ObjectId,
    survivor: ObjectId,
    merge: ObjectId,
) -> store::Result<u64> {
    let mut moved = 0;
    each_timed::<D>(tx, gone, |tx, id, mut row| {
        row.via().push(merge);
        moved += 1;
        change_place(tx, id, row, survivor)
    })?;
    Ok(moved)
}

/// Moves the rows that a merge brought back.
pub fn move_back<D: Brought>(
    tx: &mut Tx<'_>,
    survivor: ObjectId,
    gone: ObjectId,
    merge: ObjectId,
) -> store::Result<()> {
    each_timed::<D>(tx, survivor, |tx, id, mut row| {
        if row.via().pop(merge) {
            change_place(tx, id, row, gone)?;
        }
        Ok(())
    })
}

fn change_place<D: Timed>(
    tx: &mut Tx<'_>,
    id: ObjectId,
    mut row: D,
    to: ObjectId,
) -> store::Result<()> {
    let from = std::mem::replace(row.session(), to);
    tx.append(id, &row)?;
    tx.delete_at::<D>(&[from.into(), row.time().into()], id)
        .map(drop)
}

/// Moves the events of a session to another: how many moved, and how many were there already. Those are counted once: they
/// are taken out of `sums`, which the merged session adds.
pub fn move_events(
    tx: &mut Tx<'_>,
    gone: ObjectId,
    survivor: ObjectId,
    merge: ObjectId,
    sums: &mut Session,
) -> store::Result<(u64, u64)> {
    let (mut moved, mut repeated) = (0, 0);
    each_timed::<Event>(tx, gone, |tx, id, mut event| {
        let place = [gone.into(), event.date.into()];
        event.session = survivor;
        event.via.push(merge);
        if tx.append(id, &event)? {
            moved += 1;
        } else {
            repeated += 1;
            if let Some(summary) = sums.event_data.get_mut(&event.name) {
                summary.count = summary.count.saturating_sub(1);
            }
            join(tx, id, event)?;
        }
        tx.delete_at::<Event>(&place, id).map(drop)
    })?;
    sums.event_data.retain(|_, summary| summary.count > 0);
    Ok((moved, repeated))
}

/// Notes in an event that is there that the other session had it too.
fn join(tx: &mut Tx<'_>, id: ObjectId, mut event: Event) -> store::Result<()> {
    let same = Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("session"), Scalar::Id(event.session)),
            Filter::Eq(FieldPath::known("date"), Scalar::Instant(event.date)),
            Filter::Eq(FieldPath::known("id"), Scalar::Id(id)),
        ]),
        limit: 1,
        ..Query::default()
    };
    let rows = tx.page::<Event>(&same)?.rows;
    let known: Event = rows.first().ok_or_else(|| tx.raced())?.parse()?;
    event.via.join(known.via);
    replace(tx, id, &event)
}

fn replace(tx: &mut Tx<'_>, id: ObjectId, event: &Event) -> store::Result<()> {
    tx.delete_at::<Event>(&[event.session.into(), event.date.into()], id)?;
    tx.append(id, event).map(drop)
}

/// Moves the events that a merge brought back. Those that both sessions had are both sessions' again. Returns the sums of
/// those that stay, of these names and of page views.
pub fn move_events_back(
    tx: &mut Tx<'_>,
    survivor: ObjectId,
    gone: ObjectId,
    merge: ObjectId,
    names: &HashSet<String>,
) -> store::Result<Session> {
    let mut stayed = Session::default();
    each_timed::<Event>(tx, survivor, |tx, id, event| {
        let (brought, own) = event.via.clone().split(merge);
        if own.is_some() && (names.contains(&event.name) || event.name == PAGE_VIEW) {
            event::summarise(&mut stayed, &event, usize::MAX);
        }
        let Some(via) = brought else { return Ok(()) };
        let back = Event {
            session: gone,
            via,
            ..event.clone()
        };
        tx.append(id, &back)?;
        match own {
            Some(via) => replace(tx, id, &Event { via, ..event }),
            None => tx
                .delete_at::<Event>(&[survivor.into(), event.date.into()], id)
                .map(drop),
        }
    })?;
    Ok(stayed)
}

/// Sessions that were merged into the one that is gone now find the survivor; returns how many.
pub fn move_merges(
    tx: &mut Tx<'_>,
    gone: ObjectId,
    survivor: ObjectId,
    merge: ObjectId,
) -> store::Result<u64> {
    let mut moved = 0;
    each::<Merge>(tx, "survivor", gone, |tx, mut row| {
        row.doc.via.push(merge);
        moved += 1;
        redirect(tx, row, survivor)
    })?;
    Ok(moved)
}

/// Sessions that were merged into the one that is back find it again.
pub fn move_merges_back(
    tx: &mut Tx<'_>,
    survivor: ObjectId,
    gone: ObjectId,
    merge: ObjectId,
) -> store::Result<()> {
    each::<Merge>(tx, "survivor", survivor, |tx, mut row| {
        if row.doc.via.pop(merge) {
            redirect(tx, row, gone)?;
        }
        Ok(())
    })
}

fn redirect(tx: &mut Tx<'_>, mut row: Row<Merge>, to: ObjectId) -> store::Result<()> {
    let from = std::mem::replace(&mut row.doc.survivor, to);
    for (kind, key) in row.doc.keys() {
        tx.release(kind, &key, from)?;
        tx.claim(kind, &key, to)?;
    }
    tx.put(&mut row)
}
