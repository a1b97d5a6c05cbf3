//! Contacts of other services. They are fetched into a file first, page by page, which is then imported as one that was sent.

mod client;
mod hubspot;
mod intercom;
pub mod routes;
mod zendesk;

use std::time::Duration;

use serde_json::{Map, Value};
use store::Tx;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use self::client::{Client, Problem};
use super::document::{Import, Status};
use super::queue::{Place, folder};
use super::run::{fail, note, retried};
use super::source::Format;
use crate::app::SharedApp;

/// The longest that a service may make an import wait at once.
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// Sleeps are cut into pieces of this length, so that an import that waits can be cancelled.
const NAP: Duration = Duration::from_secs(2);

/// What to fetch, and with which credential. It is held in memory while it is needed, and never written anywhere.
pub enum Fetch {
    Intercom(intercom::Account),
    Hubspot(hubspot::Account),
    Zendesk(zendesk::Account),
}

/// A page of contacts.
pub struct Page {
    /// The contacts as rows of an import.
    rows: Vec<Value>,
    /// Where the next page begins; `None` on the last.
    next: Option<String>,
}

impl Fetch {
    /// The page that begins at `cursor`.
    async fn page(&self, client: &Client<'_>, cursor: Option<&str>) -> Result<Page, Problem> {
        match self {
            Self::Intercom(account) => account.page(client, cursor).await,
            Self::Hubspot(account) => account.page(client, cursor).await,
            Self::Zendesk(account) => account.page(client, cursor).await,
        }
    }
}

/// Fetches all contacts into a file, and notes it in the import unless that has failed or was cancelled.
pub async fn fetch(app: &SharedApp, place: Place, fetch: &Fetch) -> store::Result<()> {
    let name = hex::encode(app.random.bytes::<12>());
    let bytes = match fetch_into(app, place, fetch, &name).await {
        Ok(Some(bytes)) => bytes,
        other => {
            let _ = tokio::fs::remove_file(folder(app).join(name)).await;
            return match other {
                Err(Problem::Store(error)) => Err(error),
                Err(Problem::Cancelled) => goes_on(app, place, 0).await.map(drop),
                Err(problem) => fail(app, place, problem.to_string()).await,
                Ok(_) => Ok(()),
            };
        }
    };
    let fetched = note(app, place, move |import| {
        import.file = Some(name.clone());
        import.format = Some(Format::Ndjson);
        import.bytes = bytes;
    });
    fetched.await.map(drop)
}

async fn fetch_into(
    app: &SharedApp,
    place: Place,
    fetch: &Fetch,
    name: &str,
) -> Result<Option<u64>, Problem> {
    let folder = folder(app);
    tokio::fs::create_dir_all(&folder).await?;
    let mut file = File::create_new(folder.join(name)).await?;
    let client = Client { app, place };
    let (mut bytes, mut cursor) = (0, None::<String>);
    loop {
        let page = fetch.page(&client, cursor.as_deref()).await?;
        for row in page.rows {
            let line = format!("{row}\n");
            bytes += line.len() as u64;
            file.write_all(line.as_bytes()).await?;
        }
        if bytes > app.config.imports.file_bytes_max {
            let message = "the contacts are more than imports.file_bytes_max allows";
            return Err(Problem::Refused(message.into()));
        }
        if !goes_on(app, place, bytes).await? {
            return Ok(None);
        }
        match page.next {
            None => break,
            next if next == cursor => {
                let message = "the service gave the same page twice";
                return Err(Problem::Refused(message.into()));
            }
            next => cursor = next,
        }
    }
    file.sync_all().await?;
    Ok(Some(bytes))
}

/// Notes how far it is, and whether it is still wanted.
async fn goes_on(app: &SharedApp, (project, id): Place, bytes: u64) -> store::Result<bool> {
    let unit = move |tx: &mut Tx<'_>| {
        let Some(mut row) = tx.get_for_update::<Import>(id)? else {
            return Ok(false);
        };
        if row.doc.status != Status::Running {
            return Ok(false);
        }
        row.doc.bytes = bytes;
        if row.doc.cancel_requested {
            row.doc.status = Status::Cancelled;
            row.doc.finished_at = Some(tx.now());
        }
        tx.put(&mut row)?;
        Ok(row.doc.status == Status::Running)
    };
    retried(app, project, unit).await
}

/// A row in the making: what a contact lacks is left out.
#[derive(Default)]
struct Contact(Map<String, Value>);

impl Contact {
    fn set(&mut self, field: &str, value: &Value) {
        let is_empty = value.is_null() || value.as_str() == Some("");
        if !is_empty {
            self.0.insert(field.into(), value.clone());
        }
    }

    /// A date that is given in seconds since 1970.
    fn set_seconds(&mut self, field: &str, value: &Value) {
        if let Some(seconds) = value.as_i64().filter(|seconds| *seconds > 0) {
            let at = store::Millis(seconds.saturating_mul(1000));
            self.0.insert(field.into(), at.to_string().into());
        }
    }

    /// Custom attributes, but for those without a value.
    fn custom(&mut self, attributes: impl IntoIterator<Item = (String, Value)>) {
        let given = attributes
            .into_iter()
            .filter(|(_, value)| !value.is_null() && value.as_str() != Some(""));
        let custom: Map<String, Value> = given.collect();
        if !custom.is_empty() {
            self.0.insert("customData".into(), custom.into());
        }
    }

    fn into_row(self) -> Value {
        self.0.into()
    }
}
