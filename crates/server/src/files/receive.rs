//! The files of a request, part by part.

use axum::extract::Request;
use bytes::Bytes;
use store::ObjectId;

use super::document::FileKind;
use super::intake::{Intake, Published, Sender};
use super::storage::Writing;
use crate::app::SharedApp;
use crate::http::error::ApiError;
use crate::http::multipart::Multipart;

/// Stores the files of a request and gives at least one. On a task of its own, which cleans up also when the client goes away. `takes_one`: whether
/// files after the first are passed over.
///
/// # Errors
/// 400 when there is none, 401 for an unknown session, 413 for what is too large, 415 for another kind of body, 429 when the sender sent too many files.
pub async fn receive(
    app: SharedApp,
    project: ObjectId,
    sender: Sender,
    request: Request,
    kind: FileKind,
    takes_one: bool,
) -> Result<Vec<Published>, ApiError> {
    let parts = Multipart::new(request, app.config.files.upload_bytes_max)?;
    let work = async move {
        let mut upload = Upload {
            intake: Intake::new(&app, project, sender),
            app,
            kind,
            takes_one,
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

struct Upload {
    app: SharedApp,
    intake: Intake,
    kind: FileKind,
    takes_one: bool,
    /// The file that is being written.
    unfinished: Option<ObjectId>,
}

impl Upload {
    async fn store(&mut self, mut parts: Multipart) -> Result<Vec<Published>, ApiError> {
        let mut count = 0;
        while let Some(part) = parts.next_part().await? {
            if self.takes_one && count > 0 {
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
