//! Who invites whom, and takes it back.

use serde_json::{Value, json};
use server::accounts::invitation::WAITING_MAX;
use server::auth::roles::Role;
use server::resources::invitation::EMAILS_MAX;

use super::{PROJECTS, invite, invited, look, path, secret};
use crate::support::{Accounts, Answer, Call, Mailing, OWNER, TestApp};

const NEW: &str = "new@example.com";

async fn as_admin(mailing: &Mailing) -> String {
    mailing.app.member("admin@example.com", Role::Admin).await.1
}

async fn set_role(app: &TestApp, token: &str, invitation: &Value, role: &str) -> Answer {
    let call = Call::put(&format!("{}/role", path(invitation))).bearer(token);
    let call = call.project(app.project());
    app.send(call.json(&json!({ "role": role }))).await
}

async fn withdraw(app: &TestApp, token: &str, invitation: &Value) -> Answer {
    app.send(Call::delete(&path(invitation)).bearer(token))
        .await
}

#[tokio::test]
async fn only_an_owner_invites_owners() {
    let mailing = Mailing::start(&[]).await;
    let (app, admin) = (&mailing.app, as_admin(&mailing).await);
    let by_admin = |body: Value| {
        let call = Call::post(PROJECTS).bearer(&admin).project(app.project());
        app.send(call.json(&body))
    };
    let owner = json!({"emails": [NEW], "role": "owner"});
    assert_eq!(
        by_admin(owner.clone()).await.error(),
        (403, "owners_only".into())
    );
    let made = by_admin(json!({"emails": [NEW], "role": "admin"}))
        .await
        .ok()[0]
        .clone();
    assert_eq!(set_role(app, &admin, &made, "owner").await.error().0, 403);
    let changed = set_role(app, &app.accounts.owner_key, &made, "owner")
        .await
        .ok();
    assert_eq!(changed["role"], "owner");
    assert_eq!(set_role(app, &admin, &made, "viewer").await.error().0, 403);
    assert_eq!(withdraw(app, &admin, &made).await.status, 404);
    assert_eq!(by_admin(owner).await.status, 403);
    assert_eq!(app.get(PROJECTS).await.ok(), json!([changed]));
}

#[tokio::test]
async fn a_withdrawn_invitation_opens_nothing() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    let made = invited(app, NEW).await;
    let secret = secret(&mailing, NEW).await;
    let (_, agent) = app.member("agent@example.com", Role::Agent).await;
    let sister = Accounts::key(&app.app, app.accounts.sister.id, Role::Owner, None).await;
    for stranger in [&agent, &sister.token] {
        assert_eq!(
            withdraw(app, stranger, &made).await.error(),
            (404, "invitation_not_found".into())
        );
    }
    look(app, &secret).await.ok();
    assert_eq!(
        withdraw(app, &app.accounts.owner_key, &made).await.ok(),
        json!(true)
    );
    assert_eq!(look(app, &secret).await.status, 404);
    assert_eq!(
        withdraw(app, &app.accounts.owner_key, &made).await.status,
        404
    );
    // What was withdrawn before its mail went out is not sent.
    let made = invited(app, "late@example.com").await;
    withdraw(app, &app.accounts.owner_key, &made).await.ok();
    let mails = mailing.mails().await;
    assert!(mails.iter().all(|mail| mail.to != ["late@example.com"]));
}

#[tokio::test]
async fn an_invitation_of_another_project_is_none() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    let made = invited(app, NEW).await;
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, Role::Owner, None)
        .await
        .token;
    let list = Call::get(PROJECTS).bearer(&key).project(sister);
    assert_eq!(app.send(list).await.ok(), json!([]));
    let call = Call::put(&format!("{}/role", path(&made)))
        .bearer(&key)
        .project(sister);
    let answer = app.send(call.json(&json!({"role": "viewer"}))).await;
    assert_eq!(answer.error(), (404, "invitation_not_found".into()));
}

#[tokio::test]
async fn every_fault_is_named() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    let refused = invite(app, json!({"emails": ["nobody", NEW, "a b@example.com"]})).await;
    assert_eq!(refused.error(), (422, "invalid_invitation".into()));
    let faults = refused.faults();
    assert!(faults[0].starts_with("emails[0]: ") && faults[1].starts_with("emails[2]: "));
    let member = invite(app, json!({"emails": [NEW, OWNER]})).await;
    assert_eq!(member.faults(), ["emails[1]: is a member already"]);
    let role = invite(app, json!({"emails": [NEW], "role": "boss"})).await;
    assert!(role.faults()[0].contains("role"), "{}", role.text());
    assert_eq!(app.get(PROJECTS).await.ok(), json!([]), "nothing was done");
    assert_eq!(mailing.mails().await.len(), 0);
}

#[tokio::test]
async fn limits_hold_at_their_edge() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    let addresses = |from: usize, count: usize| {
        let some = (from..from + count).map(|n| format!("new-{n}@example.com"));
        json!({"emails": some.collect::<Vec<_>>()})
    };
    for bad in [addresses(0, 0), addresses(0, EMAILS_MAX + 1)] {
        assert!(invite(app, bad).await.faults()[0].starts_with("emails: "));
    }
    let most = WAITING_MAX as usize;
    for from in (0..most).step_by(EMAILS_MAX) {
        invite(app, addresses(from, EMAILS_MAX)).await.ok();
    }
    let one_more = invite(app, addresses(most, 1)).await;
    assert_eq!(one_more.error(), (409, "too_many_invitations".into()));
    invite(app, addresses(0, 1)).await.ok(); // is invited already
    assert_eq!(app.get(PROJECTS).await.ok().as_array().unwrap().len(), most);
}

#[tokio::test]
async fn without_a_mail_server_nobody_is_invited() {
    let app = TestApp::new().await;
    let refused = invite(&app, json!({"emails": [NEW]})).await;
    assert_eq!(refused.error(), (409, "mail_not_set_up".into()));
    assert!(refused.text().contains("smtp.host"));
}
