//! `hark import`: loads sessions from a file, while it reads on.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::ObjectId;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::accounts::id;
use super::control::{self, Progress, ProgressSender, Request};
use crate::accounts::SCOPE;
use crate::accounts::project::Project;
use crate::app::SharedApp;
use crate::cli;
use crate::config::Config;
use crate::resources::import::source::{Format, Mapping, Rows};
use crate::resources::project::audit_log::document::{Action, Auditor};
use crate::resources::session::credential::NewCredential;
use crate::resources::session::history::Origin;
use crate::resources::session::import::{Line, Outcome, Rules, Written, read, write};

/// Lines that are written in one unit of work.
const LINES_PER_UNIT: usize = 500;
/// Units that are under way while the next lines are read.
const UNITS_AHEAD: usize = 2;
/// Faults that are named; all are counted.
const FAULTS_NAMED_MAX: usize = 50;

/// What is to be loaded, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// The file.
    pub file: PathBuf,
    /// Where its sessions go.
    pub project: ObjectId,
    /// How it is laid out; told by its beginning otherwise.
    pub format: Option<Format>,
    /// Which column is which field.
    pub mapping: Mapping,
    /// Whether to count only, and write nothing.
    pub dry_run: bool,
    /// Whether lines that are wrong are left out; otherwise nothing is loaded when one is.
    pub partial: bool,
}

/// How far an import is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Whether lines are only looked at: nothing is written yet, or will be when one is wrong.
    pub checking: bool,
    /// Bytes of the file that were read.
    pub bytes: u64,
    /// Lines that were read.
    pub lines: u64,
    /// Sessions that were made.
    pub created: u64,
    /// Sessions that were changed.
    pub updated: u64,
    /// Lines that were left out.
    pub failed: u64,
    /// What was wrong with the first of them.
    pub faults: Vec<String>,
}

impl Counts {
    /// Counts the lines that were read, and the faults that showed so far.
    fn see(&mut self, chunk: &Chunk) {
        self.bytes = chunk.position;
        self.lines += chunk.lines.len() as u64 + chunk.faults.len() as u64;
        for (line, fault) in &chunk.faults {
            self.fail(*line, fault);
        }
    }

    fn fail(&mut self, line: u64, fault: &str) {
        self.failed += 1;
        if self.faults.len() < FAULTS_NAMED_MAX {
            self.faults.push(format!("line {line}: {fault}"));
        }
    }
}

/// The command: a progress bar, then what is wrong, then the sum.
pub async fn command(config: Config, options: cli::Import) -> Result<()> {
    let project = id("--project", &options.project)?;
    let file = std::fs::canonicalize(&options.file)
        .with_context(|| format!("{}", options.file.display()))?;
    let bytes = std::fs::metadata(&file)?.len();
    let mapping = options
        .mapping
        .as_deref()
        .map_or(Ok(Mapping::default()), Mapping::parse);
    let job = Job {
        file,
        project,
        format: options.format.as_deref().and_then(Format::named),
        mapping: mapping.map_err(|wrong| anyhow::anyhow!("--mapping: {wrong}"))?,
        dry_run: options.dry_run,
        partial: options.partial,
    };
    let style =
        ProgressStyle::with_template("{bar:40} {percent}%  {msg}  ({elapsed}, {eta} left)")?;
    let bar = ProgressBar::new(bytes).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(250));
    let on_progress = |progress: &Progress| {
        let Progress::Import(counts) = progress else {
            return;
        };
        bar.set_position(counts.bytes);
        let doing = if counts.checking { "checking: " } else { "" };
        bar.set_message(format!("{doing}{} lines", counts.lines));
    };
    let counts: Counts = control::run(config, Request::Import(job), on_progress).await?;
    bar.finish_and_clear();
    for fault in &counts.faults {
        eprintln!("{fault}");
    }
    if counts.checking {
        let (wrong, lines) = (counts.failed, counts.lines);
        bail!(
            "nothing was imported: {wrong} of {lines} lines are wrong. Mend them, or leave them out with --partial."
        );
    }
    let would = if options.dry_run {
        "dry run: nothing was written; of "
    } else {
        ""
    };
    println!(
        "{would}{} lines: {} sessions created, {} updated, {} lines left out",
        counts.lines, counts.created, counts.updated, counts.failed
    );
    if counts.failed > 0 && !options.partial {
        bail!("{} lines were left out", counts.failed);
    }
    Ok(())
}

/// Loads a file into a project.
///
/// # Errors
/// When there is no such project, the file cannot be read, or the store fails. Bad lines are counted, not errors.
pub async fn import(app: &SharedApp, job: Job, progress: &ProgressSender) -> Result<Counts> {
    let (project, dry_run) = (job.project, job.dry_run);
    let known = app
        .store
        .read(SCOPE, move |snapshot| snapshot.raw::<Project>(project))
        .await?;
    if known.is_none() {
        bail!("--project: there is no project {project}; `hark project list` shows those that are");
    }
    if !job.partial && !dry_run {
        let seen = check(app, &job, progress).await?;
        if seen.failed > 0 {
            return Ok(seen);
        }
    }
    if !dry_run {
        note(app, &job).await?;
    }
    let (mut read_units, reading) = read_in_background(app, &job);
    let mut counts = Counts::default();
    let mut under_way = VecDeque::new();
    while let Some(chunk) = read_units.recv().await {
        counts.see(&chunk);
        under_way.push_back(start(app, project, chunk.lines, dry_run));
        if under_way.len() > UNITS_AHEAD {
            finish(&mut under_way, &mut counts).await?;
        }
        let _ = progress.try_send(Progress::Import(counts.clone()));
    }
    while !under_way.is_empty() {
        finish(&mut under_way, &mut counts).await?;
    }
    reading.await??;
    Ok(counts)
}

