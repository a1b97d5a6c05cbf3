//! `PUT /v3/users/{userId}`: what a user changes of itself.

use serde_json::{Value, json};
use server::auth::roles::Role;

use crate::support::{Answer, Call, OWNER, PASSWORD, TestApp};

const NEW: &str = "another long password";

/// The caller changes itself.
async fn put(app: &TestApp, token: &str, body: Value) -> Answer {
    let me = app.send(Call::get("/v3/users/me").bearer(token)).await.ok();
    put_as(app, token, me["id"].as_str().unwrap(), body).await
}

async fn put_as(app: &TestApp, token: &str, id: &str, body: Value) -> Answer {
    let call = Call::put(&format!("/v3/users/{id}"));
    app.send(call.bearer(token).json(&body)).await
}

async fn login(app: &TestApp, password: &str) -> Answer {
    let body = json!({"email": OWNER, "password": password});
    app.send(Call::post("/v3/auth/login").json(&body)).await
}

#[tokio::test]
async fn what_is_given_is_set_and_the_rest_stays() {
    let app = TestApp::new().await;
    let (id, token) = app.member("ada@example.com", Role::Viewer).await;
    let body = json!({
        "firstName": "Ada", "lastName": "Example", "profileImageUrl": "https://example.com/a.png", "userRole": "support",
        "available": false, "unavailableProjects": [app.project().to_string()], "completedOnboarding": true,
        "notificationPreferences": {"personal-mention": {"inApp": true}},
        "notificationSettings": {"sendEmailOnlyWhenOffline": true},
    });
    put_as(&app, &token, &id.to_string(), body.clone())
        .await
        .ok();
    put(&app, &token, json!({"lastName": "Sample"})).await.ok();
    let me = app
        .send(Call::get("/v3/users/me").bearer(&token))
        .await
        .ok();
    for (field, value) in body.as_object().unwrap() {
        match field.as_str() {
            "lastName" => assert_eq!(me[field], "Sample"),
            "notificationPreferences" => {
                let told = &me[field]["personal-mention"];
                assert_eq!(told, &json!({"email": false, "inApp": true, "push": false}));
            }
            "notificationSettings" => assert_eq!(me[field]["sendEmailOnlyWhenOffline"], true),
            _ => assert_eq!(&me[field], value),
        }
    }
}

#[tokio::test]
async fn nobody_changes_another() {
    let app = TestApp::new().await;
    let (id, _) = app.member("ada@example.com", Role::Viewer).await;
    let owner = app.sign_in(OWNER).await;
    for other in [id.to_string(), "x".into()] {
        let answer = put_as(&app, &owner, &other, json!({"firstName": "Mallory"})).await;
        assert_eq!(answer.error(), (404, "user_not_found".into()));
    }
}

#[tokio::test]
async fn another_password_ends_all_other_sign_ins() {
    let app = TestApp::new().await;
    let (other, token) = (app.sign_in(OWNER).await, app.sign_in(OWNER).await);
    let (_, somebody) = app.member("agent@example.com", Role::Agent).await;
    let me = async |token: &str| app.send(Call::get("/v3/users/me").bearer(token)).await;
    me(&other).await.ok();
    let body = json!({"oldpassword": PASSWORD, "password": NEW});
    let answer = put(&app, &token, body).await;
    answer.ok();
    assert!(!answer.text().contains(NEW));
    assert_eq!(me(&other).await.error(), (401, "token_revoked".into()));
    me(&token).await.ok();
    me(&somebody).await.ok();
    assert_eq!(login(&app, PASSWORD).await.status, 401);
    login(&app, NEW).await.ok();
}

#[tokio::test]
async fn without_the_old_password_nothing_changes() {
    let app = TestApp::new().await;
    let (other, token) = (app.sign_in(OWNER).await, app.sign_in(OWNER).await);
    for (body, fault) in [
        (json!({"password": NEW}), "oldpassword"),
        (
            json!({"password": NEW, "oldpassword": "wrong password"}),
            "oldpassword",
        ),
        (
            json!({"password": "too short", "oldpassword": PASSWORD}),
            "password",
        ),
        (
            json!({"password": NEW, "oldpassword": PASSWORD, "firstName": ""}),
            "firstName",
        ),
    ] {
        let answer = put(&app, &token, body).await;
        assert_eq!(answer.error(), (422, "invalid_user".into()));
        assert!(
            answer.json()["errors"][0]
                .as_str()
                .unwrap()
                .starts_with(fault)
        );
    }
    app.send(Call::get("/v3/users/me").bearer(&other))
        .await
        .ok();
    login(&app, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_service_account_has_no_password() {
    let app = TestApp::new().await;
    let body = json!({"password": NEW, "oldpassword": ""});
    let answer = put(&app, &app.accounts.owner_key, body).await;
    assert_eq!(answer.error(), (422, "invalid_user".into()));
}

#[tokio::test]
async fn guessing_the_old_password_is_slowed_down() {
    let app = TestApp::with(&[("limits.logins_per_minute", "3")]).await;
    let token = app.sign_in(OWNER).await;
    let body = json!({"password": NEW, "oldpassword": "wrong password"});
    for _ in 0..3 {
        assert_eq!(put(&app, &token, body.clone()).await.status, 422);
    }
    assert_eq!(
        put(&app, &token, body).await.error(),
        (429, "rate_limited".into())
    );
}
