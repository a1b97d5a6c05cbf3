//! Signing in, and what the caller is told of itself.

mod login;
mod me;
mod projects;
mod rate_limits;
mod revocation;
