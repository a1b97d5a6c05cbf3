//! The resources of REST v3, in the words of the API: one file or folder each.

pub mod company;
pub mod import;
pub mod invitation;
pub mod login;
pub mod login_cookie;
pub mod message;
pub mod message_template;
pub mod overview;
pub mod project;
pub mod session;
pub mod setup;
pub mod team;
pub mod ticket;
pub mod user;
pub mod webhook;
