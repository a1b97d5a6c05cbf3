//! The log of the process: structured lines on standard error.

use anyhow::{Result, anyhow};
use tracing::Level;

use crate::config::{Log, LogFormat, LogLevel};

/// Starts logging as configured.
///
/// # Errors
/// When logging was started before.
pub fn start(config: &Log) -> Result<()> {
    let builder = tracing_subscriber::fmt()
        .with_max_level(level(config.level))
        .with_writer(std::io::stderr)
        .with_ansi(false);
    let started = match config.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.try_init(),
    };
    started.map_err(|error| anyhow!(error))
}

fn level(level: LogLevel) -> Level {
    match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    }
}
