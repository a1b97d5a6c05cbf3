//! What members send to sessions.

use serde_json::{Value, json};

use super::{events_call, guest, nothing_new, notify};
use crate::support::{Call, Runs, Socket, TestApp};

/// The one action that a notification becomes.
async fn action(app: &TestApp, name: &'static str, body: Value) -> Value {
    let (session, credential) = guest(app, name).await;
    let id = notify(app, session, body).await.ok()["id"].clone();
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    socket.frame().await;
    events_call(app, session);
    let action = socket.frame().await["data"]["a"][0].clone();
    assert_eq!(action["outbound"], id);
    action
}

#[tokio::test]
async fn a_notification_has_all_that_clients_need() {
    let app = TestApp::new().await;
    let action = action(&app, "Ada Lovelace", json!({"text": "Hi {{name}}"})).await;
    let expected = json!({
        "actionType": "notification",
        "outbound": action["outbound"],
        "format": "",
        "createdAt": app.clock.at(0),
        "data": {"text": "Hi Ada", "sender": {"name": "", "profileImageUrl": ""}},
    });
    assert_eq!(action, expected);
    let outbound = action["outbound"].as_str().unwrap();
    assert!(outbound.len() == 24 && outbound.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn a_notification_may_say_more() {
    let app = TestApp::new().await;
    let rules = json!([{"pageFilter": "/pricing"}, {"pageFilter": "/", "pageFilterType": "isnot"}]);
    let body = json!({
        "text": "Hi", "sound": true, "pageRules": rules,
        "sender": {"name": "Bot", "profileImageUrl": "https://example.com/p.png"},
        "conversation": {"shareToken": "share_Token-1"},
    });
    let action = action(&app, "Ada", body).await;
    assert_eq!(action["sound"], true);
    assert_eq!(
        action["pageRules"][0],
        json!({"pageFilter": "/pricing", "pageFilterType": "contains"})
    );
    assert_eq!(action["pageRules"][1]["pageFilterType"], "isnot");
    assert_eq!(
        action["data"]["conversation"],
        json!({"shareToken": "share_Token-1"})
    );
    assert_eq!(
        action["data"]["sender"],
        json!({"name": "Bot", "profileImageUrl": "https://example.com/p.png"})
    );
}

#[tokio::test]
async fn markup_is_neutralised() {
    let app = TestApp::new().await;
    let body = json!({
        "text": "<img src=x onerror=\"alert(1)\"> {{name}} {{name}}",
        "sender": {"name": "<b>'Bot'</b>", "profileImageUrl": "https://example.com/\" onerror=\"alert(1)"},
    });
    let action = action(&app, "{{name}}<script>", body).await;
    let shown = action["data"].to_string();
    assert!(!shown.contains(['<', '>', '\'', '`']), "{shown}");
    assert!(!shown.contains("\\\"") && !shown.contains("{{"), "{shown}");
    let text = &action["data"]["text"];
    assert_eq!(
        text,
        "‹img src=x onerror=”alert(1)”› name‹script› name‹script›"
    );
}

#[tokio::test]
async fn two_notifications_are_two_for_a_page() {
    let app = TestApp::new().await;
    let (session, _) = guest(&app, "Ada").await;
    let one = notify(&app, session, json!({"text": "Hi"})).await.ok();
    let two = notify(&app, session, json!({"text": "Hi"})).await.ok();
    assert_ne!(one["id"], two["id"]);
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let app = TestApp::new().await;
    let (session, _) = guest(&app, "Ada").await;
    let long = |count| "é".repeat(count);
    let url = |count: usize| format!("https://example.com/{}", "x".repeat(count - 20));
    let rule = |count| json!({"pageFilter": long(count)});
    let fine = [
        json!({"text": long(2000)}),
        json!({"text": "x", "sender": {"name": long(200), "profileImageUrl": url(2000)}}),
        json!({"text": "x", "sender": {}}),
        json!({"text": "x", "sender": null, "unread": null}),
        json!({"text": "x", "pageRules": vec![rule(500); 10]}),
        json!({"text": "x", "conversation": {"shareToken": "x".repeat(200)}}),
        json!({"text": "x", "unread": 1_000_000}),
    ];
    for body in fine {
        notify(&app, session, body).await.ok();
    }
    let wrong = [
        ("`text`", json!({})),
        ("`text`", json!({"text": ""})),
        ("`text`", json!({"text": " \n"})),
        ("`text`", json!({"text": long(2001)})),
        ("`text`", json!({"text": 7})),
        (
            "`sender.name`",
            json!({"text": "x", "sender": {"name": long(201)}}),
        ),
        (
            "`sender.profileImageUrl`",
            json!({"text": "x", "sender": {"profileImageUrl": url(2001)}}),
        ),
        (
            "`sender.profileImageUrl`",
            json!({"text": "x", "sender": {"profileImageUrl": "javascript:alert(1)"}}),
        ),
        (
            "`pageRules`",
            json!({"text": "x", "pageRules": vec![rule(1); 11]}),
        ),
        (
            "`pageRules`",
            json!({"text": "x", "pageRules": [rule(501)]}),
        ),
        (
            "`pageRules[0].pageFilterType`",
            json!({"text": "x", "pageRules": [{"pageFilter": "/", "pageFilterType": "like"}]}),
        ),
        (
            "`conversation.shareToken`",
            json!({"text": "x", "conversation": {"shareToken": ""}}),
        ),
        (
            "`conversation.shareToken`",
            json!({"text": "x", "conversation": {"shareToken": "a/b"}}),
        ),
        (
            "`conversation.shareToken`",
            json!({"text": "x", "conversation": {"shareToken": "x".repeat(201)}}),
        ),
        ("`unread`", json!({"text": "x", "unread": 1_000_001})),
        ("`unread`", json!({"text": "x", "unread": -1})),
    ];
    for (field, body) in wrong {
        let answer = notify(&app, session, body.clone()).await;
        assert_eq!(answer.status, 422, "{body}");
        let fault = &answer.faults()[0];
        assert!(fault.contains(field.trim_matches('`')), "{fault}");
    }
    let path = format!("/v3/sessions/{session}/unread");
    let call = Call::new("PUT", &path).json(&json!({"unread": 1_000_001}));
    assert_eq!(
        app.send(app.owner(call)).await.error(),
        (422, "invalid_unread".into())
    );
}

#[tokio::test]
async fn only_sessions_of_the_project_are_found() {
    let app = TestApp::new().await;
    let (session, _) = guest(&app, "Ada").await;
    let nobody = "6650f0c2a1b2c3d4e5f60718".parse().unwrap();
    let missing = notify(&app, nobody, json!({"text": "x"})).await;
    assert_eq!(missing.error(), (404, "session_not_found".into()));
    let path = "/v3/sessions/x/notifications";
    let answer = app
        .send(app.owner(Call::post(path).json(&json!({"text": "x"}))))
        .await;
    assert_eq!(answer.error(), (400, "invalid_id".into()));
    let sister = app.accounts.sister.id;
    let key =
        crate::support::Accounts::key(&app.app, sister, server::auth::roles::Role::Owner, None)
            .await;
    for (method, rest, body) in [
        ("POST", "notifications", json!({"text": "x"})),
        ("PUT", "unread", json!({"unread": 1})),
        (
            "PUT",
            "checklists/c",
            json!({"outboundId": "o", "status": "active"}),
        ),
        ("GET", "live", json!({})),
        ("GET", "checklists", json!({})),
    ] {
        let path = format!("/v3/sessions/{session}/{rest}");
        let call = Call::new(method, &path)
            .json(&body)
            .bearer(&key.token)
            .project(sister);
        assert_eq!(
            app.send(call).await.error(),
            (404, "session_not_found".into()),
            "{rest}"
        );
    }
}

pub async fn put_checklist(
    app: &TestApp,
    session: impl std::fmt::Display,
    body: Value,
) -> crate::support::Answer {
    let path = format!("/v3/sessions/{session}/checklists/list-1");
    app.send(app.owner(Call::new("PUT", &path).json(&body)))
        .await
}

#[tokio::test]
async fn checklists_are_kept_and_shown_in_pages_alone() {
    let app = TestApp::new().await;
    let (session, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut page = Socket::page(&live, &credential).await;
    let mut phone = Socket::open(&live, &credential.at("/ws"), Runs::InApp)
        .await
        .unwrap();
    for socket in [&mut page, &mut phone] {
        assert_eq!(socket.frame().await, nothing_new());
    }
    let started = app.clock.at(0);
    let steps = json!([{"id": "s1", "title": "<b>One</b>"}, {"id": "s2"}]);
    let first =
        json!({"outboundId": "o1", "status": "active", "completedSteps": ["s1"], "steps": steps});
    let answer = put_checklist(&app, session, first).await.ok();
    assert_eq!(
        answer,
        json!({"id": "list-1", "outboundId": "o1", "status": "active", "completedSteps": ["s1"], "startedAt": started})
    );
    let data = json!({
        "id": "list-1", "outboundId": "o1", "status": "active", "completedSteps": ["s1"], "completedStepsBefore": [],
        "steps": [{"id": "s1", "title": "‹b›One‹/b›"}, {"id": "s2", "title": ""}],
    });
    assert_eq!(
        page.frame().await,
        json!({"name": "checklist", "data": data})
    );

    app.clock.advance_seconds(1);
    let done_at = app.clock.at(0);
    let done = json!({"outboundId": "o1", "status": "done", "completedSteps": ["s1", "s2"]});
    let answer = put_checklist(&app, session, done.clone()).await.ok();
    assert_eq!(
        (&answer["startedAt"], &answer["completedAt"]),
        (&json!(started), &json!(done_at))
    );
    let frame = page.frame().await;
    assert_eq!(frame["data"]["completedStepsBefore"], json!(["s1"]));
    app.clock.advance_seconds(1);
    put_checklist(&app, session, done).await.ok();

    let kept = app.get(&format!("/v3/sessions/{session}")).await.ok()["checklistTasks"].clone();
    let expected = json!({"status": "done", "completedSteps": ["s1", "s2"], "startedAt": started, "completedAt": done_at});
    assert_eq!(kept, json!({"o1": expected}));
    let mut shown = expected;
    shown["id"] = json!("o1");
    shown["outboundId"] = json!("o1");
    let path = format!("/v3/sessions/{session}/checklists");
    assert_eq!(app.get(&path).await.ok(), json!([shown]));
    assert!(phone.is_silent(std::time::Duration::from_millis(300)).await);
}

#[tokio::test]
async fn checklists_have_limits() {
    let app = TestApp::new().await;
    let (session, _) = guest(&app, "Ada").await;
    let with = |key: &str, value: Value| {
        let mut body = json!({"outboundId": "o", "status": "active"});
        body[key] = value;
        body
    };
    let step = |id: usize, title: usize| json!({"id": "i".repeat(id), "title": "é".repeat(title)});
    let fine = [
        with("outboundId", json!("x".repeat(100))),
        with("completedSteps", json!(vec!["s"; 100])),
        with("steps", json!(vec![step(100, 500); 100])),
    ];
    for body in fine {
        put_checklist(&app, session, body).await.ok();
    }
    let wrong = [
        with("outboundId", json!("")),
        with("outboundId", json!("x".repeat(101))),
        with("outboundId", json!("<o>")),
        with("status", json!("finished")),
        with("completedSteps", json!(vec!["s"; 101])),
        with("completedSteps", json!(["\""])),
        with("steps", json!(vec![step(1, 1); 101])),
        with("steps", json!([step(101, 1)])),
        with("steps", json!([step(1, 501)])),
    ];
    for body in wrong {
        assert_eq!(
            put_checklist(&app, session, body.clone()).await.status,
            422,
            "{body}"
        );
    }
    // Two are there already.
    for number in 0..98 {
        put_checklist(
            &app,
            session,
            with("outboundId", json!(format!("n{number}"))),
        )
        .await
        .ok();
    }
    let one_more = put_checklist(&app, session, with("outboundId", json!("more"))).await;
    assert_eq!(one_more.error(), (422, "invalid_checklist".into()));
    put_checklist(&app, session, with("outboundId", json!("n0")))
        .await
        .ok();
}
