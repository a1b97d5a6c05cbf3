//! Credentials that open nothing, or something else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use server::auth::keys::ServerKey;
use server::auth::roles::Role;
use server::auth::token::{Claims, TokenKind, TokenSigner};
use store::{Millis, ObjectId};

use super::{ID, Route, routes};
use crate::support::{Accounts, Answer, Call, Guard, TestApp};

/// Headers of a request that must be refused, with a name for the message of the test.
type Forged = (&'static str, Vec<(&'static str, String)>);

#[tokio::test]
async fn bearer_routes_refuse_all_that_is_no_valid_token() {
    let app = TestApp::new().await;
    let forged = forged_bearers(&app).await;
    for route in bearer_routes() {
        for (name, headers) in &forged {
            let answer = send(&app, &route, headers, true).await;
            assert_eq!(answer.status, 401, "{} with {name}", route.name());
            // Who you are is asked before where you want to go.
            let answer = send(&app, &route, headers, false).await;
            assert_eq!(answer.status, 401, "{} with {name}", route.name());
        }
    }
}

async fn forged_bearers(app: &TestApp) -> Vec<Forged> {
    let bearer = |token: &str| vec![("authorization", format!("Bearer {token}"))];
    let valid = &app.accounts.owner_key;
    let [header, payload, signature] = valid.split('.').collect::<Vec<_>>()[..] else {
        panic!("{valid}")
    };
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
    let mut other = signature.to_owned();
    other.replace_range(..1, if signature.starts_with('A') { "B" } else { "A" });
    let first = &app.accounts.first;
    vec![
        ("nothing", vec![]),
        ("an empty header", vec![("authorization", String::new())]),
        ("the scheme alone", vec![("authorization", "Bearer".into())]),
        ("an empty token", vec![("authorization", "Bearer ".into())]),
        (
            "another scheme",
            vec![("authorization", format!("Token {valid}"))],
        ),
        ("the token alone", vec![("authorization", valid.clone())]),
        ("words", bearer("let me in")),
        ("two parts", bearer(&format!("{header}.{payload}"))),
        ("no signature", bearer(&format!("{header}.{payload}."))),
        (
            "a wrong signature",
            bearer(&format!("{header}.{payload}.{other}")),
        ),
        ("alg none", bearer(&format!("{unsigned}.{payload}."))),
        (
            "alg none, signed",
            bearer(&format!("{unsigned}.{payload}.{signature}")),
        ),
        ("a key of another server", bearer(&of_another_server())),
        ("an unknown key id", bearer(&never_made(app))),
        ("an expired key", bearer(&expired(app).await)),
        ("a revoked key", bearer(&revoked(app).await)),
        ("an API token", bearer(&first.api_token)),
        ("an SDK key", bearer(&first.sdk_key)),
        ("a key as Api-Token", vec![("api-token", valid.clone())]),
        (
            "an API token as Api-Token",
            vec![("api-token", first.api_token.clone())],
        ),
    ]
}

fn claims() -> Claims {
    Claims {
        sub: ObjectId::from_parts(1, [1; 8]),
        jti: ObjectId::from_parts(2, [2; 8]),
        iat: 1_772_000_000,
        exp: None,
        project: None,
        scope: None,
        kind: TokenKind::ApiKey,
    }
}

fn of_another_server() -> String {
    TokenSigner::new(&ServerKey::from_secret(&[9; 32])).sign(&claims())
}

/// Signed by this server, which keeps no such key.
fn never_made(app: &TestApp) -> String {
    app.app.signer.sign(&claims())
}

async fn expired(app: &TestApp) -> String {
    let ends = Some(Millis(app.app.now().0 + 1000));
    let key = Accounts::key_until(&app.app, app.project(), Role::Owner, None, ends).await;
    app.clock.advance_seconds(1);
    key.token
}

async fn revoked(app: &TestApp) -> String {
    let key = Accounts::key(&app.app, app.project(), Role::Owner, None).await;
    server::accounts::api_key::revoke_api_key(&app.app, key.id, None)
        .await
        .unwrap();
    key.token
}

fn bearer_routes() -> impl Iterator<Item = Route> {
    let is_bearer = |route: &Route| matches!(route.guard, Guard::Bearer(_));
    routes().into_iter().filter(is_bearer)
}

