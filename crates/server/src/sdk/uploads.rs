//! Pictures, films and attachments of a report, which come before it (wire note §4.10).

use std::sync::Arc;

use axum::extract::{Request, State};
use bytes::Bytes;
use serde::Serialize;
use store::ObjectId;
use utoipa::ToSchema;

use crate::app::{App, SharedApp};
use crate::auth::{ClientCredential, Visitor, shield};
use crate::files::storage::Writing;
use crate::files::{FileKind, Intake};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::multipart::Multipart;
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

/// Stores the files of a request; there is at least one address. On a task of its own, which cleans up also when the client
/// goes away.
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
    let parts = Multipart::new(request, app.config.files.upload_bytes_max)?;
    let work = async move {
        let mut upload = Upload {
            intake: Intake::new(&app, project, credential),
            app,
            kind,
            unfinished: None,
        };
        let stored = upload.store(parts).await;
        if stored.is_err() {
            upload.intake.discard(upload.unfinished).await;
        }
        stored
    };
    tokio::spawn(work).await.map_err(ApiError::internal)?
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

struct Upload {
    app: Arc<App>,
    intake: Intake,
    kind: FileKind,
    /// The file that is being written.
    unfinished: Option<ObjectId>,
}

impl Upload {
    async fn store(&mut self, mut parts: Multipart) -> Result<Vec<String>, ApiError> {
        let mut count = 0;
        while let Some(part) = parts.next_part().await? {
            // Clients read one address of a capture.
            if self.kind == FileKind::Capture && count > 0 {
                continue;
            }
            count += 1;
            self.refuse_many(count)?;
            let (id, writing) = self.intake.begin(self.kind, &part.file_name).await?;
            self.unfinished = Some(id);
            let writing = self.write(&mut parts, writing).await?;
            self.intake
                .add(id, self.kind, &part.file_name, writing)
                .await?;
            self.unfinished = None;
        }
        if count == 0 {
            let message = "The body has no files: send each as a part named `file`.";
            return Err(ApiError::bad_request("no_file", message));
        }
        self.intake.publish().await
    }

    async fn write(
        &self,
        parts: &mut Multipart,
        mut writing: Writing,
    ) -> Result<Writing, ApiError> {
        let written = async {
            while let Some(chunk) = parts.chunk().await? {
                self.refuse_large(&writing, &chunk)?;
                writing.write(chunk).await.map_err(ApiError::internal)?;
            }
            Ok(())
        };
        match written.await {
            Ok(()) => Ok(writing),
            Err(error) => {
                writing.abort().await;
                Err(error)
            }
        }
    }

    fn refuse_many(&self, count: usize) -> Result<(), ApiError> {
        let most = self.app.config.files.files_per_upload_max;
        if count <= most {
            return Ok(());
        }
        Err(ApiError::too_large(
            "too_many_files",
            format!(
                "An upload has at most {most} files (files.files_per_upload_max): send them in parts."
            ),
        ))
    }

    fn refuse_large(&self, writing: &Writing, chunk: &Bytes) -> Result<(), ApiError> {
        let most = self.app.config.files.file_bytes_max;
        if writing.size() + chunk.len() as u64 <= most {
            return Ok(());
        }
        Err(ApiError::too_large(
            "file_too_large",
            format!("A file has at most {most} bytes (files.file_bytes_max): send a smaller one."),
        ))
    }
}
