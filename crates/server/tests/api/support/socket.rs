//! A socket of a client SDK.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::Live;

/// What is waited for comes within this time, or the test fails.
const SOON: Duration = Duration::from_secs(10);

/// What a client sends of its session.
#[derive(Debug, Clone)]
pub struct Credential {
    pub gleap_id: String,
    pub gleap_hash: String,
    pub sdk_key: String,
}

impl Credential {
    /// Path and query, as clients write them.
    pub fn at(&self, path: &str) -> String {
        let Self {
            gleap_id,
            gleap_hash,
            sdk_key,
        } = self;
        format!(
            "{path}?gleapId={gleap_id}&gleapHash={gleap_hash}&apiKey={sdk_key}&sdkVersion=16.4.0"
        )
    }
}

/// Where a client runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    InPage,
    InApp,
}

pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// The socket of a page; it must be let in.
    pub async fn page(live: &Live, credential: &Credential) -> Self {
        Self::open(live, &credential.at("/ws"), Runs::InPage)
            .await
            .unwrap()
    }

    /// Opens a socket, or gives the status of the refusal.
    pub async fn open(live: &Live, uri: &str, runs: Runs) -> Result<Self, u16> {
        let connection = TcpSocket::new_v4().unwrap();
        // The kernel is to hold little for a client that does not read.
        connection.set_recv_buffer_size(4096).unwrap();
        let stream = connection.connect(live.address).await.unwrap();
        let uri = format!("ws://{}{uri}", live.address);
        let mut request = uri.into_client_request().unwrap();
        if runs == Runs::InPage {
            let origin = "https://shop.example.com".parse().unwrap();
            request.headers_mut().insert("origin", origin);
        }
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub async fn ping(&mut self, payload: &'static [u8]) {
        self.0.send(Message::Ping(payload.into())).await.unwrap();
    }

    /// Says that it goes, and goes.
    pub async fn close(&mut self) {
        self.0.close(None).await.unwrap();
        while self.0.next().await.is_some_and(|message| message.is_ok()) {}
    }

    /// The next message, pings and pongs too.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        let next = timeout(SOON, self.0.next()).await;
        next.expect("nothing came")
    }

    /// The next frame, which must be a JSON object on one line.
    pub async fn frame(&mut self) -> Value {
        loop {
            match self.next().await.unwrap().unwrap() {
                Message::Text(text) => {
                    assert!(!text.contains('\n'), "{text}");
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    assert!(frame.is_object(), "{frame}");
                    return frame;
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Nothing but pings and pongs comes for so long.
    pub async fn is_silent(&mut self, for_: Duration) -> bool {
        let frame = async {
            loop {
                let message = self.0.next().await;
                if !matches!(message, Some(Ok(Message::Ping(_) | Message::Pong(_)))) {
                    break;
                }
            }
        };
        timeout(for_, frame).await.is_err()
    }

    /// The server drops the connection, and says no word of it.
    pub async fn assert_dropped(mut self) {
        loop {
            match self.next().await {
                Some(Ok(Message::Close(_))) => panic!("a close frame"),
                Some(Ok(_)) => {}
                Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)))
                | Some(Err(Error::Io(_))) => return,
                other => panic!("{other:?}"),
            }
        }
    }

    /// All bytes that come until the connection ends.
    pub async fn rest(self) -> Vec<u8> {
        let mut stream = self.0.into_inner();
        let mut bytes = Vec::new();
        let _ = timeout(SOON, stream.read_to_end(&mut bytes)).await.unwrap();
        bytes
    }
}
