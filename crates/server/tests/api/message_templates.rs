//! `/v3/message-templates`.

use serde_json::{Value, json};
use server::auth::roles::Role;
use server::resources::message_template::body::{
    ACTION_BYTES_MAX, ACTIONS_MAX, TEMPLATES_MAX, TITLE_CHARS_MAX, USERS_MAX,
};
use server::resources::message_template::document::MessageTemplate;

use crate::support::{Accounts, Call, TestApp};
use crate::tickets::call;

const LIST: &str = "/v3/message-templates";

fn path(template: &Value) -> String {
    format!("{LIST}/{}", template["id"].as_str().unwrap())
}

async fn template(app: &TestApp, title: &str, rank: &str, more: Value) -> Value {
    let mut body = json!({"title": title, "content": "Hello", "lexorank": rank});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    call(app, "POST", LIST, body).await.ok()
}

async fn titles(app: &TestApp, query: &str) -> Vec<String> {
    let list = app.get(&format!("{LIST}{query}")).await.ok();
    let list = list.as_array().unwrap();
    list.iter()
        .map(|one| one["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_template_is_made_changed_and_deleted() {
    let app = TestApp::new().await;
    let me = app.get("/v3/users/me").await.ok()["id"].clone();
    let content = json!({"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi", "marks": [{"type": "bold"}]}]}, {"type": "script"}]});
    let more = json!({"content": content, "attachments": [{"name": "a", "url": "https://example.com/a"}], "actions": [{"type": "status", "data": {"to": "DONE"}}]});
    let made = template(&app, " Greeting ", "0|1:", more).await;
    assert_eq!(made["title"], "Greeting");
    assert_eq!(made["content"]["content"].as_array().unwrap().len(), 1);
    assert_eq!(
        json!([
            made["text"],
            made["isPublic"],
            made["users"],
            made["actions"]
        ]),
        json!(["Hi", false, [me], [{"type": "status", "data": {"to": "DONE"}}]])
    );
    assert_eq!(app.get(&path(&made)).await.ok(), made);
    app.clock.advance_seconds(1);
    let changed = call(
        &app,
        "PUT",
        &path(&made),
        json!({"title": "Hello", "isPublic": true}),
    )
    .await
    .ok();
    assert_eq!(
        json!([
            changed["title"],
            changed["isPublic"],
            changed["content"],
            changed["updatedAt"],
            changed["createdAt"]
        ]),
        json!([
            "Hello",
            true,
            made["content"],
            app.clock.at(0),
            made["createdAt"]
        ])
    );
    let gone = app.send(app.owner(Call::delete(&path(&made)))).await.ok();
    assert_eq!(gone, changed);
    assert_eq!(
        app.get(&path(&made)).await.error(),
        (404, "template_not_found".into())
    );
}

#[tokio::test]
async fn lists_are_in_order_and_searched() {
    let app = TestApp::new().await;
    template(
        &app,
        "Bye",
        "0|2:",
        json!({"isPublic": true, "content": "Farewell"}),
    )
    .await;
    template(&app, "Hi", "0|1:", json!({})).await;
    template(&app, "Thanks", "0|3:", json!({"isPublic": true})).await;
    for (query, expected) in [
        ("", vec!["Hi", "Bye", "Thanks"]),
        ("?visibility=public", vec!["Bye", "Thanks"]),
        ("?visibility=private", vec!["Hi"]),
        ("?limit=1&skip=1", vec!["Bye"]),
        ("?searchTerm=fare", vec!["Bye"]),
        ("?searchTerm=hello", vec!["Hi", "Thanks"]),
        ("?searchTerm=", vec!["Hi", "Bye", "Thanks"]),
    ] {
        assert_eq!(titles(&app, query).await, expected, "{query}");
    }
    let counted = app
        .get(&format!("{LIST}?withCount=true&limit=1"))
        .await
        .ok();
    assert_eq!(
        (
            counted["data"].as_array().unwrap().len(),
            &counted["totalCount"]
        ),
        (1, &json!(3))
    );
    let refused = app.get(&format!("{LIST}?visibility=x")).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn a_private_template_is_for_those_whom_it_names() {
    let app = TestApp::new().await;
    let (ada, ada_token) = app.member("ada@example.com", Role::Agent).await;
    let (_, bob_token) = app.member("bob@example.com", Role::Agent).await;
    let made = template(&app, "Private", "0|1:", json!({"users": [ada]})).await;
    assert_eq!(
        made["users"].as_array().unwrap().len(),
        2,
        "with who made it"
    );
    for (token, sees) in [(&ada_token, true), (&bob_token, false)] {
        let as_member = |call: Call| app.send(call.bearer(token).project(app.project()));
        let list = as_member(Call::get(LIST)).await.ok();
        assert_eq!(list.as_array().unwrap().len(), usize::from(sees));
        let status = if sees { 200 } else { 404 };
        assert_eq!(as_member(Call::get(&path(&made))).await.status, status);
        let change = Call::put(&path(&made)).json(&json!({"title": "x"}));
        assert_eq!(as_member(change).await.status, status);
    }
    let as_bob = |call: Call| app.send(call.bearer(&bob_token).project(app.project()));
    assert_eq!(as_bob(Call::delete(&path(&made))).await.status, 404);
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, Role::Owner, None)
        .await
        .token;
    let public = template(&app, "Public", "0|2:", json!({"isPublic": true})).await;
    for call in [
        Call::get(&path(&public)),
        Call::delete(&path(&public)),
        Call::put(&path(&public)).json(&json!({"title": "x"})),
    ] {
        let refused = app.send(call.bearer(&key).project(sister)).await;
        assert_eq!(refused.error(), (404, "template_not_found".into()));
    }
    let list = app
        .send(Call::get(LIST).bearer(&key).project(sister))
        .await
        .ok();
    assert_eq!(list, json!([]));
}

