//! `hark doctor`, `hark backup`, `hark restore`: on the database file itself.

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use store::Clock;

use crate::app::sqlite_config;
use crate::cli;
use crate::config::Config;
use crate::schema::SCHEMA;

/// Examines the database.
pub fn doctor(config: &Config, options: &cli::Doctor) -> Result<()> {
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template(
        "{spinner} {pos} documents examined ({elapsed})",
    )?);
    let report = store::examine(
        &sqlite_config(config),
        &SCHEMA,
        options.repair,
        &mut |documents| bar.set_position(documents),
    )?;
    bar.finish_and_clear();
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
        let remedy = if options.repair {
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
pub fn backup(config: &Config, options: &cli::Backup) -> Result<()> {
    let file = sqlite_config(config).file;
    if !file.exists() {
        bail!(
            "{} is not there: name the data folder with --data",
            file.display()
        );
    }
    store::backup(&file, &options.file, &SCHEMA)?;
    println!(
        "{} is a checked copy of the database. Keep the server key apart from it: {}",
        options.file.display(),
        config.secret_path().display()
    );
    Ok(())
}

/// Puts a backup in the place of the database.
pub fn restore(config: &Config, options: &cli::Restore) -> Result<()> {
    let file = sqlite_config(config).file;
    let kept = store::restore(&options.file, &file, &SCHEMA, store::SystemClock.now())?;
    println!(
        "{} was restored from {}",
        file.display(),
        options.file.display()
    );
    if let Some(kept) = kept {
        println!("what was there before is kept as {}", kept.display());
    }
    Ok(())
}
