//! Who did what in a project.

use serde_json::{Value, json};
use server::auth::roles::Role;
use server::resources::project::audit_log::sweep::{AUDIT_DAYS, sweep};

use crate::support::{Accounts, Answer, Call, TestApp};

async fn page(app: &TestApp, query: &str) -> Answer {
    let path = format!("/v3/projects/{}/audit-log{query}", app.project());
    app.send(app.owner(Call::get(&path))).await
}

/// What was done, the newest first, with the names of those who did it.
async fn log(app: &TestApp) -> Vec<(String, String, Value)> {
    let body = page(app, "?limit=200").await.ok();
    let entries = body["entries"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries
        .map(|entry| {
            let by = entry["by"]["email"]
                .as_str()
                .or(entry["by"]["name"].as_str());
            let by = by.unwrap_or("operator").to_owned();
            (text(&entry["action"]), by, entry["details"].clone())
        })
        .collect()
}

/// The newest entry, without who did it.
async fn newest(app: &TestApp) -> (String, Value) {
    let (action, _, details) = log(app).await.swap_remove(0);
    (action, details)
}

async fn call(app: &TestApp, call: Call) -> Value {
    let answer = app.send(app.owner(call)).await;
    match answer.status {
        204 => Value::Null,
        _ => answer.ok(),
    }
}

#[tokio::test]
async fn what_members_do_to_a_project_is_on_record() {
    let app = TestApp::new().await;
    let project = app.project();
    let at = |path: &str| format!("/v3/projects/{project}/{path}");

    let key = json!({"name": "Nightly", "role": "viewer"});
    let key = call(&app, Call::post(&at("api-keys")).json(&key)).await;
    let details = json!({"name": "Nightly", "role": "viewer"});
    assert_eq!(newest(&app).await, ("apiKey.created".into(), details));
    let path = at(&format!("api-keys/{}", key["id"].as_str().unwrap()));
    for _ in 0..2 {
        call(&app, Call::delete(&path)).await;
    }
    let details = json!({"name": "Nightly"});
    assert_eq!(newest(&app).await, ("apiKey.revoked".into(), details));
    let revoked = log(&app).await;
    let revoked = revoked.iter().filter(|entry| entry.0 == "apiKey.revoked");
    assert_eq!(revoked.count(), 1, "the second time changed nothing");

    let rules = json!({"eventsDays": 90});
    call(&app, Call::put(&at("retention")).json(&rules)).await;
    assert_eq!(newest(&app).await, ("retention.changed".into(), rules));

    let mode = json!({"mode": "required"});
    call(&app, Call::put(&at("identity-verification")).json(&mode)).await;
    let changed = ("identityVerification.changed".to_owned(), mode);
    assert_eq!(newest(&app).await, changed);

    call(&app, Call::put(&at("session-indexes/seats"))).await;
    let details = json!({"attribute": "seats"});
    assert_eq!(
        newest(&app).await,
        ("sessionIndex.created".into(), details.clone())
    );
    call(&app, Call::delete(&at("session-indexes/seats"))).await;
    assert_eq!(newest(&app).await, ("sessionIndex.deleted".into(), details));

    let team = json!({"name": "First line", "assignmentMethod": "manual", "members": []});
    let team = call(&app, Call::post("/v3/teams").json(&team)).await;
    let details = json!({"name": "First line"});
    assert_eq!(newest(&app).await, ("team.created".into(), details));
    let body = page(&app, "?limit=1").await.ok();
    assert_eq!(body["entries"][0]["target"], team["id"]);
    app.assert_sound();
}

#[tokio::test]
async fn what_is_taken_out_or_erased_is_on_record_without_the_person() {
    let app = TestApp::new().await;
    let user = json!({"userId": "u", "email": "u@example.com", "name": "User"});
    app.identify(user).await.ok();
    let session = app.session("u").await;
    let id = session["id"].as_str().unwrap();
    app.get("/v3/sessions/export?format=csv&email=u@example.com")
        .await;
    let details = json!({"filtered": true});
    assert_eq!(newest(&app).await, ("sessions.exported".into(), details));
    app.get(&format!("/v3/sessions/{id}/data")).await;
    assert_eq!(
        newest(&app).await,
        ("session.downloaded".into(), Value::Null)
    );
    let erase = Call::delete(&format!("/v3/sessions/{id}"));
    assert_eq!(app.send(app.owner(erase)).await.status, 204);
    assert_eq!(newest(&app).await, ("session.deleted".into(), Value::Null));
    let body = page(&app, "").await.ok();
    assert_eq!(body["entries"][0]["target"], id);
    assert!(!body.to_string().contains("u@example.com"), "{body}");
}

#[tokio::test]
async fn members_are_named_also_when_they_are_gone() {
    let app = TestApp::new().await;
    let (user, admin) = app.member("admin@example.com", Role::Admin).await;
    let webhook =
        json!({"name": "CRM", "url": "https://example.com/hook", "events": ["ticket.created"]});
    let made = Call::post("/v3/webhooks").json(&webhook).bearer(&admin);
    app.send(made.project(app.project())).await.ok();
    let path = format!("/v3/projects/users/{user}");
    app.send(app.owner(Call::delete(&path))).await.ok();
    let seen = log(&app).await;
    let [removed, created] = &seen[..2] else {
        panic!("{seen:?}")
    };
    assert_eq!(removed.0, "member.removed");
    assert_eq!(removed.2, json!({"role": "admin"}));
    assert_eq!(
        (&created.0[..], &created.1[..]),
        ("webhook.created", "admin@example.com")
    );
    assert_eq!(created.2, json!({"name": "CRM"}));
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_old_entries_go() {
    let app = TestApp::new().await;
    let path = format!("/v3/projects/{}/retention", app.project());
    for days in 1..=5 {
        app.clock.advance_seconds(1);
        call(&app, Call::put(&path).json(&json!({"eventsDays": days}))).await;
    }
    let all = page(&app, "").await.ok()["entries"].clone();
    let all: Vec<Value> = all.as_array().unwrap().clone();
    let (mut found, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let body = page(&app, &query).await.ok();
        found.extend(body["entries"].as_array().unwrap().clone());
        if body["more"] == false {
            break;
        }
        query = format!(
            "?limit=2&before={}",
            found.last().unwrap()["id"].as_str().unwrap()
        );
    }
    assert_eq!(found, all);
    assert!(all.len() >= 5, "{all:?}");

    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?before=x", "before"),
    ] {
        let answer = page(&app, query).await;
        assert_eq!(answer.error(), (422, "invalid_field".into()), "{query}");
        assert!(answer.json().to_string().contains(field), "{query}");
    }

    app.clock.advance_seconds(60 * 60 * 24 * AUDIT_DAYS);
    assert!(sweep(&app.app).await.unwrap() > 0);
    let left = page(&app, "").await.ok()["entries"].clone();
    assert_eq!(left, json!([all[0]]), "the last is not older yet");
    app.clock.advance_seconds(2);
    assert_eq!(sweep(&app.app).await.unwrap(), 1);
}

#[tokio::test]
async fn what_the_operator_does_is_on_record() {
    let app = TestApp::new().await;
    let operator = |action: &str, details| (action.to_owned(), "operator".to_owned(), details);
    let made = log(&app).await.pop().unwrap();
    assert_eq!(made.0, "project.created");
    assert_eq!(made.1, "operator");
    assert!(made.2["name"].is_string());

    let before = log(&app).await.len();
    let email = "Ada@example.com";
    for role in [Role::Agent, Role::Admin, Role::Admin] {
        Accounts::member(&app.app, app.project(), email, role).await;
    }
    let seen = log(&app).await;
    let details = |role: Role| json!({"email": "ada@example.com", "role": role});
    assert_eq!(
        seen[..seen.len() - before],
        [
            operator("member.changed", details(Role::Admin)),
            operator("member.added", details(Role::Agent)),
        ]
    );
    let user = page(&app, "?limit=1").await.ok()["entries"][0]["target"].clone();
    let users = app.get("/v3/projects/users").await.ok();
    let is_there = |person: &Value| person["email"] == email && person["id"] == user;
    assert!(users.as_array().unwrap().iter().any(is_there), "{users}");
}

#[tokio::test]
async fn settings_that_are_saved_as_they_are_are_not_on_record() {
    let app = TestApp::new().await;
    let project = app.project();
    let at = |path: &str| format!("/v3/projects/{project}/{path}");
    let team = json!({"name": "First line", "assignmentMethod": "manual", "members": []});
    let team = call(&app, Call::post("/v3/teams").json(&team)).await;
    let hook =
        json!({"name": "CRM", "url": "https://example.com/hook", "events": ["ticket.created"]});
    let hook = call(&app, Call::post("/v3/webhooks").json(&hook)).await;
    let named = |path: &str, it: &Value| format!("{path}/{}", it["id"].as_str().unwrap());
    let saves = [
        (at("retention"), json!({"eventsDays": 30})),
        (at("identity-verification"), json!({"mode": "required"})),
        (
            at("sdk-config"),
            json!({"color": "#0B7A75", "hideForGuests": true}),
        ),
        (
            at("ticket-settings"),
            json!({"statuses": [{"key": "WAITING", "title": "Waiting", "closed": false}]}),
        ),
        (
            at("ticket-settings"),
            json!({"replyMail": {"afterSeconds": 60}}),
        ),
        (
            at("blocked-identities"),
            json!({"values": [{"kind": "email", "value": "info@example.com"}]}),
        ),
        (named("/v3/teams", &team), json!({"name": "Second line"})),
        (
            named("/v3/webhooks", &hook),
            json!({"enabled": true, "headers": [{"key": "X-Key", "value": "secret"}]}),
        ),
    ];
    for (path, body) in saves {
        let before = log(&app).await.len();
        let first = call(&app, Call::put(&path).json(&body)).await;
        let noted = log(&app).await.len();
        assert_eq!(noted, before + 1, "{path}: {body}");
        app.clock.advance_seconds(60);
        let again = call(&app, Call::put(&path).json(&body)).await;
        assert_eq!(again, first, "{path}: {body}");
        assert_eq!(log(&app).await.len(), noted, "again: {path}: {body}");
    }
    let patch = json!({"color": "#0B7A75", "hideForGuests": false});
    call(&app, Call::put(&at("sdk-config")).json(&patch)).await;
    let details = json!({"fields": ["hideForGuests"]});
    assert_eq!(newest(&app).await, ("sdkConfig.changed".into(), details));
    app.assert_sound();
}

#[tokio::test]
async fn sessions_that_are_imported_at_once_are_on_record_when_some_were_written() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u", "name": "Old"}))
        .await
        .ok();
    let rows = json!([{"userId": "u", "name": "New"}, {"userId": "v"}, {"userId": "w"}]);
    let before = log(&app).await.len();
    for (query, noted) in [("?dryRun=true", 0), ("", 1), ("", 1)] {
        let path = format!("/v3/sessions/importer{query}");
        call(&app, Call::post(&path).json(&rows)).await;
        assert_eq!(log(&app).await.len(), before + noted, "{query}");
    }
    let details = json!({"created": 2, "updated": 1});
    assert_eq!(newest(&app).await, ("import.created".into(), details));
}

#[tokio::test]
async fn who_may_not_change_a_project_does_not_read_its_log() {
    let app = TestApp::new().await;
    let path = format!("/v3/projects/{}/audit-log", app.project());
    for role in [Role::Viewer, Role::Agent] {
        let (_, token) = app.member(&format!("{role}@example.com"), role).await;
        let asked = Call::get(&path).bearer(&token).project(app.project());
        let answer = app.send(asked).await;
        assert_eq!(answer.error(), (403, "missing_scope".into()));
    }
    let path = format!("/v3/projects/{}/audit-log", app.accounts.sister.id);
    let answer = app.send(app.owner(Call::get(&path))).await;
    assert_eq!(answer.error(), (404, "project_not_found".into()));
}
