//! Taking imports back.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use server::resources::import::forget;

use super::{counts, import, post, result, undone};
use crate::support::{Call, TestApp};

/// All that is known of the sessions of a project, but for what every write stamps.
async fn state(app: &TestApp) -> Value {
    let mut sessions = app.sessions().await;
    sessions.sort_by_key(|session| session["id"].as_str().unwrap().to_owned());
    let mut all = Vec::new();
    for mut session in sessions {
        session.as_object_mut().unwrap().remove("updatedAt");
        let path = format!(
            "/v3/sessions/{}/identity-history",
            session["id"].as_str().unwrap()
        );
        all.push(json!([session, app.get(&path).await.ok()]));
    }
    let is_kept = |(name, _): &(String, i64)| name != "import" && name != "import_batch";
    let rows: Vec<_> = app.rows().into_iter().filter(is_kept).collect();
    json!([all, rows])
}

#[tokio::test]
async fn what_was_made_goes_and_what_was_changed_comes_back() {
    let app = TestApp::new().await;
    app.identify(
        json!({"userId": "u", "name": "Old", "email": "old@example.com", "seats": 1, "kept": true}),
    )
    .await
    .ok();
    let before = state(&app).await;
    app.clock.advance_seconds(10);
    let file = json!([
        {"userId": "u", "name": "New", "email": "new@example.com", "plan": "pro", "customData": {"seats": 2, "more": [1]}},
        {"userId": "v", "email": "v@example.com"},
        {"userId": "u", "name": "Newer"},
        {"userId": "v", "name": "V"},
    ]);
    let done = import(&app, "", file.to_string()).await;
    assert_eq!(counts(&done), [4, 1, 3, 0, 0]);
    app.clock.advance_seconds(10);
    let undone = undone(&app, &done).await;
    assert_eq!(undone["status"], "undone");
    assert_eq!(
        undone["undo"],
        json!({"removed": 1, "restored": 3, "kept": 0, "reasons": []})
    );
    assert_eq!(state(&app).await, before);
    let outcomes: Vec<_> = result(&app, &undone)
        .await
        .into_iter()
        .map(|row| row[1].clone())
        .collect();
    assert_eq!(outcomes, ["undone"; 4]);
    assert_eq!(
        post(&app, &undone, "undo").await.error(),
        (409, "import_not_undoable".into())
    );
    // The keys find again whom they found, and may be used by others.
    let found = app.get("/v3/sessions?email=old@example.com").await.ok();
    assert_eq!(found[0]["userId"], "u");
    app.identify(json!({"userId": "w", "email": "v@example.com"}))
        .await
        .ok();
}

