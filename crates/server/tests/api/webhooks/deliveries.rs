//! What arrives.

use serde_json::json;
use server::resources::webhook::deliver::{ANSWER_BYTES_KEPT, FAILING_MS_MAX};
use server::resources::webhook::log::sweep;
use store::Clock;

use super::receiver::Receiver;
use super::{HOUR_MS, deliveries, hook, path, post, server};
use crate::support::Call;

#[tokio::test]
async fn a_receiver_that_fails_twice_is_told_the_third_time() {
    let (app, receiver) = (server().await, Receiver::start().await);
    let hook = hook(
        &app,
        &receiver,
        json!({"events": ["session.created"], "headers": [{"key": "X-Own", "value": "v"}]}),
    )
    .await;
    receiver.answer(&[500, 503]);
    app.identify(json!({"userId": "u", "name": "Ada"}))
        .await
        .ok();
    for _ in 0..3 {
        app.run_jobs().await;
        app.clock.advance_ms(HOUR_MS);
    }
    let requests = receiver.take();
    assert_eq!(requests.len(), 3);
    let secret = hook["secret"].as_str().unwrap();
    for request in &requests {
        assert!(request.is_signed_with(secret));
        assert_eq!(request.body, requests[0].body);
        assert_eq!(
            request.header("webhook-id"),
            requests[0].header("webhook-id")
        );
        assert_eq!(request.header("x-own"), "v");
        assert_eq!(request.header("content-type"), "application/json");
    }
    let payload = requests[0].json();
    assert_eq!(payload["event"], "session.created");
    assert_eq!(payload["projectId"], app.project().to_string());
    assert_eq!(payload["data"]["userId"], "u");
    assert!(payload["data"].get("gleapHash").is_none(), "{payload}");
    let log = deliveries(&app, &hook).await;
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["status"], "delivered");
    let statuses: Vec<_> = log[0]["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| attempt["status"].clone())
        .collect();
    assert_eq!(statuses, [500, 503, 200]);
    assert_eq!(log[0]["attempts"][0]["answer"], "said the receiver");
    assert!("said the receiver".len() < ANSWER_BYTES_KEPT);
}

#[tokio::test]
async fn one_subject_is_told_in_order_and_others_do_not_wait() {
    let (app, receiver) = (server().await, Receiver::start().await);
    hook(&app, &receiver, json!({})).await;
    receiver.answer(&[500]);
    app.identify(json!({"userId": "u"})).await.ok();
    app.run_jobs().await;
    assert_eq!(receiver.events(), ["session.created"]);
    app.identify(json!({"userId": "v"})).await.ok();
    app.run_jobs().await;
    assert_eq!(receiver.events(), ["session.created", "session.identified"]);
    app.clock.advance_ms(HOUR_MS);
    app.run_jobs().await;
    assert_eq!(receiver.events(), ["session.created", "session.identified"]);
    app.identify(json!({"userId": "u", "name": "Ada"}))
        .await
        .ok();
    app.run_jobs().await;
    assert!(receiver.take().is_empty(), "a user who changes is no event");
}

#[tokio::test]
async fn tickets_are_told_by_their_type() {
    let (app, receiver) = (server().await, Receiver::start().await);
    hook(
        &app,
        &receiver,
        json!({"filters": {"ticketTypes": ["BUG"]}}),
    )
    .await;
    let bug = post(&app, "/v3/tickets", &json!({"type": "BUG", "title": "t"}))
        .await
        .ok();
    post(&app, "/v3/tickets", &json!({"type": "INQUIRY"}))
        .await
        .ok();
    let change = Call::put(&format!("/v3/tickets/{}", bug["id"].as_str().unwrap()));
    app.send(app.owner(change.json(&json!({"status": "DONE"}))))
        .await
        .ok();
    app.run_jobs().await;
    let told: Vec<_> = receiver
        .take()
        .iter()
        .map(|request| request.json())
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!(
        (&told[0]["event"], &told[0]["data"]["status"]),
        (&json!("ticket.created"), &json!("OPEN"))
    );
    assert_eq!(
        (&told[1]["event"], &told[1]["data"]["status"]),
        (&json!("ticket.updated"), &json!("DONE"))
    );
    assert_eq!(told[1]["data"]["bugId"], bug["bugId"]);
}

