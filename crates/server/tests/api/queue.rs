//! Queued jobs: what a unit of work asks for is done after its commit, and never lost.

mod dead;
mod lanes;
mod life;
mod worker;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use server::jobs::queue::document::QueuedJob;
use server::jobs::queue::{Failure, Job, Kind, NewJob, enqueue};
use store::{ObjectId, Query, Tx};

use crate::support::TestApp;

const MINUTE_MS: i64 = 60_000;
/// Of the jobs of these tests: a minute, then an hour, a tenth more or less.
const PAUSES: &[Duration] = &[Duration::from_secs(60), Duration::from_secs(3600)];
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What ran, in order: the text of the payload and the number of the run.
#[derive(Clone, Default)]
struct Ran(Arc<Mutex<Vec<(String, u32)>>>);

impl Ran {
    /// A kind whose handler notes the run, and ends as `end` says.
    fn kind(
        &self,
        end: impl Fn(&str, u32) -> Result<(), Failure> + Clone + Send + Sync + 'static,
    ) -> Kind {
        let ran = self.clone();
        Kind::new("test", 4, TIME_LIMIT, PAUSES, move |_, job| {
            let ended = ran.note(&job).and_then(|text| end(&text, job.attempt));
            std::future::ready(ended)
        })
    }

    fn note(&self, job: &Job) -> Result<String, Failure> {
        let text: String = job.payload()?;
        self.0.lock().unwrap().push((text.clone(), job.attempt));
        Ok(text)
    }

    /// What ran since the last call.
    fn take(&self) -> Vec<(String, u32)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn texts(&self) -> Vec<String> {
        self.take().into_iter().map(|(text, _)| text).collect()
    }
}

fn job(text: &str) -> NewJob {
    NewJob::new("test", &text)
}

async fn ask(app: &TestApp, make: impl Fn() -> NewJob + Send + 'static) -> ObjectId {
    let unit = move |tx: &mut Tx<'_>| enqueue(tx, make());
    let asked: store::Result<_> = app.write(unit).await;
    asked.unwrap()
}

async fn jobs(app: &TestApp) -> Vec<QueuedJob> {
    let read = app.app.store.read(app.project(), |snapshot| {
        let rows = snapshot.page::<QueuedJob>(&Query::default())?.rows;
        rows.iter().map(store::RawRow::parse).collect()
    });
    let found: store::Result<_> = read.await;
    found.unwrap()
}
