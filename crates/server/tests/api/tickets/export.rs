//! Exports of tickets.

use serde_json::json;

use super::{session, ticket};
use crate::support::TestApp;

#[tokio::test]
async fn an_export_has_all_that_match() {
    let app = TestApp::new().await;
    for n in 0..501 {
        let kind = if n == 0 { "IDEA" } else { "BUG" };
        ticket(&app, json!({"type": kind})).await;
    }
    let all = app.get("/v3/tickets/export").await.ok();
    let numbers: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|ticket| ticket["bugId"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=501).collect::<Vec<_>>());
    let some = app.get("/v3/tickets/export?type=IDEA").await.ok();
    assert_eq!(some.as_array().unwrap().len(), 1);
    assert_eq!(
        app.get("/v3/tickets/export?type=NONE").await.ok(),
        json!([])
    );
    for query in ["limit=5", "skip=1", "formData.a%3E"] {
        assert_eq!(
            app.get(&format!("/v3/tickets/export?{query}")).await.status,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_table_has_a_column_for_each_field() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u", "name": "=1+1", "email": "ada@example.com"}))
        .await
        .ok();
    let session = session(&app, "u").await;
    ticket(&app, json!({"title": "a,\"b\"", "session": session, "formData": {"os": "@SUM(A1)"}, "tags": ["x", "y"]})).await;
    ticket(&app, json!({"type": "BUG", "attributes": {"level": 3}})).await;
    let fields = app.get("/v3/tickets/export-fields").await.ok();
    let names: Vec<_> = fields
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        names[names.len() - 2..],
        ["attributes.level", "formData.os"]
    );
    let bugs = app.get("/v3/tickets/export-fields?type=BUG").await.ok();
    assert_eq!(
        bugs.as_array().unwrap().last().unwrap(),
        &json!({"field": "attributes.level", "label": "level"})
    );
    let all = app.get("/v3/tickets/csv-export").await;
    assert!(all.header("content-type").starts_with("text/csv"));
    assert_eq!(all.text().lines().next().unwrap(), names.join(","));
    assert_eq!(all.text().lines().count(), 3);
    let some = app.get("/v3/tickets/csv-export?columns=bugId,title,session.name,formData.os,tags,none&sort=-bugId").await;
    assert_eq!(
        some.text(),
        "bugId,title,session.name,formData.os,tags,none\r\n2,,,,[],\r\n1,\"a,\"\"b\"\"\",'=1+1,'@SUM(A1),\"[\"\"x\"\",\"\"y\"\"]\",\r\n"
    );
}
