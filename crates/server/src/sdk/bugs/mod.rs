//! A report: feedback, an answer to a survey, a crash (wire note §4.9).

mod draft;
pub mod fields;
pub mod logs;
mod redact;
mod replay;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use store::{ObjectId, Row, Tx};
use utoipa::ToSchema;

use self::draft::Draft;
use super::clean::Cleaner;
use crate::app::{App, SharedApp};
use crate::auth::{ClientCredential, Visitor, shield, token};
use crate::files::intake::{Arrived, TOO_MANY_UPLOADS, complete};
use crate::files::{FileKind, Intake, Sender, document};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::json::expect_json;
use crate::http::responses::ErrorResponses;
use crate::live::{self, Activity};
use crate::resources::session::credential::{self, no_session};
use crate::resources::session::history::{Identifiers, Origin};
use crate::resources::session::identify;
use crate::resources::session::visit::Visit;
use crate::resources::ticket::create;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::history::By;

/// What to report. Everything may be left out, and what has another type counts as left out.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ReportBody {
    /// `BUG`, `CRASH` … or what the project calls it; `BUG` unless said otherwise.
    pub r#type: Option<String>,
    /// `LOW`, `MEDIUM` or `HIGH`.
    pub priority: Option<String>,
    /// Whether the app sends it by itself; `"true"` will do.
    pub is_silent: Option<bool>,
    /// What was filled in, by field.
    #[schema(value_type = Option<Object>)]
    pub form_data: Option<serde_json::Value>,
    /// The form or survey that it answers.
    pub outbound: Option<String>,
    /// Your own data.
    #[schema(value_type = Option<Object>)]
    pub custom_data: Option<serde_json::Value>,
    /// What is to be known of the device and the app.
    #[schema(value_type = Option<Object>)]
    pub meta_data: Option<serde_json::Value>,
    /// What the app printed: `log`, `date`, `priority`. The newest 1,000 lines are kept.
    #[schema(value_type = Option<Vec<Object>>)]
    pub console_log: Option<serde_json::Value>,
    /// The requests of the app. Credentials are taken out.
    #[schema(value_type = Option<Vec<Object>>)]
    pub network_logs: Option<serde_json::Value>,
    /// The events that the app tracked.
    #[schema(value_type = Option<Vec<Object>>)]
    pub custom_event_log: Option<serde_json::Value>,
    /// A clone of the page.
    #[schema(value_type = Option<Object>)]
    pub screenshot_data: Option<serde_json::Value>,
    /// A picture of the screen, as `/uploads/sdk` gave its address.
    pub screenshot_url: Option<String>,
    /// A film of the screen, as `/uploads/sdk` gave its address.
    pub screen_recording_url: Option<String>,
    /// A replay of the page.
    #[schema(value_type = Option<Object>)]
    pub web_replay: Option<serde_json::Value>,
    /// A replay of pictures, as `/uploads/sdksteps` gave their addresses.
    #[schema(value_type = Option<Object>)]
    pub replay: Option<serde_json::Value>,
    /// Files: `url`, `name`, `type`.
    #[schema(value_type = Option<Vec<Object>>)]
    pub attachments: Option<serde_json::Value>,
    /// Labels.
    pub tags: Option<Vec<String>>,
}

/// The ticket that a report became.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportedBody {
    /// Opens the conversation for those who have its link.
    pub share_token: String,
    /// The id of the ticket.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The number of the ticket in its project.
    pub bug_id: u64,
}

/// Send a report
///
/// Makes a ticket of what a client reports. Uploads that it names become part of it. The same report of a session is a repetition
/// when it comes again within a minute, and gets the same answer.
#[utoipa::path(
    post, path = "/bugs/v2", operation_id = "SdkReport", tag = "SDK",
    params(
        ("Gleap-Id" = String, Header, description = "The public half of the session's credential"),
        ("Gleap-Hash" = String, Header, description = "The secret half"),
    ),
    request_body = ReportBody,
    responses((status = 201, description = "The ticket was made", body = ReportedBody), ErrorResponses),
    security(("sdkKey" = [])),
)]
pub async fn report(
    State(app): State<SharedApp>,
    visitor: Visitor,
    request: Request,
) -> Result<(StatusCode, Json<ReportedBody>), ApiError> {
    let given = visitor.credential.clone().ok_or_else(no_session)?;
    app.limits
        .reports
        .check(&app.store, &visitor.address)
        .await?;
    let reported = take(&app, &visitor, given, request).await;
    let row = reported.map_err(|error| shield(true, error))?;
    let reported = ReportedBody {
        share_token: row.doc.share_token,
        id: row.id,
        bug_id: row.doc.bug_id,
    };
    Ok((StatusCode::CREATED, Json(reported)))
}

