//! Hark: a customer platform that a company runs itself. It answers Gleap's v3 REST API.
//!
//! `ARCHITECTURE.md` is the map. A request flows one way: router → extractor (who calls) → handler → unit of work → store →
//! listeners of the commit.

pub mod accounts;
pub mod admin;
pub mod app;
pub mod auth;
pub mod cache;
pub mod cli;
pub mod commands;
pub mod config;
pub mod dashboard;
pub mod files;
pub mod geoip;
pub mod http;
pub mod identity;
pub mod jobs;
pub mod live;
pub mod log;
pub mod mail;
pub mod resources;
pub mod schema;
pub mod sdk;
