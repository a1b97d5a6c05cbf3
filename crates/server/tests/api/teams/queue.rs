//! What waits, and until when.

use serde_json::{Value, json};

use super::{Agent, agents, change_team, given, holder, holder_now, team};
use crate::support::{Call, TestApp};
use crate::tickets::{call, now, path, ticket, update};
use crate::webhooks::receiver::Receiver;

async fn limited<const N: usize>(app: &TestApp, amount: u32) -> ([Agent; N], Value) {
    let members = agents::<N>(app).await;
    let more = json!({"limitTicketAmount": true, "ticketAmount": amount});
    let made = team(app, "balanced", &members, more).await;
    (members, made)
}

async fn close(app: &TestApp, ticket: &Value) {
    update(app, ticket, json!({"status": "DONE"})).await.ok();
    app.run_jobs().await;
}

#[tokio::test]
async fn a_member_has_so_many_and_the_oldest_that_waits_is_next() {
    let app = TestApp::new().await;
    let ([member], made) = limited::<1>(&app, 2).await;
    let mut tickets = Vec::new();
    for _ in 0..4 {
        tickets.push(given(&app, &made).await);
        app.clock.advance_ms(1);
    }
    let held: Vec<_> = tickets.iter().map(holder).collect();
    assert_eq!(held, [&*member.id, &*member.id, "", ""]);
    app.run_jobs().await;
    assert_eq!(holder_now(&app, &tickets[2]).await, "");
    close(&app, &tickets[0]).await;
    assert_eq!(holder_now(&app, &tickets[2]).await, member.id);
    assert_eq!(holder_now(&app, &tickets[3]).await, "");
    let waited = now(&app, &tickets[2]).await;
    assert_eq!(waited["queued"], false);
    assert!(waited.get("queuedAt").is_none());
    let deleted = app
        .send(app.owner(Call::delete(&path(&tickets[1], ""))))
        .await;
    assert_eq!(deleted.status, 200);
    app.run_jobs().await;
    assert_eq!(holder_now(&app, &tickets[3]).await, member.id);
}

#[tokio::test]
async fn nobody_is_served_before_those_who_wait() {
    let app = TestApp::new().await;
    let ([member], made) = limited::<1>(&app, 1).await;
    let held = given(&app, &made).await;
    let first = given(&app, &made).await;
    update(&app, &held, json!({"status": "DONE"})).await.ok();
    app.clock.advance_ms(1);
    // There is room, but somebody waits for it whom the job did not serve yet.
    let second = given(&app, &made).await;
    assert_eq!(holder(&second), "");
    app.run_jobs().await;
    assert_eq!(holder_now(&app, &first).await, member.id);
    assert_eq!(holder_now(&app, &second).await, "");
}

#[tokio::test]
async fn tickets_of_all_teams_and_by_hand_count_for_the_limit() {
    let app = TestApp::new().await;
    let ([member], made) = limited::<1>(&app, 2).await;
    let more = json!({"limitTicketAmount": true, "ticketAmount": 3});
    let other = team(&app, "circular", std::slice::from_ref(&member), more).await;
    ticket(&app, json!({"processingUser": member.id})).await;
    assert_eq!(holder(&given(&app, &other).await), member.id);
    assert_eq!(holder(&given(&app, &made).await), "");
    assert_eq!(holder(&given(&app, &other).await), member.id);
    assert_eq!(holder(&given(&app, &other).await), "");
    // Who is named gets it all the same.
    let body = json!({"processingTeam": made["id"], "processingUser": member.id});
    assert_eq!(holder(&ticket(&app, body).await), member.id);
}

#[tokio::test]
async fn a_team_that_is_changed_gives_away_what_waits() {
    let app = TestApp::new().await;
    let ([member], made) = limited::<1>(&app, 1).await;
    given(&app, &made).await;
    let waits = given(&app, &made).await;
    change_team(&app, &made, json!({"ticketAmount": 2})).await;
    app.run_jobs().await;
    assert_eq!(holder_now(&app, &waits).await, member.id);
    let waits = given(&app, &made).await;
    change_team(&app, &made, json!({"assignmentMethod": "manual"})).await;
    app.run_jobs().await;
    let left = now(&app, &waits).await;
    assert_eq!((holder(&left), &left["queued"]), ("", &json!(false)));
}

