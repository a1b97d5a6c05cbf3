//! The resources of REST v3, in the words of the API: one file or folder each.

pub mod company;
pub mod import;
pub mod login;
pub mod project;
pub mod session;
pub mod ticket;
pub mod user;
