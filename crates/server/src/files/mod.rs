//! Files that clients and members uploaded: kept outside of the database, served under addresses that cannot be guessed.
//!
//! The document of a file is written before its bytes, and outlives them: whatever breaks off in between, there is a document
//! by which [`sweep`] finds the bytes.

pub mod backup;
pub mod document;
pub mod intake;
mod name;
mod range;
mod receive;
mod serve;
mod sniff;
pub mod storage;
mod sweep;
pub mod token;
mod upload;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::document::{File, FileKind};
pub use self::intake::{Intake, Sender};
pub use self::name::shown as shown_name;
pub use self::receive::receive;
pub use self::storage::Storage;
pub use self::sweep::{remove_erased, sweep};
use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(serve::serve))
        .routes(routes!(upload::upload))
}
