//! The server on a real port, and requests byte by byte.

use std::net::SocketAddr;

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use server::app::SharedApp;
use server::http::serve::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Answer;

pub struct Live {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<usize>,
}

impl Live {
    pub async fn start(app: &SharedApp, router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new(app.config.serve_options(), &app.registry).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (hub, waiters) = (app.live.clone(), app.session_waiters.clone());
        let serving = tokio::spawn(async move {
            let stop = async move {
                drop(stopped.await);
                hub.stop();
                waiters.stop();
            };
            server.run(listener, router, stop).await
        });
        Self {
            address,
            stop,
            serving,
        }
    }

    /// Sends bytes on a connection of their own and reads until the server closes it, which they have to ask for.
    pub async fn send(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A server that refuses early may close before all is written.
        let _ = stream.write_all(request.as_ref()).await;
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received).await;
        parse(&received)
    }

    /// Sends the beginning of a request and goes away.
    pub async fn break_off(&self, request: impl AsRef<[u8]>) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_ref()).await.unwrap();
    }

    /// Stops as SIGTERM does; gives how many connections had to be cut.
    pub async fn stop(self) -> usize {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap()
    }
}

/// Reads one answer; what comes after its head is its body.
fn parse(received: &[u8]) -> Answer {
    let end = received
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(received)));
    let head = str::from_utf8(&received[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        let name: HeaderName = name.parse().unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    };
    Answer {
        status: status.parse().unwrap(),
        headers: HeaderMap::from_iter(lines.map(header)),
        body: received[end + 4..].to_vec().into(),
    }
}