#[tokio::test]
async fn each_fault_is_named() {
    let app = TestApp::new().await;
    let nobody = "6650f0c2a1b2c3d4e5f60718";
    let full = |more: Value| {
        let mut body = json!({"title": "t", "content": "c", "lexorank": "0|1:"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    for (body, faults) in [
        (
            json!({}),
            vec![
                "title: is required",
                "content: is required",
                "lexorank: is required",
            ],
        ),
        (
            full(json!({"title": " ", "lexorank": "A"})),
            vec![
                "title: must be 1 to 200 characters",
                "lexorank: must be 1 to 200 digits, small letters, `|` and `:`",
            ],
        ),
        (
            full(json!({"content": 7})),
            vec![
                "content: must be a text, or a document of TipTap: {\"type\": \"doc\", \"content\": […]}",
            ],
        ),
        (
            full(json!({"users": [nobody]})),
            vec!["users: 6650f0c2a1b2c3d4e5f60718 is no member of the project"],
        ),
        (
            full(json!({"attachments": [{"name": "a", "url": "javascript:x"}]})),
            vec!["attachments[0].url: must be an address that begins with http:// or https://"],
        ),
        (
            full(json!({"actions": [{"type": ""}]})),
            vec!["actions[0].type: must be 1 to 100 characters"],
        ),
        (
            full(json!({"actions": [{"type": "a", "data": "x".repeat(ACTION_BYTES_MAX - 1)}]})),
            vec!["actions[0].data: is larger than 8192 bytes"],
        ),
        (
            full(json!({"actions": vec![json!({"type": "a"}); ACTIONS_MAX + 1]})),
            vec!["actions: are more than 20"],
        ),
        (
            full(json!({"title": "t".repeat(TITLE_CHARS_MAX + 1)})),
            vec!["title: must be 1 to 200 characters"],
        ),
        (
            full(json!({"content": "ä".repeat(32 << 10)})),
            vec!["content: is larger than 65536 bytes"],
        ),
    ] {
        let refused = call(&app, "POST", LIST, body).await;
        assert_eq!(
            (refused.error(), refused.faults()),
            (
                (422, "invalid_field".into()),
                faults.into_iter().map(str::to_owned).collect()
            )
        );
    }
    let users: Vec<String> = (0..=USERS_MAX)
        .map(|number| format!("{number:024x}"))
        .collect();
    let refused = call(&app, "POST", LIST, full(json!({"users": users}))).await;
    assert_eq!(refused.faults(), ["users: are more than 100"]);
    let most = json!({"title": "t".repeat(TITLE_CHARS_MAX), "actions": vec![json!({"type": "a", "data": "x".repeat(ACTION_BYTES_MAX - 2)}); ACTIONS_MAX]});
    call(&app, "POST", LIST, full(most)).await.ok();
}

#[tokio::test]
async fn a_project_has_so_many_and_no_more() {
    let app = TestApp::new().await;
    app.write(|tx| {
        for _ in 1..TEMPLATES_MAX {
            tx.insert(tx.new_id(), MessageTemplate::default())?;
        }
        Ok::<_, store::Error>(())
    })
    .await
    .unwrap();
    let last = template(&app, "last", "0|1:", json!({})).await;
    let body = json!({"title": "t", "content": "c", "lexorank": "0|1:"});
    let refused = call(&app, "POST", LIST, body.clone()).await;
    assert_eq!(refused.error(), (409, "too_many_templates".into()));
    app.send(app.owner(Call::delete(&path(&last)))).await.ok();
    call(&app, "POST", LIST, body).await.ok();
}
