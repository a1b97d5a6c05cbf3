//! `PUT /v3/tickets/merge`.

use serde_json::{Value, json};

use super::{call, now, session, ticket, update};
use crate::support::{Answer, TestApp};

async fn merge(app: &TestApp, body: Value) -> Answer {
    let mut all = json!({"shouldCreateNewTicket": false, "shouldMergeContacts": false, "shouldMergeTasks": false});
    all.as_object_mut()
        .unwrap()
        .extend(body.as_object().unwrap().clone());
    call(app, "PUT", "/v3/tickets/merge", all).await
}

#[tokio::test]
async fn one_ticket_goes_on() {
    let app = TestApp::new().await;
    let (ada, bob) = (session(&app, "ada").await, session(&app, "bob").await);
    let a = ticket(&app, json!({"tags": ["x"], "session": ada})).await;
    let b = ticket(&app, json!({"tags": ["x", "y"], "session": bob})).await;
    let c = ticket(&app, json!({"linkedTickets": [b["id"], a["id"]]})).await;
    let body = json!({"ticketsToMergeIds": [a["id"], b["id"]], "shouldMergeContacts": true, "shouldMergeTasks": true});
    let kept = merge(&app, body).await.ok();
    assert_eq!(
        json!([kept["id"], kept["tags"], kept["status"], kept["sessions"]]),
        json!([a["id"], ["x", "y"], "OPEN", [bob]])
    );
    assert_eq!(kept["linkedTickets"], json!([c["id"]]));
    assert_eq!(now(&app, &c).await["linkedTickets"], json!([a["id"]]));
    let gone = now(&app, &b).await;
    assert_eq!(
        json!([
            gone["mergedInto"],
            gone["status"],
            gone["archived"],
            gone["bugId"]
        ]),
        json!([a["id"], "DONE", true, 2])
    );
    assert_eq!(app.session("bob").await["countFeedbackReports"], 1);
    let again = merge(&app, json!({"ticketsToMergeIds": [c["id"], b["id"]]})).await;
    assert_eq!(again.error(), (409, "ticket_merged".into()));
    let audit = app.get(&super::path(&a, "/audit-export")).await.ok();
    let last = audit["changes"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        json!([last["type"], last["fields"]["mergedTickets"]["to"]]),
        json!(["merged", [b["id"]]])
    );
}

#[tokio::test]
async fn a_new_ticket_may_go_on() {
    let app = TestApp::new().await;
    let ada = session(&app, "ada").await;
    let a = ticket(
        &app,
        json!({"title": "Sound", "type": "BUG", "session": ada}),
    )
    .await;
    let b = ticket(&app, json!({})).await;
    let body = json!({"ticketsToMergeIds": [b["id"]], "targetTicketId": a["id"], "shouldCreateNewTicket": true});
    let new = merge(&app, body).await.ok();
    assert_eq!(
        json!([
            new["bugId"],
            new["title"],
            new["type"],
            new["session"]["id"]
        ]),
        json!([3, "Sound", "BUG", ada])
    );
    assert_ne!(new["shareToken"], a["shareToken"]);
    for old in [&a, &b] {
        assert_eq!(now(&app, old).await["mergedInto"], new["id"]);
    }
    assert_eq!(app.session("ada").await["countFeedbackReports"], 2);
}

#[tokio::test]
async fn what_cannot_be_merged_is_refused_and_nothing_is_kept() {
    let app = TestApp::new().await;
    let (a, b) = (ticket(&app, json!({})).await, ticket(&app, json!({})).await);
    let many: Vec<_> = (0..101).map(|n| format!("{n:024x}")).collect();
    for ids in [
        json!([]),
        json!([a["id"]]),
        json!([a["id"], a["id"]]),
        json!(many),
    ] {
        let refused = merge(&app, json!({"ticketsToMergeIds": ids})).await;
        assert_eq!(refused.error(), (422, "invalid_field".into()));
    }
    let unknown = json!({"ticketsToMergeIds": [a["id"], b["id"], "6650f0c2a1b2c3d4e5f60718"]});
    assert_eq!(
        merge(&app, unknown).await.error(),
        (404, "ticket_not_found".into())
    );
    assert_eq!((now(&app, &a).await, now(&app, &b).await), (a, b));
}

#[tokio::test]
async fn deleting_the_one_that_goes_on_leaves_no_word_of_it() {
    let app = TestApp::new().await;
    let (a, b) = (ticket(&app, json!({})).await, ticket(&app, json!({})).await);
    merge(&app, json!({"ticketsToMergeIds": [a["id"], b["id"]]}))
        .await
        .ok();
    call(&app, "DELETE", &super::path(&a, ""), json!({}))
        .await
        .ok();
    let left = now(&app, &b).await;
    assert_eq!(
        json!([left.get("mergedInto"), left["archived"]]),
        json!([null, true])
    );
    update(&app, &b, json!({"archived": false, "status": "OPEN"}))
        .await
        .ok();
}

#[tokio::test]
async fn merging_snoozing_and_numbering_at_once_keep_the_rules() {
    let app = TestApp::new().await;
    let mut made = Vec::new();
    for _ in 0..50 {
        made.push(
            ticket(&app, json!({})).await["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    let (app, made) = (&app, &made);
    let work = (0..200usize).map(|n| async move {
        let (a, b) = (&made[n * 7 % 50], &made[n * 13 % 50]);
        match n % 5 {
            0 => {
                merge(app, json!({"ticketsToMergeIds": [a, b]}))
                    .await
                    .status
            }
            1 => {
                call(
                    app,
                    "PUT",
                    &format!("/v3/tickets/{a}/snooze"),
                    json!({"duration": 1}),
                )
                .await
                .status
            }
            2 => {
                call(app, "PUT", &format!("/v3/tickets/{a}/archive"), json!({}))
                    .await
                    .status
            }
            3 => {
                call(
                    app,
                    "PUT",
                    &format!("/v3/tickets/{a}/link"),
                    json!({"targetTicketId": b}),
                )
                .await
                .status
            }
            _ => {
                call(app, "POST", "/v3/tickets", json!({"linkedTickets": [a]}))
                    .await
                    .status
            }
        }
    });
    for status in futures_util::future::join_all(work).await {
        assert!(matches!(status, 200 | 409 | 422), "{status}");
    }
    let list = app.get("/v3/tickets?limit=1000&sort=bugId").await.ok();
    let tickets = list["tickets"].as_array().unwrap();
    let find = |id: &Value| tickets.iter().find(|ticket| ticket["id"] == *id);
    for (number, ticket) in (1..).zip(tickets) {
        assert_eq!(ticket["bugId"], number, "no gap, no double");
        for linked in ticket["linkedTickets"].as_array().unwrap() {
            let back = find(linked).unwrap()["linkedTickets"]
                .as_array()
                .unwrap()
                .clone();
            assert!(back.contains(&ticket["id"]), "{ticket}");
        }
        if let Some(into) = ticket.get("mergedInto") {
            assert!(find(into).is_some());
            assert_eq!(
                json!([ticket["status"], ticket["archived"]]),
                json!(["DONE", true])
            );
        }
        assert_eq!(
            ticket["snoozed"] == true,
            ticket.get("snoozedUntil").is_some()
        );
        assert_eq!(
            ticket["archived"] == true,
            ticket.get("archivedAt").is_some()
        );
    }
}
