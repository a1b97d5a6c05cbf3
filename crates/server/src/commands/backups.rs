//! Whether there are backups of PostgreSQL, which its own programs make: by the age of the newest in a folder.

use std::path::Path;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail};
use store::{Clock, Millis, SystemClock};

use crate::config::{Config, Database};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Says how old the newest backup is, when the options say where they are.
///
/// # Errors
/// When there is none, or it is older than `postgres.backup_hours_max`.
pub fn check(config: &Config) -> Result<()> {
    let (Database::Postgres(_), Some(folder)) = (&config.database, &config.postgres.backup_folder)
    else {
        return Ok(());
    };
    let hours = hours_since_newest(folder, SystemClock.now())?;
    let most = i64::from(config.postgres.backup_hours_max);
    if hours >= most {
        bail!(
            "the newest backup in {} is {hours} hours old, and postgres.backup_hours_max is {most}: see why no backups are made",
            folder.display()
        );
    }
    println!(
        "the newest backup in {} is {hours} hours old",
        folder.display()
    );
    Ok(())
}

/// Whole hours since the newest file or folder in `folder` was written.
fn hours_since_newest(folder: &Path, now: Millis) -> Result<i64> {
    let shown = folder.display();
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("postgres.backup_folder: {shown} cannot be read"))?;
    let mut newest = None;
    for entry in entries {
        let written = entry?.metadata()?.modified()?.duration_since(UNIX_EPOCH)?;
        newest = newest.max(Some(i64::try_from(written.as_millis())?));
    }
    let newest =
        newest.with_context(|| format!("postgres.backup_folder: there is no backup in {shown}"))?;
    Ok((now.0 - newest) / HOUR_MS)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Millis = Millis(1_800_000_000_000);

    fn put(folder: &Path, name: &str, hours_ago: i64) {
        let file = std::fs::File::create(folder.join(name)).unwrap();
        let written = Duration::from_millis((NOW.0 - hours_ago * HOUR_MS).unsigned_abs());
        file.set_modified(UNIX_EPOCH + written).unwrap();
    }

    #[test]
    fn the_newest_counts() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "monday.dump", 50);
        assert_eq!(hours_since_newest(folder.path(), NOW).unwrap(), 50);
        put(folder.path(), "wednesday.dump", 2);
        put(folder.path(), "tuesday.dump", 26);
        assert_eq!(hours_since_newest(folder.path(), NOW).unwrap(), 2);
    }

    #[test]
    fn no_backup_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        let none = hours_since_newest(folder.path(), NOW).unwrap_err();
        assert!(none.to_string().contains("there is no backup in"), "{none}");
        let missing = folder.path().join("missing");
        let unread = hours_since_newest(&missing, NOW).unwrap_err();
        assert!(unread.to_string().contains("cannot be read"), "{unread}");
    }

    #[test]
    fn one_that_is_too_old_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        let config = |url: &str| {
            let empty = tempfile::NamedTempFile::new().unwrap();
            let sources = crate::config::Sources {
                file: Some(empty.path().to_owned()),
                variables: vec![
                    ("HARK_DATABASE".into(), url.into()),
                    (
                        "HARK_POSTGRES_BACKUP_FOLDER".into(),
                        folder.path().display().to_string(),
                    ),
                    ("HARK_POSTGRES_BACKUP_HOURS_MAX".into(), "3".into()),
                ],
                flags: Vec::new(),
            };
            Config::load(&sources).unwrap()
        };
        let write = |hours_ago: i64| {
            let file = std::fs::File::create(folder.path().join("a.dump")).unwrap();
            let written = SystemClock.now().0 - hours_ago * HOUR_MS + 60_000;
            let written = Duration::from_millis(written.unsigned_abs());
            file.set_modified(UNIX_EPOCH + written).unwrap();
        };
        let postgres = config("postgres://hark@db.example.com/hark");
        assert!(check(&postgres).is_err(), "there is none");
        write(3);
        check(&postgres).unwrap();
        write(4);
        let old = check(&postgres).unwrap_err().to_string();
        assert!(old.contains("is 3 hours old"), "{old}");
        check(&config("sqlite:")).unwrap();
    }
}
