//! `hark copy`: all of one database into another.

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use store::{CopyProgress, Place, SqliteConfig};

use crate::app::{postgres_config, sqlite_config};
use crate::cli;
use crate::config::{Config, Database};
use crate::files::storage;
use crate::schema::SCHEMA;

/// Copies, with a progress bar, and says what is left to be done.
pub fn command(config: &Config, options: &cli::Copy) -> Result<()> {
    let from = place(config, "--from", options.from.as_deref())?;
    let to = place(config, "--to", options.to.as_deref())?;
    let style = ProgressStyle::with_template("{msg} {bar:40} {percent}%  ({elapsed}, {eta} left)")?;
    let bar = ProgressBar::new(0).with_style(style);
    let copied = store::copy(&from, &to, &SCHEMA, &mut |progress| {
        let (doing, (done, rows)) = match progress {
            CopyProgress::Copied(done, rows) => ("copying  ", (done, rows)),
            CopyProgress::Compared(done, rows) => ("comparing", (done, rows)),
        };
        bar.set_length(rows);
        bar.set_position(done);
        bar.set_message(doing);
    })?;
    bar.finish_and_clear();
    if copied.before > 0 {
        println!("{} rows were there from the run before", copied.before);
    }
    println!(
        "{} rows of documents, identity keys and indexes are the same in {from} and {to}",
        copied.rows
    );
    println!(
        "What is no part of a database stays where it is. Take it along if the server moves:\n  the server key   {}\n  imports under way {}",
        config.secret_path().display(),
        config.data.join("imports").display()
    );
    if let Some(folder) = storage::folder(config) {
        println!("  uploaded files   {}", folder.display());
    }
    Ok(())
}

/// Where a database is; that of the options when it is not named.
fn place(config: &Config, flag: &str, named: Option<&str>) -> Result<Place> {
    let Some(named) = named else {
        return Ok(match &config.database {
            Database::Sqlite => Place::Sqlite(sqlite_config(config)),
            Database::Postgres(url) => Place::Postgres(postgres_config(config, &url.0)),
        });
    };
    if named.starts_with("postgres://") || named.starts_with("postgresql://") {
        return Ok(Place::Postgres(postgres_config(config, named)));
    }
    match named.strip_prefix("sqlite:") {
        Some("") => Ok(Place::Sqlite(sqlite_config(config))),
        Some(file) => Ok(Place::Sqlite(SqliteConfig {
            file: file.into(),
            ..sqlite_config(config)
        })),
        // The value is not repeated: it may hold a password.
        None => bail!(
            "{flag} is not a known database: use sqlite: for the file in the data folder, sqlite:FILE, or postgres://user@host:5432/database"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn named(named: Option<&str>) -> Result<String> {
        let empty = tempfile::NamedTempFile::new().unwrap();
        let sources = Sources {
            file: Some(empty.path().to_owned()),
            variables: vec![(
                "HARK_DATABASE".into(),
                "postgres://hark:hunter2@db.example.com/hark".into(),
            )],
            flags: vec![("--data", "data", "/srv/hark".into())],
        };
        let config = Config::load(&sources).unwrap();
        place(&config, "--to", named).map(|place| place.to_string())
    }

    #[test]
    fn places_are_named_without_passwords() {
        for (given, shown) in [
            (None, "postgres://db.example.com:5432/hark"),
            (Some("sqlite:"), "sqlite:/srv/hark/hark.db"),
            (Some("sqlite:/tmp/a.db"), "sqlite:/tmp/a.db"),
            (
                Some("postgresql://hark:hunter2@10.0.0.1:5433/b"),
                "postgres://10.0.0.1:5433/b",
            ),
        ] {
            assert_eq!(named(given).unwrap(), shown);
        }
        let fault = named(Some("mysql://hark:hunter2@db")).unwrap_err();
        assert!(
            fault
                .to_string()
                .starts_with("--to is not a known database")
        );
        assert!(!fault.to_string().contains("hunter2"));
    }
}
