//! Taking an import back, from its last batch to its first: what it made is removed and what it changed is changed back, as far as nobody
//! has changed it since.

use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{ObjectId, Query, RawRow, Row, Sort, Tx};

use super::changes;
use super::document::{
    FAULTS_NAMED_MAX, Fault, FieldChange, Import, ImportBatch, ImportChange, ImportedRow,
    RowOutcome, Status, Undone,
};
use super::queue::Place;
use super::run::retried;
use crate::app::SharedApp;
use crate::files::document::File;
use crate::identity;
use crate::resources::session::document::Session;
use crate::resources::session::erase::erase;
use crate::resources::session::event::Event;
use crate::resources::session::history::{self, Identifiers, IdentityChange, Origin};
use crate::resources::session::identify;
use crate::resources::session::merge::Merge;
use crate::resources::ticket::document::Ticket;

/// Notes why an import cannot be finished: what it wrote is then to be taken back.
pub async fn give_up(app: &SharedApp, place: Place, line: u64, fault: String) -> store::Result<()> {
    let given_up = move |import: &mut Import| {
        import.fail(line, &fault);
        import.gave_up = true;
        import.status = Status::Undoing;
        import.undo = Some(Undone::default());
    };
    super::run::note(app, place, given_up).await.map(drop)
}

/// Takes back an import that is to be undone, batch by batch.
pub async fn run(app: &SharedApp, (project, id): Place) -> store::Result<()> {
    while retried(app, project, move |tx| step(tx, id)).await? {}
    Ok(())
}

/// Takes back the last batch that is left. Gives whether there may be another.
fn step(tx: &mut Tx<'_>, id: ObjectId) -> store::Result<bool> {
    let Some(mut import) = tx.get_for_update::<Import>(id)? else {
        return Ok(false);
    };
    if import.doc.status != Status::Undoing {
        return Ok(false);
    }
    let Some((raw, mut batch)) = last_batch(tx, id, import.doc.undone_from)? else {
        finish(&mut import.doc, tx.now());
        tx.put(&mut import)?;
        return Ok(false);
    };
    let mut undone = import.doc.undo.take().unwrap_or_default();
    let address = format!("/v3/imports/{id}");
    for row in batch.rows.iter_mut().rev() {
        undo_row(tx, row, &address, &mut undone)?;
    }
    import.doc.undo = Some(undone);
    import.doc.undone_from = Some(batch.first);
    tx.put(&mut import)?;
    tx.delete_at::<ImportBatch>(&[id.into(), batch.position()], raw)?;
    tx.append(raw, &batch)?;
    Ok(true)
}

fn finish(import: &mut Import, now: store::Millis) {
    import.status = if import.gave_up {
        Status::Failed
    } else {
        Status::Undone
    };
    import.finished_at = Some(now);
}

fn last_batch(
    tx: &Tx<'_>,
    import: ObjectId,
    before: Option<u64>,
) -> store::Result<Option<(ObjectId, ImportBatch)>> {
    let mut filters = vec![Filter::Eq(FieldPath::known("import"), Scalar::Id(import))];
    if let Some(before) = before {
        filters.push(Filter::Range {
            field: FieldPath::known("first"),
            op: RangeOp::Lt,
            value: Scalar::Int(i64::try_from(before).unwrap_or(i64::MAX)),
        });
    }
    let query = Query {
        filter: Filter::And(filters),
        sort: vec![Sort {
            path: "first".into(),
            descending: true,
        }],
        limit: 1,
        ..Query::default()
    };
    let found = tx.page::<ImportBatch>(&query)?.rows.pop();
    let typed = |raw: RawRow| Ok((raw.id, raw.parse()?));
    found.map(typed).transpose()
}

fn undo_row(
    tx: &mut Tx<'_>,
    imported: &mut ImportedRow,
    address: &str,
    undone: &mut Undone,
) -> store::Result<()> {
    let Some(session) = imported.session else {
        return Ok(());
    };
    let why_kept = match imported.outcome {
        RowOutcome::Created => {
            let kept = remove(tx, session, imported.made.as_deref())?;
            undone.removed += u64::from(kept.is_none());
            kept
        }
        RowOutcome::Updated => {
            let kept = restore(tx, session, imported.change.take(), address)?;
            undone.restored += u64::from(kept.is_none());
            kept
        }
        _ => return Ok(()),
    };
    imported.outcome = RowOutcome::Undone;
    if let Some(why) = why_kept {
        imported.outcome = RowOutcome::Kept;
        imported.error = Some(why.clone());
        undone.kept += 1;
        if undone.reasons.len() < FAULTS_NAMED_MAX {
            let (line, message) = (imported.line, why);
            undone.reasons.push(Fault { line, message });
        }
    }
    Ok(())
}

