//! What becomes of the tickets of a member who goes, and of a team that does.

use serde_json::{Value, json};

use super::{agents, given, holder, holder_now, team};
use crate::support::{Call, TestApp};
use crate::tickets::{call, now, ticket, update};

async fn members_of(app: &TestApp, team: &Value) -> Value {
    let all = app.get("/v3/teams").await.ok();
    let mut teams = all.as_array().unwrap().iter();
    teams.find(|known| known["id"] == team["id"]).unwrap()["members"].clone()
}

#[tokio::test]
async fn tickets_of_a_member_who_is_removed_go_back_to_their_team() {
    let app = TestApp::new().await;
    let [gone, stays] = agents::<2>(&app).await;
    let made = team(&app, "circular", &[gone.clone(), stays.clone()], json!({})).await;
    let tickets = [
        given(&app, &made).await,
        ticket(&app, json!({"processingUser": gone.id})).await,
        ticket(&app, json!({"processingUser": gone.id, "status": "DONE"})).await,
    ];
    assert_eq!(holder(&tickets[0]), gone.id);
    let path = format!("/v3/projects/users/{}", gone.id);
    app.send(app.owner(Call::delete(&path))).await.ok();
    app.run_jobs().await;
    assert_eq!(holder_now(&app, &tickets[0]).await, stays.id);
    assert_eq!(holder_now(&app, &tickets[1]).await, "");
    assert_eq!(
        holder_now(&app, &tickets[2]).await,
        gone.id,
        "what is done is history"
    );
    assert_eq!(members_of(&app, &made).await, json!([stays.id]));
}

#[tokio::test]
async fn who_may_only_look_on_is_of_no_team() {
    let app = TestApp::new().await;
    let [member] = agents::<1>(&app).await;
    let made = team(&app, "circular", std::slice::from_ref(&member), json!({})).await;
    let held = given(&app, &made).await;
    let path = format!("/v3/projects/users/{}", member.id);
    let role = |role: &str| call(&app, "PUT", &path, json!({ "role": role }));
    role("admin").await.ok();
    app.run_jobs().await;
    assert_eq!(holder_now(&app, &held).await, member.id);
    role("viewer").await.ok();
    app.run_jobs().await;
    let waits = now(&app, &held).await;
    assert_eq!((holder(&waits), &waits["queued"]), ("", &json!(true)));
    assert_eq!(members_of(&app, &made).await, json!([]));
}

#[tokio::test]
async fn tickets_of_a_team_that_is_deleted_stay_with_their_members() {
    let app = TestApp::new().await;
    let [member] = agents::<1>(&app).await;
    let more = json!({"limitTicketAmount": true, "ticketAmount": 1});
    let made = team(&app, "circular", std::slice::from_ref(&member), more).await;
    let (held, waits) = (given(&app, &made).await, given(&app, &made).await);
    let path = format!("/v3/teams/{}", made["id"].as_str().unwrap());
    let deleted = app.send(app.owner(Call::delete(&path))).await.ok();
    assert_eq!(deleted["id"], made["id"]);
    app.run_jobs().await;
    for (ticket, of) in [(&held, &*member.id), (&waits, "")] {
        let ticket = now(&app, ticket).await;
        assert!(ticket.get("processingTeam").is_none());
        assert_eq!((holder(&ticket), &ticket["queued"]), (of, &json!(false)));
    }
    let again = app.send(app.owner(Call::delete(&path))).await;
    assert_eq!(again.error(), (404, "team_not_found".into()));
    let refused = update(&app, &waits, json!({"processingTeam": made["id"]})).await;
    assert_eq!(refused.error(), (422, "invalid_field".into()));
}

#[tokio::test]
async fn a_member_hands_its_tickets_over() {
    let app = TestApp::new().await;
    let [goes, stays] = agents::<2>(&app).await;
    let limited = json!({"limitTicketAmount": true, "ticketAmount": 2});
    let made = team(&app, "circular", &[goes.clone(), stays.clone()], limited).await;
    let tickets = [
        given(&app, &made).await,
        given(&app, &made).await,
        given(&app, &made).await,
    ];
    let own = ticket(&app, json!({"processingUser": goes.id})).await;
    let done = ticket(
        &app,
        json!({"processingUser": goes.id, "processingTeam": made["id"], "status": "DONE"}),
    )
    .await;
    goes.takes_tickets(&app, false).await;
    let call = Call::post("/v3/users/me/reassign-tickets").bearer(&goes.token);
    assert_eq!(app.send(call).await.ok(), json!({"success": true}));
    app.run_jobs().await;
    let mut holders = Vec::new();
    for ticket in &tickets {
        let ticket = now(&app, ticket).await;
        assert_eq!(ticket["queued"], holder(&ticket).is_empty());
        holders.push(holder(&ticket).to_owned());
    }
    holders.sort();
    assert_eq!(
        holders,
        ["", &*stays.id, &*stays.id],
        "there was room for one more"
    );
    assert_eq!(holder_now(&app, &own).await, goes.id, "it is of no team");
    assert_eq!(holder_now(&app, &done).await, goes.id);
    let foreign = app.accounts.foreign.id;
    let elsewhere = Call::post("/v3/users/me/reassign-tickets").bearer(&stays.token);
    app.send(elsewhere.project(foreign)).await.ok();
    app.run_jobs().await;
    assert_eq!(
        holder_now(&app, &tickets[1]).await,
        stays.id,
        "of other projects nothing is done"
    );
    let malformed = Call::post("/v3/users/me/reassign-tickets").bearer(&stays.token);
    assert_eq!(
        app.send(malformed.project("x")).await.error(),
        (400, "invalid_id".into())
    );
}
