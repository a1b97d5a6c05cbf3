//! `/v3/users/me/sign-ins`: where somebody is signed in, and the end of it.

use serde_json::json;
use server::auth::roles::Role;

use crate::support::{Answer, Call, OWNER, PASSWORD, TestApp};

const PATH: &str = "/v3/users/me/sign-ins";
const WEEK_SECONDS: i64 = 7 * 86_400;

async fn list(app: &TestApp, token: &str) -> Answer {
    app.send(Call::get(PATH).bearer(token)).await
}

async fn end(app: &TestApp, token: &str, id: &str) -> Answer {
    app.send(Call::delete(&format!("{PATH}/{id}")).bearer(token))
        .await
}

/// The id of the sign-in of a token.
async fn id_of(app: &TestApp, token: &str) -> String {
    let all = list(app, token).await.ok();
    let current = all
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["current"] == true);
    current.unwrap()["id"].as_str().unwrap().to_owned()
}

fn assert_revoked(answer: &Answer) {
    assert_eq!(answer.error(), (401, "token_revoked".into()));
}

#[tokio::test]
async fn each_says_from_where_and_until_when() {
    let app = TestApp::new().await;
    let first = app.sign_in(OWNER).await;
    let body = json!({"email": OWNER, "password": PASSWORD});
    let call = Call::post("/v3/auth/login")
        .json(&body)
        .from("198.51.100.7")
        .header("user-agent", "x".repeat(300));
    app.clock.advance_seconds(1);
    app.send(call).await.ok();
    let all = list(&app, &first).await.ok();
    let [newer, older] = all.as_array().unwrap().as_slice() else {
        panic!("{all}")
    };
    assert_eq!(newer["address"], "198.51.100.7");
    assert_eq!(newer["userAgent"], "x".repeat(256));
    assert_eq!(newer["expiresAt"], app.clock.at(WEEK_SECONDS * 1000));
    assert_eq!(
        (&newer["current"], &older["current"]),
        (&json!(false), &json!(true))
    );
    assert!(older.get("userAgent").is_none());
}

#[tokio::test]
async fn one_that_is_ended_opens_nothing_and_the_others_go_on() {
    let app = TestApp::new().await;
    let (kept, ended) = (app.sign_in(OWNER).await, app.sign_in(OWNER).await);
    let id = id_of(&app, &ended).await;
    assert_eq!(end(&app, &kept, &id).await.status, 204);
    assert_revoked(&list(&app, &ended).await);
    assert_eq!(list(&app, &kept).await.ok().as_array().unwrap().len(), 1);
    assert_eq!(
        end(&app, &kept, &id).await.error(),
        (404, "sign_in_not_found".into())
    );
}

#[tokio::test]
async fn signing_out_ends_the_one_that_calls() {
    let app = TestApp::new().await;
    let (kept, ended) = (app.sign_in(OWNER).await, app.sign_in(OWNER).await);
    assert_eq!(end(&app, &ended, "current").await.status, 204);
    assert_revoked(&list(&app, &ended).await);
    list(&app, &kept).await.ok();
}

#[tokio::test]
async fn all_others_end_at_once() {
    let app = TestApp::new().await;
    let others = [app.sign_in(OWNER).await, app.sign_in(OWNER).await];
    let kept = app.sign_in(OWNER).await;
    let (_, somebody) = app.member("agent@example.com", Role::Agent).await;
    assert_eq!(app.send(Call::delete(PATH).bearer(&kept)).await.status, 204);
    for other in &others {
        assert_revoked(&list(&app, other).await);
    }
    list(&app, &kept).await.ok();
    list(&app, &somebody).await.ok();
}

#[tokio::test]
async fn nobody_ends_those_of_others() {
    let app = TestApp::new().await;
    let owner = app.sign_in(OWNER).await;
    let (_, agent) = app.member("agent@example.com", Role::Agent).await;
    let id = id_of(&app, &owner).await;
    assert_eq!(
        end(&app, &agent, &id).await.error(),
        (404, "sign_in_not_found".into())
    );
    assert_eq!(
        end(&app, &agent, "x").await.error(),
        (400, "invalid_id".into())
    );
    list(&app, &owner).await.ok();
}

#[tokio::test]
async fn a_program_has_none() {
    let app = TestApp::new().await;
    let key = app.accounts.owner_key.clone();
    assert_eq!(list(&app, &key).await.ok(), json!([]));
    assert_eq!(
        end(&app, &key, "current").await.error(),
        (404, "sign_in_not_found".into())
    );
    app.get("/v3/sessions").await.ok();
}

#[tokio::test]
async fn those_that_ended_by_themselves_are_forgotten() {
    let app = TestApp::new().await;
    app.sign_in(OWNER).await;
    app.clock.advance_seconds(WEEK_SECONDS - 1);
    let last = app.sign_in(OWNER).await;
    assert_eq!(server::accounts::sign_in::sweep(&app.app).await.unwrap(), 0);
    app.clock.advance_seconds(1);
    assert_eq!(list(&app, &last).await.ok().as_array().unwrap().len(), 1);
    assert_eq!(server::accounts::sign_in::sweep(&app.app).await.unwrap(), 1);
    list(&app, &last).await.ok();
}

#[tokio::test]
async fn one_too_many_ends_the_oldest() {
    let app = TestApp::new().await;
    let oldest = app.sign_in(OWNER).await;
    let mut newest = app.sign_in(OWNER).await;
    for _ in 2..server::accounts::sign_in::PER_USER_MAX {
        newest = app.sign_in(OWNER).await;
    }
    list(&app, &oldest).await.ok();
    app.clock.advance_seconds(1);
    app.sign_in(OWNER).await;
    let all = list(&app, &newest).await.ok();
    assert_eq!(
        all.as_array().unwrap().len(),
        server::accounts::sign_in::PER_USER_MAX
    );
}
