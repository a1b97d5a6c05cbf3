//! The sub-commands of `hark`.

mod accounts;
mod backups;
mod control;
mod copy;
mod database;
mod demo;
mod import;
mod inbound_mail;
mod jobs;
mod mail;
mod serve;

use std::fmt;

use anyhow::{Context, Result};

use crate::app::{App, Surroundings};
use crate::cli::{Cli, Command};
use crate::config::{Config, process_variables};
use crate::http::router;

/// The end of a command with a status of its own, and why.
#[derive(Debug)]
pub struct EndsWith {
    /// What the process ends with.
    pub status: u8,
    why: String,
}

impl fmt::Display for EndsWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for EndsWith {}

/// Runs the command line.
///
/// # Errors
/// What went wrong, for the operator: an [`EndsWith`] among them says what the process is to end with.
pub fn run(cli: Cli) -> Result<()> {
    if matches!(cli.command, Command::InboundMail(_)) {
        return dispatch(cli).map_err(inbound_mail::for_mail_server);
    }
    dispatch(cli)
}

fn dispatch(cli: Cli) -> Result<()> {
    let config = Config::load(&cli.options.into_sources(process_variables()))?;
    match cli.command {
        Command::Serve(options) => runtime()?.block_on(serve::serve(config, &options)),
        Command::Setup(options) => runtime()?.block_on(accounts::setup(config, options)),
        Command::Token(command) => runtime()?.block_on(accounts::token(config, command)),
        Command::Project(command) => runtime()?.block_on(accounts::project(config, command)),
        Command::Member(command) => runtime()?.block_on(accounts::member(config, command)),
        Command::Identity(command) => runtime()?.block_on(accounts::identity(config, command)),
        Command::Demo(options) => runtime()?.block_on(demo::command(config, options)),
        Command::Import(options) => runtime()?.block_on(import::command(config, options)),
        Command::MailTest(options) => runtime()?.block_on(mail::test(config, options)),
        Command::InboundMail(options) => {
            runtime()?.block_on(inbound_mail::hand_over(config, options))
        }
        Command::Jobs(command) => runtime()?.block_on(jobs::command(config, command)),
        Command::Doctor(options) => runtime()?.block_on(database::doctor(config, options)),
        Command::Backup(options) => runtime()?.block_on(database::backup(config, options)),
        Command::Restore(options) => database::restore(&config, &options),
        Command::Migrate(options) => database::migrate(config, &options),
        Command::Copy(options) => copy::command(&config, &options),
        Command::Openapi => openapi(),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// Prints the description of the API.
fn openapi() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("hark-openapi-{}", std::process::id()));
    let config = Config {
        data: folder.clone(),
        ..Config::load(&crate::config::Sources::default())?
    };
    let printed = App::open(config, Surroundings::default())
        .map(|app| router::openapi(&std::sync::Arc::new(app)));
    let _ = std::fs::remove_dir_all(&folder);
    println!("{}", printed?);
    Ok(())
}
