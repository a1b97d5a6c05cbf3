//! The conversation of a ticket: what a message that is said, changed or deleted does to the ticket and to its session. Every path goes
//! through here, whoever comes along it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::value::to_raw_value;
use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Query, Row, Snapshot, Sort, Tx};

use super::body::{Edit, NewMessage};
use super::document::{Message, MessageKind};
use super::{by_mail, render, unread};
use crate::files::document as kept;
use crate::files::token::FileToken;
use crate::http::error::ApiError;
use crate::live::notification::{Voice, notify};
use crate::live::outbox::withdraw;
use crate::resources::session::document::Session;
use crate::resources::session::merge::via::Via;
use crate::resources::ticket::change::save;
use crate::resources::ticket::document::{OPEN, Ticket};
use crate::resources::ticket::history::{self, By, ChangeKind, Difference};
use crate::resources::ticket::settings;

/// Messages of one conversation.
pub const MESSAGES_MAX: u64 = 10_000;
/// Messages that are read at once.
const ROWS_PER_READ: u32 = 500;

/// The ticket in whose conversation something is to be said: of one that was merged, the one that goes on.
///
/// # Errors
/// 404 when it is not there, 422 when its conversation is full.
pub fn open(tx: &Tx<'_>, id: ObjectId) -> Result<Row<Ticket>, ApiError> {
    let mut asked = id;
    loop {
        let row = tx.get_for_update::<Ticket>(asked)?;
        let row = row.ok_or_else(|| crate::resources::ticket::show::unknown(id))?;
        match row.doc.merged_into {
            Some(into) => asked = into,
            None if row.doc.next_message >= MESSAGES_MAX => return Err(full(row.id)),
            None => return Ok(row),
        }
    }
}

fn full(ticket: ObjectId) -> ApiError {
    let fault = format!("ticket: {ticket} has {MESSAGES_MAX} messages: go on in a new ticket");
    ApiError::unprocessable("conversation_full", vec![fault])
}