/// Removes a session that the import made. Gives why not, when it stays.
fn remove(tx: &mut Tx<'_>, id: ObjectId, made: Option<&str>) -> store::Result<Option<String>> {
    let Some(row) = tx.get_for_update::<Session>(id)? else {
        return gone(tx, id);
    };
    if made != Some(changes::fingerprint(&row.doc)?.as_str()) {
        return Ok(Some(format!("the session {id} was changed since")));
    }
    let was_used = has::<Event>(tx, "session", id)?
        || has::<Merge>(tx, "survivor", id)?
        || has::<Ticket>(tx, "session", id)?
        || has::<File>(tx, "session", id)?;
    if was_used {
        return Ok(Some(format!("the session {id} was used since")));
    }
    erase(tx, &row)?;
    Ok(None)
}

/// A session that was deleted is as little there as the undo wants it.
fn gone(tx: &Tx<'_>, id: ObjectId) -> store::Result<Option<String>> {
    let survivor = tx.owner(identity::MERGED_ID, &id.to_string())?;
    Ok(survivor.map(|survivor| format!("the session {id} was merged into {survivor} since")))
}

fn has<D: store::Document>(
    tx: &Tx<'_>,
    column: &'static str,
    session: ObjectId,
) -> store::Result<bool> {
    let query = Query {
        filter: Filter::Eq(FieldPath::known(column), Scalar::Id(session)),
        limit: 1,
        ..Query::default()
    };
    Ok(!tx.page::<D>(&query)?.rows.is_empty())
}

/// Changes a session back. Gives why not, when something of it stays.
fn restore(
    tx: &mut Tx<'_>,
    id: ObjectId,
    change: Option<ObjectId>,
    address: &str,
) -> store::Result<Option<String>> {
    let change = match change {
        Some(change) => tx.get::<ImportChange>(change)?,
        None => None,
    };
    let (Some(change), Some(row)) = (change, tx.get_for_update::<Session>(id)?) else {
        let merged = gone(tx, id)?;
        return Ok(merged.or_else(|| Some(format!("the session {id} is no longer there"))));
    };
    tx.delete::<ImportChange>(change.id)?;
    let mut fields = change.doc.fields;
    let taken = refuse_taken(tx, id, &mut fields)?;
    let (session, mut left) = changes::revert(&row.doc, &fields)?;
    left.extend(taken);
    save(tx, row, session, &change.doc.released)?;
    if left.is_empty() {
        forget_history(tx, id, address)?;
        return Ok(None);
    }
    Ok(Some(format!("{} was changed since", left.join(", "))))
}

/// A user id that belongs to somebody else meanwhile cannot be given back.
fn refuse_taken(
    tx: &Tx<'_>,
    id: ObjectId,
    fields: &mut Vec<FieldChange>,
) -> store::Result<Option<String>> {
    let position = fields.iter().position(|change| change.field == "userId");
    let before = position.and_then(|position| fields[position].before.as_ref());
    let Some(before) = before else {
        return Ok(None);
    };
    let user_id: String = serde_json::from_str(before.get())?;
    match (tx.owner(identity::USER_ID, &user_id)?, position) {
        (Some(owner), Some(position)) if owner != id => Ok(Some(fields.remove(position).field)),
        _ => Ok(None),
    }
}

/// The history is not told: what it tells of the import goes too. Of the keys that come back the session gets those that it gave
/// up: it may show an address that was, and is to be, another's.
fn save(
    tx: &mut Tx<'_>,
    mut row: Row<Session>,
    session: Session,
    released: &[(u8, String)],
) -> store::Result<()> {
    if serde_json::to_vec(&row.doc)? == serde_json::to_vec(&session)? {
        return Ok(());
    }
    let old_keys = row.doc.keys();
    row.doc = session;
    let same = Identifiers::of(&row.doc);
    let origin = Origin::of_import(None, None);
    identify::save(tx, &mut row, &same, &old_keys, &origin)?;
    for (kind, key, is_required) in row.doc.keys() {
        let is_back = !old_keys.contains(&(kind, key.clone(), is_required));
        if is_back && !is_required && !released.contains(&(kind.0, key.clone())) {
            tx.release(kind, &key, row.id)?;
        }
    }
    Ok(())
}

fn forget_history(tx: &mut Tx<'_>, session: ObjectId, address: &str) -> store::Result<()> {
    for row in tx
        .page::<IdentityChange>(&history::newest_first(session))?
        .rows
    {
        let change: IdentityChange = row.parse()?;
        if change.by.original_url.as_deref() == Some(address) {
            tx.delete_at::<IdentityChange>(&[session.into(), change.at.into()], row.id)?;
        }
    }
    Ok(())
}
