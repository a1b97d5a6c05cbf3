//! Everything that is held about a person, as one archive. It is made while it is sent: at no time is more of it in memory
//! than a page of rows or a part of a file.

mod archive;

use anyhow::Context;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Document, ObjectId, Query, RawRow, Sort, Tx};
use tokio::sync::mpsc;

use self::archive::Archive;
use super::activity::Activity;
use super::document::Session;
use super::event::Event;
use super::history::IdentityChange;
use super::lookup::{find_id, not_found, parse_id};
use super::merge::Merge;
use super::merge::operations::without_credential;
use super::render::wire;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead};
use crate::files::File;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::identity;
use crate::jobs::queue::document::QueuedJob;
use crate::live::outbox::Outbox;
use crate::resources::import::document::ImportChange;
use crate::resources::message::document::Message;
use crate::resources::project::audit_log::document::Action;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::history::TicketChange;
use crate::resources::ticket::log::TicketLog;
use crate::resources::ticket::vote::Vote;
use crate::resources::webhook::document::Delivery;

/// Rows that are read at once.
const ROWS_PER_READ: u32 = 200;
/// Parts of the archive that wait for a slow reader.
const PARTS_WAITING_MAX: usize = 4;
/// What is stored of rows beside what is held about the person.
const HIDDEN: [&str; 8] = [
    "session",
    "survivor",
    "via",
    "undo",
    "gleapId",
    "gleapHash",
    "reportHash",
    "secretHash",
];

/// Download everything that is held about a person
///
/// A ZIP archive: `session.json`, `memory.json`, and, one JSON object on each line, `events.ndjson`, `identity-history.ndjson`, `activities.ndjson`,
/// `tickets.ndjson`, `ticket-logs.ndjson`, `ticket-changes.ndjson`, `messages.ndjson` (what was said in its tickets), `own-messages.ndjson` (what it said,
/// wherever), `votes.ndjson`, `merges.ndjson` (with what the merged sessions were), `import-changes.ndjson` (with what the session was before),
/// `webhook-deliveries.ndjson`, `jobs.ndjson` (such as mails that wait), `waiting.ndjson` and `files.ndjson`; the files themselves are in `files/`. The
/// id of a session that was merged finds the session that it was merged into. An archive that breaks off is not complete.
#[utoipa::path(
    get, path = "/v3/sessions/{sessionId}/data", operation_id = "DownloadSessionData", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The archive", body = Vec<u8>, content_type = "application/zip"), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn download(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(session_id): Path<String>,
) -> Result<Response, ApiError> {
    let id = parse_id(&session_id)?;
    let find = app.store.read(member.project, move |snapshot| {
        let row = snapshot.raw::<Session>(find_id(snapshot, id)?)?;
        row.ok_or_else(|| not_found("id", &id.to_string()))
    });
    let row = find.await?;
    let (auditor, target) = (member.auditor(), Some(row.id));
    let note =
        move |tx: &mut Tx<'_>| auditor.note(tx, Action::SessionDownloaded, target, Value::Null);
    app.store.write(member.project, note).await?;
    let (sender, receiver) = mpsc::channel(PARTS_WAITING_MAX);
    let (name, organisation) = (row.id, member.organisation);
    let person = Person {
        app,
        project: member.project,
        session: row.id,
    };
    tokio::spawn(async move {
        let archive = Archive::new(sender.clone());
        if let Err(error) = person.write(archive, &row, organisation).await {
            tracing::warn!(session = %row.id, %error, "the archive of a person broke off");
            let _ = sender.send(Err(error)).await;
        }
    });
    let parts = stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|part| (part, receiver))
    });
    let disposition = format!("attachment; filename=\"session-{name}.zip\"");
    let disposition = HeaderValue::try_from(disposition).map_err(ApiError::internal)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/zip"),
        ),
        (header::CONTENT_DISPOSITION, disposition),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        ),
    ];
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// Whose archive is made.
struct Person {
    app: SharedApp,
    project: ObjectId,
    session: ObjectId,
}

