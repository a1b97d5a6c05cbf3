//! Lists the files of the built dashboard for `src/dashboard`. Without one the program is built all the same.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboard/dist");
    println!("cargo:rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    collect(&dist, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&dist).unwrap_or(&file).to_string_lossy();
        if !name.starts_with('.') {
            let _ = writeln!(
                list,
                "({name:?}, include_bytes!({:?})),",
                file.display().to_string()
            );
        }
    }
    list.push(']');
    fs::write(out_dir().join("dashboard.rs"), list)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells build scripts by the environment where to write"
)]
fn out_dir() -> PathBuf {
    std::env::var_os("OUT_DIR").map_or_else(PathBuf::new, PathBuf::from)
}
