//! `hark jobs`: what was given up.

use anyhow::Result;

use super::accounts::id;
use super::control::{self, Request};
use crate::cli;
use crate::config::Config;
use crate::jobs::queue::dead::{DeadJob, DeadJobs, Retried};

/// Works on dead jobs.
pub async fn command(config: Config, command: cli::Jobs) -> Result<()> {
    match command {
        cli::Jobs::List => list(config).await,
        cli::Jobs::Retry(options) => retry(config, &options).await,
    }
}

async fn list(config: Config) -> Result<()> {
    let DeadJobs { jobs, more } = control::run(config, Request::JobsList, |_| {}).await?;
    for job in &jobs {
        println!("{}", line(job));
    }
    if more > 0 {
        eprintln!("and {more} more that died before these");
    }
    Ok(())
}

async fn retry(config: Config, options: &cli::JobsRetry) -> Result<()> {
    let job = options.id.as_deref().map(|text| id("JOB_ID", text));
    let request = Request::JobsRetry {
        id: job.transpose()?,
    };
    let Retried { due, stood_for } = control::run(config, request, |_| {}).await?;
    for removed in stood_for {
        println!(
            "removed {}: the job {}, which is not done yet, does the same",
            removed.id, removed.by
        );
    }
    let noun = if due == 1 { "job is" } else { "jobs are" };
    println!("{due} {noun} due again");
    Ok(())
}

fn line(job: &DeadJob) -> String {
    let project = job.project.map_or_else(|| "-".into(), |id| id.to_string());
    let runs = if job.attempts == 1 { "run" } else { "runs" };
    let error = job.error.as_deref().unwrap_or_default();
    format!(
        "{}  {}  {project}  {}  {} {runs}  {}",
        job.id,
        job.kind,
        job.died_at,
        job.attempts,
        error.replace(char::is_control, " ")
    )
}

#[cfg(test)]
mod tests {
    use store::{Millis, ObjectId};

    use super::*;

    #[test]
    fn a_job_is_one_line() {
        let job = DeadJob {
            id: ObjectId::ZERO,
            kind: "mail".into(),
            project: None,
            died_at: Millis(0),
            attempts: 1,
            error: Some("first\nsecond\u{1b}[31m".into()),
        };
        let zero = ObjectId::ZERO;
        assert_eq!(
            line(&job),
            format!("{zero}  mail  -  1970-01-01T00:00:00.000Z  1 run  first second [31m")
        );
        let other = DeadJob {
            project: Some(ObjectId::ZERO),
            attempts: 9,
            ..job
        };
        assert!(line(&other).contains(&format!("mail  {zero}  1970")));
        assert!(line(&other).contains("9 runs"));
    }
}
