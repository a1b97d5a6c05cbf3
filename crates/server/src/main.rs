//! The program `hark`.

use std::process::ExitCode;

use clap::Parser;
use server::commands::EndsWith;

// Returns memory to the system and is quick under many threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator would ask for pages of 2 MiB, and an idle server would hold twice what it uses. Where the system knows no such
    // pages, there is nothing to turn off.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    match server::commands::run(server::cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hark: {error:#}");
            let status = error.downcast_ref::<EndsWith>();
            status.map_or(ExitCode::FAILURE, |end| ExitCode::from(end.status))
        }
    }
}