type Members = IndexMap<String, Box<RawValue>>;

impl Person {
    async fn write(
        &self,
        mut archive: Archive,
        row: &RawRow,
        organisation: ObjectId,
    ) -> anyhow::Result<()> {
        let session: Session = row.parse()?;
        let json = wire(row, self.project, organisation);
        archive.file("session.json", &json).await?;
        let memory = serde_json::to_vec(&session.memory)?;
        archive.file("memory.json", &memory).await?;
        let to = &mut archive;
        self.lines::<Event>(to, "events", ("session", Some("date")))
            .await?;
        self.lines::<IdentityChange>(to, "identity-history", ("session", Some("at")))
            .await?;
        self.lines::<Activity>(to, "activities", ("session", Some("at")))
            .await?;
        self.lines::<Ticket>(to, "tickets", ("session", None))
            .await?;
        self.of_tickets::<TicketLog>(to, "ticket-logs", None)
            .await?;
        self.of_tickets::<TicketChange>(to, "ticket-changes", Some("at"))
            .await?;
        self.of_tickets::<Message>(to, "messages", None).await?;
        self.lines::<Message>(to, "own-messages", ("session", None))
            .await?;
        self.votes(to, session.email.as_deref()).await?;
        self.lines::<Merge>(to, "merges", ("survivor", None))
            .await?;
        self.import_changes(to).await?;
        self.lines::<Delivery>(to, "webhook-deliveries", ("session", None))
            .await?;
        self.lines::<QueuedJob>(to, "jobs", ("session", None))
            .await?;
        self.lines::<Outbox>(to, "waiting", ("session", None))
            .await?;
        self.lines::<File>(to, "files", ("session", None)).await?;
        self.files(to).await?;
        archive.finish().await
    }

    /// One line for each row of a kind; `place`: the path of the session, and of the time for rows that lie in its order.
    async fn lines<D: Document>(
        &self,
        archive: &mut Archive,
        name: &str,
        (path, time): (&'static str, Option<&'static str>),
    ) -> anyhow::Result<()> {
        archive.begin(&format!("{name}.ndjson"))?;
        let mut pages = Pages::of(path, self.session, time);
        while let Some(rows) = pages.next::<D>(self).await? {
            for row in &rows {
                archive.write(&line(row)?).await?;
            }
        }
        Ok(())
    }

