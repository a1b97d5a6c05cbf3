//! `GET /v3/users/me` and its permissions.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::auth::roles::{Role, Scope, Scopes};

use crate::support::{Accounts, Answer, Call, OWNER, PASSWORD, TestApp};

async fn token_of(app: &TestApp, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD});
    let answer = app
        .send(Call::post("/v3/auth/login").json(&body))
        .await
        .ok();
    answer["token"].as_str().unwrap().to_owned()
}

async fn permissions(app: &TestApp, token: &str, project: Option<String>) -> Value {
    let call = Call::get("/v3/users/me/permissions").bearer(token);
    let call = project.into_iter().fold(call, |call, id| call.project(id));
    app.send(call).await.ok()
}

#[tokio::test]
async fn no_secret_is_shown() {
    let app = TestApp::new().await;
    let signed_in = token_of(&app, OWNER).await;
    let known = BTreeSet::from([
        "_id",
        "id",
        "email",
        "firstName",
        "lastName",
        "userType",
        "confirmed",
        "notificationPreferences",
        "notificationSettings",
        "completedOnboarding",
        "available",
        "unavailableProjects",
        "createdAt",
        "updatedAt",
    ]);
    for token in [&signed_in, &app.accounts.owner_key] {
        let answer = app.send(Call::get("/v3/users/me").bearer(token)).await;
        let body = answer.ok();
        for key in body.as_object().unwrap().keys() {
            assert!(known.contains(key.as_str()), "{key}");
        }
        for secret in [
            PASSWORD,
            "argon2",
            "$",
            token,
            &app.accounts.first.api_token,
        ] {
            assert!(!answer.text().contains(secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn people_and_service_accounts_are_told_apart() {
    let app = TestApp::new().await;
    let me = async |token: &str| app.send(Call::get("/v3/users/me").bearer(token)).await.ok();
    let person = me(&token_of(&app, OWNER).await).await;
    assert_eq!(
        (&person["email"], &person["userType"]),
        (&json!(OWNER), &json!("default"))
    );
    let service = me(&app.accounts.owner_key).await;
    assert_eq!(
        (service.get("email"), &service["userType"]),
        (None, &json!("service_account"))
    );
    assert_eq!(service["_id"], service["id"]);
    assert_ne!(person["_id"], service["_id"]);
}

#[tokio::test]
async fn permissions_are_those_of_the_role() {
    let app = TestApp::new().await;
    for role in Role::ALL {
        let email = format!("{role}@example.com");
        Accounts::member(&app.app, app.project(), &email, role).await;
        let expected = json!({"permissions": role.scopes().names(), "roles": [role.name()]});
        let token = token_of(&app, &email).await;
        assert_eq!(permissions(&app, &token, None).await, expected);
        let key = Accounts::key(&app.app, app.project(), role, None)
            .await
            .token;
        assert_eq!(
            permissions(&app, &key, Some(app.project().to_string())).await,
            expected
        );
    }
}

#[tokio::test]
async fn permissions_of_a_key_are_no_more_than_its_scopes() {
    let app = TestApp::new().await;
    let scopes = Scopes::from_iter([Scope::SessionsRead, Scope::MembersWrite]);
    let key = Accounts::key(&app.app, app.project(), Role::Owner, Some(scopes)).await;
    let told = permissions(&app, &key.token, None).await;
    assert_eq!(
        told,
        json!({"permissions": ["sessions:read", "members:write"], "roles": ["owner"]})
    );
    let key = Accounts::key(&app.app, app.project(), Role::Viewer, Some(scopes)).await;
    let told = permissions(&app, &key.token, None).await;
    assert_eq!(
        told["permissions"],
        json!(["sessions:read"]),
        "a viewer changes no members"
    );
}

#[tokio::test]
async fn permissions_are_asked_for_one_project_or_for_all() {
    let app = TestApp::new().await;
    let sister = app.accounts.sister.id;
    Accounts::member(&app.app, app.project(), "both@example.com", Role::Viewer).await;
    Accounts::member(&app.app, sister, "both@example.com", Role::Admin).await;
    let token = token_of(&app, "both@example.com").await;
    for (project, roles) in [
        (Some(app.project()), json!(["viewer"])),
        (Some(sister), json!(["admin"])),
        (Some(app.accounts.foreign.id), json!([])),
        (None, json!(["admin", "viewer"])),
    ] {
        let told = permissions(&app, &token, project.map(|id| id.to_string())).await;
        assert_eq!(told["roles"], roles);
    }
    let malformed: Answer = app
        .send(
            Call::get("/v3/users/me/permissions")
                .bearer(&token)
                .project("x"),
        )
        .await;
    assert_eq!(malformed.status, 400);
}
