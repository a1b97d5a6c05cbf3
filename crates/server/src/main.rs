//! The program `hark`.

use std::process::ExitCode;

use clap::Parser;
use server::commands::EndsWith;

// Returns memory to the system and is quick under many threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match server::commands::run(server::cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hark: {error:#}");
            let status = error.downcast_ref::<EndsWith>();
            status.map_or(ExitCode::FAILURE, |end| ExitCode::from(end.status))
        }
    }
}
