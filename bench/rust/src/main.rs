//! `bench gen N [stored]` prints N session documents, `bench bare PORT` serves one of them, `bench visitors …` loads a server as
//! web pages do, `bench tickets …` fills it with tickets.

mod bare;
mod documents;
mod generate;
mod tickets;
mod visitors;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: bench gen N [stored] | bench bare PORT | bench visitors PORT KEY RUN COUNT SECONDS | \
                     bench tickets PORT AUTHORIZATION PROJECT COUNT IDS";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("bench: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["gen", count] => generate::import_lines(number(count)?),
        ["gen", count, "stored"] => generate::copy_lines(number(count)?),
        ["bare", port] => bare::serve(number(port)?),
        ["visitors", port, key, run, count, seconds] => {
            visitors::run(number(port)?, key, run, number(count)?, number(seconds)?)
        }
        ["tickets", port, authorization, project, count, ids] => {
            tickets::make(number(port)?, authorization, project, number(count)?, ids)
        }
        _ => return Err(USAGE.to_owned()),
    }
    .map_err(|error| error.to_string())
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a number in range; {USAGE}"))
}
