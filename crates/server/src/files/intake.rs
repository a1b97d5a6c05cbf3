//! Files that arrive together: all of them are kept, or none.

use bytes::Bytes;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{ObjectId, Query, Row, Tx};

use super::document::{File, FileKind};
use super::storage::{Writing, Written};
use super::token::FileToken;
use super::{name, sniff};
use crate::app::SharedApp;
use crate::auth::ClientCredential;
use crate::config;
use crate::http::ApiError;
use crate::resources::session::credential::{self, no_session};
use crate::resources::session::lookup;
use crate::resources::session::merge::via::Via;

/// The code of the answer to a sender of too many files.
pub const TOO_MANY_UPLOADS: &str = "too_many_uploads";

const HOUR_MS: i64 = 3_600_000;

/// Who sends files.
#[derive(Debug, Clone)]
pub enum Sender {
    /// The session that a credential opens.
    Credential(ClientCredential),
    /// A session that is known otherwise, or the one that it was merged into.
    Session(ObjectId),
    /// A member of the project.
    Member(ObjectId),
}

impl Sender {
    /// The session that it is, or the member.
    fn resolve(&self, tx: &mut Tx<'_>) -> Result<(Option<ObjectId>, Option<ObjectId>), ApiError> {
        match self {
            Self::Credential(credential) => {
                let session = credential::resolve(tx, credential)?.ok_or_else(no_session)?;
                Ok((Some(session.id), None))
            }
            Self::Session(id) => Ok((Some(lookup::find_for_update(tx, *id)?.id), None)),
            Self::Member(user) => Ok((None, Some(*user))),
        }
    }
}

/// The files of one request.
pub struct Intake {
    app: SharedApp,
    project: ObjectId,
    sender: Sender,
    files: Vec<Arrived>,
}

/// A file with an address.
#[derive(Debug, Clone)]
pub struct Published {
    /// Where it is.
    pub url: String,
    /// What it is called.
    pub name: String,
    /// What its first bytes say that it is.
    pub content_type: &'static str,
    /// Its size in bytes.
    pub size: u64,
}

/// A file that arrived, but is nobody's yet.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Its id.
    pub id: ObjectId,
    /// What it is for.
    pub kind: FileKind,
    name: String,
    written: Written,
}

impl Intake {
    /// For the files of a sender.
    #[must_use]
    pub fn new(app: &SharedApp, project: ObjectId, sender: Sender) -> Self {
        Self {
            app: app.clone(),
            project,
            sender,
            files: Vec::new(),
        }
    }

    /// Stores a file that is all there.
    ///
    /// # Errors
    /// As [`begin`](Self::begin) and [`add`](Self::add).
    pub async fn add_whole(
        &mut self,
        kind: FileKind,
        sent_name: &str,
        bytes: Bytes,
    ) -> Result<(), ApiError> {
        let (id, mut writing) = self.begin(kind, sent_name).await?;
        if let Err(error) = writing.write(bytes).await {
            writing.abort().await;
            super::sweep::remove(&self.app, self.project, vec![id]).await;
            return Err(ApiError::internal(error));
        }
        self.add(id, kind, sent_name, writing).await
    }

