//! What sessions and tickets show of messages is what a recount finds.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};
use server::live::outbox;
use store::ObjectId;

use super::send;
use crate::merge::{guest, undo, user};
use crate::support::{Call, TestApp};
use crate::tickets::{call, path, ticket, update};

/// The number on the badge of a session.
pub async fn badge(app: &TestApp, session: &str) -> u64 {
    let session: ObjectId = session.parse().unwrap();
    let read = app.app.store.read(app.project(), move |snapshot| {
        outbox::unread(snapshot, session)
    });
    read.await.unwrap()
}

/// Something that moves the counters.
#[derive(Debug, Clone, Copy)]
enum Step {
    Ticket(usize),
    Say(usize),
    Note(usize),
    Hear(usize, usize),
    DeleteMessage(usize),
    DeleteTicket(usize),
    Give(usize, usize),
    See(usize),
    SeeAll(usize),
    MergeTickets(usize, usize, bool),
    Merge(usize),
    Undo,
    Erase(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (any, who) = (0..20usize, 0..4usize);
    prop_oneof![
        3 => who.clone().prop_map(Step::Ticket),
        5 => any.clone().prop_map(Step::Say),
        1 => any.clone().prop_map(Step::Note),
        4 => (any.clone(), who.clone()).prop_map(|(ticket, by)| Step::Hear(ticket, by)),
        2 => any.clone().prop_map(Step::DeleteMessage),
        1 => any.clone().prop_map(Step::DeleteTicket),
        2 => (any.clone(), who.clone()).prop_map(|(ticket, to)| Step::Give(ticket, to)),
        1 => any.clone().prop_map(Step::See),
        1 => who.prop_map(Step::SeeAll),
        2 => (any.clone(), any, proptest::bool::ANY).prop_map(|(into, from, new)| Step::MergeTickets(into, from, new)),
        2 => (1..4usize).prop_map(Step::Merge),
        2 => Just(Step::Undo),
        1 => (2..4usize).prop_map(Step::Erase),
    ]
}

/// One user and three guests, and what was said with them.
struct World {
    app: TestApp,
    sessions: Vec<String>,
    tickets: Vec<Value>,
    messages: Vec<Value>,
    /// Records of merges, the latest last.
    merges: Vec<String>,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let mut sessions = vec![user(&app, json!({"userId": "u"})).await];
        for _ in 0..3 {
            sessions.push(guest(&app).await.0);
        }
        Self {
            app,
            sessions,
            tickets: Vec::new(),
            messages: Vec::new(),
            merges: Vec::new(),
        }
    }

    fn ticket(&self, which: usize) -> Option<&Value> {
        self.tickets.get(which % self.tickets.len().max(1))
    }

