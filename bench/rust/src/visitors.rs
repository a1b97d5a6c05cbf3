//! Visitors of a web page as the official web client makes them: each starts a session, says who it is, opens a socket and
//! sends a batch of ten events every 2.5 seconds; the client's two words go over the socket every 10 seconds.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

const BATCH: Duration = Duration::from_millis(2500);
const WORDS: Duration = Duration::from_secs(10);
const EVENTS: [&str; 4] = ["pageView", "search", "export", "upgrade"];
const EVENTS_PER_BATCH: usize = 10;
const ANSWER_MAX: Duration = Duration::from_secs(30);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What all visitors share.
struct Site {
    port: u16,
    key: String,
    /// Tells the users of this run from those of others.
    run: String,
    seconds: Duration,
    open: AtomicU64,
    lost_sockets: AtomicU64,
}

/// What one visitor saw.
#[derive(Default)]
struct Seen {
    batches: u64,
    failed: u64,
    waits: Vec<Duration>,
}

/// Runs `count` visitors for `seconds` and prints what they saw: `@visitors` and a JSON object.
pub fn run(port: u16, key: &str, run: &str, count: u64, seconds: u64) -> io::Result<()> {
    let site = Arc::new(Site {
        port,
        key: key.to_owned(),
        run: run.to_owned(),
        seconds: Duration::from_secs(seconds),
        open: AtomicU64::new(0),
        lost_sockets: AtomicU64::new(0),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let seen = runtime.block_on(all(&site, count));
    let mut waits: Vec<_> = seen.iter().flat_map(|seen| &seen.waits).collect();
    waits.sort();
    let at = |share: f64| match waits.len() {
        0 => 0.0,
        length => waits[((length - 1) as f64 * share) as usize].as_secs_f64() * 1000.0,
    };
    let batches: u64 = seen.iter().map(|seen| seen.batches).sum();
    let failed: u64 = seen.iter().map(|seen| seen.failed).sum();
    let result = json!({
        "visitors": count, "batches": batches, "events": batches * EVENTS_PER_BATCH as u64, "failed": failed,
        "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1.0),
        "sockets": site.open.load(Ordering::Relaxed), "sockets_lost": site.lost_sockets.load(Ordering::Relaxed),
        "of_user": seen.iter().map(|seen| seen.batches).collect::<Vec<_>>(),
    });
    println!("@visitors {result}");
    Ok(())
}

async fn all(site: &Arc<Site>, count: u64) -> Vec<Seen> {
    let mut visitors = JoinSet::new();
    for number in 0..count {
        let site = Arc::clone(site);
        // People do not come all at once, and their loops do not tick together.
        let pause = BATCH.mul_f64(number as f64 / count as f64);
        visitors.spawn(async move {
            sleep(pause).await;
            (number, visit(&site, number).await)
        });
    }
    let mut seen: Vec<_> = visitors.join_all().await;
    seen.sort_by_key(|(number, _)| *number);
    let told = |(number, seen): (u64, Result<Seen, Failure>)| {
        seen.unwrap_or_else(|error| {
            eprintln!("visitor {number}: {error}");
            Seen {
                failed: 1,
                ..Seen::default()
            }
        })
    };
    seen.into_iter().map(told).collect()
}

async fn visit(site: &Arc<Site>, number: u64) -> Result<Seen, Failure> {
    let mut client = Client::connect(site).await?;
    let facts = json!({"lang": "en", "deviceType": "desktop", "platform": "web"});
    client.session = client.post("/sessions", facts).await?;
    let user = json!({"userId": format!("visitor-{}-{number}", site.run), "name": "Visitor", "lang": "en"});
    client.session = client.post("/sessions/identify", user).await?;
    let socket = tokio::spawn(listen(Arc::clone(site), client.socket_address()));
    let mut seen = Seen::default();
    let mut ticks = interval(BATCH);
    let began = Instant::now();
    while began.elapsed() < site.seconds {
        ticks.tick().await;
        let sent = Instant::now();
        match client.post("/sessions/events", batch(seen.batches)).await {
            Ok(_) => {
                seen.batches += 1;
                seen.waits.push(sent.elapsed());
            }
            Err(error) => {
                eprintln!("visitor {number}: {error}");
                seen.failed += 1;
            }
        }
    }
    socket.abort();
    Ok(seen)
}

/// Ten events that are like no others of the visitor: their data says which batch they are of.
#[expect(
    clippy::disallowed_methods,
    reason = "clients have clocks of their own"
)]
fn batch(turn: u64) -> Value {
    let now = jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S.%3fZ")
        .to_string();
    let events: Vec<_> = (0..EVENTS_PER_BATCH)
        .map(|number| {
            let data = json!({"page": format!("https://shop.example.com/{turn}/{number}"), "amount": number});
            json!({"name": EVENTS[number % EVENTS.len()], "date": now, "data": data})
        })
        .collect();
    json!({"time": 3, "events": events, "opened": false, "type": "js", "sdkVersion": "16.4.0", "ws": true})
}

/// Holds a socket open and reads what comes, as long as the visit lasts.
async fn listen(site: Arc<Site>, address: String) {
    let Ok((mut socket, _)) = connect_async(address).await else {
        site.lost_sockets.fetch_add(1, Ordering::Relaxed);
        return;
    };
    site.open.fetch_add(1, Ordering::Relaxed);
    let mut words = interval(WORDS);
    loop {
        tokio::select! {
            frame = socket.next() => if !matches!(frame, Some(Ok(_))) {
                site.lost_sockets.fetch_add(1, Ordering::Relaxed);
                return;
            },
            _ = words.tick() => for word in ["PING", "9"] {
                let _ = socket.send(Message::text(word)).await; // a lost socket shows above
            },
        }
    }
}

/// The connection of one browser.
struct Client {
    site: Arc<Site>,
    sender: SendRequest<Full<Bytes>>,
    session: Value,
}

impl Client {
    async fn connect(site: &Arc<Site>) -> Result<Self, Failure> {
        let stream = TcpStream::connect(("127.0.0.1", site.port)).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self {
            site: Arc::clone(site),
            sender,
            session: Value::Null,
        })
    }

    async fn post(&mut self, path: &str, body: Value) -> Result<Value, Failure> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("Host", "127.0.0.1")
            .header("Origin", "https://shop.example.com")
            .header("Content-Type", "application/json;charset=UTF-8")
            .header("Api-Token", &self.site.key);
        for (name, key) in [("Gleap-Id", "gleapId"), ("Gleap-Hash", "gleapHash")] {
            if let Some(value) = self.session[key].as_str() {
                request = request.header(name, value);
            }
        }
        let request = request.body(Full::from(body.to_string()))?;
        let answer = timeout(ANSWER_MAX, self.sender.send_request(request)).await??;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status.as_u16() != 200 {
            return Err(format!("{path}: {status}").into());
        }
        Ok(serde_json::from_slice(&body)?)
    }

    fn socket_address(&self) -> String {
        let text = |key: &str| self.session[key].as_str().unwrap_or_default();
        format!(
            "ws://127.0.0.1:{}/ws?gleapId={}&gleapHash={}&apiKey={}&sdkVersion=16.4.0",
            self.site.port,
            text("gleapId"),
            text("gleapHash"),
            self.site.key
        )
    }
}
