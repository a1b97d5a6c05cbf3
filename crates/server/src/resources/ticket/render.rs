//! The answer that shows a ticket: the stored JSON behind the ids of its row, with what is to be known of its session.

use std::collections::HashMap;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Query, RawRow, Snapshot};

use super::document::Ticket;
use super::people::{self, Team};
use super::schema::VoteShown;
use super::show::json;
use super::vote;
use crate::app::App;
use crate::auth::{Member, Requires};
use crate::http::conditional;
use crate::http::error::ApiError;
use crate::live::notification::Voice;
use crate::resources::message;
use crate::resources::session::document::Session;

/// What is stored of a ticket and not shown.
const HIDDEN: [&str; 6] = [
    "reportHash",
    "via",
    "contactsMerged",
    "carriedBy",
    "sessionUnread",
    "nextMessage",
];

/// For whom tickets are shown.
#[derive(Clone)]
pub struct Viewer {
    organisation: ObjectId,
    team: Team,
}

impl Viewer {
    /// A caller.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of<R: Requires>(app: &App, member: &Member<R>) -> store::Result<Self> {
        Self::in_project(app, member.project, member.organisation).await
    }

    /// A caller of any project.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn in_project(
        app: &App,
        project: ObjectId,
        organisation: ObjectId,
    ) -> store::Result<Self> {
        Ok(Self {
            organisation,
            team: app.people.of(app, project).await?,
        })
    }

    /// The name and the picture under which a session is told what this member says.
    #[must_use]
    pub fn voice(&self, user: Option<ObjectId>) -> Voice {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Known {
            first_name: String,
            profile_image_url: String,
        }
        let known = user.and_then(|user| self.team.get(&user));
        let known = known.and_then(|person| serde_json::from_str(person.get()).ok());
        let known: Known = known.unwrap_or_default();
        Voice {
            name: known.first_name,
            picture: known.profile_image_url,
        }
    }

    /// A webhook, which is told the ids of members and nothing else of them.
    #[must_use]
    pub fn webhook(organisation: ObjectId) -> Self {
        Self {
            organisation,
            team: Team::default(),
        }
    }
}

/// A ticket as the API shows it, with the tag of its version.
pub(in crate::resources) struct Shown {
    pub json: Vec<u8>,
    etag: HeaderValue,
}

