//! What is known of a file beside its bytes, and what becomes of it with its session.

use serde::{Deserialize, Serialize};
use store::{
    Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Reference, Row, Tx, Value,
};

use super::token::FileToken;
use crate::resources::session::merge::rows;
use crate::resources::session::merge::via::Via;
use crate::resources::ticket::document::Ticket;

/// A file of a session. Without a session it is given up: nobody may read it, and [`sweep`](super::sweep) removes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// Who sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<ObjectId>,
    /// The ticket that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<ObjectId>,
    /// What it is for.
    pub kind: FileKind,
    /// What the client calls it: to be shown, never to be opened by.
    pub name: String,
    /// What its first bytes say that it is.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// The hash of the secret in its address; without one it has no address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_hash: Option<String>,
    /// Whether all of it arrived.
    pub stored: bool,
    /// When it began to arrive.
    pub created_at: Millis,
    /// When it is given up, unless a ticket needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Millis>,
    /// The merges that brought it.
    #[serde(default, skip_serializing_if = "Via::is_own")]
    pub via: Via,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FileKind {
    /// A screenshot or a screen recording.
    Capture,
    /// A picture of a replay.
    Step,
    /// Something that the user attached.
    Attachment,
    /// A replay as JSON. It has no address.
    Replay,
    /// A clone of the page as JSON. It has no address.
    Snapshot,
}

/// The table of files.
pub static FILES: Collection = Collection {
    table: "file",
    columns: &[
        Column {
            name: "session",
            path: "session",
            kind: ColumnKind::Id,
        },
        Column {
            name: "ticket",
            path: "ticket",
            kind: ColumnKind::Id,
        },
        Column {
            name: "expires_at",
            path: "expiresAt",
            kind: ColumnKind::Instant,
        },
    ],
    indexes: &[
        Index {
            name: "file_by_session",
            columns: &["session", "created_at"],
            not_null: None,
        },
        Index {
            name: "file_by_expiry",
            columns: &["expires_at"],
            not_null: Some("expires_at"),
        },
    ],
    cluster: &[],
    references: &[
        Reference {
            column: "session",
            table: "session",
        },
        Reference {
            column: "ticket",
            table: "ticket",
        },
    ],
};

impl Document for File {
    const COLLECTION: &'static Collection = &FILES;

    fn promoted(&self) -> Vec<Value> {
        vec![
            self.session.into(),
            self.ticket.into(),
            self.expires_at.into(),
        ]
    }

    fn created_at(&self) -> Option<Millis> {
        Some(self.created_at)
    }
}

impl File {
    /// Whether it may be read at this instant.
    #[must_use]
    pub fn is_readable(&self, now: Millis) -> bool {
        self.stored && self.session.is_some() && self.expires_at.is_none_or(|at| now < at)
    }

    /// Takes away all that is personal, and leaves what it takes to remove the bytes.
    pub fn give_up(&mut self, now: Millis) {
        self.session = None;
        self.ticket = None;
        self.name.clear();
        self.via = Via::default();
        self.secret_hash = None;
        self.expires_at = Some(now);
    }

    fn keep_for(&mut self, ticket: ObjectId) {
        self.ticket = Some(ticket);
        self.expires_at = None;
    }
}

/// Makes a file that a report names part of its ticket, so that it no longer expires; returns whether it is one of the session.
///
/// # Errors
/// Those of the store.
pub fn claim(
    tx: &mut Tx<'_>,
    token: &FileToken,
    session: ObjectId,
    ticket: ObjectId,
) -> store::Result<bool> {
    if token.project != tx.project() {
        return Ok(false);
    }
    let Some(mut row) = tx.get_for_update::<File>(token.file)? else {
        return Ok(false);
    };
    let own = row.doc.session == Some(session) && token.opens(row.doc.secret_hash.as_deref());
    if !own || !row.doc.is_readable(tx.now()) {
        return Ok(false);
    }
    if row.doc.ticket.is_none() {
        row.doc.keep_for(ticket);
        tx.put(&mut row)?;
    }
    Ok(true)
}

/// Makes files that have no address part of a ticket.
///
/// # Errors
/// Those of the store.
pub fn attach(tx: &mut Tx<'_>, row: &mut Row<File>, ticket: ObjectId) -> store::Result<()> {
    row.doc.keep_for(ticket);
    tx.put(row)
}

/// The files of a session that was merged are those of the survivor; returns how many.
///
/// # Errors
/// Those of the store.
pub fn move_to(
    tx: &mut Tx<'_>,
    gone: ObjectId,
    survivor: ObjectId,
    merge: ObjectId,
) -> store::Result<u64> {
    let mut moved = 0;
    rows::each::<File>(tx, "session", gone, |tx, mut file| {
        file.doc.session = Some(survivor);
        file.doc.via.push(merge);
        moved += 1;
        tx.put(&mut file)
    })?;
    Ok(moved)
}

/// The files that a merge brought are those of the merged session again, except those that a ticket of the survivor took
/// since. The tickets have been moved back before.
///
/// # Errors
/// Those of the store.
pub fn move_back(
    tx: &mut Tx<'_>,
    survivor: ObjectId,
    gone: ObjectId,
    merge: ObjectId,
) -> store::Result<()> {
    rows::each::<File>(tx, "session", survivor, |tx, mut file| {
        if !file.doc.via.pop(merge) {
            return Ok(());
        }
        let ticket = match file.doc.ticket {
            Some(ticket) => tx.get::<Ticket>(ticket)?,
            None => None,
        };
        if ticket.is_none_or(|ticket| ticket.doc.session == Some(gone)) {
            file.doc.session = Some(gone);
        }
        tx.put(&mut file)
    })
}

/// Gives up all files of a session. Their bytes are removed after the commit, by [`remove_erased`](super::remove_erased).
///
/// # Errors
/// Those of the store.
pub fn give_up_all(tx: &mut Tx<'_>, session: ObjectId) -> store::Result<()> {
    let now = tx.now();
    rows::each::<File>(tx, "session", session, |tx, mut file| {
        file.doc.give_up(now);
        tx.put(&mut file)
    })
}
