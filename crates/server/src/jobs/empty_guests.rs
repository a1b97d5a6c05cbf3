//! Deletes guests of whom nothing is known and who did not come back: every visit without a stored credential makes one.

use anyhow::Result;
use store::filter::{FieldPath, Filter, Scalar};
use store::{Cursor, Millis, ObjectId, Query, Snapshot, Sort, Tx};

use crate::accounts::project;
use crate::app::App;
use crate::resources::session::document::Session;
use crate::resources::session::erase::erase;
use crate::resources::session::merge::Merge;

/// Sessions that are looked at in one read.
pub const ROWS_PER_READ: u32 = 500;
/// Guests that are deleted in one unit of work: others wait for the writer meanwhile.
pub const GUESTS_PER_UNIT: usize = 200;

const DAY_MS: i64 = 86_400_000;
/// What a client tells of every visit.
const VISIT_EVENTS: [&str; 2] = ["sessionStarted", "pageView"];

/// Deletes the empty guests of all projects who were not seen for `session.guest_days`; returns how many.
///
/// What a run leaves when it is cut short is found by the next.
///
/// # Errors
/// Those of the store.
pub async fn sweep(app: &App) -> Result<u64> {
    let days = i64::from(app.config.session.guest_days);
    if days == 0 {
        return Ok(0);
    }
    let unseen_since = Millis(app.now().0 - days * DAY_MS);
    let mut deleted = 0;
    for project in project::ids(app).await? {
        deleted += sweep_project(app, project, unseen_since).await?;
    }
    if deleted > 0 {
        tracing::info!(deleted, "deleted guests of whom nothing was known");
    }
    Ok(deleted)
}

async fn sweep_project(app: &App, project: ObjectId, unseen_since: Millis) -> Result<u64> {
    let (mut deleted, mut after) = (0, None);
    loop {
        let (guests, next) = app
            .store
            .read(project, move |snapshot| {
                candidates(snapshot, after, unseen_since)
            })
            .await?;
        for batch in guests.chunks(GUESTS_PER_UNIT) {
            let batch = batch.to_vec();
            let unit = move |tx: &mut Tx<'_>| delete(tx, &batch, unseen_since);
            deleted += app.store.write(project, unit).await?;
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(deleted),
        }
    }
}

fn oldest_first(snapshot: &Snapshot<'_>, after: Option<Cursor>) -> store::Result<store::Page> {
    snapshot.page::<Session>(&Query {
        sort: vec![Sort {
            path: "id".into(),
            descending: false,
        }],
        limit: ROWS_PER_READ,
        after,
        ..Query::default()
    })
}

/// Those of the next sessions that may go, and where to go on. Ids begin with the time, so that the walk ends at the
/// first session that is too young.
fn candidates(
    snapshot: &Snapshot<'_>,
    after: Option<Cursor>,
    unseen_since: Millis,
) -> store::Result<(Vec<ObjectId>, Option<Cursor>)> {
    let page = oldest_first(snapshot, after)?;
    let too_young = ObjectId::from_parts(unseen_since.seconds().saturating_add(1), [0; 8]);
    let is_end = page.rows.last().is_none_or(|row| row.id >= too_young);
    let mut guests = Vec::new();
    for row in page.rows {
        if row.id < too_young && is_empty_guest(&row.parse()?, unseen_since) {
            guests.push(row.id);
        }
    }
    Ok((guests, page.next.filter(|_| !is_end)))
}

/// Deletes those that are still empty: between read and write a guest may have come back.
fn delete(tx: &mut Tx<'_>, guests: &[ObjectId], unseen_since: Millis) -> store::Result<u64> {
    let mut deleted = 0;
    for id in guests {
        let Some(row) = tx.get_for_update::<Session>(*id)? else {
            continue;
        };
        if is_empty_guest(&row.doc, unseen_since) && !has_merged(tx, *id)? {
            erase(tx, &row)?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

/// Whether other sessions live on in this one.
fn has_merged(tx: &Tx<'_>, id: ObjectId) -> store::Result<bool> {
    let merges = tx.page::<Merge>(&Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("survivor"), Scalar::Id(id)),
            Filter::Not(Box::new(Filter::Exists(FieldPath::known("undone")))),
        ]),
        limit: 1,
        ..Query::default()
    })?;
    Ok(!merges.rows.is_empty())
}

/// Whether nothing is known of a session but that it was there, and that long ago. Every field is named, so that a new
/// one has to be placed: what people said or did is never deleted by mistake.
fn is_empty_guest(session: &Session, unseen_since: Millis) -> bool {
    let Session {
        user_id,
        name,
        email,
        phone,
        avatar,
        value,
        sla,
        plan,
        company_id,
        company_name,
        facebook_id,
        instagram_id,
        instagram_username,
        telegram_chat_id,
        telegram_username,
        tags,
        blocked,
        email_only,
        unsubscribed,
        unsubscribed_at,
        unsubscribe_reason,
        count_feedback_reports,
        count_feedback_comments,
        first_activity,
        last_activity,
        last_heard_from,
        last_feedback_report,
        event_data,
        checklist_tasks,
        outbound_history,
        memory,
        custom_data,
        // What every visit brings by itself.
        gleap_id: _,
        gleap_hash: _,
        lang: _,
        platform: _,
        device_type: _,
        location: _,
        last_page_view: _,
        sessions: _,
        created_at: _,
        updated_at: _,
    } = session;
    let texts = [
        user_id,
        name,
        email,
        phone,
        avatar,
        plan,
        company_id,
        company_name,
        facebook_id,
        instagram_id,
        instagram_username,
        telegram_chat_id,
        telegram_username,
        unsubscribe_reason,
    ];
    let instants = [unsubscribed_at, last_heard_from, last_feedback_report];
    last_activity.unwrap_or(*first_activity) <= unseen_since
        && texts.into_iter().all(Option::is_none)
        && instants.into_iter().all(Option::is_none)
        && value.as_f64() == Some(0.0)
        && sla.is_none()
        && !(*blocked || *email_only || *unsubscribed)
        && (*count_feedback_reports, *count_feedback_comments) == (0, 0)
        && checklist_tasks.is_none()
        && outbound_history.is_none()
        && (tags.is_empty() && memory.is_empty() && custom_data.is_empty())
        && event_data
            .keys()
            .all(|name| VISIT_EVENTS.contains(&name.as_str()))
}
