//! What each role, and each scope of a key, opens.

use serde_json::json;
use server::auth::roles::{Role, Scope, Scopes};

use super::{Route, routes};
use crate::support::{Accounts, Call, Guard, TestApp};

/// Holds a caller with these rights to what each route asks for.
async fn assert_opens(app: &TestApp, who: &str, token: &str, has: Scopes) {
    for route in routes() {
        let Guard::Bearer(scopes) = &route.guard else {
            continue;
        };
        let wanted: Vec<Scope> = scopes.iter().map(|name| name.parse().unwrap()).collect();
        let may = wanted.iter().all(|scope| has.contains(*scope));
        let call = route.call().bearer(token).project(app.project());
        let answer = app.send(call).await;
        if may {
            assert!(
                route.lets_in(answer.status),
                "{who}: {} answered {}",
                route.name(),
                answer.status
            );
        } else {
            assert_eq!(
                answer.error(),
                (403, "missing_scope".into()),
                "{who}: {}",
                route.name()
            );
        }
    }
}

async fn signed_in(app: &TestApp, email: &str, role: Role) -> String {
    Accounts::member(&app.app, app.project(), email, role).await;
    let body = json!({"email": email, "password": "correct horse battery"});
    let answer = app.send(Call::post("/v3/auth/login").json(&body)).await;
    answer.ok()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_role_opens_what_its_scopes_say() {
    let app = TestApp::new().await;
    for role in Role::ALL {
        let key = Accounts::key(&app.app, app.project(), role, None)
            .await
            .token;
        assert_opens(&app, &format!("key of {role}"), &key, role.scopes()).await;
        let email = format!("{role}@example.com");
        let token = signed_in(&app, &email, role).await;
        assert_opens(&app, role.name(), &token, role.scopes()).await;
    }
}

#[tokio::test]
async fn a_key_opens_no_more_than_its_scopes() {
    let app = TestApp::new().await;
    for scope in Scope::ALL {
        let alone = Scopes::from_iter([scope]);
        let others: Scopes = Scope::ALL
            .into_iter()
            .filter(|other| *other != scope)
            .collect();
        for scopes in [alone, others] {
            let key = Accounts::key(&app.app, app.project(), Role::Owner, Some(scopes)).await;
            assert_opens(&app, &format!("{scopes:?}"), &key.token, scopes).await;
        }
    }
    let none = Accounts::key(
        &app.app,
        app.project(),
        Role::Owner,
        Some(Scopes::default()),
    )
    .await;
    assert_opens(&app, "no scope", &none.token, Scopes::default()).await;
}

#[tokio::test]
async fn a_key_opens_no_more_than_the_role_behind_it() {
    let app = TestApp::new().await;
    let all = Scopes::from_iter(Scope::ALL);
    let key = Accounts::key(&app.app, app.project(), Role::Viewer, Some(all)).await;
    let call = Call::get("/v3/users/me/permissions").bearer(&key.token);
    let permissions = app.send(call).await.ok();
    assert_eq!(
        permissions["permissions"],
        json!(Role::Viewer.scopes().names())
    );
    assert_opens(&app, "viewer's key", &key.token, Role::Viewer.scopes()).await;
}

#[tokio::test]
async fn at_least_one_route_asks_for_a_scope() {
    let _app = TestApp::new().await;
    let asks = |route: &Route| matches!(&route.guard, Guard::Bearer(scopes) if !scopes.is_empty());
    assert!(routes().iter().any(asks));
}