async fn send(
    app: &TestApp,
    route: &Route,
    headers: &[(&'static str, String)],
    in_project: bool,
) -> Answer {
    let call = headers
        .iter()
        .fold(route.call(), |call, (name, value)| call.header(name, value));
    let call = if in_project {
        call.project(app.project())
    } else {
        call
    };
    app.send(call).await
}

#[tokio::test]
async fn a_key_opens_its_own_project_alone() {
    let app = TestApp::new().await;
    let sister = Accounts::key(&app.app, app.accounts.sister.id, Role::Owner, None)
        .await
        .token;
    let foreign = Accounts::key(&app.app, app.accounts.foreign.id, Role::Owner, None)
        .await
        .token;
    for route in bearer_routes() {
        for key in [&sister, &foreign] {
            let answer = app
                .send(route.call().bearer(key).project(app.project()))
                .await;
            if route.in_project {
                assert_eq!(
                    answer.error(),
                    (403, "not_a_member".into()),
                    "{}",
                    route.name()
                );
            } else {
                assert!(
                    route.lets_in(answer.status),
                    "{}: {}",
                    route.name(),
                    answer.status
                );
            }
        }
        if route.in_project {
            // What does not exist looks like what is not yours.
            let own = app
                .send(route.call().bearer(&sister).project(app.project()))
                .await;
            let none = app.send(route.call().bearer(&sister).project(ID)).await;
            assert_eq!(none.told(), own.told(), "{}", route.name());
        }
    }
}

#[tokio::test]
async fn the_project_header_is_asked_for() {
    let app = TestApp::new().await;
    let bad = [
        "",
        " ",
        "1",
        "null",
        "6650f0c2a1b2c3d4e5f6071",
        "6650f0c2a1b2c3d4e5f607189",
        "6650f0c2a1b2c3d4e5f6071g",
    ];
    for route in bearer_routes().filter(|route| route.in_project) {
        let call = || route.call().bearer(&app.accounts.owner_key);
        let without = app.send(call()).await;
        let expected = (400, "project_header_missing".to_owned());
        assert_eq!(without.error(), expected, "{}", route.name());
        for value in bad {
            let answer = app.send(call().header("project", value)).await;
            assert_eq!(answer.error(), expected, "{} with {value:?}", route.name());
        }
        let bytes = app.send(call().header("project", b"\xff\xfe")).await;
        assert_eq!(bytes.error(), expected, "{}", route.name());
    }
}

#[tokio::test]
async fn admin_routes_refuse_all_that_is_no_api_token() {
    let app = TestApp::new().await;
    let first = &app.accounts.first;
    let token = |value: &str| vec![("api-token", value.to_owned())];
    let forged: Vec<Forged> = vec![
        ("nothing", vec![]),
        ("an empty token", token("")),
        ("the word null", token("null")),
        ("the word undefined", token("undefined")),
        ("words", token("let me in")),
        ("an SDK key", token(&first.sdk_key)),
        ("an API key", token(&app.accounts.owner_key)),
        (
            "a token with a letter more",
            token(&format!("{}x", first.api_token)),
        ),
        (
            "a token in another case",
            token(&first.api_token.to_uppercase()),
        ),
        (
            "a token as Bearer",
            vec![("authorization", format!("Bearer {}", first.api_token))],
        ),
        (
            "an API key as Bearer",
            vec![(
                "authorization",
                format!("Bearer {}", app.accounts.owner_key),
            )],
        ),
    ];
    for route in routes()
        .iter()
        .filter(|route| route.guard == Guard::ApiToken)
    {
        for (name, headers) in &forged {
            let answer = send(&app, route, headers, true).await;
            assert_eq!(answer.status, 401, "{} with {name}", route.name());
        }
        let answer = app.send(route.call().api_token(&first.api_token)).await;
        assert!(
            route.lets_in(answer.status),
            "{}: {}",
            route.name(),
            answer.status
        );
    }
}

#[tokio::test]
async fn an_api_token_acts_in_its_own_project_alone() {
    let app = TestApp::new().await;
    let others = [&app.accounts.sister, &app.accounts.foreign];
    for other in others {
        let identify = Call::post("/admin/identify").raw_json(r#"{"userId":"theirs"}"#);
        // The header counts for nothing here.
        let call = identify.api_token(&other.api_token).project(app.project());
        app.send(call).await.ok();
        let check = app
            .send(Call::get("/admin/auth").api_token(&other.api_token))
            .await;
        assert_eq!(check.ok()["projectId"], other.id.to_string());
    }
    assert_eq!(app.sessions().await.len(), 0);
    let ours = app.server(Call::delete("/admin/contacts/theirs"));
    assert_eq!(
        app.send(ours).await.error(),
        (404, "session_not_found".into())
    );
}

#[tokio::test]
async fn basic_routes_refuse_all_that_is_no_password() {
    let app = TestApp::new().await;
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let forged = [
        String::new(),
        "Basic".into(),
        "Basic ".into(),
        "Basic !!!".into(),
        format!("Basic {}", encode("no colon")),
        format!("Basic {}", encode("owner@example.com:wrong")),
        format!("Basic {}", encode(":")),
        format!("Bearer {}", app.accounts.owner_key),
    ];
    for route in routes().iter().filter(|route| route.guard == Guard::Basic) {
        for value in &forged {
            let answer = app.send(route.call().header("authorization", value)).await;
            assert_eq!(answer.status, 401, "{} with {value:?}", route.name());
        }
        assert_eq!(app.send(route.call()).await.status, 401);
    }
}