    /// One line for each row of a kind that belongs to tickets.
    async fn of_tickets<D: Document>(
        &self,
        archive: &mut Archive,
        name: &str,
        time: Option<&'static str>,
    ) -> anyhow::Result<()> {
        archive.begin(&format!("{name}.ndjson"))?;
        let mut tickets = Pages::of("session", self.session, None);
        while let Some(rows) = tickets.next::<Ticket>(self).await? {
            for ticket in rows {
                let mut logs = Pages::of("ticket", ticket.id, time);
                while let Some(rows) = logs.next::<D>(self).await? {
                    for row in &rows {
                        archive.write(&line(row)?).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Votes know their voter by the address.
    async fn votes(&self, archive: &mut Archive, email: Option<&str>) -> anyhow::Result<()> {
        archive.begin("votes.ndjson")?;
        let Some(email) = email.and_then(identity::email_key) else {
            return Ok(());
        };
        let own = Filter::Eq(FieldPath::known("email"), Scalar::Text(email));
        let mut votes = Pages::matching(own, None);
        while let Some(rows) = votes.next::<Vote>(self).await? {
            for row in &rows {
                archive.write(&line(row)?).await?;
            }
        }
        Ok(())
    }

    /// What imports changed of the session, but for its credential.
    async fn import_changes(&self, archive: &mut Archive) -> anyhow::Result<()> {
        archive.begin("import-changes.ndjson")?;
        let mut changes = Pages::of("session", self.session, None);
        while let Some(rows) = changes.next::<ImportChange>(self).await? {
            for row in rows {
                let mut fields = row.parse::<ImportChange>()?.fields;
                fields.retain(|change| !matches!(&*change.field, "gleapId" | "gleapHash"));
                let shown = Members::from_iter([
                    ("id".to_owned(), to_raw_value(&row.id)?),
                    ("fields".to_owned(), to_raw_value(&fields)?),
                ]);
                archive.write(&as_line(&shown)?).await?;
            }
        }
        Ok(())
    }

    async fn files(&self, archive: &mut Archive) -> anyhow::Result<()> {
        let mut files = Pages::of("session", self.session, None);
        while let Some(rows) = files.next::<File>(self).await? {
            for row in rows {
                let file: File = row.parse()?;
                if !file.stored {
                    continue;
                }
                let name = file.name.replace(['/', '\\'], "_");
                archive.begin(&format!("files/{}/{name}", row.id))?;
                let bytes = self.app.files.read(self.project, row.id, 0..file.size);
                let mut bytes = bytes.await?;
                while let Some(part) = bytes.next().await {
                    archive.write(&part?).await?;
                }
            }
        }
        Ok(())
    }
}

/// The rows of an owner, a page at a time.
struct Pages {
    own: Filter,
    time: Option<&'static str>,
    /// `None` after the last page.
    query: Option<Query>,
}

impl Pages {
    fn of(path: &'static str, owner: ObjectId, time: Option<&'static str>) -> Self {
        let own = Filter::Eq(FieldPath::known(path), Scalar::Id(owner));
        Self::matching(own, time)
    }

    fn matching(own: Filter, time: Option<&'static str>) -> Self {
        let sort = time.map(|path| Sort {
            path: path.into(),
            descending: true,
        });
        let query = Query {
            filter: own.clone(),
            sort: sort.into_iter().collect(),
            limit: ROWS_PER_READ,
            ..Query::default()
        };
        Self {
            own,
            time,
            query: Some(query),
        }
    }

    async fn next<D: Document>(&mut self, person: &Person) -> anyhow::Result<Option<Vec<RawRow>>> {
        let Some(mut query) = self.query.take() else {
            return Ok(None);
        };
        let asked = query.clone();
        let read = person
            .app
            .store
            .read(person.project, move |snapshot| snapshot.page::<D>(&asked));
        let page = read.await?;
        if let (Some(next), Some(last)) = (page.next, page.rows.last()) {
            query.after = Some(next);
            if let Some(time) = self.time {
                query.filter = Filter::And(vec![self.own.clone(), until(last, time)?]);
            }
            self.query = Some(query);
        }
        Ok(Some(page.rows))
    }
}

/// The cursor alone would have the rows before it read again.
fn until(last: &RawRow, time: &'static str) -> anyhow::Result<Filter> {
    let members: Members = serde_json::from_slice(&last.json)?;
    let at = members.get(time).context("a row without its time")?;
    Ok(Filter::Range {
        field: FieldPath::known(time),
        op: RangeOp::Le,
        value: Scalar::Instant(serde_json::from_str(at.get())?),
    })
}

/// A row as one line: its id, and what is held about the person.
fn line(row: &RawRow) -> anyhow::Result<Vec<u8>> {
    let stored: Members = serde_json::from_slice(&row.json)?;
    let mut shown = Members::from_iter([("id".to_owned(), to_raw_value(&row.id)?)]);
    for (name, value) in stored {
        match name.as_str() {
            hidden if HIDDEN.contains(&hidden) => {}
            "before" => drop(shown.insert(name, without_credential(&value)?)),
            _ => drop(shown.insert(name, value)),
        }
    }
    as_line(&shown)
}

fn as_line(shown: &Members) -> anyhow::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(shown)?;
    line.push(b'\n');
    Ok(line)
}
