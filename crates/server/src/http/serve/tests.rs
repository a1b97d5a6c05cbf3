use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;
use crate::config::LogRequests;
use crate::http::limits::Limits;
use crate::http::observe::Observe;

const OPTIONS: Options = Options {
    header_read_timeout: Duration::from_secs(20),
    head_bytes_max: 65_536,
    connections_max: 100,
    shutdown_deadline: Duration::from_secs(5),
};

/// A server on a free port, with what stops it and what it returns.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<usize>,
    registry: Registry,
}

async fn start(options: Options) -> Running {
    let app = Router::new()
        .route(
            "/",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }),
        )
        .route(
            "/slow",
            get(|| async { sleep(Duration::from_millis(300)).await }),
        )
        .route("/never", get(std::future::pending::<()>))
        .route("/refuse", post(|| async { StatusCode::UNAUTHORIZED }));
    let registry = Registry::new();
    let limits = Limits {
        header_bytes_max: 32_768,
        uri_bytes_max: 8_192,
        body_bytes_max: 1 << 20,
    };
    let app = app.layer(Observe::new(limits, LogRequests::None, 0, &registry).unwrap());
    let server = Server::new(options, &registry).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let stopped = async { stopped.await.unwrap_or_default() };
    let done = tokio::spawn(server.run(listener, app, stopped));
    Running {
        address,
        stop,
        done,
        registry,
    }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `head` on a new connection and returns all that comes until the server closes it.
    async fn ask(&self, head: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        read_all(&mut stream).await
    }

    async fn stop(self) -> usize {
        self.stop.send(()).unwrap();
        self.done.await.unwrap()
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

fn get_head(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n{more}\r\n")
}

async fn read_answer(stream: &mut TcpStream) -> String {
    let mut text = vec![0; 4096];
    let length = stream.read(&mut text).await.unwrap();
    text.truncate(length);
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn answers_on_kept_connections() {
    let server = start(OPTIONS).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream
            .write_all(get_head("/", "").as_bytes())
            .await
            .unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"),
            "{answer}"
        );
    }
    assert_eq!(server.stop().await, 0);
}

#[tokio::test]
async fn accepted_requests_are_finished() {
    let server = start(OPTIONS).await;
    let mut stream = server.connect().await;
    stream
        .write_all(get_head("/slow", "").as_bytes())
        .await
        .unwrap();
    sleep(Duration::from_millis(100)).await;
    let address = server.address;
    server.stop.send(()).unwrap();
    assert!(read_all(&mut stream).await.starts_with("HTTP/1.1 200"));
    drop(stream);
    assert_eq!(server.done.await.unwrap(), 0);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn idle_connections_do_not_hold_the_end() {
    let server = start(OPTIONS).await;
    let mut used = server.connect().await;
    used.write_all(get_head("/", "").as_bytes()).await.unwrap();
    read_answer(&mut used).await;
    let mut unused = server.connect().await;
    sleep(Duration::from_millis(50)).await;
    let began = Instant::now();
    server.stop.send(()).unwrap();
    assert_eq!(read_all(&mut used).await, "");
    assert_eq!(read_all(&mut unused).await, "");
    drop((used, unused));
    assert_eq!(server.done.await.unwrap(), 0);
    assert!(began.elapsed() < LINGER, "{:?}", began.elapsed());
}

#[tokio::test]
async fn who_has_just_connected_is_answered() {
    let server = start(OPTIONS).await;
    let mut stream = server.connect().await;
    sleep(Duration::from_millis(50)).await;
    server.stop.send(()).unwrap();
    sleep(Duration::from_millis(50)).await;
    stream
        .write_all(get_head("/", "").as_bytes())
        .await
        .unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.done.await.unwrap(), 0);
}

#[tokio::test]
async fn what_passes_the_deadline_is_cut_and_counted() {
    let server = start(Options {
        shutdown_deadline: Duration::from_millis(200),
        ..OPTIONS
    })
    .await;
    let mut streams = [server.connect().await, server.connect().await];
    for stream in &mut streams {
        stream
            .write_all(get_head("/never", "").as_bytes())
            .await
            .unwrap();
    }
    sleep(Duration::from_millis(100)).await;
    assert_eq!(server.stop().await, 2);
    assert_eq!(read_all(&mut streams[0]).await, "");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let server = start(Options {
        connections_max: 1,
        ..OPTIONS
    })
    .await;
    let mut first = server.connect().await;
    first.write_all(get_head("/", "").as_bytes()).await.unwrap();
    read_answer(&mut first).await;
    assert_eq!(open_connections(&server.registry), 1.0);

    let mut second = server.connect().await;
    second
        .write_all(get_head("/", "Connection: close\r\n").as_bytes())
        .await
        .unwrap();
    let answer = timeout(Duration::from_millis(200), read_all(&mut second)).await;
    assert!(answer.is_err(), "{answer:?}");
    drop(first);
    assert!(read_all(&mut second).await.starts_with("HTTP/1.1 200"));
    drop(second);
    server.stop().await;
}

fn open_connections(registry: &Registry) -> f64 {
    let families = registry.gather();
    let family = families
        .iter()
        .find(|family| family.name() == "hark_http_connections")
        .unwrap();
    family.get_metric()[0].get_gauge().get_value()
}

#[tokio::test]
async fn a_slow_head_has_a_time_limit() {
    let server = start(Options {
        header_read_timeout: Duration::from_millis(200),
        ..OPTIONS
    })
    .await;
    let began = Instant::now();
    assert_eq!(server.ask("GET / HTTP/1.1\r\nHost:").await, "");
    let waited = began.elapsed();
    assert!(
        (Duration::from_millis(200)..Duration::from_secs(2)).contains(&waited),
        "{waited:?}"
    );
    server.stop().await;
}

#[tokio::test]
async fn an_answer_arrives_though_its_body_was_not_read() {
    let server = start(OPTIONS).await;
    let mut stream = server.connect().await;
    let body = vec![b'x'; 16 << 20];
    let head = format!(
        "POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn large_heads_are_refused_in_the_one_shape() {
    let server = start(OPTIONS).await;
    let header = |bytes: usize| format!("Connection: close\r\nX-Large: {}\r\n", "v".repeat(bytes));
    assert!(
        server
            .ask(&get_head("/", &header(32_000)))
            .await
            .starts_with("HTTP/1.1 200")
    );
    let answer = server.ask(&get_head("/", &header(33_000))).await;
    assert!(
        answer.starts_with("HTTP/1.1 431") && answer.contains("headers_too_large"),
        "{answer}"
    );
    let answer = server
        .ask(&get_head(
            &format!("/?{}", "q".repeat(9_000)),
            "Connection: close\r\n",
        ))
        .await;
    assert!(
        answer.starts_with("HTTP/1.1 414") && answer.contains("uri_too_long"),
        "{answer}"
    );
    assert!(
        server
            .ask(&get_head("/", &header(70_000)))
            .await
            .starts_with("HTTP/1.1 431")
    );
    server.stop().await;
}
