//! What teams do not take.

use serde_json::{Value, json};
use server::auth::roles::Role;
use server::resources::team::{NAME_CHARS_MAX, TEAM_MEMBERS_MAX, TEAMS_MAX, TICKET_AMOUNT_MAX};
use store::ObjectId;

use super::{agents, team};
use crate::support::{Accounts, Answer, Call, TestApp};
use crate::tickets::{call, ticket, update};

async fn create(app: &TestApp, body: Value) -> Answer {
    call(app, "POST", "/v3/teams", body).await
}

fn body(more: Value) -> Value {
    let mut body = json!({"name": "Support", "assignmentMethod": "manual", "members": []});
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    body
}

#[tokio::test]
async fn every_fault_is_named() {
    let app = TestApp::new().await;
    let nothing = create(&app, json!({})).await;
    let missing =
        ["name", "assignmentMethod", "members"].map(|name| format!("{name}: is required"));
    assert_eq!(nothing.faults(), missing);
    let twice = ObjectId::ZERO.to_string();
    let bad = body(json!({
        "name": " ", "members": [twice, twice], "ticketAmount": 1.5, "slaOptions": {"defaultSla": -1},
        "operatingHours": {"enabled": true, "timezone": "Nowhere"},
    }));
    let answer = create(&app, bad).await;
    assert_eq!(answer.error(), (422, "invalid_field".into()));
    let faults = answer.faults();
    let named: Vec<_> = faults
        .iter()
        .filter_map(|fault| fault.split(':').next())
        .collect();
    let expected = [
        "name",
        "members",
        "ticketAmount",
        "slaOptions.defaultSla",
        "operatingHours.timezone",
        "operatingHours.openingTimes",
    ];
    assert_eq!(named, expected);
    let method = create(&app, body(json!({"assignmentMethod": "fastest"}))).await;
    assert!(
        method.faults()[0].contains("assignmentMethod"),
        "{}",
        method.text()
    );
    assert_eq!(app.get("/v3/teams").await.ok(), json!([]));
}

#[tokio::test]
async fn limits_hold_at_their_edge() {
    let app = TestApp::new().await;
    for (field, fits, does_not) in [
        (
            "name",
            json!("x".repeat(NAME_CHARS_MAX)),
            json!("x".repeat(NAME_CHARS_MAX + 1)),
        ),
        (
            "ticketAmount",
            json!(TICKET_AMOUNT_MAX),
            json!(TICKET_AMOUNT_MAX + 1),
        ),
        ("ticketAmount", json!(1), json!(0)),
    ] {
        let made = create(&app, body(json!({ field: fits }))).await.ok();
        assert_eq!(made[field], fits);
        let refused = create(&app, body(json!({ field: does_not }))).await;
        assert!(refused.faults()[0].starts_with(field), "{}", refused.text());
    }
    let ids = |count: usize| (0..count).map(|n| format!("{n:024x}")).collect::<Vec<_>>();
    let many = create(&app, body(json!({"members": ids(TEAM_MEMBERS_MAX + 1)}))).await;
    assert_eq!(
        many.faults(),
        [format!("members: are more than {TEAM_MEMBERS_MAX}")]
    );
    // As many as there may be are looked up, and are nobody.
    let strangers = create(&app, body(json!({"members": ids(TEAM_MEMBERS_MAX)}))).await;
    assert!(strangers.faults()[0].starts_with("members[0]: "));
}

#[tokio::test]
async fn a_project_has_so_many_teams() {
    let app = TestApp::new().await;
    for _ in 0..TEAMS_MAX {
        create(&app, body(json!({}))).await.ok();
    }
    let one_more = create(&app, body(json!({}))).await;
    assert_eq!(one_more.error(), (409, "too_many_teams".into()));
    assert_eq!(
        app.get("/v3/teams").await.ok().as_array().unwrap().len(),
        TEAMS_MAX as usize
    );
}

#[tokio::test]
async fn members_are_people_of_the_project_who_may_work() {
    let app = TestApp::new().await;
    let (viewer, _) = app.member("viewer@example.com", Role::Viewer).await;
    let sister = app.accounts.sister.id;
    let elsewhere = Accounts::member(&app.app, sister, "sister@example.com", Role::Agent).await;
    let me = app.get("/v3/users/me").await.ok();
    let program = me["id"].as_str().unwrap();
    for nobody in [
        viewer.to_string(),
        elsewhere.to_string(),
        program.to_owned(),
    ] {
        let refused = create(&app, body(json!({"members": [nobody]}))).await;
        assert!(
            refused.faults()[0].starts_with("members[0]: "),
            "{}",
            refused.text()
        );
    }
}

#[tokio::test]
async fn a_team_of_another_project_is_none() {
    let app = TestApp::new().await;
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, Role::Owner, None)
        .await
        .token;
    let call = Call::post("/v3/teams").bearer(&key).project(sister);
    let foreign = app.send(call.json(&body(json!({})))).await.ok();
    assert_eq!(foreign["project"], sister.to_string());
    let path = format!("/v3/teams/{}", foreign["id"].as_str().unwrap());
    for call in [
        Call::put(&path).json(&json!({"name": "x"})),
        Call::delete(&path),
    ] {
        let answer = app.send(app.owner(call)).await;
        assert_eq!(answer.error(), (404, "team_not_found".into()));
    }
    let made = ticket(&app, json!({})).await;
    let taken = update(&app, &made, json!({"processingTeam": foreign["id"]})).await;
    assert!(
        taken.faults()[0].starts_with("processingTeam: "),
        "{}",
        taken.text()
    );
    let body = json!({"processingTeam": foreign["id"]});
    let refused = super::call(&app, "POST", "/v3/tickets", body).await;
    assert_eq!(refused.error(), (422, "invalid_field".into()));
    let malformed = app.send(app.owner(Call::delete("/v3/teams/1"))).await;
    assert_eq!(malformed.error(), (400, "invalid_id".into()));
}

#[tokio::test]
async fn what_is_absent_stays() {
    let app = TestApp::new().await;
    let members = agents::<2>(&app).await;
    let more = json!({
        "limitTicketAmount": true, "ticketAmount": 7, "slaOptions": {"defaultSla": 1.5}, "selectOnlyOnlineMembers": false,
    });
    let made = team(&app, "balanced", &members, more).await;
    app.clock.advance_seconds(1);
    let changed = super::change_team(
        &app,
        &made,
        json!({"name": "Other", "needQueueRerun": true}),
    )
    .await;
    let mut expected = made.clone();
    expected["name"] = json!("Other");
    expected["updatedAt"] = json!(app.clock.at(0));
    assert_eq!(changed, expected);
    assert_eq!(app.get("/v3/teams").await.ok(), json!([expected]));
}
