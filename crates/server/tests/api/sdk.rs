//! What client SDKs call, rule by rule of the wire note.

mod events;
mod identify;
mod order;
mod start;
mod update;
mod verification;
mod visits;
