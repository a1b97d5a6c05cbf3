//! Snoozing, archiving, linking, and the history that they leave.

use serde_json::{Value, json};

use super::{call, now, path, ticket, update};
use crate::support::{Accounts, Call, TestApp};

async fn put(app: &TestApp, ticket: &Value, action: &str, body: Value) -> Value {
    call(app, "PUT", &path(ticket, action), body).await.ok()
}

#[tokio::test]
async fn a_snoozed_ticket_comes_back_by_itself() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    let asleep = put(&app, &made, "/snooze", json!({"duration": 1.5})).await;
    let until = app.clock.at(5_400_000);
    assert_eq!(
        json!([asleep["snoozed"], asleep["snoozedUntil"]]),
        json!([true, until])
    );
    app.clock.advance_seconds(3_600);
    put(&app, &made, "/snooze", json!({"duration": 48})).await;
    app.clock.advance_seconds(1_800);
    app.run_jobs().await;
    assert_eq!(
        now(&app, &made).await["snoozed"],
        true,
        "it was put to sleep again"
    );
    app.clock.advance_seconds(48 * 3_600);
    app.run_jobs().await;
    let awake = now(&app, &made).await;
    assert_eq!(
        json!([
            awake["snoozed"],
            awake.get("snoozedUntil"),
            awake["notificationsUnread"]
        ]),
        json!([false, null, true])
    );
    put(&app, &made, "/snooze", json!({"duration": 1})).await;
    assert_eq!(
        put(&app, &made, "/snooze", json!({"duration": 0})).await["snoozed"],
        false
    );
}

#[tokio::test]
async fn the_longest_sleep_is_a_year() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    put(&app, &made, "/snooze", json!({"duration": 8_760})).await;
    for hours in [json!(8_760.1), json!(-1)] {
        let refused = call(
            &app,
            "PUT",
            &path(&made, "/snooze"),
            json!({"duration": hours}),
        )
        .await;
        assert_eq!(refused.error(), (422, "invalid_field".into()));
        assert!(refused.faults()[0].starts_with("duration: "));
    }
}

#[tokio::test]
async fn archived_tickets_are_put_away_and_brought_back() {
    let app = TestApp::new().await;
    let (a, b) = (ticket(&app, json!({})).await, ticket(&app, json!({})).await);
    let away = put(&app, &a, "/archive", json!({})).await;
    assert_eq!(
        json!([away["archived"], away["archivedAt"]]),
        json!([true, app.clock.at(0)])
    );
    assert_eq!(
        put(&app, &a, "/archive", json!({})).await,
        away,
        "nothing changes"
    );
    let list = app.get("/v3/tickets?ignoreArchived=true").await.ok();
    assert_eq!(
        json!([list["totalCount"], list["tickets"][0]["id"]]),
        json!([1, b["id"]])
    );
    assert_eq!(
        app.get("/v3/tickets/ticketscount?ignoreArchived=true")
            .await
            .ok(),
        json!({"count": 1})
    );
    assert_eq!(
        app.get("/v3/tickets/ticketscount").await.ok(),
        json!({"count": 2})
    );
    assert_eq!(
        app.get("/v3/tickets/ticketscount?bugId=1&archived=true")
            .await
            .ok(),
        json!({"count": 1})
    );
    let back = put(&app, &a, "/unarchive", json!({})).await;
    assert_eq!(
        json!([back["archived"], back.get("archivedAt")]),
        json!([false, null])
    );
    assert_eq!(
        app.get("/v3/tickets?ignoreArchived=perhaps").await.status,
        400
    );
}

#[tokio::test]
async fn a_whole_column_is_put_away() {
    let app = TestApp::new().await;
    for n in 0..203 {
        let kind = if n < 201 { "BUG" } else { "IDEA" };
        ticket(&app, json!({"type": kind, "status": "DONE"})).await;
    }
    let other = ticket(&app, json!({"type": "BUG"})).await;
    let body = json!({"type": "BUG", "status": "DONE"});
    let done = call(&app, "PUT", "/v3/tickets/archive/all", body.clone())
        .await
        .ok();
    assert_eq!(done, json!({"success": true, "count": 201}));
    assert_eq!(
        app.get("/v3/tickets/ticketscount?archived=true").await.ok()["count"],
        201
    );
    assert_eq!(now(&app, &other).await["archived"], false);
    let again = call(&app, "PUT", "/v3/tickets/archive/all", body)
        .await
        .ok();
    assert_eq!(again["count"], 0);
}

