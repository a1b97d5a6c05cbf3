//! The whole application in process: each test opens its own server on its own data folder.
//!
//! `support` checks every answer against `/openapi.json`, and every database when its test ends.

#[cfg(test)]
mod support;

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod authorization;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod change;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod identify;
#[cfg(test)]
mod list;
#[cfg(test)]
mod lookup;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod sdk;
#[cfg(test)]
mod search;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod subscription;
#[cfg(test)]
mod timeline;
#[cfg(test)]
mod track;
