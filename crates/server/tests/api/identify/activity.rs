//! `lastActivity`, and how seldom it is written.

use serde_json::{Value, json};

use crate::support::{Call, TestApp};

async fn identify(app: &TestApp, quiet: bool, body: Value) {
    let query = if quiet {
        "?preventLastActivityUpdate=true"
    } else {
        ""
    };
    let call = Call::post(&format!("/admin/identify{query}")).json(&body);
    app.send(app.server(call)).await.ok();
}

async fn last_activity(app: &TestApp) -> Value {
    app.session("u").await["lastActivity"].clone()
}

#[tokio::test]
async fn it_moves_at_most_once_a_minute_when_nothing_else_changes() {
    let app = TestApp::new().await;
    let start = app.clock.at(0);
    identify(&app, false, json!({"userId": "u"})).await;
    assert_eq!(last_activity(&app).await, start);
    app.clock.advance_ms(59_999);
    identify(&app, false, json!({"userId": "u"})).await;
    assert_eq!(last_activity(&app).await, start);
    app.clock.advance_ms(1);
    identify(&app, false, json!({"userId": "u"})).await;
    assert_eq!(last_activity(&app).await, app.clock.at(0));
    assert_eq!(app.session("u").await["updatedAt"], app.clock.at(0));
}

#[tokio::test]
async fn it_moves_with_every_change() {
    let app = TestApp::new().await;
    for seats in 0..3 {
        app.clock.advance_ms(10);
        identify(&app, false, json!({"userId": "u", "seats": seats})).await;
        assert_eq!(last_activity(&app).await, app.clock.at(0));
    }
    assert_eq!(app.session("u").await["firstActivity"], app.clock.at(-20));
}

#[tokio::test]
async fn a_quiet_call_does_not_move_it() {
    let app = TestApp::new().await;
    identify(&app, true, json!({"userId": "u"})).await;
    assert_eq!(
        last_activity(&app).await,
        Value::Null,
        "absent until there is one"
    );
    identify(&app, false, json!({"userId": "u"})).await;
    let at = app.clock.at(0);
    app.clock.advance_seconds(3600);
    let before = app.lookup("u").await;
    identify(&app, true, json!({"userId": "u"})).await;
    assert_eq!(app.lookup("u").await.body, before.body);
    identify(&app, true, json!({"userId": "u", "plan": "pro"})).await;
    let session = app.session("u").await;
    assert_eq!(
        (&session["plan"], &session["lastActivity"]),
        (&json!("pro"), &json!(at))
    );
    assert_eq!(session["updatedAt"], app.clock.at(0));
}

#[tokio::test]
async fn only_the_word_true_makes_a_call_quiet() {
    let app = TestApp::new().await;
    for query in [
        "",
        "preventLastActivityUpdate=false",
        "preventLastActivityUpdate",
        "preventLastActivityUpdate=1",
        "x=true",
    ] {
        app.clock.advance_seconds(60);
        let call = Call::post(&format!("/admin/identify?{query}")).json(&json!({"userId": "u"}));
        app.send(app.server(call)).await.ok();
        assert_eq!(last_activity(&app).await, app.clock.at(0), "{query}");
    }
}

#[tokio::test]
async fn the_pause_is_an_option() {
    let app = TestApp::with(&[("session.activity_debounce_seconds", "0")]).await;
    for _ in 0..3 {
        app.clock.advance_ms(1);
        identify(&app, false, json!({"userId": "u"})).await;
        assert_eq!(last_activity(&app).await, app.clock.at(0));
    }
}
