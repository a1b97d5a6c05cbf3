//! The whole application in process: each test opens its own server on its own data folder.
//!
//! `support` checks every answer against `/openapi.json`, and every database when its test ends.

#[cfg(test)]
mod support;

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod activities;
#[cfg(test)]
mod audit_log;
#[cfg(test)]
mod authorization;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod blocked;
#[cfg(test)]
mod change;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod company;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod data;
#[cfg(test)]
mod delete;
#[cfg(test)]
mod empty_guests;
#[cfg(test)]
mod export;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod identify;
#[cfg(test)]
mod identity_verification;
#[cfg(test)]
mod import;
#[cfg(test)]
mod invitations;
#[cfg(test)]
mod list;
#[cfg(test)]
mod live;
#[cfg(test)]
mod lookup;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod merge;
#[cfg(test)]
mod message_templates;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod overview;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod saved_views;
#[cfg(test)]
mod sdk;
#[cfg(test)]
mod sdk_config;
#[cfg(test)]
mod sdk_leftovers;
#[cfg(test)]
mod search;
#[cfg(test)]
mod session_indexes;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod subscription;
#[cfg(test)]
mod teams;
#[cfg(test)]
mod tickets;
#[cfg(test)]
mod timeline;
#[cfg(test)]
mod track;
#[cfg(test)]
mod unsubscribe_page;
#[cfg(test)]
mod warmup;
#[cfg(test)]
mod webhooks;
