//! `GET /v3/users/unified-inbox`.

use serde_json::{Value, json};
use server::auth::roles::Role;
use store::ObjectId;

use crate::support::{Accounts, Answer, Call, TestApp};

const PATH: &str = "/v3/users/unified-inbox";

/// Keys of the three projects, and a user of the first two.
struct Inbox {
    app: TestApp,
    keys: Vec<(ObjectId, String)>,
    token: String,
}

impl Inbox {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let projects = [
            app.project(),
            app.accounts.sister.id,
            app.accounts.foreign.id,
        ];
        let mut keys = Vec::new();
        for project in projects {
            let key = Accounts::key(&app.app, project, Role::Owner, None).await;
            keys.push((project, key.token));
        }
        Accounts::member(&app.app, projects[0], "agent@example.com", Role::Agent).await;
        Accounts::member(&app.app, projects[1], "agent@example.com", Role::Viewer).await;
        let token = app.sign_in("agent@example.com").await;
        Self { app, keys, token }
    }

    /// A ticket of a project, later than those before.
    async fn ticket(&self, project: usize, body: Value) -> Value {
        self.app.clock.advance_seconds(1);
        let (id, key) = &self.keys[project];
        let call = Call::post("/v3/tickets").bearer(key).project(id);
        self.app.send(call.json(&body)).await.ok()
    }

    async fn get(&self, rest: &str) -> Answer {
        let call = Call::get(&format!("{PATH}{rest}")).bearer(&self.token);
        self.app.send(call).await
    }

    async fn titles(&self, query: &str) -> (Vec<String>, u64) {
        let page = self.get(query).await.ok();
        let tickets = page["tickets"].as_array().unwrap();
        let titles = tickets
            .iter()
            .map(|ticket| ticket["title"].as_str().unwrap().to_owned());
        let titles: Vec<_> = titles.collect();
        assert_eq!(page["count"], titles.len());
        (titles, page["totalCount"].as_u64().unwrap())
    }
}

#[tokio::test]
async fn the_latest_of_all_projects_comes_first() {
    let inbox = Inbox::new().await;
    for (n, project) in [0, 1, 2, 1, 0].into_iter().enumerate() {
        let made = inbox.ticket(project, json!({"title": n.to_string()})).await;
        let answer = inbox
            .get(&format!("/{}", made["id"].as_str().unwrap()))
            .await;
        if project == 2 {
            assert_eq!(answer.error(), (404, "ticket_not_found".into()));
        } else {
            let shown = answer.ok();
            assert_eq!(shown["project"], inbox.keys[project].0.to_string());
            assert_eq!(shown["title"], n.to_string());
        }
    }
    for away in [
        json!({"archived": true}),
        json!({"isSpam": true}),
        json!({"snoozedUntil": "2100-01-01T00:00:00.000Z"}),
    ] {
        inbox.ticket(0, away).await;
    }
    let all = |titles: &[&str], total| (titles.iter().map(|&title| title.into()).collect(), total);
    assert_eq!(inbox.titles("").await, all(&["4", "3", "1", "0"], 4));
    assert_eq!(inbox.titles("?limit=3").await, all(&["4", "3", "1"], 4));
    assert_eq!(inbox.titles("?limit=3&page=2").await, all(&["0"], 4));
    assert_eq!(inbox.titles("?limit=1&page=2").await, all(&["3"], 4));
    let sister = format!("?filteredProjectId={}", inbox.keys[1].0);
    assert_eq!(inbox.titles(&sister).await, all(&["3", "1"], 2));
    let foreign = format!("?filteredProjectId={}", inbox.keys[2].0);
    assert_eq!(inbox.titles(&foreign).await, all(&[], 0));
}

#[tokio::test]
async fn types_can_be_chosen() {
    let inbox = Inbox::new().await;
    for kind in ["BUG", "CRASH", "INQUIRY"] {
        inbox.ticket(0, json!({"title": kind, "type": kind})).await;
    }
    assert_eq!(inbox.titles("?type=BUG").await.0, ["BUG"]);
    assert_eq!(inbox.titles("?type=BUG,%20CRASH").await.0, ["CRASH", "BUG"]);
    assert_eq!(inbox.titles("?type=").await.0.len(), 3);
}

#[tokio::test]
async fn a_key_sees_what_it_opens() {
    let inbox = Inbox::new().await;
    for project in 0..2 {
        inbox
            .ticket(project, json!({"title": project.to_string()}))
            .await;
    }
    let call = Call::get(PATH).bearer(&inbox.keys[1].1);
    assert_eq!(inbox.app.send(call).await.ok()["totalCount"], 1);
}

#[tokio::test]
async fn what_is_no_page_is_named() {
    let inbox = Inbox::new().await;
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=101", "limit"),
        ("?limit=1.5", "limit"),
        ("?page=0", "page"),
        ("?limit=100&page=11", "page"),
        ("?page=-1", "page"),
        ("?filteredProjectId=x", "filteredProjectId"),
        ("?page=x", "page"),
    ] {
        let answer = inbox.get(query).await;
        assert_eq!(answer.error(), (400, "invalid_query".into()), "{query}");
        assert!(answer.faults()[0].contains(field), "{}", answer.text());
    }
    inbox.get("?limit=100&page=10").await.ok();
    assert_eq!(inbox.get("/x").await.error(), (400, "invalid_id".into()));
}
