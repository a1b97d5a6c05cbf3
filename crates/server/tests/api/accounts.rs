//! Signing in, and what the caller is told of itself.

mod browser;
mod login;
mod me;
mod people;
mod profile;
mod projects;
mod rate_limits;
mod revocation;
mod sign_ins;
mod sign_up;
mod unified_inbox;
