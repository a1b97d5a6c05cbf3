//! Custom attributes that a project has indexed.

use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp, encoded};

fn path(app: &TestApp) -> String {
    format!("/v3/projects/{}/session-indexes", app.project())
}

async fn call(app: &TestApp, method: &str, attribute: &str) -> Answer {
    let path = format!("{}/{}", path(app), encoded(attribute));
    app.send(app.owner(Call::new(method, &path))).await
}

async fn indexes(app: &TestApp) -> Vec<Value> {
    let answer = app.get(&path(app)).await.ok();
    answer["indexes"].as_array().unwrap().clone()
}

/// Waits until nothing is being built or removed.
async fn settled(app: &TestApp) -> Vec<Value> {
    loop {
        let all = indexes(app).await;
        if all.iter().all(|index| index["state"] == "ready") {
            return all;
        }
        tokio::task::yield_now().await;
    }
}

async fn user_ids(app: &TestApp, query: &str) -> Vec<String> {
    let query = query.replace('<', "%3C").replace('>', "%3E");
    let list = app.get(&format!("/v3/sessions?{query}")).await.ok();
    let ids = list.as_array().unwrap().iter();
    ids.map(|session| session["userId"].as_str().unwrap().to_owned())
        .collect()
}

async fn fill(app: &TestApp) {
    for (user, seats, tags) in [
        ("a", json!(5), json!(["x", "y"])),
        ("b", json!(50), json!("x")),
        ("c", json!("5"), json!(null)),
        ("d", json!(null), json!(["y"])),
    ] {
        app.identify(json!({ "userId": user, "seats": seats, "tags2": tags }))
            .await
            .ok();
    }
}

#[tokio::test]
async fn an_indexed_attribute_filters_and_sorts() {
    let app = TestApp::new().await;
    fill(&app).await;
    let answer = app.get("/v3/sessions?sort=customData.seats").await;
    assert_eq!(answer.error(), (400, "invalid_query".into()));
    let new = call(&app, "PUT", "seats").await.ok();
    assert_eq!(new["attribute"], "seats");
    assert_eq!(new["field"], "customData.seats");
    call(&app, "PUT", "tags2").await.ok();
    let all = settled(&app).await;
    let done: Vec<_> = all
        .iter()
        .map(|index| (&index["sessionsDone"], &index["sessionsTotal"]))
        .collect();
    assert_eq!(done, [(&json!(4), &json!(4)); 2], "{all:?}");
    let again = call(&app, "PUT", "seats").await.ok();
    assert_eq!(again, all[0]);

    for (query, expected) in [
        ("sort=customData.seats", vec!["a", "b", "c", "d"]),
        ("sort=-customData.seats", vec!["c", "b", "a", "d"]),
        ("customData.seats>5&sort=-customData.seats", vec!["b"]),
        ("customData.seats=5", vec!["c", "a"]),
        ("customData.seats>=5&customData.seats<50", vec!["a"]),
        ("!customData.seats", vec!["d"]),
        ("customData.tags2=y", vec!["d", "a"]),
        ("customData.tags2!=x", vec!["d", "c"]),
    ] {
        assert_eq!(user_ids(&app, query).await, expected, "{query}");
    }
    app.identify(json!({ "userId": "b", "seats": 4 }))
        .await
        .ok();
    let sorted = user_ids(&app, "sort=customData.seats&limit=1").await;
    assert_eq!(sorted, ["b"], "a write is seen at once");
    let counted = app
        .get("/v3/sessions?customData.seats%3C=5&withCount=true")
        .await
        .ok();
    assert_eq!(counted["totalCount"], 2);
}

