//! The changes of sessions, for programs that keep a copy of them: asked for, waited for, or streamed.

mod asked;
mod look;
pub mod operations;
mod show;
mod stream;
mod trim;
mod waiters;

pub use self::trim::sweep;
pub use self::waiters::Waiters;
