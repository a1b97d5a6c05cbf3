//! A demo: an organisation with keys to paste (`hark serve --demo`), and a made-up product's weeks in it (`hark demo`).

mod cast;
mod client;
mod desk;
mod fill;
mod hours;
mod keys;
mod story;
mod talk;
mod team;
mod topics;

pub use self::fill::command;
pub use self::keys::print;
