//! How often a caller may call. The limits run on the clock of the machine, so each test asks for fewer calls than a minute
//! gives back.

use serde_json::json;

use crate::support::{Accounts, Answer, Call, OWNER, PASSWORD, TestApp};

/// The default of `limits.logins_per_minute`.
const LOGINS: usize = 10;

fn login(password: &str) -> Call {
    Call::post("/v3/auth/login").json(&json!({"email": OWNER, "password": password}))
}

fn assert_limited(answer: &Answer, limit: &str) {
    assert_eq!(answer.error(), (429, "rate_limited".into()));
    assert_eq!(answer.header("ratelimit-limit"), limit);
    assert_eq!(answer.header("x-ratelimit-limit"), limit);
    assert_eq!(answer.header("ratelimit-remaining"), "0");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

#[tokio::test]
async fn ten_attempts_to_sign_in() {
    let app = TestApp::with(&[("limits.logins_per_minute", "10")]).await;
    for _ in 0..LOGINS {
        assert_eq!(app.send(login("wrong password")).await.status, 401);
    }
    assert_limited(&app.send(login("wrong password")).await, "10");
    // Neither the right password nor another way in helps, nor what a caller says of its address.
    assert_limited(&app.send(login(PASSWORD)).await, "10");
    assert_limited(
        &app.send(login(PASSWORD).header("x-forwarded-for", "198.51.100.7"))
            .await,
        "10",
    );
    let basic = "Basic b3duZXJAZXhhbXBsZS5jb206Y29ycmVjdCBob3JzZSBiYXR0ZXJ5";
    assert_limited(
        &app.send(Call::get("/auth").header("authorization", basic))
            .await,
        "10",
    );
    let folded = json!({"email": " OWNER@example.com", "password": PASSWORD});
    assert_limited(
        &app.send(Call::post("/v3/auth/login").json(&folded)).await,
        "10",
    );
    // Others are not kept out: another address, another account.
    app.send(login(PASSWORD).from("192.0.2.99")).await.ok();
    let other = json!({"email": "nobody@example.com", "password": PASSWORD});
    assert_eq!(
        app.send(Call::post("/v3/auth/login").json(&other))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_counts_for_itself() {
    let app = TestApp::with(&[
        ("limits.logins_per_minute", "2"),
        ("trusted_proxy", "192.0.2.1"),
    ])
    .await;
    let from = |address: &str| login("wrong password").header("x-forwarded-for", address);
    for address in ["198.51.100.7", "198.51.100.8"] {
        for expected in [401, 401, 429] {
            assert_eq!(app.send(from(address)).await.status, expected, "{address}");
        }
    }
    // What the client wrote before the proxy did is not believed.
    assert_eq!(
        app.send(from("203.0.113.5, 198.51.100.8")).await.status,
        429
    );
}

#[tokio::test]
async fn requests_of_a_credential() {
    let app = TestApp::with(&[("limits.v3_requests_per_minute", "3")]).await;
    let me = |token: &str| Call::get("/v3/users/me").bearer(token);
    let key = &app.accounts.owner_key;
    for _ in 0..5 {
        assert_eq!(
            app.send(Call::get("/v3/users/me")).await.status,
            401,
            "strangers are not counted"
        );
    }
    for _ in 0..3 {
        app.send(me(key)).await.ok();
    }
    assert_limited(&app.send(me(key)).await, "3");
    assert_limited(&app.get("/v3/sessions").await, "3");
    let other = Accounts::key(
        &app.app,
        app.project(),
        server::auth::roles::Role::Owner,
        None,
    )
    .await;
    app.send(me(&other.token)).await.ok();
}

#[tokio::test]
async fn requests_of_a_project() {
    let app = TestApp::with(&[("limits.admin_requests_per_minute", "3")]).await;
    for n in 0..3 {
        app.identify(json!({"userId": format!("u{n}")})).await.ok();
    }
    assert_limited(&app.identify(json!({"userId": "one too many"})).await, "3");
    assert_limited(&app.send(app.server(Call::get("/admin/auth"))).await, "3");
    let sister = Call::get("/admin/auth").api_token(&app.accounts.sister.api_token);
    app.send(sister).await.ok();
    assert_eq!(
        app.sessions().await.len(),
        3,
        "what was refused was not written"
    );
}
