//! `hark import`: loads sessions from a file, while it reads on.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
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
use crate::resources::session::credential::NewCredential;
use crate::resources::session::history::Origin;
use crate::resources::session::import::{Line, Outcome, read, write};

/// Lines that are written in one unit of work.
const LINES_PER_UNIT: usize = 500;
/// Units that are under way while the next lines are read.
const UNITS_AHEAD: usize = 2;
/// A longer line is an error.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// Faults that are named; all are counted.
const FAULTS_NAMED_MAX: usize = 50;

/// How far an import is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Counts {
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
    let style =
        ProgressStyle::with_template("{bar:40} {percent}%  {msg}  ({elapsed}, {eta} left)")?;
    let bar = ProgressBar::new(bytes).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(250));
    let on_progress = |progress: &Progress| {
        let Progress::Import(counts) = progress else {
            return;
        };
        bar.set_position(counts.bytes);
        bar.set_message(format!("{} lines", counts.lines));
    };
    let counts: Counts =
        control::run(config, Request::Import { file, project }, on_progress).await?;
    bar.finish_and_clear();
    for fault in &counts.faults {
        eprintln!("{fault}");
    }
    println!(
        "{} lines: {} sessions created, {} updated, {} lines left out",
        counts.lines, counts.created, counts.updated, counts.failed
    );
    if counts.failed > 0 {
        bail!("{} lines were left out", counts.failed);
    }
    Ok(())
}

/// Loads a file into a project.
///
/// # Errors
/// When there is no such project, the file cannot be read, or the store fails. Bad lines are counted, not errors.
pub async fn import(
    app: &SharedApp,
    file: &Path,
    project: ObjectId,
    progress: &ProgressSender,
) -> Result<Counts> {
    let known = app
        .store
        .read(SCOPE, move |snapshot| snapshot.raw::<Project>(project))
        .await?;
    if known.is_none() {
        bail!("--project: there is no project {project}; `hark project list` shows those that are");
    }
    let (units, mut read_units) = mpsc::channel(UNITS_AHEAD);
    let (reader, path) = (Arc::clone(app), file.to_path_buf());
    let reading = tokio::task::spawn_blocking(move || read_file(&reader, &path, &units));
    let mut counts = Counts::default();
    let mut under_way = VecDeque::new();
    while let Some(chunk) = read_units.recv().await {
        counts.bytes += chunk.bytes;
        counts.lines += chunk.lines.len() as u64 + chunk.faults.len() as u64;
        chunk
            .faults
            .iter()
            .for_each(|(line, fault)| counts.fail(*line, fault));
        under_way.push_back(start(app, project, chunk.lines));
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

type Outcomes = Vec<(u64, Result<Outcome, String>)>;

fn start(
    app: &SharedApp,
    project: ObjectId,
    lines: Vec<Line>,
) -> JoinHandle<store::Result<Outcomes>> {
    let app = Arc::clone(app);
    let origin = Origin {
        source: "import".into(),
        method: None,
        original_url: None,
        user_id: None,
        has_api_key: false,
    };
    tokio::spawn(async move {
        let unit = move |tx: &mut store::Tx<'_>| {
            lines
                .iter()
                .map(|line| Ok((line.number, write(tx, line, &origin)?)))
                .collect()
        };
        app.store.write(project, unit).await
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
            Ok(Outcome::Updated) => counts.updated += 1,
            Err(fault) => counts.fail(line, &fault),
        }
    }
    Ok(())
}

/// Some lines of the file.
#[derive(Default)]
struct Chunk {
    bytes: u64,
    lines: Vec<Line>,
    faults: Vec<(u64, String)>,
}

fn read_file(app: &SharedApp, path: &PathBuf, units: &mpsc::Sender<Chunk>) -> Result<()> {
    let file = std::fs::File::open(path).with_context(|| format!("{}", path.display()))?;
    let mut lines = BufReader::with_capacity(1 << 20, file);
    let (mut number, mut chunk) = (0, Chunk::default());
    loop {
        let mut text = Vec::new();
        let bytes = (&mut lines)
            .take(LINE_BYTES_MAX + 1)
            .read_until(b'\n', &mut text)? as u64;
        let is_full = bytes == 0 || chunk.lines.len() + chunk.faults.len() >= LINES_PER_UNIT;
        if is_full && units.blocking_send(std::mem::take(&mut chunk)).is_err() {
            return Ok(()); // the import failed, and says so itself
        }
        if bytes == 0 {
            return Ok(());
        }
        number += 1;
        chunk.bytes += bytes;
        if bytes > LINE_BYTES_MAX {
            chunk
                .faults
                .push((number, format!("is longer than {LINE_BYTES_MAX} bytes")));
            lines.skip_until(b'\n')?;
            continue;
        }
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match read(number, text, NewCredential::new(&app.random)) {
            Ok(line) => chunk.lines.push(line),
            Err(fault) => chunk.faults.push((number, fault)),
        }
    }
}
