//! Who gets a ticket.

use std::collections::BTreeMap;

use serde_json::json;
use server::resources::team::attendance::{NOTE_MS, ONLINE_MS};

use super::{Agent, agents, change_team, given, holder, holder_now, team};
use crate::support::{Call, TestApp};
use crate::tickets::{now, ticket, update};

#[tokio::test]
async fn in_turn() {
    let app = TestApp::new().await;
    let members = agents::<3>(&app).await;
    let made = team(&app, "circular", &members, json!({})).await;
    for round in 0..7 {
        let ticket = given(&app, &made).await;
        assert_eq!(holder(&ticket), members[round % 3].id, "{round}");
        assert_eq!(ticket["queued"], false);
        assert_eq!(ticket["processingTeam"], made["id"]);
        assert!(ticket["firstAssignmentAt"].is_string());
    }
    members[1].takes_tickets(&app, false).await;
    assert_eq!(holder(&given(&app, &made).await), members[2].id);
    assert_eq!(holder(&given(&app, &made).await), members[0].id);
    assert_eq!(holder(&given(&app, &made).await), members[2].id);
}

#[tokio::test]
async fn who_has_the_fewest_open_tickets() {
    let app = TestApp::new().await;
    let members = agents::<3>(&app).await;
    let made = team(&app, "balanced", &members, json!({})).await;
    let by_hand = |n: usize| ticket(&app, json!({"processingUser": members[n].id}));
    let busy = [by_hand(0).await, by_hand(0).await, by_hand(1).await];
    by_hand(2).await;
    assert_eq!(holder(&given(&app, &made).await), members[1].id);
    assert_eq!(holder(&given(&app, &made).await), members[2].id);
    // What is closed or put away does not count; what sleeps does.
    update(&app, &busy[0], json!({"status": "DONE"})).await.ok();
    update(&app, &busy[1], json!({"archived": true})).await.ok();
    assert_eq!(holder(&given(&app, &made).await), members[0].id);
    let asleep = given(&app, &made).await;
    assert_eq!(holder(&asleep), members[0].id);
    let until = app.clock.at(3_600_000);
    update(&app, &asleep, json!({"snoozedUntil": until}))
        .await
        .ok();
    assert_eq!(holder(&given(&app, &made).await), members[1].id);
}

