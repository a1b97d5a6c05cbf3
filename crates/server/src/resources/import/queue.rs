//! One import after the other, in the background. What a crash or the end of the process cut off goes on at the next start.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Query, Sort};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::claim::{self, Claim};
use super::document::{Import, Status};
use super::services::Fetch;
use super::{forget, run};
use crate::accounts::project;
use crate::app::SharedApp;

/// Imports of a project that may be unfinished at once.
pub const UNFINISHED_MAX: u64 = 20;
/// Rows of a list that are read at once.
const ROWS_PER_PAGE: u32 = 500;

/// Pauses after failures of the store, before an import goes on from its last batch. After the last it is left to the next start.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(60),
];

/// An import, by project and id.
pub type Place = (ObjectId, ObjectId);

/// Something to do. The credential of another service is here alone: it is never stored.
pub struct Job {
    pub place: Place,
    pub fetch: Option<(Fetch, Claim)>,
}

/// The imports that wait for their turn.
pub struct Queue {
    sender: UnboundedSender<Job>,
    receiver: Mutex<Option<UnboundedReceiver<Job>>>,
    /// What was put here while the process still looked for what an earlier one had left unfinished; absent after that.
    taken_in: Mutex<Option<HashSet<Place>>>,
}

impl Default for Queue {
    fn default() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            sender,
            receiver: Mutex::new(Some(receiver)),
            taken_in: Mutex::new(Some(HashSet::new())),
        }
    }
}

impl Queue {
    /// Puts an import at the end. Its document says that it is to be done, so nothing is lost when this is.
    pub fn push(&self, job: Job) {
        self.expect(job.place);
        let _ = self.sender.send(job); // nobody listens while the process ends
    }

    /// Says that an import is about to be kept and put here: whoever sees it before that leaves it alone.
    pub fn expect(&self, place: Place) {
        if let Some(taken_in) = &mut *self.taken_in() {
            taken_in.insert(place);
        }
    }

    fn taken_in(&self) -> std::sync::MutexGuard<'_, Option<HashSet<Place>>> {
        self.taken_in.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_taken_in(&self, place: Place) -> bool {
        let taken_in = self.taken_in();
        taken_in
            .as_ref()
            .is_some_and(|places| places.contains(&place))
    }

    fn take(&self) -> Option<UnboundedReceiver<Job>> {
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.take()
    }
}

/// Where the files of imports are, while they are needed.
#[must_use]
pub fn folder(app: &SharedApp) -> PathBuf {
    app.config.data.join("imports")
}

/// Starts to work, until the application is gone. What is in the folder now and belongs to no import is a left-over.
pub fn start(app: &SharedApp) {
    let Some(receiver) = app.imports.take() else {
        return;
    };
    let files = std::fs::read_dir(folder(app)).into_iter().flatten();
    let files = files.filter_map(|entry| Some(entry.ok()?.path())).collect();
    tokio::spawn(work(Arc::downgrade(app), receiver, files));
}

async fn work(app: Weak<crate::app::App>, mut jobs: UnboundedReceiver<Job>, files: Vec<PathBuf>) {
    if let Some(app) = app.upgrade()
        && let Err(error) = resume(&app, files).await
    {
        told(&error);
    }
    if let Some(app) = app.upgrade() {
        app.imports.taken_in().take();
    }
    while let Some(job) = jobs.recv().await {
        let Some(app) = app.upgrade() else {
            return;
        };
        match job.fetch {
            Some((fetch, claim)) => drop(tokio::spawn(fetch_apart(app, job.place, fetch, claim))),
            None => one(&app, job.place).await,
        }
    }
}

/// Fetching is mostly waiting for others, so it holds up nobody: the import gets into the queue again when it is done.
async fn fetch_apart(app: SharedApp, place: Place, fetch: Fetch, claim: Claim) {
    let done = run::fetch(&app, place, fetch).await;
    claim.end(&app).await;
    let done = match done {
        Ok(()) => {
            app.imports.push(Job { place, fetch: None });
            return;
        }
        Err(error) => {
            told(&error);
            claim::end_if_left(&app, place).await
        }
    };
    if let Err(error) = done {
        told(&error);
    }
}

async fn one(app: &SharedApp, place: Place) {
    for pause in PAUSES {
        match run::run(app, place).await {
            Ok(()) => break,
            Err(store::Error::Closed) => return,
            Err(error) => told(&error),
        }
        tokio::time::sleep(pause).await;
    }
    if let Err(error) = forget::old(app, place.0).await {
        told(&error);
    }
}

fn told(error: &store::Error) {
    if !matches!(error, store::Error::Closed) {
        tracing::error!(%error, "an import could not go on; it tries again, at the latest with the next start");
    }
}

async fn resume(app: &SharedApp, files: Vec<PathBuf>) -> store::Result<()> {
    let mut unfinished = Vec::new();
    for project in project::ids(app).await? {
        unfinished.extend(unfinished_of(app, project).await?);
        forget::old(app, project).await?;
    }
    let needed: HashSet<_> = unfinished
        .iter()
        .filter_map(|(_, import)| import.file.as_ref().map(|file| folder(app).join(file)))
        .collect();
    for file in files.into_iter().filter(|file| !needed.contains(file)) {
        let _ = std::fs::remove_file(file);
    }
    for (place, import) in unfinished {
        if app.imports.is_taken_in(place) {
            continue;
        }
        if import.is_fetched() {
            claim::end_if_left(app, place).await?;
            continue;
        }
        // The file of another node lies in its folder: that one goes on with it.
        let is_elsewhere = import
            .file
            .is_some_and(|file| !folder(app).join(file).exists());
        if !(app.store.is_shared() && is_elsewhere) {
            one(app, place).await;
        }
    }
    Ok(())
}

async fn unfinished_of(app: &SharedApp, project: ObjectId) -> store::Result<Vec<(Place, Import)>> {
    let query = oldest_first(unfinished());
    let read = app.store.read(project, move |snapshot| {
        let rows = snapshot.page::<Import>(&query)?.rows;
        let placed = |row: &store::RawRow| Ok(((project, row.id), row.parse()?));
        rows.iter().map(placed).collect()
    });
    read.await
}

/// The imports in which something is still to be done.
#[must_use]
pub fn unfinished() -> Filter {
    let names = Status::UNFINISHED.map(|status| Scalar::Text(status.name().into()));
    Filter::In(FieldPath::known("status"), names.to_vec())
}

fn oldest_first(filter: Filter) -> Query {
    Query {
        filter,
        sort: vec![Sort {
            path: "_id".into(),
            descending: false,
        }],
        limit: ROWS_PER_PAGE,
        ..Query::default()
    }
}
