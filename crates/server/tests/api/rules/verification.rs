//! Whoever says that a client's user is somebody has to prove it, once a project asks for that.

use serde_json::{Value, json};
use server::accounts::project::{ProjectSecret, rotate};
use server::auth::token::user_hash;
use server::resources::project::audit_log::document::Auditor;

use super::id;
use crate::merge::{guest, merge, user};
use crate::support::{Answer, Call, TestApp};

async fn mode(app: &TestApp, mode: &str) {
    let path = format!("/v3/projects/{}/identity-verification", app.project());
    let call = Call::put(&path).json(&json!({ "mode": mode }));
    app.send(app.owner(call)).await.ok();
}

/// Asks for proof in the first project, and gives a secret to prove with.
async fn required(app: &TestApp) -> String {
    mode(app, "required").await;
    new_secret(app).await
}

async fn new_secret(app: &TestApp) -> String {
    let rotated = rotate(
        &app.app,
        Auditor::operator(app.project()),
        ProjectSecret::Identity,
    );
    rotated.await.unwrap()
}

/// What the self-test says of a proof.
async fn check(app: &TestApp, user_id: &Value, user_hash: &str) -> Value {
    let path = format!("/v3/projects/{}/identity-verification/check", app.project());
    let body = json!({"userId": user_id, "userHash": user_hash});
    app.send(app.owner(Call::post(&path).json(&body)))
        .await
        .ok()
}

async fn proved(app: &TestApp, session: Option<&Value>, user: &str, hash: &str) -> Answer {
    let body = json!({"userId": user, "userHash": hash, "name": "Eve"});
    app.sdk("/sessions/identify", session, body).await
}

/// Without proof no call of a client attaches to a known user, changes it, or tells anything of it.
#[tokio::test]
async fn who_proves_nothing_gets_nothing_of_a_known_user() {
    let app = TestApp::new().await;
    required(&app).await;
    let body = json!({"userId": "u", "name": "Ada", "email": "ada@example.com", "phone": "+4315331234", "plan": "top-secret"});
    app.identify(body).await.ok();
    let known = app.session("u").await;
    let (own, device) = guest(&app).await;
    let forged = json!({"gleapId": known["gleapId"], "gleapHash": device["gleapHash"]});
    let words =
        json!({"userId": "u", "email": "ada@example.com", "phone": "+4315331234", "name": "Eve"});
    let data = json!({ "data": words });
    let events = json!({"events": [{"name": "e", "data": words}], "userId": "u", "type": "js"});
    let report = json!({"formData": words, "userId": "u", "email": "ada@example.com"});
    for session in [None, Some(&device), Some(&forged)] {
        for (path, body) in [
            ("/sessions/identify", &words),
            ("/sessions/partialupdate", &data),
            ("/sessions/events", &events),
            ("/sessions/ping", &words),
            ("/sessions", &words),
            ("/bugs/v2", &report),
        ] {
            let answer = app.sdk(path, session, body.clone()).await;
            for secret in [
                "Ada",
                "top-secret",
                known["gleapHash"].as_str().unwrap(),
                id(&known),
            ] {
                assert!(!answer.text().contains(secret), "{path}: {}", answer.text());
            }
        }
    }
    assert_eq!(app.session("u").await, known);
    let resumed = app.sdk("/sessions", Some(&device), json!({})).await.ok();
    assert_eq!(
        (&resumed["gleapId"], resumed.get("userId")),
        (&device["gleapId"], None)
    );
    assert_ne!(own, id(&known));
}

/// A hash that somebody made up, or that is almost right, never counts as proof, and the self-test says so too.
#[tokio::test]
async fn a_made_up_proof_counts_nowhere() {
    let app = TestApp::new().await;
    let secret = required(&app).await;
    let right = user_hash(&secret, "u");
    let (_, device) = guest(&app).await;
    for wrong in [
        "0".repeat(64),
        user_hash(&secret, "U"),
        user_hash(&secret, " u"),
        user_hash("", "u"),
        user_hash("u", &secret),
        format!("{right}0"),
        right[..63].to_owned(),
        format!("0x{right}"),
        "true".into(),
    ] {
        let answer = proved(&app, Some(&device), "u", &wrong).await;
        assert_eq!(
            answer.error(),
            (401, "identity_not_verified".into()),
            "{wrong}"
        );
        assert!(!answer.text().contains(&right), "{wrong}");
        let told = check(&app, &json!("u"), &wrong).await;
        assert_eq!(told["valid"], false, "{wrong}");
        assert!(told["reason"].as_str().unwrap().len() > 20, "{told}");
    }
    assert_eq!(app.lookup("u").await.status, 404);
    assert_eq!(
        check(&app, &json!("u"), &right).await,
        json!({"valid": true})
    );
    assert_eq!(
        proved(&app, Some(&device), "u", &right).await.ok()["userId"],
        "u"
    );
}

/// Whether proof is asked for is a switch of the server: it holds from the next call on, at every node, whatever a client sends.
#[tokio::test]
async fn the_server_says_whether_proof_is_asked_for() {
    let one = TestApp::new().await;
    let two = one.node(&[]).await;
    let reader = two.as_ref().unwrap_or(&one);
    for (round, required) in [false, true, false, true].into_iter().enumerate() {
        mode(&one, if required { "required" } else { "off" }).await;
        let user = format!("u{round}");
        let (_, device) = guest(&one).await;
        let body =
            json!({"userId": user, "identityVerification": "off", "mode": "off", "verified": true});
        let answer = reader.sdk("/sessions/identify", Some(&device), body).await;
        assert_eq!(answer.status, if required { 401 } else { 200 }, "{round}");
        // Servers have proved who they are by their token.
        let named = format!("server {round}");
        one.identify(json!({ "userId": named })).await.ok();
        assert_eq!(one.lookup(&named).await.status, 200);
    }
}

