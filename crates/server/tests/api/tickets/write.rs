//! `POST /v3/tickets` and `PUT /v3/tickets/{ticketId}`.

use serde_json::json;

use super::{now, session, ticket, update};
use crate::support::{Call, TestApp};

#[tokio::test]
async fn nothing_is_required_of_a_ticket() {
    let app = TestApp::new().await;
    let (first, second) = (ticket(&app, json!({})).await, ticket(&app, json!({})).await);
    assert_eq!((&first["bugId"], &second["bugId"]), (&json!(1), &json!(2)));
    assert!(first["lexorank"].as_str() < second["lexorank"].as_str());
    let told = json!([
        first["type"],
        first["status"],
        first["priority"],
        first["archived"],
        first.get("session")
    ]);
    assert_eq!(told, json!(["INQUIRY", "OPEN", "MEDIUM", false, null]));
    assert_eq!(first["shareToken"].as_str().unwrap().len(), 70);
    assert_eq!(now(&app, &first).await, first);
}

#[tokio::test]
async fn what_is_given_is_kept() {
    let app = TestApp::new().await;
    let session = session(&app, "u").await;
    let body = json!({
        "title": "No sound", "type": "BUG", "status": "INPROGRESS", "priority": "HIGH", "sentiment": "negative",
        "session": session, "tags": ["audio", "audio"], "description": "It is silent",
        "formData": {"os": "linux"}, "attributes": {"level": 3}, "customData": {"a": [1, null]}, "form": [{"name": "os"}],
        "dueDate": "2026-12-01T00:00:00.000Z", "isSpam": false, "consoleLog": [{"log": "hi"}], "bugId": 99, "nobodyKnows": 1,
        "attachments": [{"name": "a.txt", "url": "https://example.com/a.txt"}],
    });
    let made = ticket(&app, body).await;
    assert_eq!(
        json!([
            made["title"],
            made["type"],
            made["status"],
            made["priority"],
            made["priorityOrder"],
            made["sentiment"],
            made["tags"]
        ]),
        json!([
            "No sound",
            "BUG",
            "INPROGRESS",
            "HIGH",
            3,
            "negative",
            ["audio"]
        ])
    );
    assert_eq!(
        made["formData"],
        json!({"os": "linux", "description": "It is silent"})
    );
    assert_eq!(
        (&made["attributes"], &made["bugId"]),
        (&json!({"level": 3}), &json!(1))
    );
    assert_eq!(
        (&made["session"]["id"], &made["dueDate"]),
        (&json!(session), &json!("2026-12-01T00:00:00.000Z"))
    );
    let logs = app.get(&super::path(&made, "/console-logs")).await.ok();
    assert_eq!(logs, json!([{"log": "hi"}]));
}

#[tokio::test]
async fn changes_are_merged() {
    let app = TestApp::new().await;
    let made = ticket(
        &app,
        json!({"title": "a", "formData": {"x": 1, "y": 2}, "attributes": {"k": 1}}),
    )
    .await;
    let body = json!({"title": null, "priority": "LOW", "formData": {"x": null, "z": 3}, "attributes": null, "status": "DONE", "type": null});
    let changed = update(&app, &made, body).await.ok();
    assert_eq!(changed["formData"], json!({"y": 2, "z": 3}));
    assert_eq!(
        json!([
            changed.get("title"),
            changed.get("attributes"),
            changed["priorityOrder"],
            changed["status"],
            changed["type"]
        ]),
        json!([null, null, 1, "DONE", "INQUIRY"])
    );
    assert_eq!(now(&app, &made).await, changed);
}

