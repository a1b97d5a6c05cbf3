//! `POST /v3/sessions` and `PUT /v3/sessions/{sessionId}` (decisions, Writes).

use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp};

async fn create(app: &TestApp, body: Value) -> Answer {
    app.send(app.owner(Call::post("/v3/sessions").json(&body)))
        .await
}

async fn update(app: &TestApp, session: &Value, body: Value) -> Answer {
    let path = format!("/v3/sessions/{}", session["_id"].as_str().unwrap());
    app.send(app.owner(Call::put(&path).json(&body))).await
}

#[tokio::test]
async fn a_session_is_made_and_found_again() {
    let app = TestApp::new().await;
    let body = json!({"userId": "u", "email": "Ada@example.com", "name": "Ada", "tags": ["vip"], "customData": {"seats": 3}});
    let made = create(&app, body).await;
    assert!(!made.header("etag").is_empty());
    let made = made.ok();
    assert_eq!(app.session("u").await, made);
    assert_eq!(
        (&made["email"], &made["tags"]),
        (&json!("Ada@example.com"), &json!(["vip"]))
    );
}

#[tokio::test]
async fn the_user_id_finds_and_then_the_email() {
    let app = TestApp::new().await;
    let by_email = create(&app, json!({"email": "ada@example.com"})).await.ok();
    let named = create(&app, json!({"userId": "u", "email": "other@example.com"}))
        .await
        .ok();
    assert_ne!(named["_id"], by_email["_id"]);
    let again = create(&app, json!({"email": " ADA@example.com", "plan": "pro"}))
        .await
        .ok();
    assert_eq!(
        (&again["_id"], &again["plan"]),
        (&by_email["_id"], &json!("pro"))
    );
    let again = create(&app, json!({"userId": "u", "email": "ada@example.com"}))
        .await
        .ok();
    assert_eq!(
        again["_id"], named["_id"],
        "an address does not lead from one user to another"
    );
    assert_eq!(app.sessions().await.len(), 2);
}

#[tokio::test]
async fn without_a_key_each_call_makes_a_guest() {
    let app = TestApp::new().await;
    create(&app, json!({"name": "a"})).await.ok();
    create(&app, json!({"name": "a"})).await.ok();
    assert_eq!(app.sessions().await.len(), 2);
}

#[tokio::test]
async fn what_is_given_is_merged() {
    let app = TestApp::new().await;
    let made = create(
        &app,
        json!({"userId": "u", "name": "Ada", "plan": "pro", "customData": {"a": 1, "b": 2}}),
    )
    .await
    .ok();
    let body = json!({"plan": null, "value": "12.5", "blocked": true, "customData": {"a": null, "c": [1, 2]}, "facebookId": "f"});
    let changed = update(&app, &made, body).await.ok();
    assert_eq!(
        json!([
            changed["name"],
            changed.get("plan"),
            changed["value"],
            changed["blocked"],
            changed["facebookId"]
        ]),
        json!(["Ada", null, 12.5, true, "f"])
    );
    assert_eq!(changed["customData"], json!({"b": 2, "c": [1, 2]}));
    assert_eq!(app.session("u").await, changed);
}

