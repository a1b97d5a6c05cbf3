//! The same keys in two projects are two people.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::super::{id, identify_in_sister, in_sister, searched, upsert};
use crate::merge::{guest, user};
use crate::support::{Call, TestApp, identity_keys};

/// A key finds the person of its own project, and never another's.
#[tokio::test]
async fn one_key_in_two_projects_is_two_people() {
    let app = TestApp::new().await;
    let body = json!({"userId": "u", "email": "u@example.com", "phone": "+4315331234"});
    let own = user(&app, body.clone()).await;
    let theirs = identify_in_sister(&app, &body).await["sessionId"].clone();
    assert_ne!(theirs, own);
    let get = |path: &str| in_sister(&app, Call::get(path));
    for path in [
        "/v3/sessions/by-user-id/u",
        "/v3/sessions?email=u%40example.com",
        "/v3/sessions/search?searchTerm=u%40example.com",
        "/v3/sessions/search?searchTerm=%2B4315331234",
    ] {
        let found = get(path).await.ok();
        let found = found
            .as_array()
            .map_or_else(|| vec![found.clone()], Clone::clone);
        let found: Vec<_> = found.iter().map(|session| &session["id"]).collect();
        assert_eq!(found, [&theirs], "{path}");
    }
    for term in ["u", "u@example.com", "+4315331234"] {
        assert_eq!(searched(&app, term).await, [&*own]);
    }
    let edit = Call::put(&format!("/v3/sessions/{}", theirs.as_str().unwrap()));
    let edited = in_sister(&app, edit.json(&json!({"phone": "+43 1 5331234"}))).await;
    assert_eq!(edited.ok()["id"], theirs);
    assert_eq!(
        id(&upsert(&app, json!({"email": "u@example.com"})).await),
        own
    );
}

/// What is done in the second project, with keys and ids of the first.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Identify,
    Upsert,
    Import,
    Login,
    Change,
    Merge,
    Track,
    Unsubscribe,
    Delete,
}

fn deed() -> impl Strategy<Value = (Deed, usize)> {
    let deeds = [
        Deed::Identify,
        Deed::Upsert,
        Deed::Import,
        Deed::Login,
        Deed::Change,
        Deed::Merge,
        Deed::Track,
        Deed::Unsubscribe,
        Deed::Delete,
    ];
    (prop::sample::select(deeds.to_vec()), 0..3usize)
}

fn person(number: usize) -> Value {
    json!({"userId": format!("u{number}"), "email": format!("u{number}@example.com"), "phone": format!("+431533{number}000")})
}

async fn act(app: &TestApp, deed: Deed, number: usize, own: &[String]) {
    let mut body = person(number);
    body["name"] = json!("Theirs");
    let post = |path: &str, body: Value| in_sister(app, Call::post(path).json(&body));
    let foreign = format!("/v3/sessions/{}", own[number]);
    let answer = match deed {
        Deed::Identify => {
            identify_in_sister(app, &body).await;
            return;
        }
        Deed::Upsert => post("/v3/sessions", body).await,
        Deed::Import => post("/v3/sessions/importer", json!([body])).await,
        Deed::Login => {
            let key = &app.accounts.sister.sdk_key;
            let call = Call::post("/sessions/identify").header("api-token", key);
            app.send(call.json(&body)).await
        }
        Deed::Unsubscribe => {
            let all = json!({"sessions": [{"email": person(number)["email"]}]});
            post("/v3/sessions/unsubscribe", all).await
        }
        Deed::Track => {
            let events = json!({"events": [{"userId": body["userId"], "name": "theirs"}]});
            let token = &app.accounts.sister.api_token;
            let call = Call::post("/admin/track").api_token(token).json(&events);
            app.send(call).await
        }
        Deed::Change => {
            let answer = in_sister(app, Call::put(&foreign).json(&body)).await;
            assert_eq!(answer.status, 404);
            return;
        }
        Deed::Merge => {
            let mine = identify_in_sister(app, &body).await["sessionId"].clone();
            let path = format!("/v3/sessions/{}/merge", mine.as_str().unwrap());
            assert_eq!(post(&path, json!({"with": own[number]})).await.status, 404);
            return;
        }
        Deed::Delete => {
            assert_eq!(in_sister(app, Call::delete(&foreign)).await.status, 404);
            let path = format!("/admin/contacts/u{number}");
            let token = &app.accounts.sister.api_token;
            let answer = app.send(Call::delete(&path).api_token(token)).await;
            assert!(matches!(answer.status, 204 | 404));
            return;
        }
    };
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// All that the first project has.
async fn state(app: &TestApp) -> Value {
    let mut sessions = app.sessions().await;
    sessions.sort_by_key(|session| id(session).to_owned());
    let keys = sessions.iter().map(|session| {
        let owner = id(session).parse().unwrap();
        identity_keys(&app.app.config, owner)
    });
    json!({"keys": keys.collect::<Vec<_>>(), "sessions": sessions})
}

/// Whatever is written in one project, by whichever way and with whichever keys, leaves another as it was.
#[test]
fn nothing_that_is_written_in_one_project_changes_another() {
    let runtime = Runtime::new().unwrap();
    let config = Config {
        cases: 8,
        failure_persistence: None,
        ..Config::default()
    };
    let deeds = prop::collection::vec(deed(), 1..20);
    let holds = |deeds: Vec<(Deed, usize)>| {
        runtime.block_on(async {
            let app = TestApp::new().await;
            let mut own = Vec::new();
            for number in 0..3 {
                own.push(user(&app, person(number)).await);
            }
            guest(&app).await;
            let before = state(&app).await;
            for (deed, number) in deeds {
                act(&app, deed, number, &own).await;
            }
            assert_eq!(state(&app).await, before);
        });
        Ok(())
    };
    TestRunner::new(config).run(&deeds, holds).unwrap();
}
