//! What kinds of jobs there are: the table of all handlers.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use store::{Error, ObjectId};

use crate::app::SharedApp;
use crate::jobs::retention;
use crate::mail;
use crate::resources::message::by_mail;
use crate::resources::user::sign_up;
use crate::resources::webhook::deliver;
use crate::resources::{invitation, team, ticket};

/// All kinds. A new one is added here.
#[must_use]
pub fn all() -> Vec<Kind> {
    let mut all = vec![
        mail::kind(),
        ticket::wake::kind(),
        ticket::load::kind(),
        team::queue::kind(),
        deliver::kind(),
        retention::kind(),
        by_mail::kind(),
        by_mail::outcome_kind(),
        invitation::mail::kind(),
        sign_up::mail::kind(),
    ];
    all.extend(team::leave::kinds());
    all
}

type Handler = Arc<dyn Fn(SharedApp, Job) -> BoxFuture<'static, Result<(), Failure>> + Send + Sync>;

/// A kind of jobs, and how they are done.
#[derive(Clone)]
pub struct Kind {
    /// The name under which jobs are stored: letters and underscores.
    pub name: &'static str,
    /// How many run at once in this process; those of one project half of them at the most.
    pub at_once: usize,
    /// A run that takes longer is given up and counts as failed.
    pub time_limit: Duration,
    /// The pauses after failed runs, a tenth more or less. After one more run the job is dead.
    pub pauses: &'static [Duration],
    run: Handler,
}

impl Kind {
    /// `run` may be called again for a job that it has done already, when the process ended between that and noting it: it must lead
    /// to the same. It may be cut short at any await.
    pub fn new<F: Future<Output = Result<(), Failure>> + Send + 'static>(
        name: &'static str,
        at_once: usize,
        time_limit: Duration,
        pauses: &'static [Duration],
        run: impl Fn(SharedApp, Job) -> F + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            at_once,
            time_limit,
            pauses,
            run: Arc::new(move |app, job| run(app, job).boxed()),
        }
    }

    pub(super) fn run(&self, app: SharedApp, job: Job) -> BoxFuture<'static, Result<(), Failure>> {
        (self.run)(app, job)
    }

    /// How many jobs of one project run at once.
    pub(super) fn at_once_per_project(&self) -> usize {
        self.at_once.div_ceil(2)
    }
}

/// A job as its handler gets it.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id: the same in every run.
    pub id: ObjectId,
    /// Whose it is.
    pub project: ObjectId,
    /// The name of its kind.
    pub kind: String,
    /// The number of this run, from 1.
    pub attempt: u32,
    /// Whether the job is given up when this run fails.
    pub is_last: bool,
    /// What there is to know.
    pub payload: Box<RawValue>,
}

impl Job {
    /// The payload as its type.
    ///
    /// # Errors
    /// Final, when it is of another type.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(self.payload.get()).map_err(Failure::stop)
    }
}

/// Why a run failed. The text is kept and logged: no secrets, no personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may succeed later.
    #[error("{0}")]
    Retry(String),
    /// It never will.
    #[error("{0}")]
    Stop(String),
}

impl Failure {
    /// Of something that may succeed later.
    pub fn retry(error: impl Display) -> Self {
        Self::Retry(error.to_string())
    }

    /// Of something that never will.
    pub fn stop(error: impl Display) -> Self {
        Self::Stop(error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::retry(error)
    }
}
