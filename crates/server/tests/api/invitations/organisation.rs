//! Invitations to all projects of an organisation.

use serde_json::{Value, json};
use server::auth::roles::Role;

use super::{PROJECTS, accept, path, people, secret};
use crate::support::{Accounts, Call, Mailing, OWNER, PASSWORD, TestApp};

const NEW: &str = "new@example.com";

async fn organisation(app: &TestApp) -> String {
    let projects = app.send(Call::get("/v3/projects").bearer(&app.accounts.owner_key));
    projects.await.ok()[0]["organisation"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn who_runs_all_projects_invites_to_all() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    // The owner of the first project is one of the sister too.
    let owner = app.sign_in(OWNER).await;
    let organisation = organisation(app).await;
    let at = format!("/v3/invitations/organisations/{organisation}");
    let call = Call::post(&at).bearer(&owner);
    let body = json!({"emails": [NEW], "role": "viewer"});
    let made: Value = app.send(call.json(&body)).await.ok()[0].clone();
    assert_eq!(
        json!([
            made["name"],
            made["type"],
            made["organisation"],
            made.get("project")
        ]),
        json!(["Example", "organisation", organisation, null])
    );
    let list = || app.send(Call::get(&at).bearer(&owner));
    assert_eq!(list().await.ok(), json!([made]));
    assert_eq!(
        app.get(PROJECTS).await.ok(),
        json!([]),
        "of the project there is none"
    );
    let secret = secret(&mailing, NEW).await;
    accept(app, &secret, "Ada", PASSWORD).await.ok();
    assert_eq!(people(app).await[1], (NEW.into(), "viewer".into()));
    let token = app.sign_in(NEW).await;
    let projects = app
        .send(Call::get("/v3/projects").bearer(&token))
        .await
        .ok();
    let mut ids: Vec<_> = projects
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    ids.sort_by_key(ToString::to_string);
    let mut expected = vec![json!(app.project()), json!(app.accounts.sister.id)];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(
        ids, expected,
        "the foreign project is of another organisation"
    );
    assert_eq!(list().await.ok(), json!([]));
}

#[tokio::test]
async fn who_runs_one_project_does_not() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    let at = format!("/v3/invitations/organisations/{}", organisation(app).await);
    let (_, admin) = app.member("admin@example.com", Role::Admin).await;
    for token in [&admin, &app.accounts.owner_key] {
        let body = json!({"emails": [NEW]});
        for call in [Call::get(&at), Call::post(&at).json(&body)] {
            let answer = app.send(call.bearer(token)).await;
            assert_eq!(answer.error(), (404, "organisation_not_found".into()));
        }
    }
    // An admin of all invites, but no owners, and takes back what was not for an owner.
    Accounts::member(
        &app.app,
        app.accounts.sister.id,
        "admin@example.com",
        Role::Admin,
    )
    .await;
    let post = |body: Value| app.send(Call::post(&at).bearer(&admin).json(&body));
    let owners = post(json!({"emails": [NEW], "role": "owner"})).await;
    assert_eq!(owners.error(), (403, "owners_only".into()));
    let made = post(json!({"emails": [NEW]})).await.ok()[0].clone();
    let withdraw = |token: &str| app.send(Call::delete(&path(&made)).bearer(token));
    assert_eq!(
        withdraw(&app.accounts.owner_key).await.status,
        404,
        "a key opens one project"
    );
    withdraw(&admin).await.ok();
}
