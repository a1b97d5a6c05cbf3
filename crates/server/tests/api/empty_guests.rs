//! Guests of whom nothing is known are deleted after a time; nobody else is.

use serde_json::{Value, json};
use server::jobs::empty_guests::{GUESTS_PER_UNIT, ROWS_PER_READ, sweep};
use server::resources::session::credential::NewCredential;
use server::resources::session::document::Session;
use server::resources::session::event::{self, Sent};
use server::resources::session::history::Origin;
use server::resources::session::identify::{blank, insert};
use server::resources::session::merge::{MergeRefusal, merge};
use store::{Millis, ObjectId, Tx};

use crate::support::TestApp;

const DAY_MS: i64 = 86_400_000;

fn origin() -> Origin {
    Origin {
        source: "sdk".into(),
        method: None,
        original_url: None,
        user_id: None,
        has_api_key: false,
    }
}

/// Makes a guest as a client does, with the fields of `known` beside.
async fn guest(app: &TestApp, gleap_id: &str, known: Value) -> ObjectId {
    guest_in(app, app.project(), gleap_id, known).await
}

async fn guest_in(app: &TestApp, project: ObjectId, gleap_id: &str, known: Value) -> ObjectId {
    let credential = NewCredential {
        gleap_id: gleap_id.into(),
        gleap_hash: "hash".into(),
    };
    let unit = move |tx: &mut Tx<'_>| {
        let mut session = serde_json::to_value(blank(&credential, tx.now())).unwrap();
        let fields = known.as_object().unwrap().clone();
        session.as_object_mut().unwrap().extend(fields);
        let session: Session = serde_json::from_value(session).unwrap();
        Ok::<_, store::Error>(insert(tx, session, &origin())?.id)
    };
    app.app.store.write(project, unit).await.unwrap()
}

async fn track(app: &TestApp, id: ObjectId, name: &'static str) {
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = tx.get_for_update::<Session>(id)?.unwrap();
        let sent = Sent {
            number: 0,
            name: name.into(),
            date: None,
            data: None,
        };
        event::track(tx, id, &mut row.doc, &[sent], 500)?;
        tx.put(&mut row)
    };
    app.write(unit)
        .await
        .unwrap_or_else(|error: store::Error| panic!("{error}"));
}

fn days(app: &TestApp, days: i64) {
    app.clock.advance_ms(days * DAY_MS);
}

async fn left(app: &TestApp) -> Vec<String> {
    let sessions = app.sessions().await;
    let mut left: Vec<_> = sessions
        .iter()
        .map(|session| session["gleapId"].as_str().unwrap().to_owned())
        .collect();
    left.sort();
    left
}

#[tokio::test]
async fn a_guest_goes_after_thirty_days_and_not_a_moment_sooner() {
    let app = TestApp::new().await;
    let empty = app.rows();
    let id = guest(
        &app,
        "g",
        json!({"platform": "web", "deviceType": "desktop", "sessions": 3, "lang": "de"}),
    )
    .await;
    track(&app, id, "sessionStarted").await;
    track(&app, id, "pageView").await;
    app.clock.advance_ms(30 * DAY_MS - 1);
    assert_eq!(sweep(&app.app).await.unwrap(), 0);
    app.clock.advance_ms(1);
    assert_eq!(sweep(&app.app).await.unwrap(), 1);
    assert_eq!(app.rows(), empty, "nothing is left of it");
    assert_eq!(sweep(&app.app).await.unwrap(), 0);
}

#[tokio::test]
async fn who_was_seen_since_stays() {
    let app = TestApp::new().await;
    let later = Millis(app.app.now().0 + DAY_MS);
    guest(&app, "seen", json!({"lastActivity": later.to_string()})).await;
    guest(
        &app,
        "unseen",
        json!({"lastActivity": app.app.now().to_string()}),
    )
    .await;
    days(&app, 30);
    assert_eq!(sweep(&app.app).await.unwrap(), 1);
    assert_eq!(left(&app).await, ["seen"]);
    days(&app, 1);
    assert_eq!(sweep(&app.app).await.unwrap(), 1);
}

