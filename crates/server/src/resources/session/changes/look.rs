//! Looking at the changes, at once and until there are some.

use std::time::Duration;

use axum::http::StatusCode;
use store::{FeedCursor, FeedPage, ObjectId, Tx};
use tokio::time::Instant;

use super::super::document::Session;
use super::asked::Since;
use super::waiters::Waiter;
use crate::app::App;
use crate::http::error::ApiError;

/// Where a reader begins.
///
/// # Errors
/// Those of the store.
pub(super) async fn start(
    app: &App,
    project: ObjectId,
    since: Since,
) -> Result<FeedCursor, ApiError> {
    if let Since::Cursor(cursor) = since {
        return Ok(cursor);
    }
    let is_from_now = since == Since::Now;
    let find = app.store.lookup(project, move |snapshot| {
        if is_from_now {
            snapshot.feed_end::<Session>()
        } else {
            snapshot.feed_beginning::<Session>()
        }
    });
    match find.await? {
        Some(cursor) => Ok(cursor),
        None if is_from_now => end(app, project).await,
        None => open(app, project).await,
    }
}

/// The first who reads the changes of a project opens its feed.
async fn open(app: &App, project: ObjectId) -> Result<FeedCursor, ApiError> {
    let open = app.store.write(project, |tx: &mut Tx<'_>| {
        tx.open_feed::<Session>()?;
        tx.feed_beginning::<Session>()
    });
    open.await?.ok_or_else(gone)
}

/// What was committed before is numbered, so that it is not told to who asks for what comes.
async fn end(app: &App, project: ObjectId) -> Result<FeedCursor, ApiError> {
    loop {
        let number = app.store.write(project, |tx: &mut Tx<'_>| {
            tx.open_feed::<Session>()?;
            tx.number_feed::<Session>()
        });
        if let Some(end) = number.await? {
            return Ok(end);
        }
    }
}

/// What follows a cursor now.
///
/// # Errors
/// 410 for a cursor that is too old; those of the store.
pub(super) async fn look(
    app: &App,
    project: ObjectId,
    since: FeedCursor,
    limit: u32,
) -> Result<FeedPage, ApiError> {
    loop {
        let read = app.store.read(project, move |snapshot| {
            snapshot.feed::<Session>(&since, limit)
        });
        let page = read.await?.ok_or_else(gone)?;
        if !page.entries.is_empty() || !page.is_unnumbered {
            return Ok(page);
        }
        let number = app
            .store
            .write(project, |tx: &mut Tx<'_>| tx.number_feed::<Session>());
        number.await?;
    }
}

/// What follows a cursor, once something does or `wait` is over.
///
/// # Errors
/// As [`look`]; 503 when there are as many who wait as there may be.
pub(super) async fn wait(
    app: &App,
    project: ObjectId,
    mut since: FeedCursor,
    limit: u32,
    wait: Duration,
) -> Result<FeedPage, ApiError> {
    let until = Instant::now() + wait;
    let mut waiter: Option<Waiter> = None;
    loop {
        let page = look(app, project, since, limit).await?;
        let is_over = Instant::now() >= until || waiter.as_ref().is_some_and(Waiter::is_let_go);
        if !page.entries.is_empty() || (is_over && !page.is_more) {
            return Ok(page);
        }
        since = page.next;
        if page.is_more {
            continue;
        }
        match &mut waiter {
            Some(waiter) => waiter.changed(until).await,
            // Looked at once more: what was committed before was told to nobody.
            None => waiter = Some(app.session_waiters.wait(project)?),
        }
    }
}

fn gone() -> ApiError {
    ApiError::new(
        StatusCode::GONE,
        "cursor_gone",
        "The changes since this cursor are not kept any more. Read all sessions again with `since=beginning`, and forget those that it does not tell.",
    )
}