async fn take(
    app: &SharedApp,
    visitor: &Visitor,
    given: ClientCredential,
    request: Request,
) -> Result<Row<Ticket>, ApiError> {
    let project = visitor.access.project;
    // Strangers are refused before they send anything.
    let lookup = given.clone();
    let read = app.store.lookup(project, move |snapshot| {
        credential::look_up(snapshot, &lookup)
    });
    let session = read.await?.ok_or_else(no_session)?.doc;
    let most = app.config.sdk.report_bytes_max;
    expect_json(request.headers())?;
    let body = app.report_memory.read(request, most).await?;
    let secrets = vec![given.gleap_hash.clone(), session.gleap_hash];
    let mut intake = Intake::new(app, project, Sender::Credential(given.clone()));
    let visit = Visit {
        app: app.clone(),
        address: visitor.address,
    };
    let body = body.bytes.clone();
    match make(visit, (project, given), body, secrets, &mut intake).await {
        Ok(Made::New(session, row)) => {
            tell(app, project, session, &row);
            Ok(row)
        }
        Ok(Made::Before(row)) => {
            intake.discard(None).await;
            Ok(row)
        }
        Err(error) => {
            intake.discard(None).await;
            Err(error)
        }
    }
}

enum Made {
    /// A ticket of this session.
    New(ObjectId, Row<Ticket>),
    /// The report had made a ticket before.
    Before(Row<Ticket>),
}

/// Reads a report, stores its large parts, and makes a ticket of it.
async fn make(
    visit: Visit,
    (project, credential): (ObjectId, ClientCredential),
    body: Bytes,
    secrets: Vec<String>,
    intake: &mut Intake,
) -> Result<Made, ApiError> {
    let app = visit.app.clone();
    let config = app.config.clone();
    // Tens of MiB take their time.
    let reading = tokio::task::spawn_blocking(move || Draft::read(&body, &config, &secrets));
    let mut draft = reading.await.map_err(ApiError::internal)??;
    store_json(intake, FileKind::Replay, draft.replay.take()).await?;
    store_json(intake, FileKind::Snapshot, draft.snapshot.take()).await?;
    draft.ticket.share_token = token::new_share_token(&app.random);
    let unit = Unit {
        credential,
        visit,
        arrived: intake.settle().await?,
        draft,
    };
    app.store.write(project, move |tx| unit.run(tx)).await
}

/// Stores JSON as a file without an address. A session that sent too many files reports without it.
async fn store_json(
    intake: &mut Intake,
    kind: FileKind,
    json: Option<Bytes>,
) -> Result<(), ApiError> {
    let Some(json) = json else {
        return Ok(());
    };
    let (id, mut writing) = match intake.begin(kind, "report.json").await {
        Err(error) if error.code() == TOO_MANY_UPLOADS => return Ok(()),
        begun => begun?,
    };
    for chunk in Cleaner::for_file(&json) {
        writing
            .write(chunk.into())
            .await
            .map_err(ApiError::internal)?;
    }
    intake.add(id, kind, "report.json", writing).await
}

/// A report as a unit of work.
struct Unit {
    credential: ClientCredential,
    visit: Visit,
    draft: Draft,
    /// The files that came with it.
    arrived: Vec<Arrived>,
}

impl Unit {
    fn run(&self, tx: &mut Tx<'_>) -> Result<Made, ApiError> {
        let mut session = credential::resolve(tx, &self.credential)?.ok_or_else(no_session)?;
        if let Some(row) = create::repeated(tx, session.id, &self.draft.hash)? {
            return Ok(Made::Before(row));
        }
        let id = tx.new_id();
        let mut ticket = self.draft.ticket.clone();
        ticket.session = Some(session.id);
        ticket.report_hash = Some(self.draft.hash.clone());
        self.take_files(tx, id, session.id, &mut ticket)?;
        let (before, keys) = (Identifiers::of(&session.doc), session.doc.keys());
        let (logs, by) = (&self.draft.logs, By::Session(session.id));
        let row = create::insert(tx, id, ticket, logs, Some(&mut session.doc), by)?;
        self.visit.record(&mut session.doc, tx.now(), true);
        identify::save(tx, &mut session, &before, &keys, &origin())?;
        Ok(Made::New(session.id, row))
    }

    fn take_files(
        &self,
        tx: &mut Tx<'_>,
        id: ObjectId,
        session: ObjectId,
        ticket: &mut Ticket,
    ) -> Result<(), ApiError> {
        for file in &self.arrived {
            let mut row = complete(tx, file)?.ok_or_else(no_session)?;
            document::attach(tx, &mut row, id)?;
            match file.kind {
                FileKind::Snapshot => ticket.snapshot_file = Some(row.id),
                _ => ticket.replay_file = Some(row.id),
            }
        }
        for file in &self.draft.files {
            document::claim(tx, file, session, id, None)?;
        }
        Ok(())
    }
}

fn origin() -> Origin {
    Origin {
        source: "sdk".into(),
        method: Some("POST".into()),
        original_url: Some("/bugs/v2".into()),
        user_id: None,
        has_api_key: false,
    }
}

/// Tells those who watch the session.
fn tell(app: &App, project: ObjectId, session: ObjectId, row: &Row<Ticket>) {
    let told = json!({"ticket": row.id, "bugId": row.doc.bug_id, "type": row.doc.kind, "isSilent": row.doc.is_silent});
    let activity = Activity {
        kind: "report".into(),
        date: row.created_at,
        data: serde_json::value::to_raw_value(&told).ok(),
    };
    live::report(app, project, session, activity);
}
