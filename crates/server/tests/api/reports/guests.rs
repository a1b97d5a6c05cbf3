//! What a guest reported is the user's once the guest is known.

use serde_json::json;
use server::resources::session::credential::NewCredential;
use server::resources::session::history::Origin;
use server::resources::session::identify;
use server::resources::session::merge;
use store::ObjectId;

use super::client::{Client, PNG, fetch, ticket};
use crate::support::TestApp;

fn origin() -> Origin {
    Origin {
        source: "sdk".into(),
        method: None,
        original_url: None,
        user_id: None,
        has_api_key: false,
    }
}

/// A session without a user id.
async fn guest(app: &TestApp) -> Client<'_> {
    let credential = NewCredential {
        gleap_id: "6650f0c2a1b2c3d4e5f60718".into(),
        gleap_hash: "a-hash_of_a_guest".into(),
    };
    let new = credential.clone();
    let id = app
        .write(move |tx| {
            let session = identify::blank(&new, tx.now());
            identify::insert(tx, session, &origin()).map(|row| row.id)
        })
        .await
        .unwrap();
    Client {
        app,
        user: String::new(),
        id: id.to_string(),
        gleap_id: credential.gleap_id,
        gleap_hash: credential.gleap_hash,
    }
}

#[tokio::test]
async fn reports_move_to_the_survivor() {
    let app = TestApp::new().await;
    let (guest, user) = (guest(&app).await, Client::new(&app, "u").await);
    let (claimed, loose) = (
        guest.upload("a.png", PNG).await,
        guest.upload("b.png", PNG).await,
    );
    let reported = guest
        .report(json!({"screenshotUrl": claimed, "webReplay": {"events": []}}))
        .await;
    user.report(json!({"n": 2})).await;
    let (survivor, gone): (ObjectId, ObjectId) =
        (user.id.parse().unwrap(), guest.id.parse().unwrap());
    app.write(move |tx| merge::merge(tx, survivor, gone, &origin(), 500))
        .await
        .unwrap();
    assert_eq!(ticket(&app, &reported).await["session"]["userId"], "u");
    assert_eq!(user.session().await["countFeedbackReports"], 2);
    let list = app
        .get(&format!("/v3/tickets?session={}", user.id))
        .await
        .ok();
    assert_eq!(list["totalCount"], 2);
    // The old credential goes on working, and so do the files.
    let late = guest
        .ticket(json!({"attachments": [{"url": loose, "name": "b"}]}))
        .await;
    assert_eq!(late["session"]["id"], user.id);
    app.clock.advance_seconds(24 * 3600);
    assert_eq!(server::files::sweep(&app.app).await.unwrap(), 0);
    for url in [&claimed, &loose] {
        assert_eq!(fetch(&app, url).await.status, 200);
    }
}
