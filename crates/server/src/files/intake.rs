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
use crate::http::ApiError;
use crate::resources::session::credential::{self, no_session};
use crate::resources::session::lookup;
use crate::resources::session::merge::via::Via;

/// The code of the answer to a session that sent too many files.
pub const TOO_MANY_UPLOADS: &str = "too_many_uploads";

const HOUR_MS: i64 = 3_600_000;

/// The files of one request of a client.
pub struct Intake {
    app: SharedApp,
    project: ObjectId,
    sender: Sender,
    files: Vec<Arrived>,
}

/// Who sends the files.
#[derive(Clone)]
enum Sender {
    /// The session that it opens.
    Credential(ClientCredential),
    /// One that is known otherwise.
    Session(ObjectId),
}

impl Sender {
    fn resolve(&self, tx: &mut Tx<'_>) -> Result<ObjectId, ApiError> {
        match self {
            Self::Credential(credential) => {
                let session = credential::resolve(tx, credential)?;
                session.map(|row| row.id).ok_or_else(no_session)
            }
            Self::Session(id) => Ok(lookup::find_for_update(tx, *id)?.id),
        }
    }
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
    /// For the session that the credential opens.
    #[must_use]
    pub fn new(app: &SharedApp, project: ObjectId, credential: ClientCredential) -> Self {
        Self {
            app: app.clone(),
            project,
            sender: Sender::Credential(credential),
            files: Vec::new(),
        }
    }

    /// For a session, or the one that it was merged into.
    #[must_use]
    pub fn for_session(app: &SharedApp, project: ObjectId, session: ObjectId) -> Self {
        Self {
            app: app.clone(),
            project,
            sender: Sender::Session(session),
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
    /// 401 for an unknown session, 429 when it sent too many files.
    pub async fn begin(
        &self,
        kind: FileKind,
        sent_name: &str,
    ) -> Result<(ObjectId, Writing), ApiError> {
        let (sender, name) = (self.sender.clone(), name::shown(sent_name));
        let limits = &self.app.config.files;
        let (most, hours) = (limits.uploads_per_session_per_hour, limits.unclaimed_hours);
        let unit = move |tx: &mut Tx<'_>| {
            let session = sender.resolve(tx)?;
            refuse_floods(tx, session, most)?;
            let file = File {
                session: Some(session),
                ticket: None,
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

    /// Completes all files and gives their addresses, in the order in which they came.
    ///
    /// # Errors
    /// 401 when the session was erased meanwhile, 500 when the disk fails.
    pub async fn publish(&self) -> Result<Vec<String>, ApiError> {
        let files = self.settle().await?;
        let token = |file: Arrived| {
            let token = FileToken::new(&self.app.random, self.project, file.id);
            (file, token)
        };
        let files: Vec<_> = files.into_iter().map(token).collect();
        let base = self.app.config.base_url();
        let urls = files
            .iter()
            .map(|(file, token)| token.url(&base, &file.name))
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
        Ok(urls)
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

/// The document of a file that arrived, complete but not written back yet; `None` when its session is gone.
///
/// # Errors
/// Those of the store.
pub fn complete(tx: &mut Tx<'_>, file: &Arrived) -> store::Result<Option<Row<File>>> {
    let row = tx.get_for_update::<File>(file.id)?;
    Ok(row.filter(|row| row.doc.session.is_some()).map(|mut row| {
        row.doc.size = file.written.size;
        row.doc.content_type = file.written.content_type.into();
        row.doc.stored = true;
        row
    }))
}

fn refuse_floods(tx: &Tx<'_>, session: ObjectId, most: u64) -> Result<(), ApiError> {
    let last_hour = Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("session"), Scalar::Id(session)),
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
    let message = format!(
        "The session has sent {most} files in an hour (files.uploads_per_session_per_hour): try again later."
    );
    Err(ApiError::too_many(TOO_MANY_UPLOADS, message, 600))
}