    /// Begins another file.
    ///
    /// # Errors
    /// 401 for an unknown session, 429 when the sender sent too many files.
    pub async fn begin(
        &self,
        kind: FileKind,
        sent_name: &str,
    ) -> Result<(ObjectId, Writing), ApiError> {
        let (sender, name) = (self.sender.clone(), name::shown(sent_name));
        let limits = self.app.config.files.clone();
        let hours = limits.unclaimed_hours;
        let unit = move |tx: &mut Tx<'_>| {
            let (session, uploader) = sender.resolve(tx)?;
            refuse_floods(tx, session, uploader, &limits)?;
            let file = File {
                session,
                uploader,
                ticket: None,
                message: None,
                template: None,
                sent: 0,
                kind,
                name: name.clone(),
                content_type: sniff::UNKNOWN.into(),
                size: 0,
                secret_hash: None,
                stored: false,
                created_at: tx.now(),
                expires_at: Some(store::Millis(tx.now().0 + i64::from(hours) * HOUR_MS)),
                via: Via::default(),
            };
            Ok::<_, ApiError>(tx.insert(tx.new_id(), file)?.id)
        };
        let id = self.app.store.write(self.project, unit).await?;
        Ok((id, self.app.files.begin(self.project, id)))
    }

    /// Takes a file that was written.
    ///
    /// # Errors
    /// 500 when the disk or the bucket fails.
    pub async fn add(
        &mut self,
        id: ObjectId,
        kind: FileKind,
        sent_name: &str,
        writing: Writing,
    ) -> Result<(), ApiError> {
        let written = writing.finish().await.map_err(ApiError::internal)?;
        let name = name::shown(sent_name);
        self.files.push(Arrived {
            id,
            kind,
            name,
            written,
        });
        Ok(())
    }

    /// Waits until the files are on the disk, and gives them to be completed in a unit of work.
    ///
    /// # Errors
    /// 500 when the disk fails.
    pub async fn settle(&self) -> Result<Vec<Arrived>, ApiError> {
        let ids: Vec<_> = self.files.iter().map(|file| file.id).collect();
        if !ids.is_empty() {
            let synced = self.app.files.sync(self.project, &ids).await;
            synced.map_err(ApiError::internal)?;
        }
        Ok(self.files.clone())
    }

    /// Completes all files and gives them with their addresses, in the order in which they came.
    ///
    /// # Errors
    /// 401 when the session was erased meanwhile, 500 when the disk fails.
    pub async fn publish(&self) -> Result<Vec<Published>, ApiError> {
        let files = self.settle().await?;
        let token = |file: Arrived| {
            let token = FileToken::new(&self.app.random, self.project, file.id);
            (file, token)
        };
        let files: Vec<_> = files.into_iter().map(token).collect();
        let base = self.app.config.base_url();
        let published = files
            .iter()
            .map(|(file, token)| Published {
                url: token.url(&base, &file.name),
                name: file.name.clone(),
                content_type: file.written.content_type,
                size: file.written.size,
            })
            .collect();
        let unit = move |tx: &mut Tx<'_>| {
            for (file, token) in &files {
                let mut row = complete(tx, file)?.ok_or_else(no_session)?;
                row.doc.secret_hash = Some(token.hash());
                tx.put(&mut row)?;
            }
            Ok::<_, ApiError>(())
        };
        self.app.store.write(self.project, unit).await?;
        Ok(published)
    }

    /// Removes what arrived, and the one that was on its way.
    pub async fn discard(&self, unfinished: Option<ObjectId>) {
        let ids: Vec<_> = self
            .files
            .iter()
            .map(|file| file.id)
            .chain(unfinished)
            .collect();
        super::sweep::remove(&self.app, self.project, ids).await;
    }
}

/// The document of a file that arrived, complete but not written back yet; `None` when its sender is gone.
///
/// # Errors
/// Those of the store.
pub fn complete(tx: &mut Tx<'_>, file: &Arrived) -> store::Result<Option<Row<File>>> {
    let row = tx.get_for_update::<File>(file.id)?;
    Ok(row.filter(|row| row.doc.is_somebodys()).map(|mut row| {
        row.doc.size = file.written.size;
        row.doc.content_type = file.written.content_type.into();
        row.doc.stored = true;
        row
    }))
}

fn refuse_floods(
    tx: &Tx<'_>,
    session: Option<ObjectId>,
    uploader: Option<ObjectId>,
    limits: &config::Files,
) -> Result<(), ApiError> {
    let (field, sender, who, most, option) = match (session, uploader) {
        (Some(session), _) => (
            "session",
            session,
            "The session has",
            limits.uploads_per_session_per_hour,
            "files.uploads_per_session_per_hour",
        ),
        (None, Some(user)) => (
            "uploader",
            user,
            "You have",
            limits.uploads_per_member_per_hour,
            "files.uploads_per_member_per_hour",
        ),
        (None, None) => return Ok(()),
    };
    let last_hour = Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known(field), Scalar::Id(sender)),
            Filter::Range {
                field: FieldPath::known("createdAt"),
                op: RangeOp::Gt,
                value: Scalar::Instant(store::Millis(tx.now().0 - HOUR_MS)),
            },
        ]),
        ..Query::default()
    };
    if tx.count::<File>(&last_hour, most)? < most {
        return Ok(());
    }
    let message = format!("{who} sent {most} files in an hour ({option}): try again later.");
    Err(ApiError::too_many(TOO_MANY_UPLOADS, message, 600))
}
