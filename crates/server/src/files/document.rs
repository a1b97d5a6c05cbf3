//! What is known of a file beside its bytes, and what becomes of it with its session.

use serde::{Deserialize, Serialize};
use store::{
    Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Reference, Row, Tx, Value,
};

use super::token::FileToken;
use crate::resources::session::merge::rows;
use crate::resources::session::merge::via::Via;
use crate::resources::ticket::document::Ticket;

/// A file of a session, or one that a member sent. When it is nobody's it is given up: nobody may read it, and
/// [`sweep`](super::sweep) removes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// Who sent it; of a file that a member sent, the session of its ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<ObjectId>,
    /// The member who sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uploader: Option<ObjectId>,
    /// The ticket that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<ObjectId>,
    /// The message that it came with, and goes with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<ObjectId>,
    /// The template that it is part of. Messages that are made from it name the same file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<ObjectId>,
    /// How many messages name it that were made from its template: they need it when that is gone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sent: u64,
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
    /// When it is given up, unless a ticket, a template or a message that was made from one needs it.
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
        Column {
            name: "uploader",
            path: "uploader",
            kind: ColumnKind::Id,
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
        Index {
            name: "file_by_ticket",
            columns: &["ticket"],
            not_null: Some("ticket"),
        },
        Index {
            name: "file_by_uploader",
            columns: &["uploader", "created_at"],
            not_null: Some("uploader"),
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
            self.uploader.into(),
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
        self.stored && self.is_somebodys() && self.expires_at.is_none_or(|at| now < at)
    }

    /// Whether it is not given up.
    #[must_use]
    pub fn is_somebodys(&self) -> bool {
        self.session.is_some() || self.uploader.is_some()
    }

    /// Whether it is or was of a template, so that any number of messages may name it.
    fn is_shared(&self) -> bool {
        self.template.is_some() || self.sent > 0
    }

    /// Whether nothing has it.
    fn is_free(&self) -> bool {
        self.ticket.is_none() && !self.is_shared()
    }

    /// Takes away all that is personal, and leaves what it takes to remove the bytes.
    pub fn give_up(&mut self, now: Millis) {
        self.session = None;
        self.uploader = None;
        self.ticket = None;
        self.message = None;
        self.template = None;
        self.sent = 0;
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

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Makes a file that a report or a message of a session names part of its ticket, so that it no longer expires.
///
/// # Errors
/// Those of the store.
pub fn claim(
    tx: &mut Tx<'_>,
    token: &FileToken,
    session: ObjectId,
    ticket: ObjectId,
    message: Option<ObjectId>,
) -> store::Result<()> {
    let row = opened(tx, token)?.filter(|row| row.doc.is_free());
    let Some(mut row) = row.filter(|row| row.doc.session == Some(session)) else {
        return Ok(());
    };
    row.doc.keep_for(ticket);
    row.doc.message = message;
    tx.put(&mut row)
}

/// The same of a file of a member, which a message names that no session said. It goes where the ticket goes from then on. One of a template
/// stays where it is: then returns true, and the message is counted until [`leave_sent`].
///
/// # Errors
/// Those of the store.
pub fn claim_of_member(
    tx: &mut Tx<'_>,
    token: &FileToken,
    ticket: &Row<Ticket>,
    message: ObjectId,
) -> store::Result<bool> {
    let Some(mut row) = opened(tx, token)? else {
        return Ok(false);
    };
    if row.doc.is_shared() {
        row.doc.sent += 1;
        tx.put(&mut row)?;
        return Ok(true);
    }
    if !row.doc.is_free() || row.doc.uploader.is_none() {
        return Ok(false);
    }
    row.doc.keep_for(ticket.id);
    row.doc.message = Some(message);
    row.doc.session = ticket.doc.session;
    row.doc.via = ticket.doc.via.clone();
    tx.put(&mut row)?;
    Ok(false)
}

/// Messages that counted at a file of a template are gone, or name it no more. Without others, and without the template, it is given up.
///
/// # Errors
/// Those of the store.
pub fn leave_sent(tx: &mut Tx<'_>, file: ObjectId, messages: u64) -> store::Result<()> {
    let Some(mut row) = tx.get_for_update::<File>(file)? else {
        return Ok(());
    };
    row.doc.sent = row.doc.sent.saturating_sub(messages);
    if row.doc.is_free() {
        row.doc.give_up(tx.now());
    }
    tx.put(&mut row)
}

/// Makes a file of a member part of a template that names it, so that it no longer expires.
///
/// # Errors
/// Those of the store.
pub fn claim_for_template(
    tx: &mut Tx<'_>,
    token: &FileToken,
    template: ObjectId,
) -> store::Result<()> {
    let is_to_be_had = |file: &File| file.ticket.is_none() && file.template.is_none();
    let row = opened(tx, token)?.filter(|row| is_to_be_had(&row.doc));
    let Some(mut row) = row.filter(|row| row.doc.uploader.is_some()) else {
        return Ok(());
    };
    row.doc.template = Some(template);
    row.doc.expires_at = None;
    tx.put(&mut row)
}

/// A template does not name a file any more: it is given up, unless messages name it.
///
/// # Errors
/// Those of the store.
pub fn leave_template(tx: &mut Tx<'_>, token: &FileToken, template: ObjectId) -> store::Result<()> {
    let Some(mut row) = opened(tx, token)? else {
        return Ok(());
    };
    if row.doc.template != Some(template) {
        return Ok(());
    }
    row.doc.template = None;
    if row.doc.is_free() {
        row.doc.give_up(tx.now());
    }
    tx.put(&mut row)
}

/// The file that a token opens.
fn opened(tx: &Tx<'_>, token: &FileToken) -> store::Result<Option<Row<File>>> {
    if token.project != tx.project() {
        return Ok(None);
    }
    let (row, now) = (tx.get_for_update::<File>(token.file)?, tx.now());
    Ok(row.filter(|row| {
        let file = &row.doc;
        token.opens(file.secret_hash.as_deref()) && file.is_readable(now)
    }))
}

/// Gives up the files that came with a message, but for some.
///
/// # Errors
/// Those of the store.
pub fn leave_message(
    tx: &mut Tx<'_>,
    ticket: ObjectId,
    message: ObjectId,
    kept: &[FileToken],
) -> store::Result<()> {
    let now = tx.now();
    rows::each::<File>(tx, "ticket", ticket, |tx, mut file| {
        let is_kept = kept.iter().any(|token| token.file == file.id);
        if file.doc.message != Some(message) || is_kept {
            return Ok(());
        }
        file.doc.give_up(now);
        tx.put(&mut file)
    })
}

/// The files that came with messages of a ticket go with these to another one.
///
/// # Errors
/// Those of the store.
pub fn follow_messages(
    tx: &mut Tx<'_>,
    from: ObjectId,
    to: ObjectId,
    session: Option<ObjectId>,
) -> store::Result<()> {
    rows::each::<File>(tx, "ticket", from, |tx, mut file| {
        if file.doc.message.is_none() {
            return Ok(());
        }
        file.doc.ticket = Some(to);
        // What a session sent stays its own.
        if file.doc.uploader.is_some() {
            file.doc.session = session;
            file.doc.via = Via::default();
        }
        tx.put(&mut file)
    })
}

/// A ticket is of another session: so are its files.
///
/// # Errors
/// Those of the store.
pub fn change_session(
    tx: &mut Tx<'_>,
    ticket: ObjectId,
    from: Option<ObjectId>,
    to: Option<ObjectId>,
) -> store::Result<()> {
    let now = tx.now();
    rows::each::<File>(tx, "ticket", ticket, |tx, mut file| {
        // Others may have sent files to it, too.
        if file.doc.session != from {
            return Ok(());
        }
        file.doc.session = to;
        file.doc.via = Via::default();
        if !file.doc.is_somebodys() {
            file.doc.give_up(now);
        }
        tx.put(&mut file)
    })
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
    give_up_where(tx, "session", session)
}

/// Gives up all files of a ticket, as [`give_up_all`] those of a session.
///
/// # Errors
/// Those of the store.
pub fn give_up_of_ticket(tx: &mut Tx<'_>, ticket: ObjectId) -> store::Result<()> {
    give_up_where(tx, "ticket", ticket)
}

fn give_up_where(tx: &mut Tx<'_>, field: &'static str, id: ObjectId) -> store::Result<()> {
    let now = tx.now();
    rows::each::<File>(tx, field, id, |tx, mut file| {
        file.doc.give_up(now);
        tx.put(&mut file)
    })
}