#[tokio::test]
async fn pages_follow_an_indexed_order() {
    let app = TestApp::new().await;
    for n in 0..7 {
        let user = format!("u{n}");
        app.identify(json!({ "userId": user, "seats": n % 3 }))
            .await
            .ok();
    }
    call(&app, "PUT", "seats").await.ok();
    settled(&app).await;
    let (mut path, mut found) = (
        "/v3/sessions?sort=-customData.seats&limit=2".to_owned(),
        Vec::new(),
    );
    loop {
        let answer = app.get(&path).await;
        let link = answer.header("link").to_owned();
        let page = answer.ok();
        let seats = page.as_array().unwrap().iter();
        found.extend(seats.map(|session| session["customData"]["seats"].as_i64().unwrap()));
        match link.find('>') {
            Some(end) => path = link[1..end].to_owned(),
            None => break,
        }
    }
    assert_eq!(found, [2, 2, 1, 1, 0, 0, 0]);
}

#[tokio::test]
async fn an_index_is_dropped() {
    let app = TestApp::new().await;
    fill(&app).await;
    let missing = call(&app, "DELETE", "seats").await;
    assert_eq!(missing.error(), (404, "session_index_not_found".into()));
    call(&app, "PUT", "seats").await.ok();
    settled(&app).await;
    assert_eq!(call(&app, "DELETE", "seats").await.status, 204);
    assert_eq!(user_ids(&app, "customData.seats=5").await, ["c", "a"]);
    assert!(settled(&app).await.is_empty());
    let answer = app.get("/v3/sessions?sort=customData.seats").await;
    assert_eq!(answer.error(), (400, "invalid_query".into()));
}

#[tokio::test]
async fn an_index_survives_a_restart() {
    let mut app = TestApp::new().await;
    fill(&app).await;
    call(&app, "PUT", "seats").await.ok();
    app.restart();
    settled(&app).await;
    let sorted = user_ids(&app, "sort=customData.seats").await;
    assert_eq!(sorted, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn so_many_attributes_are_indexed_and_no_more() {
    let app = TestApp::new().await;
    for n in 0..20 {
        call(&app, "PUT", &format!("a{n}")).await.ok();
    }
    let answer = call(&app, "PUT", "more").await;
    assert_eq!(answer.error(), (409, "limit_reached".into()));
    call(&app, "PUT", "a0").await.ok();
    assert_eq!(settled(&app).await.len(), 20);
}

#[tokio::test]
async fn what_lists_cannot_name_is_not_indexed() {
    let app = TestApp::new().await;
    for attribute in ["a..b", "a'b", &"k".repeat(65), "a.b.c.d.e.f.g.h"] {
        let answer = call(&app, "PUT", attribute).await;
        assert_eq!(answer.error(), (400, "invalid_attribute".into()));
    }
    call(&app, "PUT", "address.city").await.ok();
    app.identify(json!({ "userId": "a", "address": { "city": "Ulm" } }))
        .await
        .ok();
    settled(&app).await;
    assert_eq!(user_ids(&app, "customData.address.city=Ulm").await, ["a"]);
}

#[tokio::test]
async fn another_project_is_not_found() {
    let app = TestApp::new().await;
    let other = format!("/v3/projects/{}/session-indexes", app.accounts.sister.id);
    let expected = (404, "project_not_found".into());
    assert_eq!(app.get(&other).await.error(), expected);
    for method in ["PUT", "DELETE"] {
        let call = Call::new(method, &format!("{other}/seats"));
        assert_eq!(app.send(app.owner(call)).await.error(), expected);
    }
    assert!(indexes(&app).await.is_empty());
}

#[tokio::test]
async fn a_list_opens_so_many_documents_and_no_more() {
    let app = TestApp::with(&[("limits.list_documents_max", "4")]).await;
    fill(&app).await;
    let rare = "customData.rare=1";
    assert!(user_ids(&app, rare).await.is_empty(), "all four");
    app.identify(json!({ "userId": "e" })).await.ok();
    let answer = app.get(&format!("/v3/sessions?{rare}")).await;
    assert_eq!(answer.error(), (503, "query_too_expensive".into()));
    assert!(
        answer.text().contains("session-indexes"),
        "{}",
        answer.text()
    );
    assert!(user_ids(&app, &format!("{rare}&email=x")).await.is_empty());
    call(&app, "PUT", "rare").await.ok();
    settled(&app).await;
    assert!(user_ids(&app, rare).await.is_empty());
}
