//! What waits to be told to one member. The same thing waits once, so that a slow reader loses nothing by many changes of one document.

use std::sync::{Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use serde::Serialize;
use store::ObjectId;
use tokio::sync::Notify;

use super::presence::Present;

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// `ticket.created`, `typing` …
    pub kind: &'static str,
    /// What it is about: news of the same kind about the same replace each other.
    about: String,
    /// As JSON, on one line.
    pub json: String,
}

impl News {
    pub(super) fn new(kind: &'static str, about: String, body: &impl Serialize) -> Self {
        let json = serde_json::to_string(body).unwrap_or_default();
        Self { kind, about, json }
    }

    /// Of a document.
    pub(super) fn of(kind: &'static str, id: ObjectId) -> Self {
        #[derive(Serialize)]
        struct Body {
            r#type: &'static str,
            id: ObjectId,
        }
        Self::new(kind, id.to_string(), &Body { r#type: kind, id })
    }

    /// Of what a member does.
    pub(super) fn presence(present: &Present) -> Self {
        #[derive(Serialize)]
        struct Body<'a> {
            r#type: &'static str,
            #[serde(flatten)]
            present: &'a Present,
        }
        let kind = present.doing.name();
        let about = format!("{} {}", present.ticket, present.user);
        let body = Body {
            r#type: kind,
            present,
        };
        Self::new(kind, about, &body)
    }

    /// That something was not told.
    fn reset() -> Self {
        #[derive(Serialize)]
        struct Body {
            r#type: &'static str,
        }
        Self::new("reset", String::new(), &Body { r#type: "reset" })
    }
}

/// What waits for one member.
pub struct Inbox {
    most: usize,
    with_sessions: bool,
    waiting: Mutex<Waiting>,
    work: Notify,
}

#[derive(Default)]
struct Waiting {
    news: IndexMap<(&'static str, String), String>,
    is_closed: bool,
}

impl Inbox {
    /// `most`: news that wait. `with_sessions`: whether the member may know of sessions.
    pub(super) fn new(most: usize, with_sessions: bool) -> Self {
        Self {
            most,
            with_sessions,
            waiting: Mutex::default(),
            work: Notify::new(),
        }
    }

    /// Puts news behind those that wait. When there are too many, all that wait make room for the word that something was not told.
    pub(super) fn put(&self, news: &News) {
        if news.kind == "session.changed" && !self.with_sessions {
            return;
        }
        let mut waiting = self.lock();
        if waiting.news.len() >= self.most {
            waiting.news.clear();
            let reset = News::reset();
            waiting.news.insert((reset.kind, reset.about), reset.json);
        }
        let key = (news.kind, news.about.clone());
        waiting.news.insert(key, news.json.clone());
        drop(waiting);
        self.work.notify_one();
    }

    /// Nothing more is told.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.work.notify_one();
    }

    /// The next news; `None` when there are no more.
    pub(super) async fn next(&self) -> Option<News> {
        loop {
            {
                let mut waiting = self.lock();
                if let Some(((kind, about), json)) = waiting.news.shift_remove_index(0) {
                    return Some(News { kind, about, json });
                }
                if waiting.is_closed {
                    return None;
                }
            }
            self.work.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> ObjectId {
        format!("{n:024x}").parse().unwrap()
    }

    #[tokio::test]
    async fn the_same_waits_once_and_too_much_becomes_a_reset() {
        let inbox = Inbox::new(2, false);
        for (kind, n) in [
            ("ticket.updated", 1),
            ("session.changed", 9),
            ("ticket.updated", 1),
            ("ticket.updated", 2),
        ] {
            inbox.put(&News::of(kind, id(n)));
        }
        assert_eq!(
            inbox.next().await.unwrap(),
            News::of("ticket.updated", id(1))
        );
        inbox.put(&News::of("ticket.updated", id(3)));
        inbox.put(&News::of("ticket.updated", id(4)));
        inbox.close();
        assert_eq!(inbox.next().await.unwrap().json, r#"{"type":"reset"}"#);
        assert_eq!(
            inbox.next().await.unwrap(),
            News::of("ticket.updated", id(4))
        );
        assert_eq!(inbox.next().await, None);
    }
}
