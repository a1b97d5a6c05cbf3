//! Where webhooks may not lead, and what they may not say.

use serde_json::json;
use server::auth::roles::Role;
use server::resources::webhook::body::{HEADER_CHARS_MAX, HEADERS_MAX, WEBHOOKS_MAX};

use super::receiver::Receiver;
use super::{deliveries, hook, path, post, server};
use crate::support::{Accounts, Call, TestApp};

#[tokio::test]
async fn private_addresses_are_refused_when_they_are_given() {
    let app = TestApp::new().await;
    for url in [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "http://example.com/",
        "https://user:password@example.com/",
        "file:///etc/passwd",
        "nonsense",
    ] {
        let answer = post(&app, "/v3/webhooks", &json!({"name": "n", "url": url})).await;
        assert_eq!(answer.status, 422, "{url}");
        assert!(answer.faults()[0].starts_with("url: "), "{url}");
    }
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_when_it_is_used() {
    let app = TestApp::new().await;
    let body = json!({"name": "n", "url": "https://localhost:1/"});
    let hook = post(&app, "/v3/webhooks", &body).await.ok();
    app.identify(json!({"userId": "u"})).await.ok();
    app.run_jobs().await;
    for delivery in deliveries(&app, &hook).await {
        assert_eq!(delivery["status"], "failed");
        let error = delivery["attempts"][0]["error"].as_str().unwrap();
        assert!(error.contains("private network"), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (app, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&app, &receiver, json!({"events": ["session.created"]})).await;
    receiver.answer(&[307]);
    app.identify(json!({"userId": "u"})).await.ok();
    app.run_jobs().await;
    assert_eq!(receiver.take().len(), 1);
    assert_eq!(
        deliveries(&app, &hook).await[0]["attempts"][0]["status"],
        307
    );
}

#[tokio::test]
async fn headers_say_nothing_that_is_the_servers() {
    let app = TestApp::new().await;
    let url = "https://example.com/hook";
    let long = "v".repeat(HEADER_CHARS_MAX + 1);
    for (key, value) in [
        ("Host", "internal.example.com"),
        ("content-length", "0"),
        ("Webhook-Signature", "v1,x"),
        ("Transfer-Encoding", "chunked"),
        ("X-A\r\nX-B", "v"),
        ("X A", "v"),
        ("", "v"),
        ("X-A", "v\r\nX-B: w"),
        ("X-A", "v\nw"),
        ("X-A", "ä"),
        ("X-A", &long),
    ] {
        let body = json!({"name": "n", "url": url, "headers": [{"key": key, "value": value}]});
        let answer = post(&app, "/v3/webhooks", &body).await;
        assert_eq!(answer.status, 422, "{key}: {value}");
        assert!(
            answer.faults()[0].starts_with("headers[0]."),
            "{key}: {value}"
        );
    }
    let headers = |count: usize| {
        let headers: Vec<_> = (0..count)
            .map(|n| json!({"key": format!("X-{n}"), "value": "v".repeat(HEADER_CHARS_MAX)}))
            .collect();
        json!({"name": "n", "url": url, "headers": headers})
    };
    post(&app, "/v3/webhooks", &headers(HEADERS_MAX)).await.ok();
    assert_eq!(
        post(&app, "/v3/webhooks", &headers(HEADERS_MAX + 1))
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn a_project_has_so_many_webhooks_and_no_more() {
    let app = TestApp::new().await;
    let body = json!({"name": "n", "url": "https://example.com/hook"});
    let first = post(&app, "/v3/webhooks", &body).await.ok();
    for _ in 1..WEBHOOKS_MAX {
        post(&app, "/v3/webhooks", &body).await.ok();
    }
    let answer = post(&app, "/v3/webhooks", &body).await;
    assert_eq!(answer.error(), (409, "too_many_webhooks".into()));
    let delete = || app.owner(Call::delete(&path(&first)));
    assert_eq!(app.send(delete()).await.status, 204);
    assert_eq!(
        app.send(delete()).await.error(),
        (404, "webhook_not_found".into())
    );
    assert_eq!(
        app.get("/v3/webhooks").await.ok().as_array().unwrap().len(),
        WEBHOOKS_MAX - 1
    );
}

#[tokio::test]
async fn the_webhooks_of_another_project_are_not_there() {
    let app = TestApp::new().await;
    let body = json!({"name": "n", "url": "https://example.com/hook"});
    let hook = post(&app, "/v3/webhooks", &body).await.ok();
    let (of_hook, empty) = (path(&hook), json!({}));
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, Role::Owner, None)
        .await
        .token;
    for (method, path) in [
        ("GET", of_hook.clone()),
        ("PUT", of_hook.clone()),
        ("DELETE", of_hook.clone()),
        ("POST", format!("{of_hook}/rotate-secret")),
        ("GET", format!("{of_hook}/deliveries")),
        (
            "POST",
            format!("{of_hook}/deliveries/{}/resend", app.project()),
        ),
    ] {
        let call = Call::new(method, &path).json(&empty);
        let call = call.bearer(&key).project(sister);
        assert_eq!(app.send(call).await.status, 404, "{method} {path}");
    }
    let list = Call::get("/v3/webhooks").bearer(&key);
    let list = app.send(list.project(sister)).await;
    assert_eq!(list.ok(), json!([]));
    assert_eq!(app.get(&of_hook).await.ok()["name"], "n");
}

#[tokio::test]
async fn a_webhook_needs_a_name_and_an_address() {
    let app = TestApp::new().await;
    let answer = post(&app, "/v3/webhooks", &json!({})).await;
    assert_eq!(answer.faults(), ["name: is required", "url: is required"]);
    let body = json!({"name": " ", "url": "https://example.com/", "events": ["session.exploded"]});
    assert!(post(&app, "/v3/webhooks", &body).await.status >= 400);
}
