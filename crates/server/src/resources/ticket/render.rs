//! The answer that shows a ticket: the stored JSON behind the ids of its row, with what is to be known of its session.

use std::collections::HashMap;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use store::{ObjectId, RawRow, Snapshot};

use super::show::json;
use crate::http::conditional;
use crate::http::error::ApiError;
use crate::resources::session::document::Session;

/// What is stored of a ticket and not shown.
const HIDDEN: [&str; 2] = ["reportHash", "via"];

/// A ticket as the API shows it, with the tag of its version.
pub(super) struct Shown {
    pub json: Vec<u8>,
    etag: HeaderValue,
}

impl Shown {
    /// The ticket of a row.
    pub fn of(
        snapshot: &Snapshot<'_>,
        row: &RawRow,
        organisation: ObjectId,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            json: Renderer::new(snapshot, organisation).ticket(row)?,
            etag: conditional::etag(row.id, row.version),
        })
    }
}

impl IntoResponse for Shown {
    fn into_response(self) -> Response {
        let mut response = json(self.json);
        response.headers_mut().insert(header::ETAG, self.etag);
        response
    }
}

/// What a ticket shows of its session (contract, semantics §8).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reduced {
    gleap_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_activity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_name: Option<String>,
    value: serde_json::Number,
}

/// Shows tickets of one project. Each session is read once.
pub(super) struct Renderer<'s, 'c> {
    snapshot: &'s Snapshot<'c>,
    organisation: ObjectId,
    sessions: HashMap<ObjectId, Option<Box<RawValue>>>,
}

impl<'s, 'c> Renderer<'s, 'c> {
    pub fn new(snapshot: &'s Snapshot<'c>, organisation: ObjectId) -> Self {
        Self {
            snapshot,
            organisation,
            sessions: HashMap::new(),
        }
    }

    /// The JSON of one ticket.
    pub fn ticket(&mut self, row: &RawRow) -> store::Result<Vec<u8>> {
        let stored: IndexMap<String, Box<RawValue>> = serde_json::from_slice(&row.json)?;
        let mut shown = IndexMap::with_capacity(stored.len() + 4);
        for (key, id) in [
            ("_id", row.id),
            ("id", row.id),
            ("project", self.snapshot.project()),
            ("organisation", self.organisation),
        ] {
            shown.insert(key, to_raw_value(&id)?);
        }
        for (key, value) in &stored {
            match key.as_str() {
                hidden if HIDDEN.contains(&hidden) => {}
                "session" => {
                    let session = serde_json::from_str(value.get())?;
                    if let Some(session) = self.session(session)? {
                        shown.insert(key, session);
                    }
                }
                key => drop(shown.insert(key, value.clone())),
            }
        }
        Ok(serde_json::to_vec(&shown)?)
    }

    fn session(&mut self, id: ObjectId) -> store::Result<Option<Box<RawValue>>> {
        if let Some(known) = self.sessions.get(&id) {
            return Ok(known.clone());
        }
        let session = match self.snapshot.raw::<Session>(id)? {
            Some(row) => Some(reduced(&row)?),
            None => None,
        };
        self.sessions.insert(id, session.clone());
        Ok(session)
    }
}

fn reduced(row: &RawRow) -> store::Result<Box<RawValue>> {
    #[derive(Serialize)]
    struct Shown {
        _id: ObjectId,
        id: ObjectId,
        #[serde(flatten)]
        session: Reduced,
    }
    let session = serde_json::from_slice(&row.json)?;
    Ok(to_raw_value(&Shown {
        _id: row.id,
        id: row.id,
        session,
    })?)
}
