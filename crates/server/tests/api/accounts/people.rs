//! `/v3/projects/users`: who is a member, and as what.

use serde_json::{Value, json};
use server::auth::roles::Role;

use crate::support::{Accounts, Answer, Call, OWNER, TestApp};

const PATH: &str = "/v3/projects/users";

async fn people(app: &TestApp) -> Vec<(String, String)> {
    let all = app.get(PATH).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let shown = |user: &Value| (text(&user["email"]), text(&user["role"]));
    all.as_array().unwrap().iter().map(shown).collect()
}

async fn owner_id(app: &TestApp) -> String {
    app.get(PATH).await.ok()[0]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn set(app: &TestApp, token: &str, id: impl ToString, role: &str) -> Answer {
    let call = Call::put(&format!("{PATH}/{}", id.to_string())).bearer(token);
    app.send(call.project(app.project()).json(&json!({ "role": role })))
        .await
}

async fn remove(app: &TestApp, token: &str, id: impl ToString) -> Answer {
    let call = Call::delete(&format!("{PATH}/{}", id.to_string())).bearer(token);
    app.send(call.project(app.project())).await
}

#[tokio::test]
async fn people_are_listed_and_programs_are_not() {
    let app = TestApp::new().await;
    app.member("agent@example.com", Role::Agent).await;
    Accounts::member(
        &app.app,
        app.accounts.sister.id,
        "sister@example.com",
        Role::Admin,
    )
    .await;
    let expected = [(OWNER, "owner"), ("agent@example.com", "agent")];
    assert_eq!(
        people(&app).await,
        expected.map(|(a, b)| (a.into(), b.into()))
    );
}

#[tokio::test]
async fn a_role_holds_from_the_next_call() {
    let app = TestApp::new().await;
    let (id, token) = app.member("agent@example.com", Role::Agent).await;
    let write = || {
        app.send(
            Call::post("/v3/sessions")
                .bearer(&token)
                .project(app.project())
                .json(&json!({"userId": "a"})),
        )
    };
    write().await.ok();
    let answer = set(&app, &app.accounts.owner_key, id, "viewer").await;
    assert_eq!(answer.ok(), json!(true));
    assert_eq!(write().await.error(), (403, "missing_scope".into()));
    assert_eq!(people(&app).await[1].1, "viewer");
}

#[tokio::test]
async fn a_removed_user_opens_nothing_of_the_project() {
    let app = TestApp::new().await;
    let (id, token) = app.member("both@example.com", Role::Admin).await;
    let sister = app.accounts.sister.id;
    Accounts::member(&app.app, sister, "both@example.com", Role::Admin).await;
    let see = |project| app.send(Call::get(PATH).bearer(&token).project(project));
    see(app.project()).await.ok();
    assert_eq!(
        remove(&app, &app.accounts.owner_key, id).await.ok(),
        json!(true)
    );
    assert_eq!(
        see(app.project()).await.error(),
        (403, "not_a_member".into())
    );
    see(sister).await.ok();
    let again = remove(&app, &app.accounts.owner_key, id).await;
    assert_eq!(again.error(), (404, "user_not_found".into()));
    Accounts::member(&app.app, app.project(), "both@example.com", Role::Viewer).await;
    see(app.project()).await.ok();
}

#[tokio::test]
async fn the_last_owner_stays() {
    let app = TestApp::new().await;
    let (key, owner) = (app.accounts.owner_key.clone(), owner_id(&app).await);
    let refused = (409, "last_owner".into());
    assert_eq!(set(&app, &key, &owner, "admin").await.error(), refused);
    assert_eq!(remove(&app, &key, &owner).await.error(), refused);
    set(&app, &key, &owner, "owner").await.ok();
    let (second, _) = app.member("second@example.com", Role::Owner).await;
    set(&app, &key, &owner, "admin").await.ok();
    assert_eq!(remove(&app, &key, second).await.error(), refused);
    remove(&app, &key, &owner).await.ok();
}

#[tokio::test]
async fn an_admin_makes_and_removes_no_owners() {
    let app = TestApp::new().await;
    let owner = owner_id(&app).await;
    let (admin_id, admin) = app.member("admin@example.com", Role::Admin).await;
    let (agent, _) = app.member("agent@example.com", Role::Agent).await;
    let refused = (403, "owners_only".into());
    assert_eq!(set(&app, &admin, admin_id, "owner").await.error(), refused);
    assert_eq!(set(&app, &admin, agent, "owner").await.error(), refused);
    assert_eq!(set(&app, &admin, &owner, "viewer").await.error(), refused);
    assert_eq!(remove(&app, &admin, &owner).await.error(), refused);
    set(&app, &admin, agent, "admin").await.ok();
    remove(&app, &admin, agent).await.ok();
}

#[tokio::test]
async fn users_of_other_projects_and_programs_are_not_found() {
    let app = TestApp::new().await;
    let key = app.accounts.owner_key.clone();
    let other = Accounts::member(
        &app.app,
        app.accounts.foreign.id,
        "o@example.com",
        Role::Agent,
    )
    .await;
    let me = app.get("/v3/users/me").await.ok();
    for id in [other.to_string(), me["id"].as_str().unwrap().to_owned()] {
        for answer in [
            set(&app, &key, &id, "agent").await,
            remove(&app, &key, &id).await,
        ] {
            assert_eq!(answer.error(), (404, "user_not_found".into()));
        }
    }
    assert_eq!(
        set(&app, &key, "x", "agent").await.error(),
        (400, "invalid_id".into())
    );
    assert_eq!(set(&app, &key, other, "root").await.status, 422);
}