#[tokio::test]
async fn what_was_changed_since_is_kept() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "a", "name": "A", "plan": "free"}))
        .await
        .ok();
    app.identify(json!({"userId": "b", "name": "B"})).await.ok();
    let file = "userId,name,plan\na,New,pro\nb,New,\nc,New,\nd,New,\ne,New,\nf,New,\n";
    let done = import(&app, "", file).await;
    app.identify(json!({"userId": "a", "name": "Since"}))
        .await
        .ok();
    app.identify(json!({"userId": "c", "seats": 5})).await.ok();
    app.track(json!([{"userId": "d", "name": "seen"}]))
        .await
        .ok();
    app.send(app.server(Call::delete("/admin/contacts/e")))
        .await;
    let undone = undone(&app, &done).await;
    assert_eq!(undone["status"], "undone");
    let told = &undone["undo"];
    assert_eq!(
        json!([told["removed"], told["restored"], told["kept"]]),
        json!([2, 1, 3])
    );
    let a = app.session("a").await;
    assert_eq!((&a["name"], &a["plan"]), (&json!("Since"), &json!("free")));
    assert_eq!(app.session("b").await["name"], "B");
    assert_eq!(app.session("c").await["customData"], json!({"seats": 5}));
    assert_eq!(app.session("d").await["name"], "New");
    for gone in ["e", "f"] {
        assert_eq!(app.lookup(gone).await.status, 404);
    }
    let rows = result(&app, &undone).await;
    let outcomes: Vec<_> = rows.iter().map(|row| row[1].as_str()).collect();
    assert_eq!(
        outcomes,
        ["kept", "undone", "kept", "kept", "undone", "undone"]
    );
    assert_eq!(rows[0][3], "name was changed since");
    assert_eq!(told["reasons"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_user_id_that_is_somebody_elses_is_not_given_back() {
    let app = TestApp::new().await;
    let made = app
        .identify(json!({"userId": "a", "email": "a@example.com"}))
        .await
        .ok();
    let done = import(
        &app,
        "",
        r#"[{"email":"a@example.com","userId":"a","name":"New"}]"#,
    )
    .await;
    let path = format!("/v3/sessions/{}", made["sessionId"].as_str().unwrap());
    let update = async |body: Value| app.send(app.owner(Call::put(&path).json(&body))).await.ok();
    update(json!({"userId": "b"})).await;
    app.identify(json!({"userId": "a"})).await.ok();
    undone(&app, &done).await;
    let session = app.session("b").await;
    assert_eq!(session["id"], made["sessionId"]);
    assert!(session.get("name").is_none());
}

/// What a session was is personal data: it goes with the session, and an undo then leaves what it cannot know.
#[tokio::test]
async fn what_was_forgotten_is_kept() {
    let app = TestApp::new().await;
    let made = app
        .identify(json!({"userId": "u", "name": "Old"}))
        .await
        .ok();
    let done = import(&app, "", "userId,name\nu,New\n").await;
    let id: store::ObjectId = made["sessionId"].as_str().unwrap().parse().unwrap();
    app.write(move |tx| forget::session(tx, id)).await.unwrap();
    let changes = app
        .rows()
        .into_iter()
        .find(|(name, _)| name == "import_change");
    assert_eq!(changes.unwrap().1, 0);
    let undone = undone(&app, &done).await;
    assert_eq!(undone["undo"]["kept"], 1);
    assert_eq!(app.session("u").await["name"], "New");
}

/// A row of a file; its keys are few, so that rows meet.
fn row() -> impl Strategy<Value = Value> {
    let fields = (
        prop_oneof![3 => (0..6u8).prop_map(Some), 1 => Just(None)],
        proptest::option::of(0..5u8),
        proptest::option::of(0..3u8),
        proptest::option::of("[a-c]"),
        proptest::option::of("[a-c]"),
        proptest::collection::vec(("[x-z]", proptest::option::of(0..3i32)), 0..3),
        proptest::option::of(any::<bool>()),
    );
    fields.prop_map(|(user, email, phone, name, plan, custom, flag)| {
        let custom: Map<_, _> = custom
            .into_iter()
            .map(|(key, value)| (key, json!(value)))
            .collect();
        let given = [
            ("userId", json!(user.map(|n| format!("u{n}")))),
            ("email", json!(email.map(|n| format!("e{n}@example.com")))),
            ("phone", json!(phone.map(|n| format!("+43660123450{n}")))),
            ("name", json!(name)),
            ("plan", json!(plan)),
            ("unsubscribed", json!(flag)),
            (
                "tags",
                json!(flag.map(|flag| if flag { vec!["a"] } else { vec!["b", "c"] })),
            ),
            ("customData", json!(custom)),
        ];
        let given = given.into_iter().filter(|(_, value)| !value.is_null());
        Value::Object(given.map(|(key, value)| (key.to_owned(), value)).collect())
    })
}

async fn leaves_no_trace(there: Vec<Value>, rows: Vec<Value>) {
    let app = TestApp::new().await;
    import(&app, "partial=true", Value::from(there).to_string()).await;
    let before = state(&app).await;
    app.clock.advance_seconds(3600);
    let done = import(&app, "partial=true", Value::from(rows).to_string()).await;
    assert_eq!(done["status"], "done");
    app.clock.advance_seconds(3600);
    let undone = undone(&app, &done).await;
    assert_eq!(undone["undo"]["kept"], 0, "{undone}");
    assert_eq!(state(&app).await, before);
}

#[test]
fn an_import_that_is_undone_leaves_no_trace() {
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let inputs = (
        proptest::collection::vec(row(), 0..8),
        proptest::collection::vec(row(), 1..12),
    );
    let tested = TestRunner::new(config).run(&inputs, |(there, rows)| {
        runtime.block_on(leaves_no_trace(there, rows));
        Ok(())
    });
    tested.unwrap();
}
