//! The identity history of a session.

use serde_json::{Value, json};

use crate::support::{Call, TestApp};

async fn history(app: &TestApp, user_id: &str) -> Vec<Value> {
    let session = app.session(user_id).await;
    let id = session["_id"].as_str().unwrap();
    let answer = app
        .get(&format!("/v3/sessions/{id}/identity-history"))
        .await;
    answer.ok()["history"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_change_of_identity_is_kept_newest_first() {
    let app = TestApp::new().await;
    let bodies = [
        json!({"userId": "u"}),
        json!({"userId": "u", "email": "a@example.com", "name": "A"}),
        json!({"userId": "u", "plan": "pro", "seats": 3}), // concerns no identity
        json!({"userId": "u", "email": "A@example.com", "name": "A"}),
        json!({"userId": "u", "email": null}),
    ];
    for body in bodies {
        app.clock.advance_seconds(1);
        app.identify(body).await.ok();
    }
    let changes: Vec<_> = history(&app, "u")
        .await
        .iter()
        .map(|entry| entry["changes"].clone())
        .collect();
    assert_eq!(
        changes,
        [
            json!({"email": {"from": "A@example.com"}}),
            json!({"email": {"from": "a@example.com", "to": "A@example.com"}}),
            json!({"email": {"to": "a@example.com"}, "name": {"to": "A"}}),
            json!({"userId": {"to": "u"}}),
        ]
    );
}

#[tokio::test]
async fn it_says_where_a_change_came_from() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "identified"})).await.ok();
    app.track(json!([{"userId": "tracked", "name": "seen"}]))
        .await
        .ok();
    for (user, path) in [
        ("identified", "/admin/identify"),
        ("tracked", "/admin/track"),
    ] {
        let expected =
            json!({"source": "admin", "method": "POST", "originalUrl": path, "hasApiKey": true});
        assert_eq!(history(&app, user).await[0]["by"], expected);
    }
}

#[tokio::test]
async fn the_last_two_hundred_are_kept() {
    let app = TestApp::new().await;
    for n in 1..=201 {
        app.clock.advance_ms(1);
        app.identify(json!({"userId": "u", "name": format!("Name {n}")}))
            .await
            .ok();
    }
    let kept = history(&app, "u").await;
    assert_eq!(kept.len(), 200);
    assert_eq!(kept[0]["changes"]["name"]["to"], "Name 201");
    assert_eq!(kept[199]["changes"]["name"]["to"], "Name 2");
}

/// Whatever else changes in between: what is forgotten does not stay in the database for long.
#[tokio::test]
async fn older_changes_leave_the_database() {
    let app = TestApp::new().await;
    for between in 0..3 {
        let user = format!("u{between}");
        for n in 0..250 {
            app.clock.advance_ms(1);
            app.identify(json!({"userId": user, "name": format!("Name {n}")}))
                .await
                .ok();
            for seats in 0..between {
                app.identify(json!({"userId": user, "seats": seats, "n": n}))
                    .await
                    .ok();
            }
        }
        let (_, rows) = app
            .rows()
            .into_iter()
            .find(|(table, _)| table == "identity_change")
            .unwrap();
        let most = (between + 1) * (200 + 20);
        assert!(
            rows <= most,
            "{rows} rows with {between} other changes in between"
        );
    }
}

#[tokio::test]
async fn it_is_shown_nowhere_else() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    assert_eq!(app.session("u").await.get("identityHistory"), None);
    app.send(app.server(Call::delete("/admin/contacts/u")))
        .await;
    app.identify(json!({"userId": "u"})).await.ok();
    assert_eq!(history(&app, "u").await.len(), 1);
}
