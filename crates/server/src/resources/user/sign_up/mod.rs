//! Making an account: `POST /v3/users`, then `/verify` with the code of the mail.
//!
//! Nothing tells whether an address has an account: who signs up with such a one gets the same answers, and a mail that says so.

pub mod mail;
mod operations;
mod verify;

pub use self::operations::{__path_create, __path_resend, create, resend};
pub use self::verify::{__path_verify, verify};
