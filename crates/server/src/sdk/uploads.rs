//! Pictures, films and attachments of a report, which come before it (wire note §4.10).

use axum::extract::{Request, State};
use serde::Serialize;
use store::ObjectId;
use utoipa::ToSchema;

use crate::app::{App, SharedApp};
use crate::auth::{ClientCredential, Visitor, shield};
use crate::files::{FileKind, Sender, receive};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::session::credential::{self, no_session};

/// One file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body, which is read part by part")]
pub struct UploadBody {
    /// The file.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    pub file: String,
}

/// Several files, each a part of the same name.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body, which is read part by part")]
pub struct UploadsBody {
    /// The files, at most 60.
    #[schema(value_type = Vec<String>, format = Binary, content_media_type = "application/octet-stream")]
    pub file: Vec<String>,
}

/// Where the file is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadedBody {
    /// Its address, for those who know it.
    pub file_url: String,
}

/// Where the files are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadedAllBody {
    /// Their addresses, in the order in which they came.
    pub file_urls: Vec<String>,
}

/// Upload a screenshot or a screen recording
///
/// Takes one file, before the report that names its address. An upload that no report names is removed after a day.
#[utoipa::path(
    post, path = "/uploads/sdk", operation_id = "SdkUpload", tag = "SDK",
    params(
        ("Gleap-Id" = String, Header, description = "The public half of the session's credential"),
        ("Gleap-Hash" = String, Header, description = "The secret half"),
    ),
    request_body(content = UploadBody, content_type = "multipart/form-data"),
    responses((status = 200, description = "The file was stored", body = UploadedBody), ErrorResponses),
    security(("sdkKey" = [])),
)]
pub async fn capture(
    State(app): State<SharedApp>,
    visitor: Visitor,
    request: Request,
) -> Result<Json<UploadedBody>, ApiError> {
    let mut urls = take(app, visitor, request, FileKind::Capture).await?;
    let file_url = urls.swap_remove(0);
    Ok(Json(UploadedBody { file_url }))
}

/// Upload the pictures of a replay
///
/// As `/uploads/sdk`, for several files.
#[utoipa::path(
    post, path = "/uploads/sdksteps", operation_id = "SdkUploadSteps", tag = "SDK",
    params(
        ("Gleap-Id" = String, Header, description = "The public half of the session's credential"),
        ("Gleap-Hash" = String, Header, description = "The secret half"),
    ),
    request_body(content = UploadsBody, content_type = "multipart/form-data"),
    responses((status = 200, description = "The files were stored", body = UploadedAllBody), ErrorResponses),
    security(("sdkKey" = [])),
)]
pub async fn steps(
    State(app): State<SharedApp>,
    visitor: Visitor,
    request: Request,
) -> Result<Json<UploadedAllBody>, ApiError> {
    let file_urls = take(app, visitor, request, FileKind::Step).await?;
    Ok(Json(UploadedAllBody { file_urls }))
}

/// Upload attachments
///
/// As `/uploads/sdk`, for several files.
#[utoipa::path(
    post, path = "/uploads/attachments", operation_id = "SdkUploadAttachments", tag = "SDK",
    params(
        ("Gleap-Id" = String, Header, description = "The public half of the session's credential"),
        ("Gleap-Hash" = String, Header, description = "The secret half"),
    ),
    request_body(content = UploadsBody, content_type = "multipart/form-data"),
    responses((status = 200, description = "The files were stored", body = UploadedAllBody), ErrorResponses),
    security(("sdkKey" = [])),
)]
pub async fn attachments(
    State(app): State<SharedApp>,
    visitor: Visitor,
    request: Request,
) -> Result<Json<UploadedAllBody>, ApiError> {
    let file_urls = take(app, visitor, request, FileKind::Attachment).await?;
    Ok(Json(UploadedAllBody { file_urls }))
}

/// Stores the files of a request; there is at least one address.
async fn take(
    app: SharedApp,
    visitor: Visitor,
    request: Request,
    kind: FileKind,
) -> Result<Vec<String>, ApiError> {
    let credential = visitor.credential.ok_or_else(no_session)?;
    let project = visitor.access.project;
    let stored = store(app, project, credential, request, kind).await;
    stored.map_err(|error| shield(true, error))
}

async fn store(
    app: SharedApp,
    project: ObjectId,
    credential: ClientCredential,
    request: Request,
    kind: FileKind,
) -> Result<Vec<String>, ApiError> {
    expect_session(&app, project, &credential).await?;
    // Clients read one address of a capture.
    let takes_one = kind == FileKind::Capture;
    let sender = Sender::Credential(credential);
    let files = receive(app, project, sender, request, kind, takes_one).await?;
    Ok(files.into_iter().map(|file| file.url).collect())
}

/// Strangers are refused before they send anything.
async fn expect_session(
    app: &App,
    project: ObjectId,
    credential: &ClientCredential,
) -> Result<(), ApiError> {
    let given = credential.clone();
    let read = app.store.lookup(project, move |snapshot| {
        credential::look_up(snapshot, &given)
    });
    read.await?.map(drop).ok_or_else(no_session)
}
