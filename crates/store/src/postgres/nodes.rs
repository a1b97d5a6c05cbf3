//! What nodes tell each other: the ids of documents that were committed, by `NOTIFY`. Nothing relies on it to be right, only to be
//! quick: a notification may come late, or be lost with its node.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_postgres::AsyncMessage;
use tokio_postgres::types::Type;

use super::connect::Connector;
use super::{Context, presence, words};
use crate::store::Shared;
use crate::{Change, How, ObjectId, Result};

const CHANNEL: &str = "hark";

/// PostgreSQL takes less than 8000 bytes.
const PAYLOAD_MAX: usize = 7_900;

/// Before a lost connection is made again.
const PAUSE: Duration = Duration::from_secs(1);

/// Table, project, id, and what was done to it.
type Document = (&'static str, ObjectId, ObjectId, &'static str);

const WORDS: [(How, &str); 3] = [
    (How::Inserted, "inserted"),
    (How::Updated, "updated"),
    (How::Deleted, "deleted"),
];

/// The way to the other nodes.
pub(super) struct Teller {
    /// Tells this node from others.
    pub node: ObjectId,
    sender: UnboundedSender<Vec<Document>>,
    untold: Arc<AtomicUsize>,
}

impl Teller {
    pub fn new(node: ObjectId) -> (Self, UnboundedReceiver<Vec<Document>>) {
        let (sender, told) = unbounded_channel();
        let teller = Self {
            node,
            sender,
            untold: Arc::default(),
        };
        (teller, told)
    }

    /// Tells the others, in a while.
    pub fn tell(&self, changes: &[Change]) {
        let document = |change: &Change| match change {
            Change::Document {
                table,
                project,
                id,
                how,
            } => Some((*table, *project, *id, word(*how))),
            Change::Identity { .. } => None, // keys say who somebody is: they stay out of it
        };
        let documents: Vec<_> = changes.iter().filter_map(document).collect();
        if !documents.is_empty() {
            self.untold.fetch_add(1, Ordering::SeqCst);
            let _ = self.sender.send(documents); // nobody listens while the engine closes
        }
    }

    /// Whether all was told that is to be told.
    pub fn is_done(&self) -> bool {
        self.untold.load(Ordering::SeqCst) == 0
    }
}

/// Tells the other nodes what was committed, until the engine is closed. What comes in meanwhile is told together. It is not
/// part of the transactions: those that notify wait for each other to commit.
pub(super) async fn tell(context: Arc<Context>, mut told: UnboundedReceiver<Vec<Document>>) {
    let mut waiting = Vec::new();
    while told.recv_many(&mut waiting, 1_000).await > 0 {
        let count = waiting.len();
        let documents: BTreeSet<_> = waiting.drain(..).flatten().collect();
        for payload in payloads(&context.teller.node.to_string(), documents) {
            if let Err(error) = notify(&context, CHANNEL, &payload).await {
                tracing::debug!(%error, "the other nodes were not told of a commit");
            }
        }
        context.teller.untold.fetch_sub(count, Ordering::SeqCst);
    }
}

/// Tells all who listen on a channel.
pub(super) async fn notify(context: &Context, channel: &str, payload: &str) -> Result<()> {
    let client = context.owners.any().await?;
    let notify = "SELECT pg_notify($1, $2)";
    let binds: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
        [(&channel, Type::TEXT), (&payload, Type::TEXT)];
    client.query_typed(notify, &binds).await?;
    Ok(())
}

fn word(how: How) -> &'static str {
    let known = WORDS.iter().find(|(known, _)| *known == how);
    known.map_or("updated", |(_, word)| word)
}

fn how(word: &str) -> Option<How> {
    let known = WORDS.iter().find(|(_, known)| *known == word);
    known.map(|(how, _)| *how)
}

/// The node, then a line for each document.
fn payloads(node: &str, documents: impl IntoIterator<Item = Document>) -> Vec<String> {
    let documents = documents.into_iter();
    let line = |(table, project, id, how)| format!("{table} {project} {id} {how}");
    packed(node, documents.map(line))
}

/// The node, then the lines: in as few payloads as take them.
pub(super) fn packed(node: &str, lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut payloads: Vec<String> = Vec::new();
    for line in lines {
        match payloads.last_mut() {
            Some(last) if last.len() + 1 + line.len() <= PAYLOAD_MAX => {
                let _ = write!(last, "\n{line}");
            }
            _ => payloads.push(format!("{node}\n{line}")),
        }
    }
    payloads
}

/// Listens to the other nodes until the engine is closed. After each time that it could not, anything may have changed.
pub(super) async fn listen(connector: Connector, shared: Arc<Shared>, node: String) {
    loop {
        if let Err(error) = listen_once(&connector, &shared, &node).await {
            tracing::warn!(%error, "cannot hear what other nodes commit: trying again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen_once(connector: &Connector, shared: &Shared, node: &str) -> Result<()> {
    let settings = &connector.settings;
    let (client, mut connection) = settings.connect(connector.tls.clone()).await?;
    let (sender, mut heard) = unbounded_channel();
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    let reading = async move {
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message? {
                let _ = sender.send(notification);
            }
        }
        Ok(())
    };
    let hearing = async {
        let listen = format!("LISTEN {CHANNEL}; LISTEN {}", words::CHANNEL);
        client.batch_execute(&listen).await?;
        client.batch_execute(&presence::here()).await?;
        shared.tell_gap();
        while let Some(notification) = heard.recv().await {
            if notification.channel() == words::CHANNEL {
                words::hear(notification.payload(), node, shared);
                continue;
            }
            let changes = parse(notification.payload(), node, shared);
            if !changes.is_empty() {
                shared.tell(&changes);
            }
        }
        Ok(())
    };
    tokio::select! {
        ended = reading => ended,
        ended = hearing => ended,
    }
}

/// What another node committed. Tables that this version does not know are those of a newer one.
fn parse(payload: &str, own: &str, shared: &Shared) -> Vec<Change> {
    let mut lines = payload.lines();
    if lines.next() == Some(own) {
        return Vec::new();
    }
    let document = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next()?;
        let known = shared.schema.documents.iter();
        let mut tables = known.map(|document| document.collection.table);
        Some(Change::Document {
            table: tables.find(|table| *table == name)?,
            project: words.next()?.parse().ok()?,
            id: words.next()?.parse().ok()?,
            how: how(words.next()?)?,
        })
    };
    lines.filter_map(document).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_as_long_as_they_may_be() {
        let id = |n: u32| ObjectId::from_parts(n, [0; 8]);
        let documents: Vec<_> = (0..1_000)
            .map(|n| ("session", id(0), id(n), "updated"))
            .collect();
        let payloads = payloads("node", documents);
        let line = "\nsession ".len() + 24 + 1 + 24 + " updated".len();
        for payload in &payloads[..payloads.len() - 1] {
            assert!(payload.len() <= PAYLOAD_MAX && payload.len() + line > PAYLOAD_MAX);
        }
        let lines = payloads.iter().flat_map(|payload| payload.lines().skip(1));
        assert_eq!(lines.count(), 1_000);
    }
}
