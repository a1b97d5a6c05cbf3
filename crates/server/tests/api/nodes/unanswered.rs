//! Commits whose answers are lost: nobody is told what became of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use serde_json::json;
use server::config::Database;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::live::{guest, notify, texts};
use crate::support::{Socket, TestApp};

const AT_ONCE: (&str, &str) = ("live.notification_delay_ms", "0");

/// A way to the database of a node that breaks, when it is told to, between a commit and its answer.
struct Way {
    url: String,
    breaks: Arc<AtomicBool>,
}

impl Way {
    async fn to(node: &TestApp) -> Option<Self> {
        let Database::Postgres(database) = &node.app.config.database else {
            return None;
        };
        let mut url = url::Url::parse(&database.0).unwrap();
        let target = (url.host_str().unwrap().to_owned(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        let port = listener.local_addr().unwrap().port();
        url.set_port(Some(port)).unwrap();
        let breaks = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&breaks);
        tokio::spawn(async move {
            while let Ok((inside, _)) = listener.accept().await {
                let outside = TcpStream::connect(target.clone()).await.unwrap();
                tokio::spawn(pass(inside, outside, Arc::clone(&told)));
            }
        });
        let url = url.into();
        Some(Self { url, breaks })
    }
}

async fn pass(inside: TcpStream, outside: TcpStream, breaks: Arc<AtomicBool>) {
    let (mut asks, mut hears) = inside.into_split();
    let (mut answers, mut takes) = outside.into_split();
    let is_committing = AtomicBool::new(false);
    let there = async {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = asks.read(&mut bytes).await {
            let asked = &bytes[..count];
            if memchr::memmem::find(asked, b"COMMIT\0").is_some() && breaks.swap(false, SeqCst) {
                is_committing.store(true, SeqCst);
            }
            takes.write_all(asked).await.unwrap();
        }
    };
    let back = async {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = answers.read(&mut bytes).await {
            if is_committing.load(SeqCst) || hears.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = there => {}
        () = back => {}
    }
}

/// What was taken out of an outbox is nowhere else: the node finds out whether it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_with_a_commit_that_nobody_confirmed_is_pushed_once() {
    let one = TestApp::with(&[AT_ONCE]).await;
    let Some(way) = Way::to(&one).await else {
        return;
    };
    let two = one
        .node(&[AT_ONCE, ("database", way.url.as_str())])
        .await
        .unwrap();
    let (session, credential) = guest(&one, "Ada").await;
    let live = two.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    socket.frame().await;
    for text in ["first", "second", "third"] {
        way.breaks.store(text == "second", SeqCst);
        notify(&one, session, json!({"text": text})).await.ok();
        assert_eq!(texts(&socket.frame().await), [text]);
        assert!(!way.breaks.load(SeqCst), "the answer was lost");
    }
    assert!(socket.is_silent(Duration::from_millis(200)).await);
}