#[tokio::test]
async fn whoever_told_or_did_something_stays() {
    let app = TestApp::new().await;
    let at = app.app.now().to_string();
    let entry = json!({"name": "n", "description": "d", "content": "c", "actor": "admin", "createdAt": at, "updatedAt": at});
    let known = [
        json!({"userId": "u"}),
        json!({"name": "Ada"}),
        json!({"email": "ada@example.com"}),
        json!({"phone": "+43 1 5331234"}),
        json!({"avatar": "https://example.com/a.png"}),
        json!({"value": 0.5}),
        json!({"sla": 0}),
        json!({"plan": "pro"}),
        json!({"companyId": "acme"}),
        json!({"companyName": "ACME"}),
        json!({"facebookId": "f"}),
        json!({"instagramId": "i"}),
        json!({"instagramUsername": "i"}),
        json!({"telegramChatId": "t"}),
        json!({"telegramUsername": "t"}),
        json!({"tags": ["vip"]}),
        json!({"blocked": true}),
        json!({"emailOnly": true}),
        json!({"unsubscribed": true}),
        json!({"unsubscribedAt": at}),
        json!({"unsubscribeReason": "r"}),
        json!({"countFeedbackReports": 1}),
        json!({"countFeedbackComments": 1}),
        json!({"lastHeardFrom": at}),
        json!({"lastFeedbackReport": at}),
        json!({"checklistTasks": {}}),
        json!({"outboundHistory": []}),
        json!({"memory": [entry]}),
        json!({"customData": {"beta": false}}),
    ];
    for (n, known) in known.iter().enumerate() {
        guest(&app, &format!("known-{n:02}"), known.clone()).await;
    }
    let active = guest(&app, "known-active", json!({})).await;
    track(&app, active, "pageView").await;
    track(&app, active, "invoice_paid").await;
    guest(&app, "unknown", json!({})).await;
    days(&app, 3650);
    assert_eq!(sweep(&app.app).await.unwrap(), 1);
    let left = left(&app).await;
    assert_eq!(left.len(), known.len() + 1);
    assert!(left.iter().all(|gleap_id| gleap_id.starts_with("known-")));
}

#[tokio::test]
async fn a_session_that_others_were_merged_into_stays() {
    let app = TestApp::new().await;
    let survivor = guest(&app, "survivor", json!({})).await;
    let merged = guest(&app, "merged", json!({})).await;
    let unit = move |tx: &mut Tx<'_>| merge(tx, survivor, merged, &origin(), 500).map(drop);
    app.write::<_, MergeRefusal, _>(unit).await.unwrap();
    days(&app, 3650);
    assert_eq!(sweep(&app.app).await.unwrap(), 0);
    assert_eq!(left(&app).await, ["survivor"]);
}

#[tokio::test]
async fn all_projects_are_swept_each_by_itself() {
    let app = TestApp::new().await;
    for project in [
        app.project(),
        app.accounts.sister.id,
        app.accounts.foreign.id,
    ] {
        guest_in(&app, project, "same", json!({})).await;
    }
    guest_in(
        &app,
        app.accounts.sister.id,
        "known",
        json!({"name": "Ada"}),
    )
    .await;
    days(&app, 30);
    assert_eq!(sweep(&app.app).await.unwrap(), 3);
}

#[tokio::test]
async fn more_than_one_read_and_one_unit_hold_are_swept_in_one_run() {
    let app = TestApp::new().await;
    // Pages that are full, empty of guests, and mixed; more guests in one page than a unit deletes.
    let all = 2 * ROWS_PER_READ as usize + GUESTS_PER_UNIT + 1;
    let unit = move |tx: &mut Tx<'_>| {
        for n in 0..all {
            let credential = NewCredential {
                gleap_id: format!("g-{n}"),
                gleap_hash: "hash".into(),
            };
            let mut session = blank(&credential, tx.now());
            session.name = (n % 3 == 0).then(|| "Known".into());
            insert(tx, session, &origin())?;
        }
        Ok::<_, store::Error>(())
    };
    app.write(unit).await.unwrap();
    days(&app, 29);
    guest(&app, "young", json!({})).await;
    days(&app, 1);
    let known = all.div_ceil(3);
    assert_eq!(sweep(&app.app).await.unwrap(), (all - known) as u64);
    let count = app.get("/v3/sessions?withCount=true&limit=1").await.ok();
    assert_eq!(count["totalCount"], known + 1);
}

#[tokio::test]
async fn the_time_can_be_chosen_and_zero_keeps_all() {
    for (option, after, expected) in [("1", 1, 1), ("0", 36_500, 0)] {
        let app = TestApp::with(&[("session.guest_days", option)]).await;
        guest(&app, "g", json!({})).await;
        assert_eq!(sweep(&app.app).await.unwrap(), 0);
        days(&app, after);
        assert_eq!(sweep(&app.app).await.unwrap(), expected, "{option}");
    }
}