/// Tells the audit log of the project.
async fn note(app: &SharedApp, job: &Job) -> store::Result<()> {
    let auditor = Auditor::operator(job.project);
    let name = job.file.file_name().map(|name| name.to_string_lossy());
    let details = json!({ "name": name });
    let unit = move |tx: &mut store::Tx<'_>| {
        auditor.note(tx, Action::ImportCreated, None, details.clone())
    };
    app.store.write(job.project, unit).await
}

/// Looks at all lines.
async fn check(app: &SharedApp, job: &Job, progress: &ProgressSender) -> Result<Counts> {
    let (mut chunks, reading) = read_in_background(app, job);
    let mut counts = Counts {
        checking: true,
        ..Counts::default()
    };
    while let Some(chunk) = chunks.recv().await {
        counts.see(&chunk);
        let _ = progress.try_send(Progress::Import(counts.clone()));
    }
    reading.await??;
    Ok(counts)
}

fn read_in_background(
    app: &SharedApp,
    job: &Job,
) -> (mpsc::Receiver<Chunk>, JoinHandle<Result<()>>) {
    let (sender, chunks) = mpsc::channel(UNITS_AHEAD);
    let (app, job) = (Arc::clone(app), job.clone());
    let reading = tokio::task::spawn_blocking(move || read_file(&app, &job, &sender));
    (chunks, reading)
}

type Outcomes = Vec<(u64, Result<Outcome, String>)>;

/// Why a unit wrote nothing.
enum NotWritten {
    /// It was to find out only.
    DryRun(Outcomes),
    Failed(store::Error),
}

impl From<store::Error> for NotWritten {
    fn from(error: store::Error) -> Self {
        Self::Failed(error)
    }
}

fn start(
    app: &SharedApp,
    project: ObjectId,
    lines: Vec<Line>,
    dry_run: bool,
) -> JoinHandle<store::Result<Outcomes>> {
    let app = Arc::clone(app);
    let origin = Origin::of_import(None, None);
    tokio::spawn(async move {
        let unit = move |tx: &mut store::Tx<'_>| {
            let outcome = |written: Written| written.outcome;
            let mut outcomes = Outcomes::with_capacity(lines.len());
            for line in &lines {
                outcomes.push((line.number, write(tx, line, &origin)?.map(outcome)));
            }
            if dry_run {
                Err(NotWritten::DryRun(outcomes))
            } else {
                Ok(outcomes)
            }
        };
        match app.store.write(project, unit).await {
            Ok(outcomes) | Err(NotWritten::DryRun(outcomes)) => Ok(outcomes),
            Err(NotWritten::Failed(error)) => Err(error),
        }
    })
}

async fn finish(
    under_way: &mut VecDeque<JoinHandle<store::Result<Outcomes>>>,
    counts: &mut Counts,
) -> Result<()> {
    let Some(unit) = under_way.pop_front() else {
        return Ok(());
    };
    for (line, outcome) in unit.await?? {
        match outcome {
            Ok(Outcome::Created) => counts.created += 1,
            Ok(Outcome::Updated | Outcome::Unchanged) => counts.updated += 1,
            Err(fault) => counts.fail(line, &fault),
        }
    }
    Ok(())
}

/// Some lines of the file.
#[derive(Default)]
struct Chunk {
    /// Bytes of the file up to here.
    position: u64,
    lines: Vec<Line>,
    faults: Vec<(u64, String)>,
}

/// Reads the file row by row; what cannot be read on is the last fault.
fn read_file(app: &SharedApp, job: &Job, units: &mpsc::Sender<Chunk>) -> Result<()> {
    let path = job.file.display();
    let file = std::fs::File::open(&job.file).with_context(|| format!("{path}"))?;
    let mut rows = Rows::open(Box::new(file), job.format, &job.mapping)
        .map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
    let rules = Rules {
        limits: app.attribute_limits(),
        now: app.now(),
    };
    let mut chunk = Chunk::default();
    while let Some(row) = rows.next_row()? {
        let line = row.json.and_then(|json| {
            let credential = NewCredential::new(&app.random);
            read(row.line, &json, &credential, rules)
        });
        match line {
            Ok(line) => chunk.lines.push(line),
            Err(fault) => chunk.faults.push((row.line, fault)),
        }
        if chunk.lines.len() + chunk.faults.len() >= LINES_PER_UNIT {
            chunk.position = rows.bytes();
            if units.blocking_send(std::mem::take(&mut chunk)).is_err() {
                return Ok(()); // the import failed, and says so itself
            }
        }
    }
    chunk.position = rows.bytes();
    let _ = units.blocking_send(chunk);
    Ok(())
}
