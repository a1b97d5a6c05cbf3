//! Following the rules.

use serde_json::json;
use server::jobs::retention::{EVENTS_PER_UNIT, GUESTS_PER_UNIT, start_due};
use server::resources::project::retention::document::{Retention, RetentionRun, Stage};
use store::{ObjectId, Tx};

use super::{DAY_MS, HOUR_MS, events, followed, get, is_there, set, tracked};
use crate::merge::{guest, put};
use crate::support::{Call, TestApp};
use crate::tickets::ticket;

#[tokio::test]
async fn a_guest_goes_with_all_that_is_held_and_not_a_moment_too_soon() {
    let app = TestApp::new().await;
    set(&app, json!({"guestsUnseenDays": 3})).await.ok();
    app.clock.advance_ms(HOUR_MS);
    assert_eq!(followed(&app).await, (0, 0));
    let empty = app.rows();
    let (id, session) = guest(&app).await;
    put(
        &app,
        &id,
        json!({"name": "Guest", "email": "guest@example.com"}),
    )
    .await;
    app.sdk_events(&session, json!([{"name": "opened"}])).await;
    let done = ticket(&app, json!({"session": id, "status": "DONE"})).await;
    app.clock.advance_ms(3 * DAY_MS);
    assert_eq!(
        followed(&app).await,
        (0, 0),
        "it was seen three days ago, not longer"
    );
    app.clock.advance_ms(DAY_MS);
    assert_eq!(followed(&app).await, (0, 1));
    assert!(!is_there(&app, &id).await);
    let path = format!("/v3/tickets/{}", done["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.status, 404);
    let left: Vec<_> = app.rows();
    let numbers = |rows: &[(String, i64)]| -> Vec<(String, i64)> {
        // The number of the ticket is not given out again.
        let rows = rows.iter().filter(|(table, _)| table != "ticket_number");
        rows.cloned().collect()
    };
    assert_eq!(numbers(&left), numbers(&empty));
}

#[tokio::test]
async fn who_is_known_refused_or_waiting_stays() {
    let app = TestApp::new().await;
    let user = tracked(&app, "u", &[0]).await;
    let mut staying = vec![user];
    for fields in [json!({"blocked": true}), json!({"unsubscribed": true})] {
        let (id, _) = guest(&app).await;
        put(&app, &id, fields).await;
        staying.push(id);
    }
    let (waiting, _) = guest(&app).await;
    ticket(&app, json!({"session": waiting, "status": "DONE"})).await;
    let open = ticket(&app, json!({"session": waiting})).await;
    staying.push(waiting.clone());
    let (archived, _) = guest(&app).await;
    let put_away = ticket(&app, json!({"session": archived})).await;
    crate::tickets::update(&app, &put_away, json!({"archived": true}))
        .await
        .ok();
    set(&app, json!({"guestsUnseenDays": 1})).await.ok();
    app.clock.advance_ms(400 * DAY_MS);
    assert_eq!(
        followed(&app).await,
        (0, 1),
        "whose only ticket is archived"
    );
    for id in &staying {
        assert!(is_there(&app, id).await);
    }
    // The ticket is done with: so is the guest.
    crate::tickets::update(&app, &open, json!({"status": "DONE"}))
        .await
        .ok();
    app.clock.advance_ms(DAY_MS);
    assert_eq!(followed(&app).await, (0, 1));
    assert!(!is_there(&app, &waiting).await);
}

#[tokio::test]
async fn an_event_goes_when_it_is_older_and_the_sums_stay() {
    let app = TestApp::new().await;
    let id = tracked(&app, "u", &[-5 * DAY_MS - 1, -5 * DAY_MS, 0]).await;
    let before = app.session("u").await;
    set(&app, json!({"eventsDays": 6})).await.ok();
    app.clock.advance_ms(DAY_MS);
    assert_eq!(followed(&app).await, (1, 0));
    let dates: Vec<_> = events(&app, &id)
        .await
        .iter()
        .map(|event| event["data"]["at"].clone())
        .collect();
    assert_eq!(json!(dates), json!([0, -5 * DAY_MS]));
    assert_eq!(
        app.session("u").await,
        before,
        "sums and activity are those of all time"
    );
    assert_eq!(before["eventData"]["done"]["count"], 3);
    let metrics = app.send(Call::get("/metrics")).await;
    assert!(
        metrics
            .text()
            .contains("hark_retention_removed_total{what=\"events\"} 1\n")
    );
    assert!(
        metrics
            .text()
            .contains("hark_queue_runs_total{kind=\"retention\",outcome=\"done\"} 1\n")
    );
}

#[tokio::test]
async fn more_than_a_unit_of_work_holds_goes_in_one_run() {
    let app = TestApp::new().await;
    let many = i64::from(EVENTS_PER_UNIT) + 3;
    // Before, at and beyond the bound of a unit, and many of one instant.
    let times: Vec<_> = (0..many).map(|n| -2 * DAY_MS - n / 7).collect();
    let first = tracked(&app, "a", &times).await;
    let second = tracked(&app, "b", &[-3 * DAY_MS, 0]).await;
    for _ in 0..=GUESTS_PER_UNIT {
        app.guest().await;
    }
    set(&app, json!({"eventsDays": 1, "guestsUnseenDays": 1}))
        .await
        .ok();
    app.clock.advance_ms(DAY_MS - HOUR_MS);
    app.clock.advance_ms(HOUR_MS + 1);
    let kept = tracked(&app, "b", &[0]).await;
    assert_eq!(kept, second);
    let removed = followed(&app).await;
    assert_eq!(removed, (many as u64 + 2, GUESTS_PER_UNIT as u64 + 1));
    assert_eq!(events(&app, &first).await.len(), 0);
    assert_eq!(events(&app, &second).await.len(), 1);
}

/// Writes down how far a run is.
async fn cut_off(app: &TestApp, stage: Stage, after: ObjectId) {
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = tx.get_for_update::<Retention>(tx.project())?.unwrap();
        row.doc.run = Some(RetentionRun {
            stage,
            after,
            events: 40,
            guests: 2,
            ..RetentionRun::begin(tx.now())
        });
        tx.put(&mut row)
    };
    app.write::<_, store::Error, _>(unit).await.unwrap();
}

#[tokio::test]
async fn a_run_that_was_cut_off_goes_on_from_there() {
    let app = TestApp::new().await;
    let mut guests = Vec::new();
    for _ in 0..4 {
        guests.push(guest(&app).await.0);
        app.clock.advance_seconds(1);
    }
    guests.sort();
    let user = tracked(&app, "u", &[-2 * DAY_MS]).await;
    set(&app, json!({"eventsDays": 1, "guestsUnseenDays": 1}))
        .await
        .ok();
    app.clock.advance_ms(2 * DAY_MS);
    cut_off(&app, Stage::Guests, guests[1].parse().unwrap()).await;
    assert_eq!(followed(&app).await, (41, 4), "with what was done before");
    let mut there = Vec::new();
    for id in &guests {
        there.push(is_there(&app, id).await);
    }
    assert_eq!(there, [true, true, false, false]);
    // In the other stage, guests are done.
    tracked(&app, "u", &[-2 * DAY_MS]).await;
    app.clock.advance_ms(DAY_MS);
    cut_off(&app, Stage::Events, ObjectId::ZERO).await;
    assert_eq!(followed(&app).await, (41, 2));
    assert!(is_there(&app, &guests[0]).await);
    // The next run begins at the beginning.
    app.clock.advance_ms(DAY_MS);
    assert_eq!(followed(&app).await, (0, 2));
    assert!(is_there(&app, &user).await);
}

#[tokio::test]
async fn another_rule_ends_the_run_under_the_old_one() {
    let app = TestApp::new().await;
    let (id, _) = guest(&app).await;
    set(&app, json!({"guestsUnseenDays": 1})).await.ok();
    app.clock.advance_ms(2 * DAY_MS);
    assert_eq!(start_due(&app.app).await.unwrap(), 1);
    set(&app, json!({"guestsUnseenDays": 100})).await.ok();
    app.run_jobs().await;
    assert!(is_there(&app, &id).await);
    assert_eq!(get(&app).await.get("lastRun"), None);
}

#[tokio::test]
async fn of_those_who_begin_a_run_at_once_one_does() {
    let app = TestApp::new().await;
    tracked(&app, "u", &[-2 * DAY_MS]).await;
    set(&app, json!({"eventsDays": 1})).await.ok();
    app.clock.advance_ms(HOUR_MS);
    let node = app.node(&[]).await;
    let other = node.as_ref().unwrap_or(&app);
    if node.is_some() {
        other.clock.advance_ms(HOUR_MS);
    }
    let (one, two) = tokio::join!(start_due(&app.app), start_due(&other.app));
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    let (one, two) = tokio::join!(app.run_jobs(), other.run_jobs());
    assert_eq!(one + two, 1);
    assert_eq!(get(&app).await["lastRun"]["events"], 1);
    drop(node);
}