#[tokio::test]
async fn keys_that_nobody_knows_are_dropped() {
    let app = TestApp::new().await;
    let made = create(&app, json!({"userId": "u", "seats": 3, "_id": "x", "memory": [1], "project": "x", "identityHistory": []})).await.ok();
    assert_eq!(made.get("customData"), None);
    assert_eq!(
        (&made["memory"], &made["project"]),
        (&json!([]), &json!(app.project().to_string()))
    );
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_no_change() {
    let app = TestApp::new().await;
    let made = create(&app, json!({"userId": "u", "tags": ["a"]})).await;
    let again = update(
        &app,
        &made.ok(),
        json!({"userId": "u", "tags": ["a", "a"], "customData": {}}),
    )
    .await;
    assert_eq!(again.header("etag"), made.header("etag"));
}

#[tokio::test]
async fn a_user_can_be_made_a_guest_again() {
    let app = TestApp::new().await;
    let made = create(&app, json!({"userId": "u"})).await.ok();
    let guest = update(&app, &made, json!({"userId": null})).await.ok();
    assert_eq!(guest.get("userId"), None);
    assert_eq!(app.lookup("u").await.status, 404);
}

#[tokio::test]
async fn if_match_holds_a_change_to_a_version() {
    let app = TestApp::new().await;
    let made = create(&app, json!({"userId": "u"})).await;
    let (etag, session) = (made.header("etag").to_owned(), made.ok());
    let path = format!("/v3/sessions/{}", session["_id"].as_str().unwrap());
    let put = async |tag: &str, plan: &str| {
        let call = Call::put(&path)
            .header("if-match", tag)
            .json(&json!({"plan": plan}));
        app.send(app.owner(call)).await
    };
    let changed = put(&etag, "a").await;
    assert_eq!(changed.status, 200);
    assert_eq!(
        put(&etag, "b").await.error(),
        (412, "precondition_failed".into())
    );
    assert_eq!(app.session("u").await["plan"], "a");
    assert_eq!(put(changed.header("etag"), "c").await.status, 200);
    assert_eq!(put("*", "d").await.status, 200);
    assert_eq!(put("\"x\", \"y\"", "e").await.status, 412);
}

#[tokio::test]
async fn unsubscribing_has_a_date_and_a_reason() {
    let app = TestApp::new().await;
    let made = create(
        &app,
        json!({"userId": "u", "unsubscribed": true, "unsubscribeReason": "too much"}),
    )
    .await
    .ok();
    assert_eq!(
        json!([
            made["unsubscribed"],
            made["unsubscribedAt"],
            made["unsubscribeReason"]
        ]),
        json!([true, app.clock.at(0), "too much"])
    );
    let back = update(&app, &made, json!({"unsubscribed": false}))
        .await
        .ok();
    assert_eq!(
        json!([back.get("unsubscribedAt"), back.get("unsubscribeReason")]),
        json!([null, null])
    );
}

/// Anybody can have a page say any address.
#[tokio::test]
async fn a_guest_does_not_become_the_user_whose_address_it_says() {
    let app = TestApp::new().await;
    let said = json!({"data": {"email": "ada@example.com", "phone": "+43 1 5331234"}});
    let mut guests = Vec::new();
    for _ in 0..2 {
        let guest = app.guest().await;
        app.sdk("/sessions/partialupdate", Some(&guest), said.clone())
            .await
            .ok();
        guests.push(guest);
    }
    let made = create(&app, json!({"email": "ada@example.com", "plan": "secret"}))
        .await
        .ok();
    let again = create(&app, json!({"email": "ada@example.com", "value": 5}))
        .await
        .ok();
    assert_eq!(
        again["_id"], made["_id"],
        "the address is that of the contact now"
    );
    let rows = json!([{"userId": "u", "phone": "+43 1 5331234", "plan": "secret"}]);
    app.send(app.owner(Call::post("/v3/sessions/importer").json(&rows)))
        .await
        .ok();
    app.identify(json!({"userId": "v", "email": "ada@example.com"}))
        .await
        .ok();
    for guest in &guests {
        let resumed = app.sdk("/sessions", Some(guest), json!({})).await.ok();
        assert_eq!((resumed.get("userId"), resumed.get("plan")), (None, None));
    }
    assert_eq!(app.sessions().await.len(), 5);
}

/// Sessions that come from elsewhere keep the credential that their clients have.
#[tokio::test]
async fn a_credential_may_be_brought_along() {
    let app = TestApp::new().await;
    let body = json!({"userId": "u", "gleapId": "brought-1", "gleapHash": "secret_1"});
    let made = create(&app, body).await.ok();
    let resumed = app.sdk("/sessions", Some(&made), json!({})).await.ok();
    assert_eq!(
        (&resumed["userId"], &resumed["gleapId"]),
        (&json!("u"), &json!("brought-1"))
    );
    let answer = create(&app, json!({"userId": "v", "gleapId": "brought-1"})).await;
    assert_eq!(answer.json()["conflict"]["key"], "gleapId");
    let kept = create(
        &app,
        json!({"userId": "u", "gleapId": "other", "gleapHash": "other"}),
    )
    .await
    .ok();
    assert_eq!(
        kept["gleapId"], "brought-1",
        "a session that is there keeps its own"
    );
}

#[tokio::test]
async fn each_bad_field_is_named() {
    let app = TestApp::new().await;
    let long = "x".repeat(257);
    let body = json!({
        "userId": {}, "value": "much", "createdAt": "today", "facebookId": long, "gleapId": "a b",
        "location": [], "outboundHistory": {}, "tags": ["", "x".repeat(101)],
    });
    let answer = create(&app, body).await;
    assert_eq!(answer.status, 422);
    let faults = answer.faults().join("\n");
    for field in [
        "userId",
        "value",
        "createdAt",
        "facebookId",
        "gleapId",
        "location",
        "outboundHistory",
        "tags[0]",
        "tags[1]",
    ] {
        assert!(faults.contains(&format!("{field}: ")), "{field}: {faults}");
    }
    for (body, field) in [
        (json!({"blocked": "yes"}), "blocked"),
        (json!({"tags": "vip"}), "tags"),
        (json!({"sessions": -1}), "sessions"),
        (json!({"lastActivity": "today"}), "lastActivity"),
        (
            json!({"eventData": {"x": {"count": "1"}}}),
            "eventData.x.count",
        ),
    ] {
        let answer = create(&app, body).await;
        assert_eq!(answer.status, 422);
        assert!(
            answer.faults()[0].contains(field),
            "{field}: {:?}",
            answer.faults()
        );
    }
    assert!(app.sessions().await.is_empty());
}

#[tokio::test]
async fn limits_at_their_edges() {
    let app = TestApp::with(&[("limits.attribute_keys_max", "2")]).await;
    let tags: Vec<_> = (0..101).map(|n| format!("t{n}")).collect();
    assert_eq!(create(&app, json!({"tags": tags[..100]})).await.status, 200);
    assert_eq!(create(&app, json!({"tags": tags})).await.status, 422);
    assert_eq!(
        create(
            &app,
            json!({"tags": ["é".repeat(100)], "facebookId": "x".repeat(256)})
        )
        .await
        .status,
        200
    );
    assert_eq!(
        create(&app, json!({"customData": {"a": 1, "b": 2}}))
            .await
            .status,
        200
    );
    let answer = create(&app, json!({"customData": {"a": 1, "b": 2, "c": 3}})).await;
    assert_eq!(answer.error(), (422, "attribute_limit".into()));
    let location = |bytes: usize| json!({"location": {"a": "x".repeat(bytes - 8)}});
    assert_eq!(create(&app, location(64 * 1024)).await.status, 200);
    assert_eq!(create(&app, location(64 * 1024 + 1)).await.status, 422);
}

#[tokio::test]
async fn an_unknown_session_is_not_found() {
    let app = TestApp::new().await;
    let answer = update(&app, &json!({"_id": "6650f0c2a1b2c3d4e5f60718"}), json!({})).await;
    assert_eq!(answer.error(), (404, "session_not_found".into()));
    assert_eq!(
        update(&app, &json!({"_id": "u"}), json!({})).await.error(),
        (400, "invalid_id".into())
    );
    let foreign = {
        let call = Call::post("/admin/identify").api_token(&app.accounts.sister.api_token);
        app.send(call.json(&json!({"userId": "u"}))).await.ok()
    };
    let answer = update(
        &app,
        &json!({"_id": foreign["sessionId"]}),
        json!({"plan": "x"}),
    )
    .await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn a_merged_id_changes_the_survivor() {
    let app = TestApp::new().await;
    create(&app, json!({"userId": "u"})).await.ok();
    let guest = app.guest().await;
    let all = app.sessions().await;
    let id = all
        .iter()
        .find(|session| session["gleapId"] == guest["gleapId"])
        .unwrap()
        .clone();
    app.sdk_identify(&guest, json!({"userId": "u"})).await;
    let changed = update(&app, &id, json!({"plan": "pro"})).await.ok();
    assert_eq!(changed["userId"], "u");
}

#[tokio::test]
async fn spaces_between_the_parts_of_values_go() {
    let app = TestApp::new().await;
    let body = "{\"userId\": \"u\",\n \"location\": {\"city\":\n \"Vienna\"}, \"customData\": {\"a\": [1,\n 2]}, \"checklistTasks\": { }}";
    let made = app
        .send(app.owner(Call::post("/v3/sessions").raw_json(body)))
        .await;
    assert!(!made.text().contains('\n'));
    assert_eq!(made.ok()["location"], json!({"city": "Vienna"}));
}
