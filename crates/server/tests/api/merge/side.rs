//! All that is stored of one session.

use serde_json::{Map, Value, json};
use server::files::File;
use server::live::outbox::Outbox;
use server::resources::session::activity::Activity;
use server::resources::session::document::Session;
use server::resources::session::event::Event;
use server::resources::session::history::IdentityChange;
use server::resources::session::merge::Merge;
use server::resources::ticket::document::Ticket;
use store::filter::{FieldPath, Filter, Scalar};
use store::{Document, ObjectId, Query, Snapshot};

use crate::support::{TestApp, identity_keys};

/// The parts of a session, each as it is stored, but for the time of its last write. What merging and undoing leave as a
/// trace on purpose is left out: their entries in the history, and the records of merges that were undone.
pub async fn side(app: &TestApp, id: &str) -> Value {
    let session: ObjectId = id.parse().unwrap();
    let read = move |snapshot: &Snapshot<'_>| {
        Ok::<_, store::Error>(json!({
            "session": snapshot.raw::<Session>(session)?.map(|row| cleaned(&row.json)),
            "events": rows::<Event>(snapshot, "session", session),
            "history": rows::<IdentityChange>(snapshot, "session", session)
                .into_iter().filter(|row| !is_trace(row)).collect::<Vec<_>>(),
            "activities": rows::<Activity>(snapshot, "session", session),
            "tickets": rows::<Ticket>(snapshot, "session", session),
            "files": rows::<File>(snapshot, "session", session),
            "merges": rows::<Merge>(snapshot, "survivor", session)
                .into_iter().filter(|row| row.get("undone").is_none()).collect::<Vec<_>>(),
            "outbox": rows::<Outbox>(snapshot, "session", session)
                .into_iter().filter(|row| row["unread"] != 0 || row["pending"] != json!([])).collect::<Vec<_>>(),
        }))
    };
    let mut side = app.app.store.read(app.project(), read).await.unwrap();
    side["keys"] = json!(identity_keys(&app.app.config, session));
    side
}

fn is_trace(row: &Value) -> bool {
    let path = row["by"]["originalUrl"].as_str().unwrap_or_default();
    path.contains("/merge")
}

fn rows<D: Document>(snapshot: &Snapshot<'_>, path: &'static str, id: ObjectId) -> Vec<Value> {
    let query = Query {
        filter: Filter::Eq(FieldPath::known(path), Scalar::Id(id)),
        limit: 10_000,
        ..Query::default()
    };
    let rows = snapshot.page::<D>(&query).unwrap().rows;
    let shown = rows.iter().map(|row| {
        let mut value = cleaned(&row.json);
        value["_id"] = json!(row.id);
        value
    });
    shown.collect()
}

fn cleaned(json: &[u8]) -> Value {
    let mut members: Map<String, Value> = serde_json::from_slice(json).unwrap();
    members.remove("updatedAt");
    Value::Object(members)
}
