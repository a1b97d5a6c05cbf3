//! From outboxes to sockets. One task does it for all sessions, so that each socket is told things in the order in which they
//! were committed; what comes in while it works is done together in the next round.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use store::{Error, ObjectId, Snapshot};

use super::hub::Hub;
use super::outbox::{self, Outbox, Pending};
use crate::app::App;
use crate::resources::session::lookup;

/// The pause after a round for which the store had no time.
const PAUSE: Duration = Duration::from_secs(1);

/// Sessions that are looked at in one read, and taken from in one unit of work.
const SESSIONS_PER_STEP: usize = 256;

/// What there is for the sockets of a session.
enum Found {
    /// No session has this id any more.
    Nothing,
    /// It was merged while its sockets were on their way into the hub.
    MergedInto(ObjectId),
    Outbox {
        unread: u64,
        has_pending: bool,
    },
}

/// Delivers until the hub stops or the application is gone.
pub(super) async fn run(app: Weak<App>, hub: Arc<Hub>) {
    while let Some(places) = hub.unsettled().await {
        let Some(app) = app.upgrade() else { return };
        let mut projects = HashMap::<ObjectId, Vec<ObjectId>>::new();
        for (project, session) in places {
            projects.entry(project).or_default().push(session);
        }
        for (project, sessions) in projects {
            for step in sessions.chunks(SESSIONS_PER_STEP) {
                deliver(&app, project, step).await;
            }
        }
    }
}

async fn deliver(app: &App, project: ObjectId, sessions: &[ObjectId]) {
    match settle(app, project, sessions).await {
        Ok(()) | Err(Error::Closed) => {}
        Err(error @ (Error::Overloaded | Error::Raced)) => {
            tracing::warn!(%error, "cannot deliver to sockets now: trying again");
            let places = sessions.iter().map(|session| (project, *session));
            app.live.look_again(places);
            tokio::time::sleep(PAUSE).await;
        }
        // One that cannot be read must not hold up the others.
        Err(_) => {
            for session in sessions {
                if let Err(error) = settle(app, project, &[*session]).await {
                    tracing::error!(%error, %session, "cannot deliver what is in an outbox");
                }
            }
        }
    }
}

async fn settle(app: &App, project: ObjectId, sessions: &[ObjectId]) -> store::Result<()> {
    let hub = &app.live;
    let mut with_pending = Vec::new();
    for (session, found) in look(app, project, sessions).await? {
        let place = (project, session);
        match found {
            Found::Nothing => hub.erased(project, session),
            Found::MergedInto(survivor) => hub.merged(project, session, survivor),
            Found::Outbox { has_pending, .. } if has_pending && hub.is_ready(place) => {
                with_pending.push(session);
            }
            Found::Outbox { unread, .. } => {
                hub.tell(place, unread, &[]);
            }
        }
    }
    if with_pending.is_empty() {
        return Ok(());
    }
    push(app, project, with_pending).await
}

async fn look(
    app: &App,
    project: ObjectId,
    sessions: &[ObjectId],
) -> store::Result<Vec<(ObjectId, Found)>> {
    let (sessions, now) = (sessions.to_vec(), app.now());
    let read = move |snapshot: &Snapshot<'_>| {
        let look = |session| {
            let found = match lookup::find(snapshot, session)? {
                None => Found::Nothing,
                Some(row) if row.id != session => Found::MergedInto(row.id),
                Some(_) => match snapshot.get::<Outbox>(session)? {
                    None => Found::Outbox {
                        unread: 0,
                        has_pending: false,
                    },
                    Some(row) => Found::Outbox {
                        unread: row.doc.badge(),
                        has_pending: row.doc.has_pending(now),
                    },
                },
            };
            Ok((session, found))
        };
        sessions.into_iter().map(look).collect()
    };
    app.store.read(project, read).await
}

/// Takes what waits and pushes it. What no socket took, since all went meanwhile, is put back.
async fn push(app: &App, project: ObjectId, sessions: Vec<ObjectId>) -> store::Result<()> {
    type Found = (ObjectId, Vec<Pending>, u64);
    let unit = move |tx: &mut store::Tx<'_>| {
        let take = |session: &ObjectId| {
            let (pending, unread) = outbox::take_pending(tx, *session)?;
            Ok((*session, pending, unread))
        };
        sessions
            .iter()
            .map(take)
            .collect::<store::Result<Vec<Found>>>()
    };
    let mut left = Vec::new();
    for (session, pending, unread) in app.store.write(project, unit).await? {
        let actions: Vec<_> = pending
            .iter()
            .map(|pending| pending.action.clone())
            .collect();
        if app.live.tell((project, session), unread, &actions) == 0 && !pending.is_empty() {
            left.push((session, pending));
        }
    }
    put_back(app, project, left).await
}

/// What was taken is nowhere else: it is put back however long that takes.
async fn put_back(
    app: &App,
    project: ObjectId,
    left: Vec<(ObjectId, Vec<Pending>)>,
) -> store::Result<()> {
    if left.is_empty() {
        return Ok(());
    }
    let left = Arc::new(left);
    loop {
        let again = Arc::clone(&left);
        let unit = move |tx: &mut store::Tx<'_>| {
            for (session, pending) in again.iter() {
                if let Some(row) = lookup::find(tx, *session)? {
                    outbox::add(tx, row.id, pending.clone())?;
                }
            }
            Ok::<_, Error>(())
        };
        match app.store.write(project, unit).await {
            Err(error @ (Error::Overloaded | Error::Raced)) => {
                tracing::warn!(%error, "cannot put back what no socket took: trying again");
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}