#[tokio::test]
async fn who_takes_tickets_again_gets_what_waits() {
    let app = TestApp::new().await;
    let [member] = agents::<1>(&app).await;
    let made = team(&app, "circular", std::slice::from_ref(&member), json!({})).await;
    member.takes_tickets(&app, false).await;
    let waits = given(&app, &made).await;
    assert_eq!(holder(&waits), "");
    member.takes_tickets(&app, true).await;
    assert_eq!(holder_now(&app, &waits).await, member.id);
    let path = format!("/v3/users/{}", member.id);
    let body = json!({"unavailableProjects": [app.project().to_string()]});
    member.send(&app, Call::put(&path).json(&body)).await;
    app.run_jobs().await;
    assert_eq!(holder(&given(&app, &made).await), "");
}

#[tokio::test]
async fn outside_of_its_hours_a_team_gets_nothing() {
    // It is Sunday, 12:00 UTC.
    let app = TestApp::new().await;
    let [member] = agents::<1>(&app).await;
    let hours = json!({
        "enabled": true, "alwaysOnline": false, "timezone": "Europe/Vienna",
        "openingTimes": [{"day": "MONDAY", "openingTime": "09:00", "closingTime": "10:00"}],
    });
    let more = json!({"operatingHours": hours, "selectOnlyOnlineMembers": false});
    let made = team(&app, "circular", std::slice::from_ref(&member), more).await;
    assert_eq!(made["operatingHours"], hours);
    let waits = given(&app, &made).await;
    assert_eq!((holder(&waits), &waits["queued"]), ("", &json!(true)));
    let monday_at_nine_ms = 20 * 3_600_000; // 08:00 UTC
    app.clock.advance_ms(monday_at_nine_ms - 1);
    app.run_jobs().await;
    assert_eq!(holder_now(&app, &waits).await, "");
    app.clock.advance_ms(1);
    app.run_jobs().await;
    assert_eq!(holder_now(&app, &waits).await, member.id);
    app.clock.advance_ms(3_600_000);
    assert_eq!(holder(&given(&app, &made).await), "");
    change_team(&app, &made, json!({"operatingHours": {"enabled": false}})).await;
    app.run_jobs().await;
    assert_eq!(holder(&given(&app, &made).await), member.id);
}

#[tokio::test]
async fn statuses_that_close_later_make_room() {
    let app = TestApp::new().await;
    let ([member], made) = limited::<1>(&app, 1).await;
    let held = given(&app, &made).await;
    update(&app, &held, json!({"status": "ANSWERED"}))
        .await
        .ok();
    let waits = given(&app, &made).await;
    app.run_jobs().await;
    assert_eq!(holder_now(&app, &waits).await, "");
    let settings = format!("/v3/projects/{}/ticket-settings", app.project());
    let body = json!({"statuses": [{"key": "ANSWERED", "title": "Answered", "closed": true}]});
    call(&app, "PUT", &settings, body).await.ok();
    app.run_jobs().await;
    assert_eq!(holder_now(&app, &waits).await, member.id);
}

#[tokio::test]
async fn webhooks_are_told_who_got_a_ticket() {
    let app = TestApp::with(&[("outgoing.allow_private", "true")]).await;
    let receiver = Receiver::start().await;
    let hook = json!({"name": "Test", "url": receiver.url()});
    call(&app, "POST", "/v3/webhooks", hook).await.ok();
    let ([member], made) = limited::<1>(&app, 1).await;
    let held = given(&app, &made).await;
    given(&app, &made).await;
    close(&app, &held).await;
    let told: Vec<_> = receiver
        .take()
        .iter()
        .map(|request| request.json())
        .collect();
    let shown = |payload: &Value| {
        (
            payload["event"].clone(),
            holder(&payload["data"]).to_owned(),
        )
    };
    let mut told: Vec<_> = told.iter().map(shown).collect();
    let mut expected = vec![
        (json!("ticket.created"), member.id.clone()),
        (json!("ticket.created"), String::new()),
        (json!("ticket.updated"), member.id.clone()), // it was closed
        (json!("ticket.updated"), member.id.clone()), // the other was given away
    ];
    told.sort_by_key(|(event, user)| (event.to_string(), user.clone()));
    expected.sort_by_key(|(event, user)| (event.to_string(), user.clone()));
    assert_eq!(told, expected);
}
