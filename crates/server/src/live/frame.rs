//! What is sent to sockets: JSON objects, each on one line (wire note §4.6).

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Frame<D> {
    name: &'static str,
    data: D,
}

#[derive(Serialize)]
struct Update<'a> {
    a: &'a [Box<RawValue>],
    /// Always there: clients on iOS take its absence for none.
    u: u64,
}

/// Actions to perform, and the number of unread messages.
pub(super) fn update(actions: &[Box<RawValue>], unread: u64) -> Utf8Bytes {
    text(
        "update",
        Update {
            a: actions,
            u: unread,
        },
    )
}

/// The state of a checklist.
pub(super) fn checklist(data: impl Serialize) -> Utf8Bytes {
    text("checklist", data)
}

fn text(name: &'static str, data: impl Serialize) -> Utf8Bytes {
    // Keys are text and numbers are finite: nothing in a frame can fail to be JSON.
    serde_json::to_string(&Frame { name, data })
        .unwrap_or_else(|_| "{}".to_owned())
        .into()
}
