//! A session that was merged into another goes on finding it.

use serde_json::{Value, json};
use server::resources::session::credential::NewCredential;
use server::resources::session::history::Origin;
use server::resources::session::identify::{blank, insert};
use server::resources::session::merge::{MergeRefusal, merge};
use store::ObjectId;

use crate::support::TestApp;

const NAMES_MAX: usize = 500;

fn origin() -> Origin {
    Origin {
        source: "merge".into(),
        method: None,
        original_url: None,
        user_id: None,
        has_api_key: false,
    }
}

/// A session without a user id, as a client SDK makes one.
async fn guest(app: &TestApp, name: &'static str) -> ObjectId {
    let credential = NewCredential {
        gleap_id: format!("gleap-{name}"),
        gleap_hash: "hash".into(),
    };
    let unit = move |tx: &mut store::Tx<'_>| {
        let mut session = blank(&credential, tx.now());
        session.name = Some(name.to_owned());
        session.tags = vec![name.to_owned(), "guest".to_owned()];
        Ok::<_, store::Error>(insert(tx, session, &origin())?.id)
    };
    app.write(unit).await.unwrap()
}

async fn join(app: &TestApp, survivor: ObjectId, merged: ObjectId) -> Result<(), MergeRefusal> {
    let unit =
        move |tx: &mut store::Tx<'_>| merge(tx, survivor, merged, &origin(), NAMES_MAX).map(drop);
    app.write(unit).await
}

async fn user(app: &TestApp, body: Value) -> ObjectId {
    let made = app.identify(body).await.ok();
    made["sessionId"].as_str().unwrap().parse().unwrap()
}

async fn by_id(app: &TestApp, id: ObjectId) -> Value {
    app.get(&format!("/v3/sessions/{id}")).await.ok()
}

#[tokio::test]
async fn the_id_of_a_guest_finds_the_user() {
    let app = TestApp::new().await;
    let guest = guest(&app, "Guest").await;
    let user = user(&app, json!({"userId": "u", "email": "u@example.com"})).await;
    // Both are in memory before the merge.
    assert_eq!(by_id(&app, guest).await["name"], "Guest");
    assert_eq!(app.session("u").await.get("name"), None);
    join(&app, user, guest).await.unwrap();
    let found = app.session("u").await;
    assert_eq!(found["_id"], user.to_string());
    assert_eq!(found["name"], "Guest", "the user takes over what it lacks");
    assert_eq!(found["tags"], json!(["Guest", "guest"]));
    for _ in 0..2 {
        assert_eq!(by_id(&app, guest).await, found);
    }
    assert_eq!(app.sessions().await, [found]);
}

#[tokio::test]
async fn the_user_id_of_a_merged_session_finds_the_survivor() {
    let app = TestApp::new().await;
    let survivor = guest(&app, "Guest").await;
    let merged = user(&app, json!({"userId": "u", "name": "Ada"})).await;
    assert_eq!(app.session("u").await["_id"], merged.to_string());
    join(&app, survivor, merged).await.unwrap();
    let found = app.session("u").await;
    assert_eq!(found["_id"], survivor.to_string());
    assert_eq!(found["name"], "Guest");
    assert_eq!(by_id(&app, merged).await, found);
}

#[tokio::test]
async fn a_chain_of_merges_ends_at_its_last_survivor() {
    let app = TestApp::new().await;
    let (one, two, three) = (
        guest(&app, "One").await,
        guest(&app, "Two").await,
        guest(&app, "Three").await,
    );
    let user = user(&app, json!({"userId": "u"})).await;
    join(&app, two, one).await.unwrap();
    assert_eq!(by_id(&app, one).await["_id"], two.to_string());
    join(&app, three, two).await.unwrap();
    join(&app, user, three).await.unwrap();
    for gone in [one, two, three] {
        assert_eq!(by_id(&app, gone).await["_id"], user.to_string());
    }
}

#[tokio::test]
async fn what_the_guest_did_is_counted_once() {
    let app = TestApp::new().await;
    // Both sessions have an event of the same name, date and data; a session with a user id is the only one to track for.
    let date = app.clock.at(-1000);
    let same = |user: &str| json!({"userId": user, "name": "seen", "date": date, "data": {"n": 1}});
    let survivor = guest(&app, "Guest").await;
    app.track(json!([same("a"), {"userId": "a", "name": "only a", "date": date}]))
        .await
        .ok();
    let a: ObjectId = app.session("a").await["_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    join(&app, survivor, a).await.unwrap();
    let summary = app.session("a").await["eventData"].clone();
    assert_eq!(
        (&summary["seen"]["count"], &summary["only a"]["count"]),
        (&json!(1), &json!(1))
    );
    let repeated = app.track(json!([same("a")])).await.ok();
    assert_eq!(
        (&repeated["stored"], &repeated["repeated"]),
        (&json!(0), &json!(1)),
        "events moved along"
    );
}

#[tokio::test]
async fn two_users_are_never_made_one() {
    let app = TestApp::new().await;
    let (a, b) = (
        user(&app, json!({"userId": "a"})).await,
        user(&app, json!({"userId": "b"})).await,
    );
    assert!(matches!(
        join(&app, a, b).await,
        Err(MergeRefusal::TwoUsers)
    ));
    assert!(matches!(join(&app, a, a).await, Err(MergeRefusal::Itself)));
    let nobody = ObjectId::from_parts(1, [1; 8]);
    assert!(matches!(join(&app, a, nobody).await, Err(MergeRefusal::Unknown(id)) if id == nobody));
    assert_eq!(app.session("a").await["_id"], a.to_string());
    assert_eq!(app.session("b").await["_id"], b.to_string());
}
