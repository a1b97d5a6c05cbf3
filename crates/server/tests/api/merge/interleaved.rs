//! Merging, undoing, identifying, erasing and changing one cluster of sessions, all at once. In the end everything that was
//! acknowledged is where its session is, once; and what was erased is nowhere.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{guest, merge, undo};
use crate::support::{Call, TestApp};

/// Guests to begin with, and users that they may become.
const GUESTS: usize = 5;
const USERS: usize = 2;
/// Steps are taken by so many callers at once.
const CALLERS: usize = 4;

#[derive(Debug, Clone, Copy)]
enum Step {
    Merge(usize, usize),
    UndoLatest,
    Identify(usize, usize),
    Erase(usize),
    Update(usize),
    Event(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let guest = || 0..GUESTS;
    prop_oneof![
        3 => (guest(), guest()).prop_map(|(a, b)| Step::Merge(a, b)),
        3 => Just(Step::UndoLatest),
        2 => (guest(), 0..USERS).prop_map(|(guest, user)| Step::Identify(guest, user)),
        1 => guest().prop_map(Step::Erase),
        4 => guest().prop_map(Step::Update),
        4 => guest().prop_map(Step::Event),
    ]
}

/// What was acknowledged.
#[derive(Default)]
struct Log {
    /// Attributes that were written, by their unique name: to which session.
    attributes: HashMap<String, String>,
    /// Events that were stored, by their unique number: with the credential of which guest.
    events: HashMap<usize, usize>,
    merges: Vec<String>,
    erased: BTreeSet<String>,
    undone: usize,
}

struct Cluster {
    app: TestApp,
    guests: Vec<(String, Value)>,
    log: Mutex<Log>,
}

impl Cluster {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let mut guests = Vec::new();
        for _ in 0..GUESTS {
            guests.push(guest(&app).await);
        }
        let log = Mutex::default();
        Self { app, guests, log }
    }

    async fn take(&self, number: usize, step: Step) {
        let id = |guest: usize| self.guests[guest].0.as_str();
        match step {
            Step::Merge(into, gone) => {
                let answer = merge(&self.app, id(into), id(gone)).await;
                assert!(
                    matches!(answer.status, 200 | 404 | 409),
                    "{}",
                    answer.text()
                );
                if answer.status == 200 {
                    let merge = answer.json()["mergeId"].as_str().unwrap().to_owned();
                    self.log.lock().unwrap().merges.push(merge);
                }
            }
            Step::UndoLatest => self.undo_latest().await,
            Step::Identify(guest, user) => {
                let body = json!({"userId": format!("u{user}")});
                self.app.sdk_identify(&self.guests[guest].1, body).await;
            }
            Step::Erase(guest) => {
                let call = Call::delete(&format!("/v3/sessions/{}", id(guest)));
                let answer = self.app.send(self.app.owner(call)).await;
                assert!(matches!(answer.status, 204 | 404), "{}", answer.text());
                if answer.status == 204 {
                    self.log.lock().unwrap().erased.insert(id(guest).to_owned());
                }
            }
            Step::Update(guest) => self.update(number, id(guest)).await,
            Step::Event(guest) => {
                let event = json!([{"name": "e", "data": {"n": number}}]);
                let body = json!({"time": 3, "events": event, "type": "js"});
                let session = Some(&self.guests[guest].1);
                let answer = self.app.sdk("/sessions/events", session, body).await;
                assert_eq!(answer.status, 200);
                self.log.lock().unwrap().events.insert(number, guest);
            }
        }
    }

    async fn undo_latest(&self) {
        let latest = self.log.lock().unwrap().merges.pop();
        let Some(latest) = latest else { return };
        let answer = undo(&self.app, &latest).await;
        assert!(
            matches!(answer.status, 200 | 404 | 409),
            "{}",
            answer.text()
        );
        if answer.status == 200 {
            self.log.lock().unwrap().undone += 1;
        }
    }

    async fn update(&self, number: usize, id: &str) {
        let name = format!("a{number}");
        let body = json!({"customData": {&name: true}});
        let call = Call::put(&format!("/v3/sessions/{id}")).json(&body);
        let answer = self.app.send(self.app.owner(call)).await;
        assert!(matches!(answer.status, 200 | 404), "{}", answer.text());
        if answer.status == 200 {
            let written = answer.json()["id"].as_str().unwrap().to_owned();
            let mut log = self.log.lock().unwrap();
            log.attributes.insert(name, written);
        }
    }

