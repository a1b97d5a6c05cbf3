//! What a session shows of its tickets is what a recount finds.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};

use super::{call, path, session, ticket, update};
use crate::merge::{guest, merged, undo, user};
use crate::support::{Call, TestApp};

/// Something that moves the counters.
#[derive(Debug, Clone, Copy)]
enum Step {
    Create(usize),
    Delete(usize),
    Give(usize, usize),
    Report(usize),
    Merge(usize),
    Undo,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4usize).prop_map(Step::Create),
        2 => (0..20usize).prop_map(Step::Delete),
        2 => (0..20usize, 0..4usize).prop_map(|(ticket, to)| Step::Give(ticket, to)),
        2 => (1..4usize).prop_map(Step::Report),
        2 => (1..4usize).prop_map(Step::Merge),
        2 => Just(Step::Undo),
    ]
}

/// One user and three guests, and what was done with them.
struct World {
    app: TestApp,
    /// Id and credential: the user, then the guests.
    sessions: Vec<(String, Value)>,
    tickets: Vec<Value>,
    /// Records of merges, the latest last.
    merges: Vec<String>,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let mut sessions = vec![(user(&app, json!({"userId": "u"})).await, json!({}))];
        for _ in 0..3 {
            sessions.push(guest(&app).await);
        }
        Self {
            app,
            sessions,
            tickets: Vec::new(),
            merges: Vec::new(),
        }
    }

    async fn take(&mut self, step: Step) {
        self.app.clock.advance_seconds(1);
        match step {
            Step::Create(of) => {
                let made = ticket(&self.app, json!({"session": self.sessions[of].0})).await;
                self.tickets.push(made);
            }
            Step::Delete(which) if !self.tickets.is_empty() => {
                let gone = self.tickets.remove(which % self.tickets.len());
                let call = Call::delete(&path(&gone, ""));
                self.app.send(self.app.owner(call)).await.ok();
            }
            Step::Give(which, to) if !self.tickets.is_empty() => {
                let ticket = &self.tickets[which % self.tickets.len()];
                update(&self.app, ticket, json!({"session": self.sessions[to].0}))
                    .await
                    .ok();
            }
            Step::Report(of) => {
                let body = json!({"formData": {"n": self.tickets.len()}});
                let made = self
                    .app
                    .sdk("/bugs/v2", Some(&self.sessions[of].1), body)
                    .await;
                assert_eq!(made.status, 201);
                self.tickets.push(made.json());
            }
            Step::Merge(which) => {
                let (into, with) = (&self.sessions[0].0, &self.sessions[which].0);
                let body = json!({"with": with});
                let done = call(
                    &self.app,
                    "POST",
                    &format!("/v3/sessions/{into}/merge"),
                    body,
                )
                .await;
                if let Some(id) = done.json()["mergeId"].as_str() {
                    self.merges.push(id.to_owned());
                }
            }
            Step::Undo => {
                if let Some(id) = self.merges.pop() {
                    undo(&self.app, &id).await.ok();
                }
            }
            Step::Delete(_) | Step::Give(..) => {}
        }
    }

    async fn recount(&self) {
        let list = self.app.get("/v3/tickets?limit=1000").await.ok();
        let mut found: HashMap<&str, Vec<&str>> = HashMap::new();
        for ticket in list["tickets"].as_array().unwrap() {
            let session = ticket["session"]["id"].as_str().unwrap();
            found
                .entry(session)
                .or_default()
                .push(ticket["createdAt"].as_str().unwrap());
        }
        for session in self.app.sessions().await {
            let own = found
                .remove(session["id"].as_str().unwrap())
                .unwrap_or_default();
            assert_eq!(session["countFeedbackReports"], own.len(), "{session}");
            let latest = session.get("lastFeedbackReport").and_then(Value::as_str);
            assert_eq!(latest, own.iter().max().copied(), "{session}");
        }
        assert!(found.is_empty(), "tickets of nobody: {found:?}");
    }
}

#[test]
fn counters_are_those_of_a_recount_whatever_happened() {
    let config = Config {
        cases: 12,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(5),
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let steps = proptest::collection::vec(step(), 1..25);
    TestRunner::new(config)
        .run(&steps, |steps| {
            runtime.block_on(async {
                let mut world = World::new().await;
                for step in &steps {
                    world.take(*step).await;
                }
                world.recount().await;
                Ok(())
            })
        })
        .unwrap();
}

#[tokio::test]
async fn a_ticket_that_was_deleted_does_not_come_back_with_an_undo() {
    let app = TestApp::new().await;
    let known = session(&app, "u").await;
    let (id, client) = guest(&app).await;
    let report = async |n: u64| {
        let made = app
            .sdk("/bugs/v2", Some(&client), json!({"formData": {"n": n}}))
            .await;
        made.json()
    };
    let (gone, stays) = (report(1).await, report(2).await);
    app.clock.advance_seconds(1);
    let merge = merged(&app, &known, &id).await;
    assert_eq!(app.session("u").await["countFeedbackReports"], 2);
    app.send(app.owner(Call::delete(&path(&gone, ""))))
        .await
        .ok();
    assert_eq!(app.session("u").await["countFeedbackReports"], 1);
    undo(&app, &merge).await.ok();
    assert_eq!(app.session("u").await["countFeedbackReports"], 0);
    let back = app.get(&format!("/v3/sessions/{id}")).await.ok();
    assert_eq!(back["countFeedbackReports"], 1);
    let ticket = app.get(&path(&stays, "")).await.ok();
    assert_eq!(ticket["session"]["id"], json!(id));
}
