//! A ZIP archive that is sent while it is written.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};
use axum::body::Bytes;
use tokio::sync::mpsc;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

/// Bytes that are gathered before they are sent.
const PART_BYTES: usize = 64 * 1024;

/// The archive on its way out.
pub struct Archive {
    zip: Box<ZipWriter<StreamWriter<Gathered>>>,
    gathered: Gathered,
    parts: mpsc::Sender<Result<Bytes>>,
}

/// What was written and not sent yet.
#[derive(Clone, Default)]
struct Gathered(Arc<Mutex<Vec<u8>>>);

impl Gathered {
    /// Takes it, when there is so much.
    fn take(&self, least: usize) -> Option<Bytes> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (bytes.len() >= least).then(|| std::mem::take(&mut *bytes).into())
    }
}

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Archive {
    /// An empty archive, whose parts go to `parts`.
    pub fn new(parts: mpsc::Sender<Result<Bytes>>) -> Self {
        let gathered = Gathered::default();
        Self {
            zip: Box::new(ZipWriter::new_stream(gathered.clone())),
            gathered,
            parts,
        }
    }

    /// Adds a whole file.
    pub async fn file(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.begin(name)?;
        self.write(bytes).await
    }

    /// Begins a file, whose size is not known yet.
    pub fn begin(&mut self, name: &str) -> Result<()> {
        let options = SimpleFileOptions::default().large_file(true);
        Ok(self.zip.start_file(name, options)?)
    }

    /// Writes more of the file. Returns once the reader has room for more.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        for part in bytes.chunks(PART_BYTES) {
            self.zip.write_all(part)?;
            self.send(PART_BYTES).await?;
        }
        Ok(())
    }

    /// Completes the archive.
    pub async fn finish(self) -> Result<()> {
        let Self {
            zip,
            gathered,
            parts,
        } = self;
        zip.finish()?;
        if let Some(part) = gathered.take(1) {
            send(&parts, part).await?;
        }
        Ok(())
    }

    async fn send(&self, least: usize) -> Result<()> {
        match self.gathered.take(least) {
            Some(part) => send(&self.parts, part).await,
            None => Ok(()),
        }
    }
}

async fn send(parts: &mpsc::Sender<Result<Bytes>>, part: Bytes) -> Result<()> {
    if parts.send(Ok(part)).await.is_err() {
        bail!("the reader went away");
    }
    Ok(())
}
