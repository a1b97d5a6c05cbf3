//! `/v3/sessions/{sessionId}/memory` (decisions, Memory).

use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp, encoded};

struct Memory<'a> {
    app: &'a TestApp,
    path: String,
}

impl<'a> Memory<'a> {
    async fn of_user(app: &'a TestApp) -> Self {
        let made = app.identify(json!({"userId": "u"})).await.ok();
        let path = format!(
            "/v3/sessions/{}/memory",
            made["sessionId"].as_str().unwrap()
        );
        Self { app, path }
    }

    async fn call(&self, method: &str, name: &str, body: Value) -> Answer {
        let path = match name {
            "" => self.path.clone(),
            name => format!("{}/{}", self.path, encoded(name)),
        };
        let call = Call::new(method, &path);
        let call = if body.is_null() {
            call
        } else {
            call.json(&body)
        };
        self.app.send(self.app.owner(call)).await
    }

    async fn post(&self, name: &str, content: &str) -> Value {
        self.call("POST", "", json!({"name": name, "content": content}))
            .await
            .ok()
    }
}

#[tokio::test]
async fn entries_are_written_read_and_forgotten() {
    let app = TestApp::new().await;
    let memory = Memory::of_user(&app).await;
    assert_eq!(
        memory.post("diet/food 1", "vegan").await,
        json!({"ok": true, "entries": 1})
    );
    let made = app.clock.at(0);
    app.clock.advance_seconds(1);
    let body = json!({"content": "vegetarian", "description": "what they eat"});
    let answer = memory.call("PUT", "diet/food 1", body).await.ok();
    assert_eq!(answer, json!({"ok": true, "entries": 1}));
    let entry = memory.call("GET", "diet/food 1", Value::Null).await.ok();
    let (actor_id, now) = (entry["actorUserId"].clone(), app.clock.at(0));
    let expected = json!({
        "name": "diet/food 1", "description": "what they eat", "content": "vegetarian", "actor": "admin",
        "actorUserId": actor_id, "createdAt": made, "updatedAt": now,
    });
    assert_eq!(entry, expected);
    let listed = memory.call("GET", "", Value::Null).await.ok();
    assert_eq!(
        listed,
        json!([{"name": "diet/food 1", "description": "what they eat", "actor": "admin", "actorUserId": actor_id, "updatedAt": now}])
    );
    assert_eq!(app.session("u").await["memory"][0], expected);
    assert_eq!(
        memory.call("DELETE", "diet/food 1", Value::Null).await.ok(),
        json!({"ok": true, "entries": 0})
    );
    assert_eq!(
        memory.call("GET", "diet/food 1", Value::Null).await.error(),
        (404, "memory_entry_not_found".into())
    );
}

#[tokio::test]
async fn the_same_name_replaces() {
    let app = TestApp::new().await;
    let memory = Memory::of_user(&app).await;
    memory.post("a", "1").await;
    memory.post("b", "2").await;
    assert_eq!(memory.post("a", "3").await["entries"], 2);
    let names: Vec<_> = ["a", "b"].into();
    let listed = memory.call("GET", "", Value::Null).await.ok();
    let found: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["name"].as_str().unwrap())
        .collect();
    assert_eq!(found, names);
    assert_eq!(
        memory.call("GET", "a", Value::Null).await.ok()["content"],
        "3"
    );
    assert_eq!(
        memory.call("DELETE", "", Value::Null).await.ok(),
        json!({"ok": true, "entries": 0})
    );
    assert_eq!(app.session("u").await["memory"], json!([]));
}

#[tokio::test]
async fn what_is_refused_says_why_in_a_200() {
    let app = TestApp::new().await;
    let memory = Memory::of_user(&app).await;
    let refused = |reason: &str| json!({"ok": false, "reason": reason});
    assert_eq!(memory.post("", "x").await, refused("invalid_input"));
    assert_eq!(memory.post("a", "").await, refused("invalid_input"));
    for method in ["PUT", "DELETE"] {
        let body = if method == "PUT" {
            json!({"content": "x"})
        } else {
            Value::Null
        };
        assert_eq!(
            memory.call(method, "unknown", body).await.ok(),
            refused("invalid_input")
        );
    }
    let nobody = Memory {
        app: &app,
        path: "/v3/sessions/6650f0c2a1b2c3d4e5f60718/memory".into(),
    };
    assert_eq!(nobody.post("a", "x").await, refused("session_not_found"));
    app.guest().await;
    let all = app.sessions().await;
    let guest = all
        .iter()
        .find(|session| session.get("userId").is_none())
        .unwrap();
    let guest = Memory {
        app: &app,
        path: format!("/v3/sessions/{}/memory", guest["_id"].as_str().unwrap()),
    };
    assert_eq!(guest.post("a", "x").await, refused("no_userId"));
}

#[tokio::test]
async fn limits_at_their_edges() {
    let app = TestApp::new().await;
    let memory = Memory::of_user(&app).await;
    let ok = |answer: &Value| answer["ok"].as_bool().unwrap();
    assert!(ok(&memory.post(&"é".repeat(100), "x").await));
    assert!(!ok(&memory.post(&"é".repeat(101), "x").await));
    assert!(ok(&memory.post("content", &"x".repeat(16 * 1024)).await));
    assert!(!ok(&memory
        .post("content", &"x".repeat(16 * 1024 + 1))
        .await));
    for (length, expected) in [(1000, true), (1001, false)] {
        let body = json!({"name": "d", "content": "x", "description": "x".repeat(length)});
        assert_eq!(ok(&memory.call("POST", "", body).await.ok()), expected);
    }
    for number in 3..100 {
        assert!(ok(&memory.post(&format!("n{number}"), "x").await));
    }
    assert!(!ok(&memory.post("one too many", "x").await));
    assert!(ok(&memory.post("n3", "replaced").await));
}
