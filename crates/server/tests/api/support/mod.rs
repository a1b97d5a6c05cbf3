//! What all tests share: a server of their own, calls to it, and what must hold of every answer.

mod accounts;
mod answer;
mod app;
mod call;
mod clock;
mod database;
mod description;
mod live;
mod mailing;
mod smtp;
mod socket;
mod visitor;

pub use accounts::{Accounts, OWNER, PASSWORD};
pub use answer::Answer;
pub use app::TestApp;
pub use call::{Call, encoded};
pub use clock::TestClock;
pub use database::{contents, cut_connections, keys as identity_keys, run_by_hand};
pub use description::{Description, Guard, Operation};
pub use live::Live;
pub use mailing::Mailing;
pub use smtp::{SmtpServer, Taken};
pub use socket::{Credential, Runs, Socket};
