//! A demo: an organisation with keys to paste (`hark serve --demo`), and a made-up product's weeks in it (`hark demo`).

mod cast;
mod client;
mod fill;
mod hours;
mod keys;
mod story;

pub use self::fill::command;
pub use self::keys::print;