    async fn say(&mut self, ticket: usize, more: Value) {
        let Some(ticket) = self.ticket(ticket) else {
            return;
        };
        let mut body = json!({"ticket": ticket["id"], "comment": "x"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let said = send(&self.app, body).await;
        // Sessions and tickets may be gone.
        if said.status != 404 {
            self.messages.push(said.ok());
        }
    }

    async fn take(&mut self, step: Step) {
        self.app.clock.advance_seconds(1);
        match step {
            Step::Ticket(of) => {
                let made = call(
                    &self.app,
                    "POST",
                    "/v3/tickets",
                    json!({"session": self.sessions[of]}),
                )
                .await;
                if made.status != 404 {
                    self.tickets.push(made.ok());
                }
            }
            Step::Say(ticket) => self.say(ticket, json!({})).await,
            Step::Note(ticket) => self.say(ticket, json!({"isNote": true})).await,
            Step::Hear(ticket, by) => {
                let session = self.sessions[by].clone();
                self.say(ticket, json!({"session": session})).await;
            }
            Step::DeleteMessage(which) if !self.messages.is_empty() => {
                let gone = self.messages.remove(which % self.messages.len());
                self.app
                    .send(self.app.owner(Call::delete(&super::path(&gone))))
                    .await;
            }
            Step::DeleteTicket(which) if !self.tickets.is_empty() => {
                let gone = self.tickets.remove(which % self.tickets.len());
                self.app
                    .send(self.app.owner(Call::delete(&path(&gone, ""))))
                    .await;
            }
            Step::Give(which, to) => {
                if let Some(ticket) = self.ticket(which) {
                    update(&self.app, ticket, json!({"session": self.sessions[to]})).await;
                }
            }
            Step::See(which) => {
                if let Some(ticket) = self.ticket(which) {
                    update(
                        &self.app,
                        ticket,
                        json!({"sessionNotificationsUnread": false}),
                    )
                    .await;
                }
            }
            Step::SeeAll(who) => {
                let path = format!("/v3/sessions/{}/unread", self.sessions[who]);
                call(&self.app, "PUT", &path, json!({"unread": 0})).await;
            }
            Step::MergeTickets(into, from, new) => {
                if let (Some(into), Some(from)) = (self.ticket(into), self.ticket(from)) {
                    let body = json!({"ticketsToMergeIds": [into["id"], from["id"]], "shouldCreateNewTicket": new, "shouldMergeContacts": true, "shouldMergeTasks": false});
                    let made = call(&self.app, "PUT", "/v3/tickets/merge", body).await;
                    if new && made.status == 200 {
                        self.tickets.push(made.json());
                    }
                }
            }
            Step::Merge(which) => {
                let (into, with) = (&self.sessions[0], &self.sessions[which]);
                let path = format!("/v3/sessions/{into}/merge");
                let done = call(&self.app, "POST", &path, json!({"with": with})).await;
                if let Some(id) = done.json()["mergeId"].as_str() {
                    self.merges.push(id.to_owned());
                }
            }
            Step::Undo => {
                if let Some(id) = self.merges.pop() {
                    undo(&self.app, &id).await.ok();
                }
            }
            // One that lives on as the user stays.
            Step::Erase(who) if self.merges.is_empty() => {
                let path = format!("/v3/sessions/{}", self.sessions[who]);
                self.app.send(self.app.owner(Call::delete(&path))).await;
            }
            Step::DeleteMessage(_) | Step::DeleteTicket(_) | Step::Erase(_) => {}
        }
    }

    async fn recount(&self) {
        let tickets = self.app.get("/v3/tickets?limit=1000").await.ok();
        let (mut said, mut unread) = (HashMap::<String, u64>::new(), HashMap::<String, u64>::new());
        let mut messages = 0;
        for ticket in tickets["tickets"].as_array().unwrap() {
            if ticket.get("mergedInto").is_some() {
                assert!(ticket.get("latestComment").is_none(), "{ticket}");
                assert_eq!(ticket["sessionNotificationsUnread"], false, "{ticket}");
                continue;
            }
            let conversation = super::conversation(&self.app, ticket).await;
            messages += conversation.len();
            let (mut own, mut last) = (0, None);
            for message in &conversation {
                if let Some(author) = message["session"]["id"].as_str() {
                    *said.entry(author.to_owned()).or_default() += 1;
                }
                own += u64::from(message["sessionNotificationsUnread"] == true);
                if message["type"] != "NOTE" {
                    last = Some(&message["id"]);
                }
            }
            assert!(conversation.is_sorted_by_key(|message| message["index"].as_u64()));
            assert_eq!(ticket["sessionNotificationsUnread"], own > 0, "{ticket}");
            assert_eq!(
                ticket.get("latestComment").map(|latest| &latest["id"]),
                last,
                "{ticket}"
            );
            if let Some(session) = ticket["session"]["id"].as_str() {
                *unread.entry(session.to_owned()).or_default() += own;
            }
        }
        for session in self.app.sessions().await {
            let id = session["id"].as_str().unwrap();
            let count = said.remove(id).unwrap_or_default();
            assert_eq!(session["countFeedbackComments"], count, "{session}");
            assert_eq!(
                badge(&self.app, id).await,
                unread.remove(id).unwrap_or_default(),
                "{session}"
            );
        }
        assert!(
            said.is_empty() && unread.is_empty(),
            "messages of nobody: {said:?} {unread:?}"
        );
        let all = self.app.get("/v3/messages").await.ok();
        assert_eq!(
            all.as_array().unwrap().len(),
            messages,
            "messages of no ticket"
        );
    }
}

#[test]
fn counters_are_those_of_a_recount_whatever_happened() {
    let config = Config {
        cases: 16,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let steps = proptest::collection::vec(step(), 1..30);
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
async fn what_was_said_since_a_merge_is_taken_apart_with_it() {
    let app = TestApp::new().await;
    let known = user(&app, json!({"userId": "u"})).await;
    let (other, _) = guest(&app).await;
    let (own, theirs) = (
        ticket(&app, json!({"session": known})).await,
        ticket(&app, json!({"session": other})).await,
    );
    super::say(&app, &own, "1").await;
    super::say(&app, &theirs, "2").await;
    super::hear(&app, &own, &other, "3").await;
    let gone = super::hear(&app, &own, &other, "4").await;
    let merge = crate::merge::merged(&app, &known, &other).await;
    let record = app.get(&format!("/v3/sessions/{known}/merges")).await.ok();
    assert_eq!(record[0]["moved"]["messages"], 2, "{record}");
    super::say(&app, &theirs, "5").await;
    super::delete(&app, &gone).await;
    assert_eq!(badge(&app, &known).await, 3);
    assert_eq!(app.session("u").await["countFeedbackComments"], 1);
    undo(&app, &merge).await.ok();
    assert_eq!(
        (badge(&app, &known).await, badge(&app, &other).await),
        (1, 2)
    );
    assert_eq!(app.session("u").await["countFeedbackComments"], 0);
    let back = app.get(&format!("/v3/sessions/{other}")).await.ok();
    assert_eq!(back["countFeedbackComments"], 1);
}