    async fn check(&self) {
        let sessions = self.app.sessions().await;
        let log = self.log.lock().unwrap().attributes.clone();
        for (name, written) in &log {
            self.check_attribute(&sessions, name, written).await;
        }
        let mut seen = HashMap::new();
        for session in &sessions {
            for number in self.events_of(session).await {
                let before = seen.insert(number, session["id"].clone());
                assert_eq!(before, None, "event {number} is there twice");
            }
        }
        self.check_events(&seen).await;
        self.check_erased().await;
    }

    /// It is in the session that it was written to, wherever that is now, and in no other.
    async fn check_attribute(&self, sessions: &[Value], name: &str, written: &str) {
        let with = sessions
            .iter()
            .filter(|session| !session["customData"][name].is_null());
        let found: Vec<_> = with
            .map(|session| session["id"].as_str().unwrap())
            .collect();
        let home = self.home(written).await;
        assert_eq!(found, home.as_slice(), "{name} of {written}");
    }

    /// Where a session lives: nowhere when it was erased.
    async fn home(&self, id: &str) -> Option<String> {
        let answer = self.app.get(&format!("/v3/sessions/{id}")).await;
        if answer.status == 404 {
            assert!(!self.log.lock().unwrap().erased.is_empty(), "{id} is lost");
            return None;
        }
        Some(answer.ok()["id"].as_str().unwrap().to_owned())
    }

    /// The numbers of the events of a session, which its sums agree with.
    async fn events_of(&self, session: &Value) -> Vec<usize> {
        let path = format!("/v3/sessions/{}/events", session["id"].as_str().unwrap());
        let events = self.app.get(&path).await.ok();
        let events = events.as_array().unwrap();
        let counted = session["eventData"]["e"]["count"].as_u64().unwrap_or(0);
        assert_eq!(counted, events.len() as u64, "{session}");
        let number = |event: &Value| event["data"]["n"].as_u64().unwrap() as usize;
        events.iter().map(number).collect()
    }

    /// As long as nothing was erased, every event is somewhere.
    async fn check_events(&self, seen: &HashMap<usize, Value>) {
        let log = self.log.lock().unwrap();
        if log.erased.is_empty() {
            assert_eq!(seen.len(), log.events.len(), "events are lost");
        }
        for number in seen.keys() {
            assert!(log.events.contains_key(number), "nobody sent {number}");
        }
    }

    /// No id that was erased finds anything, whatever is undone afterwards.
    async fn check_erased(&self) {
        let (erased, merges) = {
            let log = self.log.lock().unwrap();
            (log.erased.clone(), log.merges.clone())
        };
        for merge in merges.iter().rev() {
            undo(&self.app, merge).await;
        }
        for id in erased {
            assert_eq!(self.home(&id).await, None, "{id} is back");
        }
    }
}

/// Returns how many merges were done and undone.
async fn interleave(steps: Vec<Step>) -> (usize, usize) {
    let cluster = Arc::new(Cluster::new().await);
    let queue = Arc::new(Mutex::new(steps.into_iter().enumerate()));
    let callers = (0..CALLERS).map(|_| {
        let (cluster, queue) = (Arc::clone(&cluster), Arc::clone(&queue));
        tokio::spawn(async move {
            loop {
                let next = queue.lock().unwrap().next();
                let Some((number, step)) = next else { return };
                cluster.take(number, step).await;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    cluster.check().await;
    let log = cluster.log.lock().unwrap();
    (log.merges.len(), log.undone)
}

#[test]
fn nothing_is_lost_doubled_or_brought_back() {
    let runtime = Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 24,
        max_shrink_iters: 20,
        ..Config::default()
    });
    let total = std::cell::Cell::new((0, 0));
    let steps = (any::<bool>(), prop::collection::vec(step(), 20..80));
    let holds = |(erases, mut steps): (bool, Vec<Step>)| {
        // Without erasing, every single event must be found again.
        steps.retain(|step| erases || !matches!(step, Step::Erase(_)));
        let (merges, undone) = runtime.block_on(interleave(steps));
        let before = total.get();
        total.set((before.0 + merges, before.1 + undone));
        Ok(())
    };
    runner.run(&steps, holds).unwrap();
    let (merges, undone) = total.get();
    assert!(merges > 0 && undone > 0, "{merges} merges, {undone} undone");
}
