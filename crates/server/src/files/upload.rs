//! Files that members send, before the message that names them.

use axum::extract::{Request, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::document::FileKind;
use super::intake::{Published, Sender};
use super::receive::receive;
use crate::app::SharedApp;
use crate::auth::{Member, TicketsWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// Several files, each a part of the same name.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body, which is read part by part")]
pub struct FilesBody {
    /// The files.
    #[schema(value_type = Vec<String>, format = Binary, content_media_type = "application/octet-stream")]
    pub file: Vec<String>,
}

/// Files, as the attachments of a message name them.
#[derive(Serialize, ToSchema)]
pub struct StoredFiles {
    /// In the order in which they came.
    pub files: Vec<StoredFile>,
}

/// A file that was stored.
#[derive(Serialize, ToSchema)]
pub struct StoredFile {
    /// What it is called.
    pub name: String,
    /// Its address, for those who know it.
    pub url: String,
    /// What its first bytes say that it is.
    pub r#type: &'static str,
    /// Its size in bytes.
    pub size: u64,
}

impl From<Published> for StoredFile {
    fn from(file: Published) -> Self {
        Self {
            name: file.name,
            url: file.url,
            r#type: file.content_type,
            size: file.size,
        }
    }
}

/// Upload files
///
/// Takes the files of a message, before the message that names their addresses as `attachments`. They are part of its ticket from then on, and go with the
/// message. A file that no message names is removed after a day.
#[utoipa::path(
    post, path = "/v3/files", operation_id = "UploadFiles", tag = "Messages",
    params(("project" = String, Header, description = "The id of the project")),
    request_body(content = FilesBody, content_type = "multipart/form-data"),
    responses((status = 200, description = "The files were stored", body = StoredFiles), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn upload(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    request: Request,
) -> Result<Json<StoredFiles>, ApiError> {
    let sender = Sender::Member(member.user);
    let stored = receive(
        app,
        member.project,
        sender,
        request,
        FileKind::Attachment,
        false,
    );
    let files = stored.await?.into_iter().map(StoredFile::from).collect();
    Ok(Json(StoredFiles { files }))
}
