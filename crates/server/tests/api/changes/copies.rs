//! Whoever follows the changes has in the end what is there, whatever happened meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::asked;
use crate::merge::{guest, merge, undo};
use crate::support::{Call, TestApp};

/// A copy of the sessions, kept by the changes alone.
#[derive(Default)]
struct Copy {
    sessions: BTreeMap<String, Value>,
    cursor: Option<String>,
}

impl Copy {
    /// One call; returns whether there may be more.
    async fn look(&mut self, app: &TestApp, limit: u32) -> bool {
        let since = self.cursor.as_deref().unwrap_or("beginning");
        let answer = asked(app, &format!("since={since}&limit={limit}"))
            .await
            .ok();
        for change in answer["changes"].as_array().unwrap() {
            let id = change["sessionId"].as_str().unwrap().to_owned();
            if change["type"] == "changed" {
                self.sessions.insert(id, change["session"].clone());
            } else {
                self.sessions.remove(&id);
            }
        }
        self.cursor = Some(answer["cursor"].as_str().unwrap().to_owned());
        answer["more"] == true
    }

    /// In the end it is as the list says.
    async fn is_right(&mut self, app: &TestApp) {
        while self.look(app, 3).await {}
        let sessions = app.sessions().await.into_iter();
        let sessions =
            sessions.map(|session| (session["id"].as_str().unwrap().to_owned(), session));
        assert_eq!(self.sessions, sessions.collect());
    }
}

/// What may happen; the numbers choose whom it happens to.
#[derive(Debug, Clone)]
enum Deed {
    Guest,
    Identify(usize),
    Login(usize, usize),
    Merge(usize, usize),
    Undo(usize),
    Delete(usize),
    Look,
}

fn deed() -> impl Strategy<Value = Deed> {
    let n = 0..100_usize;
    prop_oneof![
        2 => Just(Deed::Guest),
        3 => (0..4_usize).prop_map(Deed::Identify),
        2 => (n.clone(), 0..4_usize).prop_map(|(guest, user)| Deed::Login(guest, user)),
        3 => (n.clone(), n.clone()).prop_map(|(one, two)| Deed::Merge(one, two)),
        2 => n.clone().prop_map(Deed::Undo),
        2 => n.prop_map(Deed::Delete),
        3 => Just(Deed::Look),
    ]
}

/// What happened so far that later deeds are about.
#[derive(Default)]
struct World {
    guests: Vec<Value>,
    merges: Vec<String>,
    /// So that each change is one.
    round: usize,
}

impl World {
    /// What is refused is a deed too.
    async fn act(&mut self, app: &TestApp, deed: &Deed) {
        self.round += 1;
        let pick = |n: usize, ids: &[String]| ids.get(n % ids.len().max(1)).cloned();
        let sessions = app.sessions().await;
        let ids: Vec<_> = sessions
            .iter()
            .map(|session| session["id"].as_str().unwrap().to_owned())
            .collect();
        match deed {
            Deed::Guest => self.guests.push(guest(app).await.1),
            Deed::Identify(user) => {
                let body = json!({"userId": format!("u{user}"), "round": self.round});
                app.identify(body).await.ok();
            }
            Deed::Login(guest, user) if !self.guests.is_empty() => {
                let session = &self.guests[guest % self.guests.len()];
                let body = json!({"userId": format!("u{user}")});
                app.sdk("/sessions/identify", Some(session), body).await;
            }
            Deed::Merge(one, two) => {
                if let (Some(one), Some(two)) = (pick(*one, &ids), pick(*two, &ids)) {
                    let answer = merge(app, &one, &two).await;
                    if answer.status == 200 {
                        let id = answer.ok()["mergeId"].as_str().unwrap().to_owned();
                        self.merges.push(id);
                    }
                }
            }
            Deed::Undo(n) => {
                if let Some(merge) = pick(*n, &self.merges) {
                    undo(app, &merge).await;
                }
            }
            Deed::Delete(n) => {
                if let Some(id) = pick(*n, &ids) {
                    let path = format!("/v3/sessions/{id}");
                    app.send(app.owner(Call::delete(&path))).await;
                }
            }
            Deed::Login(..) | Deed::Look => {}
        }
    }
}

#[test]
fn a_copy_is_right_whatever_happened() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    };
    let deeds = prop::collection::vec(deed(), 1..40);
    TestRunner::new(config)
        .run(&deeds, |deeds| {
            runtime.block_on(async {
                let app = TestApp::new().await;
                let (mut world, mut copy) = (World::default(), Copy::default());
                for deed in &deeds {
                    world.act(&app, deed).await;
                    if matches!(deed, Deed::Look) {
                        copy.look(&app, 2).await;
                    }
                }
                copy.is_right(&app).await;
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_right_though_many_write_at_once() {
    let app = TestApp::new().await;
    let done = Arc::new(AtomicBool::new(false));
    let writing = async {
        for round in 0..15 {
            let writes = (0..8).map(|n| {
                let body = json!({"userId": format!("u{}", (n * 3 + round) % 10), "round": round});
                app.identify(body)
            });
            for answer in futures_util::future::join_all(writes).await {
                answer.ok();
            }
            let (id, _) = guest(&app).await;
            // The id of a session that was merged finds the survivor, which may so be deleted.
            let found = app.lookup("u0").await;
            if found.status == 200 {
                let survivor = found.ok()["id"].as_str().unwrap().to_owned();
                let delete = Call::delete(&format!("/v3/sessions/{id}"));
                tokio::join!(merge(&app, &survivor, &id), app.send(app.owner(delete)));
            }
        }
        done.store(true, Ordering::SeqCst);
    };
    let mut copies = [Copy::default(), Copy::default()];
    let reading = async {
        while !done.load(Ordering::SeqCst) {
            let [one, two] = &mut copies;
            tokio::join!(one.look(&app, 3), two.look(&app, 100));
        }
    };
    tokio::join!(writing, reading);
    for copy in &mut copies {
        copy.is_right(&app).await;
    }
}
