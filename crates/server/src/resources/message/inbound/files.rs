//! The files of a mail: kept as those that a client uploads.

use crate::app::SharedApp;
use crate::files::intake::TOO_MANY_UPLOADS;
use crate::files::token::FileToken;
use crate::files::{FileKind, Intake, Sender, shown_name};
use crate::http::error::ApiError;
use crate::resources::message::body::ATTACHMENTS_MAX;
use crate::resources::ticket::document::Attachment;

use super::mail::SentFile;
use super::place::{Place, gone};

/// Files that are stored, and not part of a message yet.
pub struct Kept {
    intake: Intake,
    pub attachments: Vec<Attachment>,
    pub tokens: Vec<FileToken>,
    /// What is said of those that were not kept.
    pub left_out: Vec<String>,
}

impl Kept {
    /// Stores files for the session of a place: as many, and as large, as a message and an upload may have.
    ///
    /// # Errors
    /// 410 when the session is gone, 500 when the disk fails.
    pub async fn store(
        app: &SharedApp,
        place: Place,
        files: Vec<SentFile>,
    ) -> Result<Self, ApiError> {
        let mut kept = Self {
            intake: Intake::new(app, place.project, Sender::Session(place.session)),
            attachments: Vec::new(),
            tokens: Vec::new(),
            left_out: Vec::new(),
        };
        match kept.store_all(app, files).await {
            Ok(()) => Ok(kept),
            Err(error) => {
                kept.discard().await;
                // The session was erased meanwhile.
                let is_gone = error.status().is_client_error();
                Err(if is_gone { gone() } else { error })
            }
        }
    }

    async fn store_all(&mut self, app: &SharedApp, files: Vec<SentFile>) -> Result<(), ApiError> {
        let most = app.config.files.file_bytes_max;
        let mut stored = 0;
        for SentFile { name, bytes } in files {
            if stored == ATTACHMENTS_MAX || bytes.len() as u64 > most {
                self.leave_out(&name, bytes.len());
                continue;
            }
            let size = bytes.len();
            let added = self.intake.add_whole(FileKind::Attachment, &name, bytes);
            match added.await {
                Ok(()) => stored += 1,
                Err(error) if error.code() == TOO_MANY_UPLOADS => self.leave_out(&name, size),
                Err(error) => return Err(error),
            }
        }
        if stored == 0 {
            return Ok(());
        }
        let base = app.config.base_url();
        for file in self.intake.publish().await? {
            self.tokens.extend(FileToken::of_url(&base, &file.url));
            self.attachments.push(Attachment {
                name: file.name,
                url: file.url,
                kind: None,
            });
        }
        Ok(())
    }

    fn leave_out(&mut self, name: &str, size: usize) {
        let name = shown_name(name);
        let fault = format!("[{name}: not kept, {size} bytes]");
        self.left_out.push(fault);
    }

    /// Removes them again.
    pub async fn discard(&self) {
        self.intake.discard(None).await;
    }
}
