//! From outboxes to sockets. One task does it for all sessions, so that each socket is told things in the order in which they
//! were committed; what comes in while it works is done together in the next round.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use store::{Error, ObjectId, Snapshot, Tx};

use super::hub::Hub;
use super::outbox::{self, Outbox, Pending};
use crate::app::App;
use crate::resources::session::lookup;

/// The pause after a round for which the store had no time, or was out of reach.
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
        Err(error) if passes(&error) => {
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

/// Whether what failed may be done in a while.
fn passes(error: &Error) -> bool {
    matches!(error, Error::Overloaded | Error::Raced) || error.is_unavailable()
}

/// What waited for a session, and its number of unread messages.
type Taken = (ObjectId, Vec<Pending>, u64);

/// What a unit of work took out of outboxes.
struct Round {
    id: ObjectId,
    taken: Vec<Taken>,
}

/// Takes what waits and pushes it. What no socket took, since all went meanwhile, is put back.
async fn push(app: &App, project: ObjectId, sessions: Vec<ObjectId>) -> store::Result<()> {
    let round = Arc::new(Mutex::new(None));
    let last = Arc::clone(&round);
    let unit = move |tx: &mut Tx<'_>| {
        let id = tx.new_id();
        let mut taken = Vec::with_capacity(sessions.len());
        for session in &sessions {
            let (pending, unread) = outbox::take_pending(tx, *session, Some(id))?;
            taken.push((*session, pending, unread));
        }
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Round { id, taken });
        Ok::<_, Error>(())
    };
    let done = app.store.write(project, unit).await;
    let round = round.lock().unwrap_or_else(PoisonError::into_inner).take();
    let taken = match (done, round) {
        (Ok(()), round) => round.map_or_else(Vec::new, |round| round.taken),
        (Err(error), Some(round)) if error.is_unavailable() => {
            if !is_committed(app, project, &round).await? {
                return Err(error);
            }
            round.taken
        }
        (Err(error), _) => return Err(error),
    };
    let mut left = Vec::new();
    for (session, pending, unread) in taken {
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

/// Whether a round was committed whose connection broke. What it took is nowhere else, so this is found out however long that takes.
async fn is_committed(app: &App, project: ObjectId, round: &Round) -> store::Result<bool> {
    let waited = |(session, pending, _): &Taken| (!pending.is_empty()).then_some(*session);
    let Some(session) = round.taken.iter().find_map(waited) else {
        return Ok(false);
    };
    let id = round.id;
    loop {
        let unit = move |tx: &mut Tx<'_>| outbox::was_taken(tx, session, id);
        match app.store.write(project, unit).await {
            Err(error) if passes(&error) => tokio::time::sleep(PAUSE).await,
            found => return found,
        }
    }
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
        let unit = move |tx: &mut Tx<'_>| {
            for (session, pending) in again.iter() {
                if let Some(row) = lookup::find(tx, *session)? {
                    outbox::add(tx, row.id, pending.clone())?;
                }
            }
            Ok::<_, Error>(())
        };
        match app.store.write(project, unit).await {
            Err(error) if passes(&error) => {
                tracing::warn!(%error, "cannot put back what no socket took: trying again");
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}