#[tokio::test]
async fn times_follow_from_what_is_set() {
    let app = TestApp::new().await;
    let me = app.get("/v3/users/me").await.ok()["id"].clone();
    let made = ticket(&app, json!({})).await;
    app.clock.advance_seconds(5);
    let body = json!({"processingUser": me, "archived": true, "queued": true, "snoozedUntil": "2100-01-01T00:00:00.000Z"});
    let changed = update(&app, &made, body).await.ok();
    let at = app.clock.at(0);
    assert_eq!(
        json!([
            changed["processingUser"]["id"],
            changed["firstAssignmentAt"],
            changed["archivedAt"],
            changed["queuedAt"],
            changed["snoozed"]
        ]),
        json!([me, at, at, at, true])
    );
    app.clock.advance_seconds(5);
    let body =
        json!({"processingUser": null, "archived": false, "queued": false, "snoozed": false});
    let back = update(&app, &made, body).await.ok();
    let gone = ["processingUser", "archivedAt", "queuedAt", "snoozedUntil"];
    assert!(gone.iter().all(|name| back.get(name).is_none()), "{back}");
    assert_eq!(
        (&back["snoozed"], &back["firstAssignmentAt"]),
        (&json!(false), &json!(at))
    );
}

#[tokio::test]
async fn if_match_holds_a_change_to_a_version() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    let put = async |tag: &str, title: &str| {
        let call = Call::put(&super::path(&made, "")).header("if-match", tag);
        app.send(app.owner(call.json(&json!({"title": title}))))
            .await
    };
    let tag = app
        .get(&super::path(&made, ""))
        .await
        .header("etag")
        .to_owned();
    let changed = put(&tag, "a").await;
    assert_eq!(changed.ok()["title"], "a");
    assert_eq!(
        put(&tag, "b").await.error(),
        (412, "precondition_failed".into())
    );
    assert_eq!(put(changed.header("etag"), "c").await.ok()["title"], "c");
    let call = Call::delete(&super::path(&made, "")).header("if-match", tag);
    assert_eq!(app.send(app.owner(call)).await.status, 412);
}

#[tokio::test]
async fn a_ticket_goes_between_others_of_its_board() {
    let app = TestApp::new().await;
    let mut made = Vec::new();
    for kind in ["BUG", "BUG", "BUG", "IDEA"] {
        made.push(ticket(&app, json!({"type": kind})).await);
    }
    let order = async || {
        let list = app.get("/v3/tickets?type=BUG&sort=lexorank").await.ok();
        let tickets = list["tickets"].as_array().unwrap().clone();
        tickets
            .iter()
            .map(|ticket| ticket["bugId"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    for (ticket, body, expected) in [
        (2, json!({"rankBefore": made[0]["id"]}), [3, 1, 2]),
        (2, json!({"rankAfter": made[0]["id"]}), [1, 3, 2]),
        (0, json!({"rankAfter": made[1]["id"]}), [3, 2, 1]),
        (1, json!({"rankBefore": made[2]["id"]}), [2, 3, 1]),
    ] {
        update(&app, &made[ticket], body).await.ok();
        assert_eq!(order().await, expected);
    }
    let bare = update(&app, &made[0], json!({"lexorank": "0|0000001:"}))
        .await
        .ok();
    assert_eq!(bare["lexorank"], "0|0000001:");
}

#[tokio::test]
async fn linked_tickets_name_each_other() {
    let app = TestApp::new().await;
    let (a, b, c) = (
        ticket(&app, json!({})).await,
        ticket(&app, json!({})).await,
        ticket(&app, json!({})).await,
    );
    let linked = update(&app, &a, json!({"linkedTickets": [b["id"], c["id"]]}))
        .await
        .ok();
    assert_eq!(linked["linkedTickets"], json!([b["id"], c["id"]]));
    assert_eq!(now(&app, &b).await["linkedTickets"], json!([a["id"]]));
    update(&app, &a, json!({"linkedTickets": [c["id"]]}))
        .await
        .ok();
    assert_eq!(now(&app, &b).await["linkedTickets"], json!([]));
    assert_eq!(now(&app, &c).await["linkedTickets"], json!([a["id"]]));
}
