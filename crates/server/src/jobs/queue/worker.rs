//! Claims jobs and has them run, until the server stops.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use store::{Error, Millis, ObjectId};
use tokio::sync::oneshot;
use tokio::task::{Id, JoinHandle, JoinSet};
use tokio::time::Instant;

use super::claim::{Room, is_passing, next_due};
use super::finish::{End, count_dead};
use super::kind::Job;
use super::run::{claimed, everywhere, note, run};
use crate::app::SharedApp;

/// How often all projects are looked at: for jobs of other processes, and those that a process left when it died.
pub const SCAN_INTERVAL: Duration = Duration::from_secs(30);
/// Before a project is looked at again when its jobs could not be claimed.
const PAUSE: Duration = Duration::from_secs(1);
/// The same, when that is not likely to pass soon.
const LONG_PAUSE: Duration = Duration::from_secs(60);

/// The task that claims jobs.
pub struct Worker {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Worker {
    /// Begins with a look at all projects.
    #[must_use]
    pub fn start(app: &SharedApp) -> Self {
        let (stop, stopped) = oneshot::channel();
        let claiming = Claiming {
            app: Arc::clone(app),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            looks: HashMap::new(),
            short_of_room: HashSet::new(),
            next_scan: Instant::now(),
        };
        Self {
            stop,
            task: tokio::spawn(claiming.run(stopped)),
        }
    }

    /// Claims no more, and waits for what runs until `shutdown.deadline_ms`; then that is cut short and runs again after the start. To
    /// be called before the store is closed.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }

    /// Ends as a process does that is killed: what runs is cut off, and nobody notes it.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

struct Claiming {
    app: SharedApp,
    tasks: JoinSet<()>,
    running: HashMap<Id, Job>,
    /// When projects are looked at next.
    looks: HashMap<ObjectId, Instant>,
    /// Projects whose jobs wait for others to end.
    short_of_room: HashSet<ObjectId>,
    next_scan: Instant,
}

impl Claiming {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let app = Arc::clone(&self.app);
        loop {
            for project in self.next_projects().await {
                self.look(project).await;
            }
            let next = self.looks.values().min().copied();
            let next = next.map_or(self.next_scan, |next| next.min(self.next_scan));
            tokio::select! {
                biased;
                _ = &mut stopped => break,
                Some(ended) = self.tasks.join_next_with_id() => {
                    self.ended(ended.map_or_else(|error| error.id(), |(id, ())| id));
                }
                () = app.queue.work.notified() => {}
                () = tokio::time::sleep_until(next) => {}
            }
        }
        self.finish().await;
    }

    async fn next_projects(&mut self) -> HashSet<ObjectId> {
        let now = Instant::now();
        let mut projects = self.app.queue.take_marked();
        projects.extend(self.looks.extract_if(|_, at| *at <= now).map(|(id, _)| id));
        if self.next_scan <= now {
            self.next_scan = now + SCAN_INTERVAL;
            match everywhere(&self.app).await {
                Ok(all) => {
                    self.count_dead(&all).await;
                    projects.extend(all);
                }
                Err(Error::Closed) => {}
                Err(error) => tracing::warn!(%error, "cannot look for jobs now: trying again"),
            }
        }
        projects
    }

    /// Claims what is due in a project, or finds out when that will be.
    async fn look(&mut self, project: ObjectId) {
        let room = self.room(project);
        if room.iter().any(|(_, slots)| *slots == 0) {
            self.short_of_room.insert(project);
        }
        let pause = match self.claim(project, room).await {
            Ok(pause) => pause,
            Err(Error::Closed) => None,
            Err(error) if is_passing(&error) => Some(PAUSE),
            Err(error) => {
                tracing::error!(%error, %project, "jobs cannot be claimed");
                Some(LONG_PAUSE)
            }
        };
        if let Some(pause) = pause {
            self.looks.insert(project, Instant::now() + pause);
        }
    }

    /// Returns after how long there is more to do, if that is known.
    async fn claim(&mut self, project: ObjectId, room: Room) -> store::Result<Option<Duration>> {
        let asked = room.clone();
        let read = move |snapshot: &store::Snapshot<'_>| next_due(snapshot, &asked);
        let Some(due_at) = self.app.store.read(project, read).await? else {
            return Ok(None);
        };
        let wait = self.until(due_at);
        if !wait.is_zero() {
            return Ok(Some(wait));
        }
        // The commit of a claim has the project looked at again, so others get their turn between.
        let jobs = claimed(&self.app, project, room).await?;
        let pause = jobs.is_empty().then_some(PAUSE);
        for job in jobs {
            let task = self.tasks.spawn(run(Arc::clone(&self.app), job.clone()));
            self.running.insert(task.id(), job);
        }
        Ok(pause)
    }

    fn until(&self, at: Millis) -> Duration {
        Duration::from_millis(u64::try_from(at.0 - self.app.now().0).unwrap_or(0))
    }

    /// How many more jobs of each kind may run for a project.
    fn room(&self, project: ObjectId) -> Room {
        let kinds = self.app.queue.kinds.iter();
        let slots = |kind: &super::Kind| {
            let running = || self.running.values().filter(|job| job.kind == kind.name);
            let own = running().filter(|job| job.project == project).count();
            let of_project = kind.at_once_per_project().saturating_sub(own);
            of_project.min(kind.at_once.saturating_sub(running().count()))
        };
        kinds.map(|kind| (kind.clone(), slots(kind))).collect()
    }

    fn ended(&mut self, task: Id) {
        self.running.remove(&task);
        let now = Instant::now();
        for project in self.short_of_room.drain() {
            self.looks.insert(project, now);
        }
    }

    async fn count_dead(&self, projects: &[ObjectId]) {
        let mut dead = 0;
        for project in projects {
            dead += self.app.store.read(*project, count_dead).await.unwrap_or(0);
        }
        self.app
            .queue
            .dead
            .set(i64::try_from(dead).unwrap_or(i64::MAX));
    }

    async fn finish(mut self) {
        let grace = Duration::from_millis(self.app.config.shutdown.deadline_ms);
        let deadline = tokio::time::sleep(grace);
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                ended = self.tasks.join_next_with_id() => match ended {
                    Some(ended) => self.ended(ended.map_or_else(|error| error.id(), |(id, ())| id)),
                    None => return,
                },
                () = &mut deadline => break,
            }
        }
        self.tasks.shutdown().await;
        for (_, job) in self.running.drain() {
            note(&self.app, job, End::CutShort).await;
        }
    }
}