#[tokio::test]
async fn anybody() {
    let app = TestApp::new().await;
    let members = agents::<3>(&app).await;
    let made = team(&app, "random", &members, json!({})).await;
    let mut won = BTreeMap::new();
    for _ in 0..40 {
        let ticket = given(&app, &made).await;
        *won.entry(holder(&ticket).to_owned()).or_insert(0) += 1;
    }
    let expected: Vec<_> = members.iter().map(|member| member.id.clone()).collect();
    assert_eq!(won.keys().cloned().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn nobody_by_itself() {
    let app = TestApp::new().await;
    let members = agents::<1>(&app).await;
    let made = team(&app, "manual", &members, json!({})).await;
    let ticket = given(&app, &made).await;
    assert_eq!((holder(&ticket), &ticket["queued"]), ("", &json!(false)));
    let asked = update(&app, &ticket, json!({"queued": true})).await.ok();
    assert_eq!(asked["queued"], false, "nobody would give it away");
}

#[tokio::test]
async fn only_who_was_seen_in_the_last_five_minutes() {
    let app = TestApp::new().await;
    let [member] = agents::<1>(&app).await;
    let made = team(&app, "circular", std::slice::from_ref(&member), json!({})).await;
    app.clock.advance_ms(NOTE_MS - 1);
    member.is_seen(&app).await; // not written again yet
    app.clock.advance_ms(ONLINE_MS - NOTE_MS);
    assert_eq!(holder(&given(&app, &made).await), member.id);
    app.clock.advance_ms(1);
    let waits = given(&app, &made).await;
    assert_eq!((holder(&waits), &waits["queued"]), ("", &json!(true)));
    assert!(waits["queuedAt"].is_string());
    member.is_seen(&app).await;
    app.run_jobs().await;
    assert_eq!(holder_now(&app, &waits).await, member.id);
    let people = app.get("/v3/projects/users").await.ok();
    let seen = people.as_array().unwrap().iter();
    let mut seen = seen.filter(|person| person["id"] == *member.id);
    assert_eq!(seen.next().unwrap()["lastSeen"], app.clock.at(0));
    assert!(
        people[0].get("lastSeen").is_none(),
        "the owner was never seen"
    );
}

#[tokio::test]
async fn also_who_is_not_there_when_a_team_wants_it_so() {
    let app = TestApp::new().await;
    let id = crate::support::Accounts::member(
        &app.app,
        app.project(),
        "never-seen@example.com",
        server::auth::roles::Role::Agent,
    )
    .await;
    let never_seen = Agent {
        id: id.to_string(),
        token: String::new(),
    };
    let more = json!({"selectOnlyOnlineMembers": false});
    let made = team(&app, "balanced", &[never_seen], more).await;
    assert_eq!(holder(&given(&app, &made).await), id.to_string());
}

#[tokio::test]
async fn who_watches_the_project_is_there() {
    let app = TestApp::new().await;
    let [member] = agents::<1>(&app).await;
    let made = team(&app, "circular", std::slice::from_ref(&member), json!({})).await;
    app.clock.advance_ms(ONLINE_MS);
    let call = Call::get("/v3/live").bearer(&member.token);
    let feed = app.open(call.project(app.project())).await;
    assert_eq!(feed.status(), 200);
    assert_eq!(holder(&given(&app, &made).await), member.id);
}

#[tokio::test]
async fn whom_a_body_names() {
    let app = TestApp::new().await;
    let members = agents::<2>(&app).await;
    let made = team(&app, "circular", &members, json!({})).await;
    let body = json!({"processingTeam": made["id"], "processingUser": members[1].id});
    let named = ticket(&app, body).await;
    assert_eq!(holder(&named), members[1].id);
    assert_eq!(holder(&given(&app, &made).await), members[0].id);
}

#[tokio::test]
async fn a_ticket_that_is_taken_from_its_member_is_left_until_it_is_asked_for() {
    let app = TestApp::new().await;
    let members = agents::<2>(&app).await;
    let made = team(&app, "circular", &members, json!({})).await;
    let ticket = given(&app, &made).await;
    let left = update(&app, &ticket, json!({"processingUser": null}))
        .await
        .ok();
    assert_eq!((holder(&left), &left["queued"]), ("", &json!(false)));
    let again = update(&app, &ticket, json!({"title": "x"})).await.ok();
    assert_eq!(holder(&again), "");
    let asked = update(&app, &ticket, json!({"queued": true})).await.ok();
    assert_eq!(
        (holder(&asked), &asked["queued"]),
        (&*members[1].id, &json!(false))
    );
}

#[tokio::test]
async fn a_ticket_changes_its_team() {
    let app = TestApp::new().await;
    let [a, b, both] = agents::<3>(&app).await;
    let first = team(&app, "circular", &[both.clone(), a], json!({})).await;
    let second = team(&app, "circular", &[b.clone(), both.clone()], json!({})).await;
    let bare = ticket(&app, json!({})).await;
    let given_later = update(&app, &bare, json!({"processingTeam": first["id"]})).await;
    assert_eq!(holder(&given_later.ok()), both.id);
    let moved = update(&app, &bare, json!({"processingTeam": second["id"]})).await;
    assert_eq!(
        holder(&moved.ok()),
        both.id,
        "who is of the other team too stays"
    );
    let other = given(&app, &first).await;
    let moved = update(&app, &other, json!({"processingTeam": second["id"]})).await;
    assert_eq!(holder(&moved.ok()), b.id);
    let out = update(&app, &other, json!({"processingTeam": null}))
        .await
        .ok();
    assert!(out.get("processingTeam").is_none());
    assert_eq!(holder(&out), b.id);
}

#[tokio::test]
async fn what_comes_back_is_given_away() {
    let app = TestApp::new().await;
    let [member] = agents::<1>(&app).await;
    let made = team(&app, "circular", &[], json!({})).await;
    let tickets = [
        (json!({"status": "DONE"}), json!({"status": "OPEN"})),
        (json!({"archived": true}), json!({"archived": false})),
        (json!({"isSpam": true}), json!({"isSpam": false})),
        (
            json!({"snoozedUntil": app.clock.at(1000)}),
            json!({"snoozed": false}),
        ),
    ];
    for (away, back) in tickets {
        change_team(&app, &made, json!({"members": []})).await;
        let ticket = given(&app, &made).await;
        assert_eq!(ticket["queued"], true);
        let out = update(&app, &ticket, away).await.ok();
        assert_eq!(out["queued"], false, "{out}");
        change_team(&app, &made, json!({"members": [member.id]})).await;
        app.run_jobs().await;
        assert_eq!(holder_now(&app, &ticket).await, "");
        let back = update(&app, &ticket, back).await.ok();
        assert_eq!(holder(&back), member.id, "{back}");
    }
}

#[tokio::test]
async fn the_assignment_is_part_of_the_history() {
    let app = TestApp::new().await;
    let [member] = agents::<1>(&app).await;
    let made = team(&app, "circular", std::slice::from_ref(&member), json!({})).await;
    let ticket = ticket(&app, json!({})).await;
    update(&app, &ticket, json!({"processingTeam": made["id"]}))
        .await
        .ok();
    let path = crate::tickets::path(&ticket, "/audit-export");
    let history = app.get(&path).await.ok().to_string();
    assert!(history.contains(&member.id), "{history}");
    assert!(!history.contains("carriedBy"), "{history}");
    assert!(now(&app, &ticket).await.get("carriedBy").is_none());
}
