//! Searching for tickets, and the tickets of sessions.

use serde_json::{Value, json};

use super::{call, session, ticket, update};
use crate::support::{Accounts, Call, TestApp, encoded};

fn numbers(list: &Value) -> Vec<u64> {
    let tickets = list["tickets"].as_array().unwrap();
    assert_eq!(list["count"], tickets.len());
    tickets
        .iter()
        .map(|ticket| ticket["bugId"].as_u64().unwrap())
        .collect()
}

async fn search(app: &TestApp, which: &str, term: &str, more: &str) -> Vec<u64> {
    let path = format!("/v3/tickets/{which}?searchTerm={}{more}", encoded(term));
    numbers(&app.get(&path).await.ok())
}

#[tokio::test]
async fn tickets_are_found_by_what_is_in_them() {
    let app = TestApp::new().await;
    let made = ticket(
        &app,
        json!({"title": "Kein Tön im Café", "tags": ["audio"]}),
    )
    .await;
    ticket(
        &app,
        json!({"description": "the sound 1 is gone", "type": "BUG"}),
    )
    .await;
    ticket(
        &app,
        json!({"formData": {"model": "Audio-X"}, "customData": {"a": "b"}}),
    )
    .await;
    for (term, expected) in [
        ("ton cafe", vec![1]),
        ("audio", vec![3, 1]),
        ("SOUN gone", vec![2]),
        ("1", vec![1, 2]),
        ("#2", vec![2]),
        (made["id"].as_str().unwrap(), vec![1]),
        ("nothing", vec![]),
    ] {
        assert_eq!(search(&app, "search", term, "").await, expected, "{term}");
    }
    assert_eq!(
        search(&app, "search", "audio", "&type=INQUIRY&bugId%3E1").await,
        [3]
    );
    update(&app, &made, json!({"title": "other"})).await.ok();
    assert!(search(&app, "search", "cafe", "").await.is_empty());
    call(&app, "DELETE", &super::path(&made, ""), json!({}))
        .await
        .ok();
    assert_eq!(search(&app, "search", "audio", "").await, [3]);
}

#[tokio::test]
async fn a_search_has_at_most_thirty_hits() {
    let app = TestApp::new().await;
    for _ in 0..31 {
        ticket(&app, json!({"title": "same"})).await;
    }
    let found = search(&app, "search", "same", "").await;
    assert_eq!((found.len(), found[0]), (30, 31));
    assert_eq!(search(&app, "extendedsearch", "same", "").await.len(), 31);
    for term in ["", " ", &"x".repeat(513), &"x ".repeat(17)] {
        let refused = app
            .get(&format!("/v3/tickets/search?searchTerm={}", encoded(term)))
            .await;
        assert_eq!(refused.error(), (422, "invalid_search_term".into()));
    }
}

#[tokio::test]
async fn the_extended_search_knows_who_reported() {
    let app = TestApp::new().await;
    let made = app
        .identify(json!({"userId": "u", "name": "Ada Example", "email": "ada@example.com"}))
        .await
        .ok();
    ticket(&app, json!({"session": made["sessionId"]})).await;
    ticket(&app, json!({"title": "ask ada"})).await;
    assert_eq!(search(&app, "search", "ada", "").await, [2]);
    assert_eq!(search(&app, "extendedsearch", "ada", "").await, [2, 1]);
    let scopes = server::auth::roles::Scopes::from_iter([server::auth::roles::Scope::TicketsRead]);
    let key = Accounts::key(
        &app.app,
        app.project(),
        server::auth::roles::Role::Owner,
        Some(scopes),
    )
    .await
    .token;
    let call = Call::get("/v3/tickets/extendedsearch?searchTerm=ada")
        .bearer(&key)
        .project(app.project());
    assert_eq!(
        numbers(&app.send(call).await.ok()),
        [2],
        "who may not see sessions does not search them"
    );
}

#[tokio::test]
async fn nothing_of_other_projects_is_found() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({"title": "ours"})).await;
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, server::auth::roles::Role::Owner, None)
        .await
        .token;
    for term in ["ours", "1", made["id"].as_str().unwrap()] {
        for which in ["search", "extendedsearch"] {
            let call = Call::get(&format!("/v3/tickets/{which}?searchTerm={term}"));
            let found = app.send(call.bearer(&key).project(sister)).await.ok();
            assert_eq!(found["count"], 0);
        }
    }
}

#[tokio::test]
async fn the_tickets_of_sessions_are_listed() {
    let app = TestApp::new().await;
    app.identify(
        json!({"userId": "ada", "email": "ada@example.com", "phone": "+43 1 5331234", "TIN": "7"}),
    )
    .await
    .ok();
    let (ada, bob) = (
        app.session("ada").await["id"].clone(),
        session(&app, "bob").await,
    );
    for (session, kind) in [
        (json!(ada), "BUG"),
        (json!(bob), "BUG"),
        (json!(ada), "IDEA"),
    ] {
        ticket(&app, json!({"session": session, "type": kind})).await;
    }
    let list = async |query: &str| {
        app.get(&format!("/v3/tickets/by-session-query?{query}"))
            .await
    };
    for (query, expected) in [
        ("userId=ada", vec![3, 1]),
        ("email=ADA%40example.com", vec![3, 1]),
        ("phone=%2B4315331234&userId=ada", vec![3, 1]),
        ("email=ada%40example.com&userId=bob", vec![]),
        ("customData.TIN=7", vec![3, 1]),
        ("userId=ada&customData.TIN=8", vec![]),
        ("userId=ada&limit=1&sort=bugId", vec![1]),
        ("userId=nobody", vec![]),
    ] {
        assert_eq!(numbers(&list(query).await.ok()), expected, "{query}");
    }
    for query in ["", "status=OPEN", "userId=ada&name=Ada", "email=nobody"] {
        assert_eq!(
            list(query).await.error(),
            (400, "invalid_query".into()),
            "{query}"
        );
    }
}
