//! What clients report: uploads, tickets with their logs, and what becomes of them.

mod bucket;
pub mod client;
mod erased;
mod files;
mod flood;
mod guests;
mod keeping;
mod phones;
mod report;
mod secrets;
mod tickets;
mod uploads;