/// Says something in a conversation. `voice`: the name under which the session is notified; `files`: those of this server that are attached.
///
/// # Errors
/// Those of the store.
pub fn add(
    tx: &mut Tx<'_>,
    ticket: &mut Row<Ticket>,
    new: NewMessage,
    by: By,
    voice: &Voice,
    files: &[FileToken],
) -> store::Result<Row<Message>> {
    let before = ticket.doc.clone();
    let told = ticket
        .doc
        .session
        .filter(|_| new.kind.is_for_session() && !new.is_silent);
    let (email_id, email_from) = match new.by_mail {
        Some(mail) => (Some(mail.id), mail.from),
        None => (None, None),
    };
    let id = tx.new_id();
    let template_files = take_files(tx, ticket, (id, new.session), files)?;
    let message = Message {
        ticket: ticket.id,
        index: ticket.doc.next_message,
        kind: new.kind,
        bot: matches!(new.kind, MessageKind::Bot | MessageKind::BotReply),
        user: new.user,
        session: new.session,
        fallback_user: new.fallback_user,
        data: new.data,
        attachments: new.attachments,
        template_files,
        rating: new.rating,
        session_notifications_unread: told.is_some(),
        edited_at: None,
        email_id,
        email_from,
        status: None,
        status_history: Vec::new(),
        via: Via::default(),
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    let message = tx.insert(id, message)?;
    ticket.doc.next_message += 1;
    settle(tx, ticket, &message)?;
    if let Some(session) = told {
        ticket.doc.session_unread += 1;
        unread::count(tx, session, 1)?;
    }
    save(tx, ticket, &before, by)?;
    if let Some(author) = message.doc.session {
        hear(tx, author)?;
    }
    record(tx, &message, ChangeKind::MessageCreated, by)?;
    if let Some(session) = told {
        notify(tx, &ticket.doc, &message, voice)?;
        by_mail::later(tx, &message, session)?;
    }
    render::tell(tx, ticket, &message)?;
    Ok(message)
}

/// Files that a message names and that nothing else needs are part of its ticket. Returns those of templates, which are not.
fn take_files(
    tx: &mut Tx<'_>,
    ticket: &Row<Ticket>,
    (message, author): (ObjectId, Option<ObjectId>),
    files: &[FileToken],
) -> store::Result<Vec<ObjectId>> {
    let mut of_templates = Vec::new();
    for file in files {
        match author {
            Some(author) => kept::claim(tx, file, author, ticket.id, Some(message))?,
            None if kept::claim_of_member(tx, file, ticket, message)? => {
                of_templates.push(file.file);
            }
            None => {}
        }
    }
    Ok(of_templates)
}

/// Files of templates are named by fewer messages: as often as they are in `files`.
fn leave_template_files(
    tx: &mut Tx<'_>,
    files: impl IntoIterator<Item = ObjectId>,
) -> store::Result<()> {
    for (file, messages) in counted(files) {
        kept::leave_sent(tx, file, messages)?;
    }
    Ok(())
}

/// How often each id comes, in their order: so units that run at once lock rows in the same one.
fn counted(ids: impl IntoIterator<Item = ObjectId>) -> BTreeMap<ObjectId, u64> {
    let mut counted = BTreeMap::new();
    for id in ids {
        *counted.entry(id).or_default() += 1;
    }
    counted
}

/// What the ticket is after something was said in it.
fn settle(tx: &mut Tx<'_>, ticket: &mut Row<Ticket>, message: &Row<Message>) -> store::Result<()> {
    let kind = message.doc.kind;
    if kind == MessageKind::Note {
        return Ok(());
    }
    ticket.doc.latest_comment = Some(message.id);
    ticket.doc.last_notification = tx.now();
    ticket.doc.notifications_unread = kind.is_of_session();
    if kind == MessageKind::Text {
        ticket.doc.has_agent_reply = true;
    }
    if kind.is_of_session() {
        // Who writes has seen what was written before, and is to be heard.
        if message.doc.session == ticket.doc.session {
            unread::seen(tx, ticket, None)?;
        }
        ticket.doc.archived = false;
        ticket.doc.snoozed_until = None;
        if settings::of(tx)?.is_closed(&ticket.doc.status) {
            ticket.doc.status = OPEN.into();
        }
    }
    Ok(())
}

/// Counts a message of a session.
fn hear(tx: &mut Tx<'_>, session: ObjectId) -> store::Result<()> {
    let Some(mut row) = tx.get_for_update::<Session>(session)? else {
        return Ok(());
    };
    row.doc.count_feedback_comments += 1;
    row.doc.last_heard_from = Some(tx.now());
    tx.put(&mut row)
}

/// Messages of a session are gone.
fn unhear(tx: &mut Tx<'_>, session: ObjectId, messages: u64) -> store::Result<()> {
    let Some(mut row) = tx.get_for_update::<Session>(session)? else {
        return Ok(());
    };
    let count = &mut row.doc.count_feedback_comments;
    *count = count.saturating_sub(messages);
    tx.put(&mut row)
}

/// Changes a message. A notification of it that waits tells what it says now. `files`: those of this server that are attached from then on.
///
/// # Errors
/// Those of the store.
pub fn edit(
    tx: &mut Tx<'_>,
    ticket: &mut Row<Ticket>,
    message: &mut Row<Message>,
    edit: Edit,
    by: By,
    voice: &Voice,
    files: &[FileToken],
) -> store::Result<()> {
    let says_other = edit.data.is_some() || edit.attachments.is_some();
    let doc = &mut message.doc;
    if says_other {
        doc.edited_at = Some(tx.now());
    }
    if let Some(data) = edit.data {
        doc.data = data;
    }
    if let Some(attachments) = edit.attachments {
        doc.attachments = attachments;
        kept::leave_message(tx, ticket.id, message.id, files)?;
        let before = std::mem::take(&mut doc.template_files);
        // First those that stay, so that none of them is given up.
        doc.template_files = take_files(tx, ticket, (message.id, doc.session), files)?;
        leave_template_files(tx, before)?;
    }
    let doc = &mut message.doc;
    doc.fallback_user = edit.fallback_user.or(doc.fallback_user.take());
    doc.rating = edit.rating.or(doc.rating);
    let before = ticket.doc.clone();
    if let Some(is_unread) = edit.unread {
        unread::set(tx, ticket, message, is_unread)?;
    }
    tx.put(message)?;
    save(tx, ticket, &before, by)?;
    if says_other {
        record(tx, message, ChangeKind::MessageUpdated, by)?;
        if let Some(session) = ticket.doc.session
            && withdraw(tx, session, &[message.id])?
        {
            notify(tx, &ticket.doc, message, voice)?;
        }
    }
    Ok(())
}

/// Deletes a message.
///
/// # Errors
/// Those of the store.
pub fn remove(
    tx: &mut Tx<'_>,
    ticket: &mut Row<Ticket>,
    message: &mut Row<Message>,
    by: By,
) -> store::Result<()> {
    let before = ticket.doc.clone();
    unread::set(tx, ticket, message, false)?;
    tx.delete::<Message>(message.id)?;
    if !message.doc.attachments.is_empty() {
        kept::leave_message(tx, ticket.id, message.id, &[])?;
        leave_template_files(tx, message.doc.template_files.iter().copied())?;
    }
    if let Some(author) = message.doc.session {
        unhear(tx, author, 1)?;
    }
    if let Some(session) = ticket.doc.session {
        withdraw(tx, session, &[message.id])?;
    }
    if ticket.doc.latest_comment == Some(message.id) {
        ticket.doc.latest_comment = latest(tx, ticket.id)?;
    }
    save(tx, ticket, &before, by)?;
    record(tx, message, ChangeKind::MessageDeleted, by)
}

/// The latest message that was not said to the team alone.
fn latest(snapshot: &Snapshot<'_>, ticket: ObjectId) -> store::Result<Option<ObjectId>> {
    let is_note = Filter::Eq(FieldPath::known("type"), Scalar::Text("NOTE".into()));
    let query = Query {
        filter: Filter::And(vec![of(ticket), Filter::Not(Box::new(is_note))]),
        sort: in_order(true),
        limit: 1,
        ..Query::default()
    };
    let page = snapshot.page::<Message>(&query)?;
    Ok(page.rows.first().map(|row| row.id))
}

/// The history of the ticket names the message, and leaves what it says to the message.
fn record(tx: &mut Tx<'_>, message: &Row<Message>, kind: ChangeKind, by: By) -> store::Result<()> {
    let told = Difference {
        from: None,
        to: Some(to_raw_value(&message.id)?),
    };
    let fields = IndexMap::from([("message".to_owned(), told)]);
    history::record(tx, message.doc.ticket, kind, by, fields)
}

/// A conversation becomes part of another: both in the order in which things were said. The caller saves both tickets.
///
/// # Errors
/// 422 when there are too many.
pub fn join(
    tx: &mut Tx<'_>,
    target: &mut Row<Ticket>,
    other: &mut Row<Ticket>,
) -> Result<(), ApiError> {
    if other.doc.next_message == 0 {
        return Ok(());
    }
    let mut messages = all(tx, target.id)?;
    messages.extend(all(tx, other.id)?);
    if messages.len() as u64 > MESSAGES_MAX {
        return Err(full(target.id));
    }
    messages.sort_by_key(|message| (message.doc.created_at, message.id));
    let tells_session = target.doc.session.is_some();
    let (mut latest, mut unread) = (None, 0);
    for (index, message) in messages.iter_mut().enumerate() {
        let index = index as u64;
        let is_unread = tells_session && message.doc.session_notifications_unread;
        unread += u64::from(is_unread);
        if message.doc.kind != MessageKind::Note {
            latest = Some(message.id);
        }
        let stays = message.doc.ticket == target.id && message.doc.index == index;
        if !stays || message.doc.session_notifications_unread != is_unread {
            message.doc.ticket = target.id;
            message.doc.index = index;
            message.doc.session_notifications_unread = is_unread;
            tx.put(message)?;
        }
    }
    unread::give(tx, other, target)?;
    kept::follow_messages(tx, other.id, target.id, target.doc.session)?;
    let (kept, gone) = (&mut target.doc, &mut other.doc);
    kept.session_unread = unread;
    kept.next_message = messages.len() as u64;
    kept.latest_comment = latest;
    kept.last_notification = kept.last_notification.max(gone.last_notification);
    kept.notifications_unread |= gone.notifications_unread;
    kept.has_agent_reply |= gone.has_agent_reply;
    gone.session_unread = 0;
    gone.next_message = 0;
    gone.latest_comment = None;
    gone.notifications_unread = false;
    Ok(())
}

/// All messages of a conversation, in its order.
///
/// # Errors
/// Those of the store.
pub fn all(tx: &Tx<'_>, ticket: ObjectId) -> store::Result<Vec<Row<Message>>> {
    let mut query = Query {
        filter: of(ticket),
        sort: in_order(false),
        limit: ROWS_PER_READ,
        ..Query::default()
    };
    let mut messages = Vec::new();
    loop {
        let page = tx.page::<Message>(&query)?;
        for row in &page.rows {
            messages.push(row.typed::<Message>()?);
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(messages),
        }
    }
}

/// Deletes a conversation with its ticket. The sessions that spoke in it count less, but for `erased`, which goes as well.
///
/// # Errors
/// Those of the store.
pub fn erase(tx: &mut Tx<'_>, ticket: &Row<Ticket>, erased: Option<ObjectId>) -> store::Result<()> {
    let is_there = |session: &ObjectId| Some(*session) != erased;
    let messages = all(tx, ticket.id)?;
    if let Some(session) = ticket.doc.session.filter(is_there) {
        let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
        withdraw(tx, session, &ids)?;
    }
    let authors = messages.iter().filter_map(|message| message.doc.session);
    for (author, messages) in counted(authors.filter(is_there)) {
        unhear(tx, author, messages)?;
    }
    let of_templates = messages
        .iter()
        .flat_map(|message| &message.doc.template_files);
    leave_template_files(tx, of_templates.copied())?;
    tx.delete_where::<Message>("ticket", ticket.id).map(drop)
}

/// The messages of a ticket.
#[must_use]
pub fn of(ticket: ObjectId) -> Filter {
    Filter::Eq(FieldPath::known("ticket"), Scalar::Id(ticket))
}

/// The order of a conversation.
#[must_use]
pub fn in_order(descending: bool) -> Vec<Sort> {
    vec![Sort {
        path: "index".into(),
        descending,
    }]
}
