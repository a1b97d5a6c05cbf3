//! The sockets of client SDKs (wire note §4.6). They say nothing of use: what they send is read and forgotten, and they get
//! JSON objects alone, since a page fails on any other text.
//!
//! A connection is dropped without a close frame: apps on Android never come back after one.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};

use super::hub::{Hub, Place, Seat};
use crate::app::SharedApp;
use crate::auth::{ClientCredential, Visitor};
use crate::config::Live;
use crate::dashboard;
use crate::http::ApiError;
use crate::http::error::ErrorBody;
use crate::http::responses::ErrorResponses;
use crate::resources::session::credential;

/// Bytes of the buffer that each socket reads into: clients send a few bytes at a time.
const READ_BUFFER_BYTES: usize = 512;
/// Bytes that wait to be written to one socket at the most: above the largest frame.
const WRITE_BUFFER_BYTES_MAX: usize = 1 << 20;
/// Bytes of a message of a client.
const MESSAGE_BYTES_MAX: usize = 4096;
/// Intervals between pings after which a socket that was not heard of is dropped.
const SILENT_INTERVALS_MAX: u32 = 3;

/// Open a socket
///
/// A WebSocket of a client SDK. It gets text frames, each a JSON object with `name` and `data`: `update`
/// with `a`, the actions to perform, and `u`, the number of unread messages; and, in web pages, `checklist`. What the client
/// sends is not looked at. Values of the query are not decoded. Refused before the upgrade, with a status, when
/// the credential opens no session.
#[utoipa::path(
    get, path = "/ws", operation_id = "OpenSocket", tag = "SDK",
    params(
        ("gleapId" = String, Query, description = "The public half of the credential of the session"),
        ("gleapHash" = String, Query, description = "The secret half of it"),
        ("sdkVersion" = Option<String>, Query, description = "The version of the client; not looked at"),
    ),
    responses(
        (status = 101, description = "The connection is a WebSocket from here on"),
        (status = 426, description = "The request does not ask for a WebSocket", body = ErrorBody),
        ErrorResponses,
    ),
    security(("sdkKeyInQuery" = [])),
)]
pub async fn open(
    State(app): State<SharedApp>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|_| upgrade_required())?;
    let place = authenticate(&app, query.as_deref().unwrap_or_default()).await?;
    let slot = app.live.slot()?;
    // Browsers say where a page is from, apps do not.
    let is_page = headers.contains_key(header::ORIGIN);
    let hub = Arc::clone(&app.live);
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(async move |socket| {
        if let Some(seat) = hub.sit(place, is_page, slot) {
            serve(socket, seat, &hub).await;
        }
    }))
}

/// Open a socket at the root
///
/// The same as `/ws`, for clients that were given the address of the server without a path. Browsers that ask for a page get the dashboard.
#[utoipa::path(
    get, path = "/", operation_id = "OpenSocketAtRoot", tag = "SDK",
    params(
        ("gleapId" = String, Query, description = "The public half of the credential of the session"),
        ("gleapHash" = String, Query, description = "The secret half of it"),
        ("sdkVersion" = Option<String>, Query, description = "The version of the client; not looked at"),
    ),
    responses(
        (status = 200, description = "The dashboard", body = String, content_type = "text/html"),
        (status = 304, description = "The browser has the dashboard"),
        (status = 101, description = "The connection is a WebSocket from here on"),
        (status = 426, description = "The request does not ask for a WebSocket", body = ErrorBody),
        ErrorResponses,
    ),
    security(("sdkKeyInQuery" = [])),
)]
pub async fn open_at_root(
    app: State<SharedApp>,
    query: RawQuery,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    if dashboard::wants_page(&headers) {
        return Ok(dashboard::index(headers).await);
    }
    open(app, query, headers, upgrade).await
}

fn upgrade_required() -> ApiError {
    ApiError::new(
        StatusCode::UPGRADE_REQUIRED,
        "upgrade_required",
        "This path is for the WebSockets of client SDKs: send the headers of an upgrade.",
    )
    .with_header(header::UPGRADE, HeaderValue::from_static("websocket"))
    .with_header(header::CONNECTION, HeaderValue::from_static("upgrade"))
}

/// The session that a query opens. Clients whose credential is void ask again every few seconds for ever, so what is
/// refused must cost next to nothing: without a credential nothing is read.
async fn authenticate(app: &SharedApp, query: &str) -> Result<Place, ApiError> {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    };
    let credential =
        ClientCredential::of(value("gleapId"), value("gleapHash")).ok_or_else(|| {
            ApiError::unauthorized(
                "missing_session",
                "Send `gleapId` and `gleapHash` of the session in the query.",
            )
        })?;
    let access = Visitor::project(app, value("apiKey")).await?;
    let look_up = app.store.lookup(access.project, move |snapshot| {
        let row = credential::look_up(snapshot, &credential)?;
        Ok::<_, ApiError>(row.map(|row| row.id))
    });
    let session = look_up.await?.ok_or_else(|| {
        ApiError::unauthorized(
            "invalid_session",
            "The credential opens no session of this project. Get one with `POST /sessions`.",
        )
    })?;
    Ok((access.project, session))
}

/// Serves a socket until its client goes, or the hub wants it gone.
async fn serve(mut socket: WebSocket, mut seat: Seat, hub: &Hub) {
    let Seat {
        id,
        frames,
        dropped,
        ..
    } = &mut seat;
    let (id, pace) = (*id, Pace::of(&hub.limits));
    let ready = async {
        sleep(pace.notification_delay).await;
        hub.make_ready(id);
        std::future::pending::<()>().await;
    };
    let talk = async {
        let mut heard = Instant::now();
        let mut pings = interval_at(heard + pace.ping, pace.ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let message = tokio::select! {
                frame = frames.recv() => match frame {
                    Some(frame) => Message::Text(frame),
                    None => return,
                },
                received = socket.recv() => match received {
                    Some(Ok(_)) => {
                        heard = Instant::now();
                        continue;
                    }
                    Some(Err(_)) | None => return,
                },
                _ = pings.tick() => Message::Ping(Bytes::new()),
            };
            if heard.elapsed() >= pace.silence_max {
                return;
            }
            let sent = timeout(pace.silence_max, socket.send(message)).await;
            if !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
    };
    // The hub is asked as well while a frame waits for a client that does not read.
    tokio::select! {
        _ = dropped => {}
        () = talk => {}
        () = ready => {}
    }
}

/// The times of a socket.
struct Pace {
    ping: Duration,
    silence_max: Duration,
    notification_delay: Duration,
}

impl Pace {
    fn of(limits: &Live) -> Self {
        let ping = Duration::from_millis(limits.ping_interval_ms);
        Self {
            ping,
            silence_max: ping * SILENT_INTERVALS_MAX,
            notification_delay: Duration::from_millis(limits.notification_delay_ms),
        }
    }
}