/// Who has proved who it is need not do so again: the credential of its session is enough for every later call.
#[tokio::test]
async fn who_proved_once_need_not_prove_again() {
    let app = TestApp::new().await;
    let secret = required(&app).await;
    let (_, device) = guest(&app).await;
    let known = proved(&app, Some(&device), "u", &user_hash(&secret, "u"))
        .await
        .ok();
    for secrets in 0..3 {
        let resumed = app.sdk("/sessions", Some(&known), json!({})).await.ok();
        assert_eq!(resumed["userId"], "u");
        app.sdk_events(&known, json!([{"name": "clicked", "data": secrets}]))
            .await;
        let data = json!({"data": {"plan": format!("plan {secrets}")}});
        let changed = app
            .sdk("/sessions/partialupdate", Some(&known), data)
            .await
            .ok();
        assert_eq!(changed["userId"], "u");
        let report = app
            .sdk(
                "/bugs/v2",
                Some(&known),
                json!({"formData": {"n": secrets}}),
            )
            .await;
        assert_eq!(report.status, 201);
        // Also after the secret that it was proved with has ended.
        new_secret(&app).await;
    }
    let session = app.session("u").await;
    assert_eq!(
        json!([session["plan"], session["countFeedbackReports"]]),
        json!(["plan 2", 3])
    );
    assert_eq!(session["eventData"]["clicked"]["count"], 3);
}

/// A developer is told which part of a proof is wrong: its form, its secret or its user id.
#[tokio::test]
async fn a_wrong_proof_says_what_is_wrong_with_it() {
    let app = TestApp::new().await;
    let old = new_secret(&app).await;
    let (secret, latest) = (new_secret(&app).await, new_secret(&app).await);
    let right = user_hash(&latest, "u");
    let public = user_hash(&app.accounts.first.sdk_key, "u");
    let reasons = [
        ("u", "", "empty"),
        ("u", "nonsense", "not hexadecimal"),
        ("u", &right[..32], "MD5"),
        ("u", &right[..40], "SHA-1"),
        ("u", &right.repeat(2), "SHA-512"),
        ("u", &format!("sha256={right}"), "around it"),
        ("u", &public, "SDK key"),
        ("u", &user_hash(&old, "u"), "rotate"),
        ("guest", &user_hash(&latest, "guest"), "no user id"),
        ("42", &user_hash(&latest, "\"42\""), "quotes"),
    ];
    for (user, hash, word) in reasons {
        let told = check(&app, &json!(user), hash).await;
        assert_eq!(told["valid"], false, "{word}");
        let reason = told["reason"].as_str().unwrap();
        assert!(reason.contains(word), "{word}: {reason}");
        assert!(
            !reason.contains(&right) && !reason.contains(&latest),
            "{reason}"
        );
    }
    for live in [&secret, &latest] {
        let told = check(&app, &json!("u"), &user_hash(live, "u")).await;
        assert_eq!(told, json!({"valid": true}), "two secrets are live");
    }
}

/// Without the right proof a guest stays a guest: nothing in between, and nothing that is taken on trust.
#[tokio::test]
async fn without_its_proof_a_guest_stays_a_guest() {
    let app = TestApp::new().await;
    let secret = required(&app).await;
    let device = app.guest().await;
    let wrong = [
        json!({"userId": "u"}),
        json!({"userId": "u", "userHash": null}),
        json!({"userId": "u", "userHash": ""}),
        json!({"userId": "u", "userHash": user_hash("other", "u")}),
        json!({"userId": "u", "userHash": user_hash(&secret, "v")}),
        json!({"userId": "u", "userHash": 5}),
    ];
    for body in wrong {
        let answer = app
            .sdk("/sessions/identify", Some(&device), body.clone())
            .await;
        assert_eq!(
            answer.error(),
            (401, "identity_not_verified".into()),
            "{body}"
        );
        let told = answer.json();
        assert!(told["error"].is_string() && told["errors"].is_array());
        assert!(
            !answer.text().contains(&user_hash(&secret, "u")),
            "the right one is not told"
        );
    }
    assert_eq!(app.lookup("u").await.status, 404);
    let resumed = app.sdk("/sessions", Some(&device), json!({})).await.ok();
    assert_eq!(
        resumed["gleapId"], device["gleapId"],
        "the guest stays valid"
    );
    assert_eq!(app.sessions().await.len(), 1);
    let body = json!({"userId": "u", "userHash": user_hash(&secret, "u")});
    assert_eq!(app.sdk_identify(&device, body).await["userId"], "u");
}

/// A credential that a merge handed on opens what it opened, and proves nobody else.
#[tokio::test]
async fn a_credential_proves_its_own_session_alone() {
    let app = TestApp::new().await;
    let secret = required(&app).await;
    let own = user(&app, json!({"userId": "u"})).await;
    user(&app, json!({"userId": "v", "name": "Victor"})).await;
    let (gone, device) = guest(&app).await;
    merge(&app, &own, &gone).await.ok();
    let resumed = app.sdk("/sessions", Some(&device), json!({})).await.ok();
    assert_eq!(resumed["userId"], "u");
    for hash in [user_hash(&secret, "u"), String::new()] {
        let answer = proved(&app, Some(&device), "v", &hash).await;
        assert_eq!(answer.status, 401);
        assert!(!answer.text().contains("Victor"));
    }
    assert_eq!(app.session("v").await["name"], "Victor");
}