#[tokio::test]
async fn of_an_erased_session_nothing_is_left_but_that_it_is_gone() {
    let (app, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&app, &receiver, json!({})).await;
    app.identify(json!({"userId": "u", "email": "ada@example.com"}))
        .await
        .ok();
    app.run_jobs().await;
    assert_eq!(deliveries(&app, &hook).await.len(), 2);
    receiver.take();
    let id = app.session("u").await["id"].as_str().unwrap().to_owned();
    let erase = Call::delete(&format!("/v3/sessions/{id}"));
    assert_eq!(app.send(app.owner(erase)).await.status, 204);
    app.run_jobs().await;
    let told = receiver.take();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].json()["data"]["id"], id.as_str());
    let log = deliveries(&app, &hook).await;
    assert_eq!(log.len(), 1);
    assert!(!log[0].to_string().contains("ada@example.com"));
}

#[tokio::test]
async fn a_rotation_signs_with_both_secrets_and_ends_older_ones() {
    let (app, receiver) = (server().await, Receiver::start().await);
    let first = hook(&app, &receiver, json!({"events": ["session.created"]})).await;
    let rotate = format!("{}/rotate-secret", path(&first));
    let mut secrets = vec![first["secret"].clone()];
    for _ in 0..2 {
        secrets.push(post(&app, &rotate, &json!({})).await.ok()["secret"].clone());
    }
    app.identify(json!({"userId": "u"})).await.ok();
    app.run_jobs().await;
    let request = receiver.take().remove(0);
    let signed: Vec<_> = secrets
        .iter()
        .map(|secret| request.is_signed_with(secret.as_str().unwrap()))
        .collect();
    assert_eq!(signed, [false, true, true]);
    let shown = app.get(&path(&first)).await.ok();
    assert!(
        shown.get("secret").is_none() && shown["secrets"] == 2,
        "{shown}"
    );
}

#[tokio::test]
async fn a_delivery_is_sent_again_and_forgotten_after_a_time() {
    let (app, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&app, &receiver, json!({"events": ["session.created"]})).await;
    receiver.answer(&[410]);
    app.identify(json!({"userId": "u"})).await.ok();
    app.run_jobs().await;
    app.clock.advance_ms(48 * HOUR_MS);
    assert_eq!(app.run_jobs().await, 0, "gone is gone");
    let failed = deliveries(&app, &hook).await.remove(0);
    assert_eq!(failed["status"], "failed");
    let again = format!(
        "{}/deliveries/{}/resend",
        path(&hook),
        failed["id"].as_str().unwrap()
    );
    for _ in 0..2 {
        assert_eq!(
            post(&app, &again, &json!({})).await.ok()["status"],
            "waiting"
        );
    }
    app.run_jobs().await;
    let requests = receiver.take();
    assert_eq!(requests.len(), 2, "asked for twice, sent once more");
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(deliveries(&app, &hook).await[0]["status"], "delivered");
    app.clock.advance_ms(28 * 24 * HOUR_MS);
    assert_eq!(sweep(&app.app).await.unwrap(), 0);
    app.clock.advance_ms(HOUR_MS);
    assert_eq!(sweep(&app.app).await.unwrap(), 1);
    assert_eq!(
        post(&app, &again, &json!({})).await.error(),
        (404, "delivery_not_found".into())
    );
}

#[tokio::test]
async fn a_webhook_that_fails_for_three_days_is_switched_off() {
    let (app, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&app, &receiver, json!({"events": ["session.created"]})).await;
    receiver.answer(&[500; 100]);
    let start = app.clock.now().0;
    while app.clock.now().0 - start < FAILING_MS_MAX {
        let user = format!("u{}", app.clock.now().0);
        app.identify(json!({"userId": user})).await.ok();
        app.run_jobs().await;
        assert_eq!(app.get(&path(&hook)).await.ok()["enabled"], true);
        app.clock.advance_ms(12 * HOUR_MS);
    }
    app.run_jobs().await;
    let shown = app.get(&path(&hook)).await.ok();
    assert_eq!(shown["enabled"], false, "{shown}");
    assert!(shown["disabledAt"].is_string() && shown["failingSince"].is_string());
    let on = Call::put(&path(&hook)).json(&json!({"enabled": true}));
    let shown = app.send(app.owner(on)).await.ok();
    assert!(shown.get("disabledAt").is_none() && shown.get("failingSince").is_none());
}
