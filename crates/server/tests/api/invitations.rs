//! Invitations: by mail, to those who have an account and those who have none.

mod accepting;
mod managing;
mod organisation;

use serde_json::{Value, json};

use crate::support::{Answer, Call, Mailing, TestApp};

const PROJECTS: &str = "/v3/invitations/projects";

async fn invite(app: &TestApp, body: Value) -> Answer {
    app.send(app.owner(Call::post(PROJECTS).json(&body))).await
}

/// Invites one address; the invitation.
async fn invited(app: &TestApp, email: &str) -> Value {
    let made = invite(app, json!({ "emails": [email] })).await.ok();
    made[0].clone()
}

fn path(invitation: &Value) -> String {
    format!("/v3/invitations/{}", invitation["id"].as_str().unwrap())
}

/// The secret of the latest mail to an address.
async fn secret(mailing: &Mailing, email: &str) -> String {
    let mail = mailing.latest(email).await;
    let text = mail.part("text/plain").unwrap();
    let link = text.lines().find(|line| line.contains("/invitation#"));
    let (_, secret) = link.expect("no link").split_once('#').unwrap();
    assert!(mail.part("text/html").unwrap().contains(secret));
    secret.to_owned()
}

async fn look(app: &TestApp, secret: &str) -> Answer {
    let call = Call::post("/v3/invitations/look");
    app.send(call.json(&json!({ "token": secret }))).await
}

async fn accept(app: &TestApp, secret: &str, name: &str, password: &str) -> Answer {
    let body = json!({"token": secret, "name": name, "password": password});
    app.send(Call::post("/v3/invitations/accept").json(&body))
        .await
}

/// Answers an invitation as a user who is signed in.
async fn answer(app: &TestApp, token: &str, invitation: &Value, accept: bool) -> Answer {
    let call = Call::put(&path(invitation)).bearer(token);
    app.send(call.json(&json!({ "accept": accept }))).await
}

/// Email and role of the people of the first project.
async fn people(app: &TestApp) -> Vec<(String, String)> {
    let all = app.get("/v3/projects/users").await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let shown = |user: &Value| (text(&user["email"]), text(&user["role"]));
    all.as_array().unwrap().iter().map(shown).collect()
}
