//! The answer that shows a message: the stored JSON behind the ids of its row, with who said it.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};
use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Query, RawRow, Row, Snapshot, Tx};

use super::document::Message;
use crate::http::conditional;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::render::{Renderer, Viewer};
use crate::resources::ticket::show::json;
use crate::resources::ticket::told::subject;
use crate::resources::webhook::document::Event;
use crate::resources::webhook::emit::emit;

/// What is stored of a message and not shown.
const HIDDEN: [&str; 2] = ["via", "templateFiles"];

/// One message, finished, with the version that it is of.
pub(super) struct Shown {
    json: Box<RawValue>,
    etag: HeaderValue,
}

impl Shown {
    /// The message of a row.
    ///
    /// # Errors
    /// Those of the store.
    pub fn of(snapshot: &Snapshot<'_>, row: &RawRow, viewer: &Viewer) -> store::Result<Self> {
        Ok(Self {
            json: shown(&mut Renderer::new(snapshot, viewer.clone()), row)?,
            etag: conditional::etag(row.id, row.version),
        })
    }
}

impl IntoResponse for Shown {
    fn into_response(self) -> Response {
        let mut response = json(self.json.get().to_owned());
        response.headers_mut().insert(header::ETAG, self.etag);
        response
    }
}

/// A message as the API shows it.
///
/// # Errors
/// Those of the store.
pub fn shown(renderer: &mut Renderer<'_, '_>, row: &RawRow) -> store::Result<Box<RawValue>> {
    let stored: IndexMap<String, Box<RawValue>> = serde_json::from_slice(&row.json)?;
    let mut shown = renderer.ids(row.id, stored.len())?;
    for (key, value) in stored {
        match key.as_str() {
            key if HIDDEN.contains(&key) => {}
            "session" => {
                if let Some(session) = renderer.session(serde_json::from_str(value.get())?)? {
                    shown.insert(key, session);
                }
            }
            "user" => {
                let person = renderer.person(serde_json::from_str(value.get())?)?;
                shown.insert(key, person);
            }
            _ => drop(shown.insert(key, value)),
        }
    }
    Ok(to_raw_value(&shown)?)
}

/// The messages of these ids that are there, as the API shows them.
///
/// # Errors
/// Those of the store.
pub fn by_id(
    renderer: &mut Renderer<'_, '_>,
    ids: &[ObjectId],
) -> store::Result<Vec<(ObjectId, Box<RawValue>)>> {
    let rows = match ids {
        [] => Vec::new(),
        [id] => Vec::from_iter(renderer.snapshot().raw::<Message>(*id)?),
        ids => {
            let ids = ids.iter().copied().map(Scalar::Id).collect();
            let query = Query {
                filter: Filter::In(FieldPath::known("id"), ids),
                limit: u32::MAX,
                ..Query::default()
            };
            renderer.snapshot().page::<Message>(&query)?.rows
        }
    };
    let show = |row: &RawRow| Ok((row.id, shown(renderer, row)?));
    rows.iter().map(show).collect()
}

/// Tells the webhooks of the project of a message, in order with what they are told of its ticket.
///
/// # Errors
/// Those of the store.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    ticket: &Row<Ticket>,
    message: &Row<Message>,
) -> store::Result<()> {
    let mut subject = subject(ticket);
    subject.session = message.doc.session.or(subject.session);
    let id = message.id;
    emit(tx, Event::MessageCreated, subject, |tx, organisation| {
        let stored = tx.raw::<Message>(id)?.ok_or_else(|| tx.raced())?;
        shown(
            &mut Renderer::new(tx, Viewer::webhook(organisation)),
            &stored,
        )
    })
}
