//! What is not there any more, or belongs to others, is not found.

use serde_json::{Value, json};
use server::auth::roles::Role;
use server::resources::session::credential::NewCredential;
use server::resources::session::history::Origin;
use server::resources::session::identify::{blank, insert};
use server::resources::session::merge::{MergeRefusal, merge};
use store::ObjectId;

use super::found;
use crate::support::{Accounts, Call, TestApp};

fn origin() -> Origin {
    Origin {
        source: "merge".into(),
        method: None,
        original_url: None,
        user_id: None,
        has_api_key: false,
    }
}

async fn guest(app: &TestApp) -> ObjectId {
    let credential = NewCredential {
        gleap_id: "gleap-of-the-guest".into(),
        gleap_hash: "hash".into(),
    };
    let unit = move |tx: &mut store::Tx<'_>| {
        let mut session = blank(&credential, tx.now());
        session.name = Some("Passing Guest".into());
        session.plan = Some("trial".into());
        Ok::<_, store::Error>(insert(tx, session, &origin())?.id)
    };
    app.write(unit).await.unwrap()
}

#[tokio::test]
async fn a_merged_session_is_found_as_its_survivor() {
    let app = TestApp::new().await;
    let guest = guest(&app).await;
    assert_eq!(found(&app, "passing").await, ["-"]);
    let made = app
        .identify(json!({"userId": "u", "name": "Known User"}))
        .await
        .ok();
    let user: ObjectId = made["sessionId"].as_str().unwrap().parse().unwrap();
    let unit = move |tx: &mut store::Tx<'_>| {
        merge(tx, user, guest, &origin(), 500)?;
        Ok::<_, MergeRefusal>(())
    };
    app.write(unit).await.unwrap();
    // What the survivor took over finds it; what it did not is gone.
    assert_eq!(found(&app, "trial").await, ["u"]);
    assert!(found(&app, "passing").await.is_empty());
    for key in [&guest.to_string(), "gleap-of-the-guest", "gleap-of"] {
        assert_eq!(found(&app, key).await, ["u"], "{key}");
    }
}

#[tokio::test]
async fn of_an_erased_session_nothing_is_found() {
    let app = TestApp::new().await;
    let body = json!({"userId": "u", "name": "Ada", "email": "ada@example.com", "phone": "+4315331234", "role": "boss"});
    app.identify(body).await.ok();
    let session: Value = app.session("u").await;
    let call = app.server(Call::delete("/admin/contacts/u"));
    assert!(app.send(call).await.status < 300);
    for term in [
        "u",
        "ada",
        "ada@example.com",
        "+4315331234",
        "boss",
        session["_id"].as_str().unwrap(),
        session["gleapId"].as_str().unwrap(),
    ] {
        assert!(found(&app, term).await.is_empty(), "{term}");
    }
    let rows = app.rows();
    let indexed = rows.iter().find(|(name, _)| name == "session_search");
    assert_eq!(indexed.unwrap().1, 0);
    app.assert_sound(); // no word of it is left either
}

#[tokio::test]
async fn another_project_finds_nothing_of_this_one() {
    let app = TestApp::new().await;
    let body =
        json!({"userId": "u", "name": "Ada", "email": "ada@example.com", "phone": "+4315331234"});
    app.identify(body).await.ok();
    let session = app.session("u").await;
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, Role::Viewer, None)
        .await
        .token;
    for term in [
        "u",
        "ada",
        "ada%40example.com",
        "5331234",
        session["_id"].as_str().unwrap(),
        session["gleapId"].as_str().unwrap(),
    ] {
        let path = format!("/v3/sessions/search?q={term}");
        let ours = app.get(&path).await.ok();
        assert_eq!(ours.as_array().unwrap().len(), 1, "{term}");
        let theirs = Call::get(&path).bearer(&key).project(sister);
        assert_eq!(app.send(theirs).await.ok(), json!([]), "{term}");
    }
}
