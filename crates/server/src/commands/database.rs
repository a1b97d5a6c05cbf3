//! `hark doctor`, `hark backup`, `hark restore`: on the database itself, by the server when one runs.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use store::{Clock, Report};

use super::backups;
use super::control::{self, Progress, ProgressSender, Request};
use crate::app::{App, Surroundings, postgres_config, sqlite_config};
use crate::cli;
use crate::config::{Config, Database};
use crate::files::backup as files;
use crate::files::storage;
use crate::schema::SCHEMA;

/// Examines the database.
pub async fn doctor(config: Config, options: cli::Doctor) -> Result<()> {
    let style = ProgressStyle::with_template("{spinner} {pos} documents examined ({elapsed})")?;
    let bar = ProgressBar::new_spinner().with_style(style);
    let on_progress = |progress: &Progress| {
        if let Progress::Doctor(documents) = progress {
            bar.set_position(*documents);
        }
    };
    let repair = options.repair;
    let report = match control::connect(&config).await {
        Some(_) if repair => {
            bail!("a server runs on this data folder: stop it before the database is repaired")
        }
        Some(server) => control::ask(server, &Request::Doctor { repair }, on_progress).await?,
        None => alone(&config, repair, on_progress).await?,
    };
    bar.finish_and_clear();
    if config.smtp.host.is_empty() {
        println!("note: no mail is sent, because smtp.host is not set");
    }
    show(&serde_json::from_value(report)?, repair)?;
    backups::check(&config)
}

async fn alone(config: &Config, repair: bool, on_progress: impl Fn(&Progress)) -> Result<Value> {
    let (progress, mut told) = tokio::sync::mpsc::channel(16);
    let work = examine(config, repair, progress);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            Some(progress) = told.recv() => on_progress(&progress),
        }
    }
}

/// Examines the database of this process, or of none.
pub async fn examine(config: &Config, repair: bool, progress: ProgressSender) -> Result<Value> {
    let config = config.clone();
    let work = move || {
        let mut tell = |documents| drop(progress.try_send(Progress::Doctor(documents)));
        match &config.database {
            Database::Sqlite => store::examine(&sqlite_config(&config), &SCHEMA, repair, &mut tell),
            Database::Postgres(url) => {
                let postgres = postgres_config(&config, &url.0);
                store::examine_postgres(&postgres, &SCHEMA, repair, &mut tell)
            }
        }
    };
    Ok(serde_json::to_value(
        tokio::task::spawn_blocking(work).await??,
    )?)
}

fn show(report: &Report, repair: bool) -> Result<()> {
    println!(
        "{} documents and {} identity keys examined",
        report.documents, report.identities
    );
    for finding in &report.findings {
        println!(
            "{}  {}",
            if finding.repaired {
                "repaired"
            } else {
                "problem "
            },
            finding.problem
        );
    }
    let listed = report.findings.len() as u64;
    if report.problems > listed {
        println!("and {} more", report.problems - listed);
    }
    if !report.is_clean() {
        let remedy = if repair {
            "restore a backup"
        } else {
            "stop the server and run `hark doctor --repair`"
        };
        bail!(
            "{} problems are left: {remedy}",
            report.problems - report.repaired
        );
    }
    println!(
        "{}",
        if report.problems == 0 {
            "all is well"
        } else {
            "all was repaired"
        }
    );
    Ok(())
}

/// Copies the database.
pub async fn backup(config: Config, options: cli::Backup) -> Result<()> {
    backups::check(&config)?;
    let file = std::path::absolute(&options.file)
        .with_context(|| format!("{}", options.file.display()))?;
    match control::connect(&config).await {
        Some(server) => drop(control::ask(server, &Request::Backup { file }, |_| {}).await?),
        None => drop(copy(&config, file).await?),
    }
    let (copied, key) = (options.file.display(), config.secret_path());
    println!("{copied} is a checked copy of the database");
    if storage::folder(&config).is_some() {
        let files = files::beside(&options.file);
        println!("{} has the uploaded files", files.display());
    }
    println!(
        "Keep a copy of the server key too, apart from these: {}",
        key.display()
    );
    Ok(())
}

/// Copies the database of this process, or of none, and the uploaded files beside it when they lie in the data folder.
/// The files come last: those that the copy of the database knows are there.
pub async fn copy(config: &Config, copy: PathBuf) -> Result<Value> {
    let file = database_file(config)?;
    if !file.exists() {
        bail!(
            "{} is not there: name the data folder with --data",
            file.display()
        );
    }
    let folder = storage::folder(config);
    let work = move || {
        store::backup(&file, &copy, &SCHEMA)?;
        if let Some(folder) = folder {
            files::copy(&folder, &files::beside(&copy))?;
        }
        anyhow::Ok(())
    };
    tokio::task::spawn_blocking(work).await??;
    Ok(Value::Null)
}

fn database_file(config: &Config) -> Result<PathBuf> {
    match &config.database {
        Database::Sqlite => Ok(sqlite_config(config).file),
        Database::Postgres(_) => bail!(
            "PostgreSQL is backed up and restored by its own programs, such as pg_dump and pg_restore, or pg_basebackup with archived logs; keep the server key and, unless they are in a bucket, the uploaded files too"
        ),
    }
}

/// Migrates the database, and distributes it when asked to.
pub fn migrate(config: Config, options: &cli::Migrate) -> Result<()> {
    if options.citus {
        let Database::Postgres(url) = &config.database else {
            bail!("--citus needs a database of PostgreSQL: name it with --database");
        };
        let distributed = store::distribute(&postgres_config(&config, &url.0), &SCHEMA)?;
        match distributed.len() {
            0 => println!("all tables were distributed already"),
            count => println!("{count} tables were distributed by project"),
        }
        return Ok(());
    }
    let app = App::open(config, Surroundings::default())?;
    app.store.close();
    println!("the database has schema version {}", SCHEMA.version());
    Ok(())
}

/// Puts a backup in the place of the database.
pub fn restore(config: &Config, options: &cli::Restore) -> Result<()> {
    let file = database_file(config)?;
    let kept = store::restore(&options.file, &file, &SCHEMA, store::SystemClock.now())?;
    println!(
        "{} was restored from {}",
        file.display(),
        options.file.display()
    );
    if let Some(kept) = kept {
        println!("what was there before is kept as {}", kept.display());
    }
    if let Some(folder) = storage::folder(config) {
        let copied = files::copy(&files::beside(&options.file), &folder)?;
        println!("{copied} uploaded files were put back");
    }
    Ok(())
}
