//! The file that holds the secret: read with suspicion, made at most once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::SECRET_BYTES;
use crate::auth::token::Random;

/// Name of the secret file in the data folder.
pub const SECRET_FILE: &str = "secret.key";

/// Most bytes read of a secret file: what is longer is some other file.
const MAX_FILE_BYTES: u64 = 1024;
/// Rights that a secret file must not give: anything to others, change to its group.
const FORBIDDEN_MODE: u32 = 0o037;

/// Why there is no server key. Never shows the secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("cannot read the secret file {}: {source}", path.display())]
    Read {
        /// The secret file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not there and cannot be made.
    #[error("cannot make the secret file {}: {source}; make the folder writable, or set HARK_SECRET_FILE", path.display())]
    Create {
        /// The secret file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others can read or change the file.
    #[error("the secret file {path} is open to others (mode {mode:04o}); run: chmod 600 '{path}'", path = path.display())]
    Exposed {
        /// The secret file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else.
    #[error("the secret file {} must hold 64 hexadecimal characters; restore it (a new one, from `openssl rand -hex 32`, voids all tokens and stored secrets)", path.display())]
    Malformed {
        /// The secret file.
        path: PathBuf,
    },
}

/// The secret in `secret_file`, or else in the data folder; see [`super::ServerKey::load`].
pub(super) fn load(
    secret_file: Option<&Path>,
    data: &Path,
    random: &Random,
) -> Result<[u8; SECRET_BYTES], KeyError> {
    if let Some(path) = secret_file {
        return read(path);
    }
    let path = data.join(SECRET_FILE);
    match create(data, &path, random) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            Err(KeyError::Create { path, source })
        }
        _ => read(&path),
    }
}

fn read(path: &Path) -> Result<[u8; SECRET_BYTES], KeyError> {
    let failed = |source| KeyError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode & FORBIDDEN_MODE != 0 {
        return Err(KeyError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Vec::new();
    file.take(MAX_FILE_BYTES)
        .read_to_end(&mut text)
        .map_err(failed)?;
    let mut secret = [0; SECRET_BYTES];
    hex::decode_to_slice(text.trim_ascii(), &mut secret).map_err(|_| KeyError::Malformed {
        path: path.to_owned(),
    })?;
    Ok(secret)
}

/// Makes a secret file that is complete from the moment it has its name: written and flushed beside it, then
/// linked, which fails when the name is taken.
fn create(data: &Path, path: &Path, random: &Random) -> io::Result<()> {
    if path.try_exists()? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let draft = path.with_extension(hex::encode(random.bytes::<8>()));
    let made = write_new(&draft, random).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    made?;
    removed?;
    // A new name survives a power cut only once its folder is flushed too.
    File::open(data)?.sync_all()
}

fn write_new(path: &Path, random: &Random) -> io::Result<()> {
    let secret = hex::encode(random.bytes::<SECRET_BYTES>());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{secret}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    /// A folder with a secret file of this text and mode.
    fn folder_with(text: &str, mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SECRET_FILE);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        folder
    }

    fn load(folder: &Path) -> Result<[u8; SECRET_BYTES], KeyError> {
        super::load(None, folder, &Random::system())
    }

    #[test]
    fn the_first_start_makes_a_key_and_the_next_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = load(folder.path()).unwrap();
        assert_eq!(load(folder.path()).unwrap(), first);
        let path = folder.path().join(SECRET_FILE);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_to_string(&path).unwrap().len(), 65);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no draft is left"
        );
    }

    #[test]
    fn starts_at_once_agree_on_one_key() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let secrets: Vec<_> = std::thread::scope(|scope| {
                let starts: Vec<_> = (0..8)
                    .map(|_| scope.spawn(|| load(folder.path()).unwrap()))
                    .collect();
                starts
                    .into_iter()
                    .map(|start| start.join().unwrap())
                    .collect()
            });
            assert!(
                secrets.iter().all(|secret| *secret == secrets[0]),
                "{secrets:?}"
            );
        }
    }

    #[test]
    fn a_file_that_was_named_is_read_and_never_made() {
        let folder = folder_with(SECRET, 0o600);
        let named = folder.path().join(SECRET_FILE);
        let elsewhere = tempfile::tempdir().unwrap();
        let random = Random::system();
        let load = |file: &Path| super::load(Some(file), elsewhere.path(), &random);
        assert_eq!(hex::encode(load(&named).unwrap()), SECRET);
        let missing = folder.path().join("missing");
        let error = load(&missing).unwrap_err().to_string();
        assert!(error.contains("missing"), "{error}");
        assert!(!missing.exists());
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_open_to_others_is_refused_with_the_remedy() {
        for mode in [0o604, 0o602, 0o601, 0o620, 0o644, 0o666, 0o777] {
            let folder = folder_with(SECRET, mode);
            let error = load(folder.path()).unwrap_err().to_string();
            assert!(
                error.contains(&format!("(mode 0{mode:o}); run: chmod 600 '")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_file_for_its_owner_or_read_by_its_group_is_taken() {
        for mode in [0o400, 0o600, 0o440, 0o640] {
            assert!(load(folder_with(SECRET, mode).path()).is_ok(), "{mode:o}");
        }
    }

    #[test]
    fn only_64_hexadecimal_characters_are_a_secret() {
        let padded = format!(" {SECRET}\r\n");
        assert!(load(folder_with(&padded, 0o600).path()).is_ok());
        let longer = format!("{SECRET}00");
        let huge = SECRET.repeat(100);
        for bad in [
            "",
            "\n",
            &SECRET[1..],
            &SECRET[2..],
            &longer,
            &huge,
            &SECRET.replace('0', "g"),
        ] {
            let error = load(folder_with(bad, 0o600).path()).unwrap_err();
            assert!(matches!(error, KeyError::Malformed { .. }), "{error}");
            assert!(!error.to_string().contains("0405060708"), "{error}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = load(&folder.path().join("nowhere")).unwrap_err();
        assert!(matches!(error, KeyError::Create { .. }), "{error}");
        assert!(error.to_string().contains("nowhere/secret.key"), "{error}");
    }
}
