//! The store from outside: real SQLite files, and a real PostgreSQL where `HARK_TEST_POSTGRES_URL` names one.
//!
//! Each module is marked as test code, so that its helpers may unwrap as the tests do.

#[cfg(test)]
#[macro_use]
mod fixture;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod copy;
#[cfg(test)]
mod cursors;
#[cfg(test)]
mod declared;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod feed;
#[cfg(test)]
mod identities;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod search;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod units;
#[cfg(test)]
mod write_ahead_log;
