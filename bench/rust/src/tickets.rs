//! Tickets of the sessions of the data set, made over the API by a few connections at once. Ticket `index` depends on the index alone.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use fastrand::Rng;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const CONNECTIONS: u64 = 32;
const SEED: u64 = 7;
const KINDS: [&str; 4] = ["BUG", "CRASH", "FEATURE_REQUEST", "INQUIRY"];
const STATUSES: [&str; 3] = ["OPEN", "INPROGRESS", "DONE"];
const PRIORITIES: [&str; 3] = ["LOW", "MEDIUM", "HIGH"];
const THINGS: [&str; 12] = [
    "button", "chart", "checkout", "export", "filter", "invoice", "login", "menu", "report",
    "search", "table", "upload",
];
const FAULTS: [&str; 8] = [
    "blinks",
    "crashes",
    "fails",
    "freezes",
    "hangs",
    "is empty",
    "is slow",
    "shows nothing",
];

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Order {
    port: u16,
    authorization: String,
    project: String,
    count: u64,
    /// Sessions that tickets are of.
    sessions: Vec<String>,
    next: AtomicU64,
}

/// Makes `count` tickets, each of one of the sessions whose ids are the lines of a file; the first one that is refused ends it.
pub fn make(
    port: u16,
    authorization: &str,
    project: &str,
    count: u64,
    ids: &str,
) -> io::Result<()> {
    let sessions = std::fs::read_to_string(ids)?;
    let order = Arc::new(Order {
        port,
        authorization: authorization.to_owned(),
        project: project.to_owned(),
        count,
        sessions: sessions.lines().map(str::to_owned).collect(),
        next: AtomicU64::new(0),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            connections.spawn(send(Arc::clone(&order)));
        }
        while let Some(ended) = connections.join_next().await {
            ended?.map_err(io::Error::other)?;
        }
        Ok(())
    })
}

async fn send(order: Arc<Order>) -> Result<(), Failure> {
    let stream = TcpStream::connect(("127.0.0.1", order.port)).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    loop {
        let index = order.next.fetch_add(1, Ordering::Relaxed);
        if index >= order.count {
            return Ok(());
        }
        let request = Request::builder()
            .method(Method::POST)
            .uri("/v3/tickets")
            .header("host", "localhost")
            .header("authorization", &order.authorization)
            .header("project", &order.project)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(
                ticket(index, &order.sessions).to_string(),
            )))?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
    }
}

fn ticket(index: u64, sessions: &[String]) -> Value {
    let rng = &mut Rng::with_seed(SEED.wrapping_add(index));
    let thing = pick(rng, &THINGS);
    let fault = pick(rng, &FAULTS);
    json!({
        "session": sessions[rng.usize(..sessions.len())],
        "title": format!("The {thing} {fault}, number {index}"),
        "type": pick(rng, &KINDS),
        "status": pick(rng, &STATUSES),
        "priority": pick(rng, &PRIORITIES),
        "formData": { "description": format!("When I open the {} the {thing} {fault}.", pick(rng, &THINGS)) },
    })
}

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(..from.len())]
}
