//! Where the bytes of files are: a folder, or a bucket of an S3-compatible store.

use std::io;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::body::Bytes;
use futures_util::stream::BoxStream;
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore};
use store::ObjectId;
use tokio::io::AsyncWriteExt;

use super::sniff::{self, HEAD_BYTES};
use crate::config::Config;

/// The folder in the data folder.
const FOLDER: &str = "files";
/// Bytes that are gathered before they are written to a folder.
const FOLDER_CHUNK: usize = 256 << 10;
/// The same for a bucket, whose parts have a smallest size.
const BUCKET_CHUNK: usize = 5 << 20;

/// The bytes of files, each under its project and id.
#[derive(Debug)]
pub struct Storage {
    objects: Arc<dyn ObjectStore>,
    /// When it is a folder.
    folder: Option<PathBuf>,
}

/// A file on its way in. Dropped before [`finish`](Self::finish), nothing is left of it.
pub struct Writing {
    writer: BufWriter,
    head: Vec<u8>,
    size: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Its size in bytes.
    pub size: u64,
    /// What its first bytes say that it is.
    pub content_type: &'static str,
}

/// The folder of a configuration, when files are kept in one.
#[must_use]
pub fn folder(config: &Config) -> Option<PathBuf> {
    config
        .files
        .s3_bucket
        .is_empty()
        .then(|| config.data.join(FOLDER))
}

impl Storage {
    /// Opens what the configuration names. A folder is made when it is missing; a bucket is not asked for.
    ///
    /// # Errors
    /// When the folder cannot be made, or an option of the bucket is wrong.
    pub fn open(config: &Config) -> Result<Self> {
        let folder = folder(config);
        let objects: Arc<dyn ObjectStore> = match &folder {
            Some(folder) => {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("cannot make the folder {}", folder.display()))?;
                Arc::new(LocalFileSystem::new_with_prefix(folder)?)
            }
            None => Arc::new(bucket(config)?),
        };
        Ok(Self { objects, folder })
    }

    /// Begins to write a file.
    #[must_use]
    pub fn begin(&self, project: ObjectId, file: ObjectId) -> Writing {
        let chunk = match self.folder {
            Some(_) => FOLDER_CHUNK,
            None => BUCKET_CHUNK,
        };
        let objects = Arc::clone(&self.objects);
        Writing {
            writer: BufWriter::with_capacity(objects, key(project, file), chunk)
                .with_max_concurrency(1),
            head: Vec::new(),
            size: 0,
        }
    }

    /// The bytes of a file, or some of them.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn read(
        &self,
        project: ObjectId,
        file: ObjectId,
        range: Range<u64>,
    ) -> object_store::Result<BoxStream<'static, object_store::Result<Bytes>>> {
        let options = GetOptions {
            range: (!range.is_empty()).then_some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let found = self.objects.get_opts(&key(project, file), options).await?;
        Ok(found.into_stream())
    }

    /// Removes the bytes of a file; those that are gone already are no error.
    ///
    /// # Errors
    /// When they may still be there.
    pub async fn remove(&self, project: ObjectId, file: ObjectId) -> object_store::Result<()> {
        if let Some(folder) = &self.folder {
            // What was written of it when the process ended.
            let unfinished = folder.join(project.to_string()).join(format!("{file}#1"));
            let _ = tokio::task::spawn_blocking(move || std::fs::remove_file(unfinished)).await;
        }
        match self.objects.delete(&key(project, file)).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            removed => removed,
        }
    }

    /// Waits until the files are on the disk; a bucket says so by itself.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn sync(&self, project: ObjectId, files: &[ObjectId]) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let (folder, own) = (folder.clone(), folder.join(project.to_string()));
        let files: Vec<_> = files
            .iter()
            .map(|file| own.join(file.to_string()))
            .collect();
        let work = move || {
            files.iter().try_for_each(|file| sync(file))?;
            sync(&own)?;
            sync(&folder)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(io::Error::other)?
    }
}

impl Writing {
    /// Writes more. Returns once there is room for more after it.
    ///
    /// # Errors
    /// When the disk or the bucket fails.
    pub async fn write(&mut self, bytes: Bytes) -> object_store::Result<()> {
        let missing = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(missing));
        self.size += bytes.len() as u64;
        self.writer.put(bytes).await
    }

    /// Bytes written so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Completes the file.
    ///
    /// # Errors
    /// When the disk or the bucket fails.
    pub async fn finish(mut self) -> io::Result<Written> {
        self.writer.shutdown().await?;
        Ok(Written {
            size: self.size,
            content_type: sniff::content_type(&self.head),
        })
    }

    /// Gives it up.
    pub async fn abort(mut self) {
        if let Err(error) = self.writer.abort().await {
            tracing::warn!(%error, "an upload that was given up could not be removed at once");
        }
    }
}

fn key(project: ObjectId, file: ObjectId) -> Path {
    Path::from_iter([project.to_string(), file.to_string()])
}

fn sync(path: &FilePath) -> io::Result<()> {
    std::fs::File::open(path)?.sync_all()
}

fn bucket(config: &Config) -> Result<impl ObjectStore> {
    let files = &config.files;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&files.s3_bucket)
        .with_region(&files.s3_region)
        .with_access_key_id(&files.s3_access_key_id)
        .with_secret_access_key(&files.s3_secret_access_key.0);
    if !files.s3_endpoint.is_empty() {
        builder = builder
            .with_endpoint(&files.s3_endpoint)
            .with_allow_http(files.s3_endpoint.starts_with("http://"));
    }
    builder
        .build()
        .context("the options of [files] name no bucket that can be used")
}
