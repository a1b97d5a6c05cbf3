//! Who fetches the contacts of an import: the node that was asked to, which alone has the credential. Nodes that share a database see by
//! its claim that the import is in good hands; the claim of a node that is gone ends by itself, and another node then ends the import.

use std::sync::{Arc, Weak};
use std::time::Duration;

use store::ObjectId;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::queue::Place;
use super::run;
use crate::app::{App, SharedApp};

/// So long after a node went silent its claim ends.
const HELD: Duration = Duration::from_secs(15);
/// How often a node says that it is still at it.
const RENEWAL: Duration = Duration::from_secs(5);
/// How often a node looks whether the claim of another has ended.
const LOOK: Duration = Duration::from_secs(2);

/// That this node fetches an import. It holds until it is dropped, and a while longer unless it is [ended](Self::end).
pub struct Claim {
    name: String,
    renewing: JoinHandle<()>,
}

impl Claim {
    /// Claims an import; `None` when another node has it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take(app: &SharedApp, import: ObjectId) -> store::Result<Option<Self>> {
        let name = format!("import {import}");
        if !app.store.take(&name, HELD).await? {
            return Ok(None);
        }
        let renewing = tokio::spawn(renew(Arc::downgrade(app), name.clone()));
        Ok(Some(Self { name, renewing }))
    }

    /// Ends it at once.
    pub async fn end(self, app: &SharedApp) {
        self.renewing.abort();
        if let Err(error) = app.store.release(&self.name).await {
            tracing::debug!(%error, name = self.name, "a claim ends by itself");
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

async fn renew(app: Weak<App>, name: String) {
    loop {
        sleep(RENEWAL).await;
        let Some(app) = app.upgrade() else { return };
        match app.store.take(&name, HELD).await {
            // Another node ended the import: the fetch sees that by its document.
            Ok(false) | Err(store::Error::Closed) => return,
            Ok(true) => {}
            Err(error) => tracing::debug!(%error, name, "a claim could not be renewed"),
        }
    }
}

/// Ends an import whose contacts nobody fetches any more: its credential is lost. While another node fetches them it is looked at again.
///
/// # Errors
/// Those of the store.
pub async fn end_if_left(app: &SharedApp, place: Place) -> store::Result<()> {
    if !try_end(app, place).await? {
        tokio::spawn(watch(Arc::downgrade(app), place));
    }
    Ok(())
}

async fn watch(app: Weak<App>, place: Place) {
    loop {
        sleep(LOOK).await;
        let Some(app) = app.upgrade() else { return };
        match try_end(&app, place).await {
            Ok(true) | Err(store::Error::Closed) => return,
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "an import could not be looked at"),
        }
    }
}

/// Whether nobody fetches it, so that it is ended, or has been done otherwise.
async fn try_end(app: &SharedApp, place: Place) -> store::Result<bool> {
    let Some(claim) = Claim::take(app, place.1).await? else {
        return Ok(false);
    };
    let ended = run::end_without_file(app, place).await;
    claim.end(app).await;
    ended.map(|()| true)
}
