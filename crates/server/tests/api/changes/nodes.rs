//! Several nodes over one PostgreSQL. On SQLite, which has one process, there is nothing to test.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{asked, now, told};
use crate::merge::user;
use crate::support::TestApp;

/// Behind a pooler in transaction mode a node hears nothing of the others.
const DEAF: [(&str, &str); 1] = [("postgres.prepared", "false")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_goes_on_at_another_node_and_its_commits_are_heard() {
    for (options, at_most) in [(&[][..], 4), (&DEAF[..], 30)] {
        let one = TestApp::with(options).await;
        let Some(two) = one.node(options).await else {
            return;
        };
        let cursor = now(&one).await;
        let id = user(&two, json!({"userId": "a"})).await;
        assert_eq!(told(&two, &cursor).await.len(), 1);
        let answer = asked(&one, &format!("since={cursor}")).await.ok();
        assert_eq!(answer["changes"][0]["sessionId"], id);
        let query = format!("since={}&wait=60", answer["cursor"].as_str().unwrap());
        let (answer, (id, began)) = tokio::join!(asked(&one, &query), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let began = Instant::now();
            (user(&two, json!({"userId": "b"})).await, began)
        });
        assert_eq!(answer.ok()["changes"][0]["sessionId"], id);
        let took = began.elapsed();
        assert!(took < Duration::from_secs(at_most), "{took:?}, {options:?}");
    }
}