#[tokio::test]
async fn links_have_two_ends() {
    let app = TestApp::new().await;
    let (a, b) = (ticket(&app, json!({})).await, ticket(&app, json!({})).await);
    let target = json!({"targetTicketId": b["id"]});
    for _ in 0..2 {
        let linked = put(&app, &a, "/link", target.clone()).await;
        assert_eq!(linked["linkedTickets"], json!([b["id"]]));
    }
    assert_eq!(now(&app, &b).await["linkedTickets"], json!([a["id"]]));
    let unlinked = put(&app, &a, "/unlink", target.clone()).await;
    assert_eq!(unlinked["linkedTickets"], json!([]));
    assert_eq!(now(&app, &b).await["linkedTickets"], json!([]));
    put(&app, &a, "/unlink", target).await;
    let itself = call(
        &app,
        "PUT",
        &path(&a, "/link"),
        json!({"targetTicketId": a["id"]}),
    )
    .await;
    assert_eq!(itself.error(), (422, "invalid_field".into()));
}

#[tokio::test]
async fn every_action_on_a_ticket_of_another_project_finds_nothing() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, server::auth::roles::Role::Owner, None)
        .await
        .token;
    let id = made["id"].clone();
    for (method, rest, body) in [
        ("PUT", "/snooze", json!({"duration": 1})),
        ("PUT", "/archive", json!({})),
        ("PUT", "/unarchive", json!({})),
        ("PUT", "/link", json!({"targetTicketId": id})),
        ("PUT", "/unlink", json!({"targetTicketId": id})),
        ("POST", "/vote", json!({"email": "ada@example.com"})),
        ("POST", "/typing", json!({"typing": true})),
        ("POST", "/viewing", json!({"viewing": true})),
        ("GET", "/audit-export", json!({})),
    ] {
        let call = Call::new(method, &path(&made, rest)).json(&body);
        let answer = app.send(call.bearer(&key).project(sister)).await;
        assert_eq!(answer.error(), (404, "ticket_not_found".into()), "{rest}");
    }
    let share = format!(
        "/v3/tickets/notification/{}",
        made["shareToken"].as_str().unwrap()
    );
    let answer = app
        .send(Call::get(&share).bearer(&key).project(sister))
        .await;
    assert_eq!(answer.status, 404);
    assert_eq!(now(&app, &made).await, made);
}

#[tokio::test]
async fn the_share_token_finds_the_ticket() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({"title": "a"})).await;
    let share = format!(
        "/v3/tickets/notification/{}",
        made["shareToken"].as_str().unwrap()
    );
    assert_eq!(app.get(&share).await.ok(), made);
    assert_eq!(
        app.get("/v3/tickets/notification/x").await.error(),
        (404, "ticket_not_found".into())
    );
}

#[tokio::test]
async fn the_history_tells_who_changed_what() {
    let app = TestApp::new().await;
    let me = app.get("/v3/users/me").await.ok()["id"].clone();
    let guest = app.guest().await;
    let made = app
        .sdk(
            "/bugs/v2",
            Some(&guest),
            json!({"formData": {"description": "secret"}}),
        )
        .await
        .json();
    app.clock.advance_seconds(1);
    update(
        &app,
        &made,
        json!({"status": "DONE", "formData": {"description": "other"}}),
    )
    .await
    .ok();
    update(&app, &made, json!({"status": "DONE"})).await.ok();
    app.clock.advance_seconds(1);
    put(&app, &made, "/snooze", json!({"duration": 1})).await;
    app.clock.advance_seconds(3_600);
    app.run_jobs().await;
    let audit = app.get(&path(&made, "/audit-export")).await;
    assert!(!audit.text().contains("secret"));
    let audit = audit.ok();
    let told: Vec<_> = audit["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| json!([change["type"], change["by"]["type"]]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["created", "session"],
            ["updated", "user"],
            ["updated", "user"],
            ["updated", "system"]
        ])
    );
    let second = &audit["changes"][1];
    assert_eq!(
        second["fields"],
        json!({"formData.description": {}, "status": {"from": "OPEN", "to": "DONE"}})
    );
    assert_eq!(second["by"]["id"], me);
}

#[tokio::test]
async fn the_member_who_works_on_it_is_shown() {
    let app = TestApp::new().await;
    let key_holder = app.get("/v3/users/me").await.ok()["id"].clone();
    Accounts::member(
        &app.app,
        app.project(),
        "ada@example.com",
        server::auth::roles::Role::Agent,
    )
    .await;
    let login = json!({"email": "ada@example.com", "password": crate::support::PASSWORD});
    let login = app
        .send(Call::post("/v3/auth/login").json(&login))
        .await
        .ok();
    let me = app
        .send(Call::get("/v3/users/me").bearer(login["token"].as_str().unwrap()))
        .await
        .ok();
    let made = ticket(&app, json!({"processingUser": me["id"]})).await;
    assert_eq!(
        json!([
            made["processingUser"]["id"],
            made["processingUser"]["email"]
        ]),
        json!([me["id"], "ada@example.com"])
    );
    let mine = format!("/v3/tickets?processingUser={}", me["id"].as_str().unwrap());
    assert_eq!(
        app.get(&mine).await.ok()["tickets"][0]["processingUser"],
        made["processingUser"]
    );
    let program = ticket(&app, json!({"processingUser": key_holder})).await;
    assert_eq!(program["processingUser"]["id"], key_holder);
}
