//! Changes as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::json;
use store::{FeedCursor, FeedEntry, ObjectId};
use tokio::time::Instant;

use super::look::look;
use super::show::{self, SessionChangeType};
use super::waiters::Waiter;
use crate::app::SharedApp;
use crate::live::{HEARTBEAT, WATCH_MAX};

/// The pause between a change and the look at it, in which others come that are told with it.
const PAUSE: Duration = Duration::from_millis(50);

/// A reader who stays.
pub(super) struct Follower {
    pub app: SharedApp,
    pub project: ObjectId,
    pub organisation: ObjectId,
    pub waiter: Waiter,
    /// How far it has read.
    pub cursor: FeedCursor,
    /// How many changes are read at once.
    pub limit: u32,
    /// What was read and is not told yet.
    pub entries: VecDeque<FeedEntry>,
}

/// The answer: first `hello`, then each change, until the reader goes, its time is over or the server stops.
pub(super) fn answer(begin: &FeedCursor, follower: Follower) -> Response {
    let hello = hello(begin);
    let events = stream::unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((event, follower))
    });
    let events = stream::iter([hello])
        .chain(events)
        .take_until(tokio::time::sleep(WATCH_MAX))
        .map(Ok::<_, Infallible>);
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    // Proxies that collect answers would keep the events back.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    (unbuffered, Sse::new(events).keep_alive(heartbeat)).into_response()
}

/// Tells where the reader is, so that it can come back before anything changed.
fn hello(cursor: &FeedCursor) -> Event {
    let cursor = cursor.to_string();
    let data = json!({ "cursor": cursor }).to_string();
    Event::default().event("hello").id(cursor).data(data)
}

impl Follower {
    /// The next change. `None` ends the answer: the reader comes back with the last cursor, and is told what is wrong.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(entry) = self.entries.pop_front() {
                return self.event(&entry);
            }
            if self.waiter.is_let_go() {
                return None;
            }
            let page = look(&self.app, self.project, self.cursor, self.limit).await;
            let page = page.ok()?;
            self.cursor = page.next;
            self.entries = page.entries.into();
            if self.entries.is_empty() && !page.is_more {
                self.waiter.changed(Instant::now() + HEARTBEAT).await;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    fn event(&self, entry: &FeedEntry) -> Option<Event> {
        let json = show::entry(entry, self.project, self.organisation).ok()?;
        // Line ends of JSON are between its values: what a client sent may have some.
        let line = String::from_utf8(json).ok()?.replace(['\r', '\n'], " ");
        let name = match show::kind(entry) {
            SessionChangeType::Changed => "changed",
            SessionChangeType::Merged => "merged",
            SessionChangeType::Deleted => "deleted",
        };
        let id = entry.cursor.to_string();
        Some(Event::default().event(name).id(id).data(line))
    }
}
