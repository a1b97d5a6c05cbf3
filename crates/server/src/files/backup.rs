//! The folder of files beside a backup of the database, and back. Files never change, so that a copy of one is never old.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder that belongs to a backup: `hark.db` has `hark.db.files`.
#[must_use]
pub fn beside(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(".files");
    name.into()
}

/// Copies the files of `from` that `to` does not have; returns how many. A folder that is missing has none.
///
/// # Errors
/// When one cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> Result<u64> {
    let mut copied = 0;
    if !from.exists() {
        return Ok(0);
    }
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for project in fs::read_dir(from)? {
        let project = project?;
        if !project.file_type()?.is_dir() {
            continue;
        }
        let target = to.join(project.file_name());
        fs::create_dir_all(&target)?;
        for file in fs::read_dir(project.path())? {
            let file = file?;
            let is_unfinished = file.file_name().as_encoded_bytes().contains(&b'#');
            let target = target.join(file.file_name());
            if is_unfinished || target.exists() {
                continue;
            }
            copied += u64::from(
                copy_file(&file.path(), &target)
                    .with_context(|| format!("cannot copy to {}", target.display()))?,
            );
        }
        fs::File::open(&target)?.sync_all()?;
    }
    fs::File::open(to)?.sync_all()?;
    Ok(copied)
}

/// Copies under another name first, so that a copy that broke off is none. Returns whether the file was still there.
fn copy_file(from: &Path, to: &Path) -> io::Result<bool> {
    let mut unfinished = to.as_os_str().to_owned();
    unfinished.push("#1");
    match fs::copy(from, &unfinished) {
        // It was removed meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        copied => copied?,
    };
    fs::File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, to)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_files_are_copied_once() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (
            folder.path().join("files"),
            folder.path().join("b.db.files"),
        );
        assert_eq!(beside(&folder.path().join("b.db")), to);
        assert_eq!(copy(&from, &to).unwrap(), 0);
        fs::create_dir_all(from.join("p")).unwrap();
        for (name, data) in [("p/a", "one"), ("p/b", "two"), ("p/c#1", "half")] {
            fs::write(from.join(name), data).unwrap();
        }
        assert_eq!(copy(&from, &to).unwrap(), 2);
        assert_eq!(fs::read(to.join("p/b")).unwrap(), b"two");
        assert!(!to.join("p/c#1").exists());
        fs::write(from.join("p/d"), "three").unwrap();
        assert_eq!(copy(&from, &to).unwrap(), 1);
    }
}