impl Shown {
    /// The ticket of a row.
    pub fn of(snapshot: &Snapshot<'_>, row: &RawRow, viewer: Viewer) -> Result<Self, ApiError> {
        Ok(Self {
            json: Renderer::new(snapshot, viewer).whole(row)?,
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
pub struct Renderer<'s, 'c> {
    snapshot: &'s Snapshot<'c>,
    viewer: Viewer,
    sessions: HashMap<ObjectId, Option<Box<RawValue>>>,
    /// The latest messages of the tickets of a page.
    latest: HashMap<ObjectId, Box<RawValue>>,
}

impl<'s, 'c> Renderer<'s, 'c> {
    /// Over this state of the project.
    #[must_use]
    pub fn new(snapshot: &'s Snapshot<'c>, viewer: Viewer) -> Self {
        Self {
            snapshot,
            viewer,
            sessions: HashMap::new(),
            latest: HashMap::new(),
        }
    }

    /// The JSON of many tickets. Their latest messages are read at once.
    ///
    /// # Errors
    /// Those of the store.
    pub fn tickets(&mut self, rows: &[RawRow]) -> store::Result<Vec<Vec<u8>>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Said {
            latest_comment: Option<ObjectId>,
        }
        let mut ids = Vec::new();
        for row in rows {
            let said: Said = serde_json::from_slice(&row.json)?;
            ids.extend(said.latest_comment);
        }
        for (id, message) in message::render::by_id(self, &ids)? {
            self.latest.insert(id, message);
        }
        rows.iter().map(|row| self.ticket(row)).collect()
    }

    /// The JSON of one ticket, as one of many.
    ///
    /// # Errors
    /// Those of the store.
    pub fn ticket(&mut self, row: &RawRow) -> store::Result<Vec<u8>> {
        Ok(serde_json::to_vec(&self.members(row)?)?)
    }

    /// The JSON of one ticket alone, with what takes a look at other documents.
    fn whole(&mut self, row: &RawRow) -> store::Result<Vec<u8>> {
        let mut shown = self.members(row)?;
        let votes = vote::latest(self.snapshot, row.id)?.into_iter();
        let votes = votes.map(|vote| VoteShown {
            email: vote.email,
            name: vote.name,
        });
        shown.insert("upvotes".into(), to_raw_value(&votes.collect::<Vec<_>>())?);
        let sessions = self.merged_sessions(row.id)?;
        if !sessions.is_empty() {
            shown.insert("sessions".into(), to_raw_value(&sessions)?);
        }
        Ok(serde_json::to_vec(&shown)?)
    }

    /// What conditions are held to: the stored JSON with its ids.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn filtered(&self, row: &RawRow) -> store::Result<serde_json::Value> {
        let mut value: serde_json::Value = serde_json::from_slice(&row.json)?;
        if let Some(members) = value.as_object_mut() {
            for key in ["_id", "id"] {
                members.insert(key.into(), row.id.to_string().into());
            }
        }
        Ok(value)
    }

    /// The sessions of the tickets that were merged into one together with their contacts.
    fn merged_sessions(&self, ticket: ObjectId) -> store::Result<Vec<ObjectId>> {
        let query = Query {
            filter: Filter::Eq(FieldPath::known("mergedInto"), Scalar::Id(ticket)),
            ..Query::default()
        };
        let mut sessions = Vec::new();
        for row in self.snapshot.page::<Ticket>(&query)?.rows {
            let merged: Ticket = row.parse()?;
            if let Some(session) = merged.session.filter(|_| merged.contacts_merged)
                && !sessions.contains(&session)
            {
                sessions.push(session);
            }
        }
        Ok(sessions)
    }

    fn members(&mut self, row: &RawRow) -> store::Result<IndexMap<String, Box<RawValue>>> {
        let stored: IndexMap<String, Box<RawValue>> = serde_json::from_slice(&row.json)?;
        let mut shown = self.ids(row.id, stored.len())?;
        for (key, value) in stored {
            match key.as_str() {
                hidden if HIDDEN.contains(&hidden) => {}
                "session" => {
                    let session = serde_json::from_str(value.get())?;
                    if let Some(session) = self.session(session)? {
                        shown.insert(key, session);
                    }
                }
                "latestComment" => {
                    if let Some(message) = self.latest(serde_json::from_str(value.get())?)? {
                        shown.insert(key, message);
                    }
                }
                "processingUser" => {
                    let person = self.person(serde_json::from_str(value.get())?)?;
                    shown.insert(key, person);
                }
                _ => drop(shown.insert(key, value)),
            }
        }
        Ok(shown)
    }

    /// What every document shows first.
    pub(in crate::resources) fn ids(
        &self,
        id: ObjectId,
        others: usize,
    ) -> store::Result<IndexMap<String, Box<RawValue>>> {
        let mut shown = IndexMap::with_capacity(others + 4);
        for (key, id) in [
            ("_id", id),
            ("id", id),
            ("project", self.snapshot.project()),
            ("organisation", self.viewer.organisation),
        ] {
            shown.insert(key.to_owned(), to_raw_value(&id)?);
        }
        Ok(shown)
    }

    fn latest(&mut self, id: ObjectId) -> store::Result<Option<Box<RawValue>>> {
        match self.latest.get(&id) {
            Some(known) => Ok(Some(known.clone())),
            None => Ok(message::render::by_id(self, &[id])?
                .pop()
                .map(|(_, message)| message)),
        }
    }

    /// The state that is shown.
    pub(in crate::resources) fn snapshot(&self) -> &'s Snapshot<'c> {
        self.snapshot
    }

    /// A member, or somebody who was one.
    pub(in crate::resources) fn person(&self, id: ObjectId) -> store::Result<Box<RawValue>> {
        match self.viewer.team.get(&id) {
            Some(known) => Ok(known.clone()),
            None => Ok(people::stranger(id)?),
        }
    }

    /// What is to be known of a session; `None` of one that is gone.
    pub(in crate::resources) fn session(
        &mut self,
        id: ObjectId,
    ) -> store::Result<Option<Box<RawValue>>> {
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
