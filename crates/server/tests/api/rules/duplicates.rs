//! One person is one session, found by each of its keys.

mod projects;

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{by_id, id, ids, import_rows, listed, searched, upsert};
use crate::merge::{guest, merge, post, user};
use crate::support::{Call, TestApp, run_by_hand};

/// However many callers name one new person at the same time, at however many nodes, one session is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_many_name_at_once_makes_one_session() {
    let one = TestApp::new().await;
    let two = one.node(&[]).await;
    let call = async |n: usize| {
        let app = two.as_ref().filter(|_| n.is_multiple_of(2)).unwrap_or(&one);
        let spelling = n / 2 % 2;
        match n % 3 {
            0 => {
                let email = ["ada@example.com", "ADA@example.com"][spelling];
                let made = upsert(app, json!({"email": email})).await;
                (n % 3, id(&made).to_owned())
            }
            1 => {
                let phone = ["+43 1 5331234", "0043-1-5331234"][spelling];
                let line = import_rows(app, json!([{"phone": phone}])).await.remove(0);
                (n % 3, line.rsplit(' ').next().unwrap().to_owned())
            }
            _ => (n % 3, user(app, json!({"userId": "u"})).await),
        }
    };
    let made = join_all((0..36).map(call)).await;
    assert_eq!(one.sessions().await.len(), 3);
    for (kind, id) in &made {
        let first = made.iter().find(|(other, _)| other == kind).unwrap();
        assert_eq!(*id, first.1);
        by_id(&one, id).await;
    }
}

/// A refusal because of a key says which key it is, and which session has it.
#[tokio::test]
async fn a_conflict_names_the_key_and_the_session_that_has_it() {
    let app = TestApp::new().await;
    let ada = upsert(&app, json!({"userId": "ada"})).await;
    let ben = upsert(&app, json!({"userId": "ben"})).await;
    let path = format!("/v3/sessions/{}", id(&ben));
    let call = Call::put(&path).json(&json!({"userId": "ada", "plan": "pro"}));
    let taken_id = app.send(app.owner(call)).await;
    let body = json!({"userId": "cyd", "gleapId": ada["gleapId"]});
    let taken_credential = post(&app, "/v3/sessions", body).await;
    for (answer, key) in [(taken_id, "userId"), (taken_credential, "gleapId")] {
        assert_eq!(answer.error(), (409, "identity_taken".into()));
        let conflict = json!({"key": key, "sessionId": ada["id"]});
        assert_eq!(answer.json()["conflict"], conflict);
    }
    let kept = "nothing of the call was kept";
    assert_eq!(app.session("ben").await, ben, "{kept}");
    assert_eq!(app.sessions().await.len(), 2, "{kept}");
    let call = Call::put(&path).json(&json!({"userId": "carl"}));
    let renamed = app.send(app.owner(call)).await.ok();
    assert_eq!(app.session("carl").await, renamed);
    assert_eq!(app.lookup("ben").await.status, 404);
}

/// Only an exact key chooses whom a call changes; what looks alike is somebody else.
#[tokio::test]
async fn what_is_only_similar_changes_nobody() {
    let app = TestApp::new().await;
    let ada = upsert(
        &app,
        json!({"userId": "ada", "email": "ada@example.com", "phone": "+4315331234"}),
    )
    .await;
    for body in [
        json!({"email": "ada@example.co", "name": "x"}),
        json!({"email": "da@example.com", "name": "x"}),
        json!({"email": "ad_@example.com", "name": "x"}),
        json!({"email": "%@example.com", "name": "x"}),
        json!({"email": "ada+1@example.com", "name": "x"}),
        json!({"userId": "Ada", "name": "x"}),
        json!({"userId": "ad", "name": "x"}),
        json!({"userId": " ada", "name": "x"}),
        json!({"userId": "ada@example.com", "name": "x"}),
    ] {
        assert_ne!(id(&upsert(&app, body.clone()).await), id(&ada), "{body}");
    }
    for row in [
        json!({"phone": "+431533123", "name": "x"}),
        json!({"phone": "+43153312345", "name": "x"}),
        json!({"email": "example.com@ada", "name": "x"}),
    ] {
        let line = import_rows(&app, json!([row])).await.remove(0);
        assert!(line.contains("created"), "{line}");
    }
    assert_eq!(app.session("ada").await, ada);
}

/// An address finds its session as soon as the call that gave it is answered: by search, list and upsert.
#[tokio::test]
async fn an_address_is_found_from_the_moment_it_is_acknowledged() {
    let app = TestApp::new().await;
    let long = format!("{}@example.com", "x".repeat(64));
    for email in [
        "ada@example.com",
        "o'brien+tag@example.com",
        "a.b-c_d%e@sub.example.com",
        "ünï@example.com",
        "1@example.com",
        "\"quoted\"@example.com",
        &long,
    ] {
        let made = user(
            &app,
            json!({"userId": format!("of {email}"), "email": email}),
        )
        .await;
        assert_eq!(searched(&app, email).await[0], made, "{email}");
        assert_eq!(listed(&app, "email", email).await, [&*made], "{email}");
        assert_eq!(id(&upsert(&app, json!({"email": email})).await), made);
    }
}

/// The same call is answered in the same way the first time and every time after it, whoever shares the address.
#[tokio::test]
async fn the_third_call_is_answered_as_the_first() {
    let app = TestApp::new().await;
    let first = upsert(&app, json!({"email": "new@example.com"})).await;
    user(&app, json!({"userId": "a", "email": "shared@example.com"})).await;
    user(&app, json!({"userId": "b", "email": "shared@example.com"})).await;
    let holder = app.session("a").await;
    for _ in 0..4 {
        let again = upsert(&app, json!({"email": "new@example.com"})).await;
        assert_eq!(id(&again), id(&first));
        let shared = upsert(&app, json!({"email": "shared@example.com"})).await;
        assert_eq!(id(&shared), id(&holder));
        for who in ["a", "b"] {
            let body = json!({"userId": who, "email": "shared@example.com"});
            let answer = app.identify(body).await.ok();
            assert_eq!(answer["sessionId"], app.session(who).await["id"]);
        }
    }
    assert_eq!(app.sessions().await.len(), 3);
}

/// Whatever a person does, lists show the person once.
#[tokio::test]
async fn what_a_person_does_makes_no_second_row_of_it() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u", "email": "u@example.com"})).await;
    for number in 0..8 {
        let (_, device) = guest(&app).await;
        app.sdk_identify(&device, json!({"userId": "u", "email": "U@example.com"}))
            .await;
        let report = json!({"formData": {"number": number}});
        app.sdk("/bugs/v2", Some(&device), report).await;
        let ticket = json!({"title": format!("{number}"), "type": "BUG", "session": id});
        post(&app, "/v3/tickets", ticket).await.ok();
        app.track(json!([{"userId": "u", "name": "paid", "data": number}]))
            .await
            .ok();
    }
    for query in [
        "",
        "?sort=-lastActivity",
        "?email=u%40example.com",
        "?userId=u",
    ] {
        let found = app.get(&format!("/v3/sessions{query}")).await.ok();
        assert_eq!(ids(&found), [&*id], "{query}");
    }
    let counted = app.get("/v3/sessions?withCount=true").await.ok();
    assert_eq!(counted["totalCount"], 1);
    assert_eq!(app.session("u").await["countFeedbackReports"], 16);
}

/// That a key has one owner is a constraint of the database, not a habit of the program.
#[tokio::test]
async fn the_database_has_each_key_once() {
    let app = TestApp::new().await;
    user(
        &app,
        json!({"userId": "a", "email": "a@example.com", "phone": "+4315331234"}),
    )
    .await;
    let run = |sql: &str| run_by_hand(&app.app.config, sql);
    let count = || run("SELECT CAST(count(*) AS TEXT) FROM identity WHERE kind IN (1, 2, 3, 4)");
    let before = count();
    assert_eq!(before, ["4"]);
    // Under another owner each of them is refused; a key that is new is not.
    let copy = "INSERT INTO identity (project, kind, key, owner) SELECT project, kind, key, project FROM identity \
                WHERE kind IN (1, 2, 3, 4) ON CONFLICT DO NOTHING";
    run(copy);
    assert_eq!(count(), before);
    run(
        "INSERT INTO identity (project, kind, key, owner) SELECT project, kind, key || 'x', owner FROM identity \
         WHERE kind = 1 ON CONFLICT DO NOTHING",
    );
    assert_eq!(count(), ["5"]);
    run("DELETE FROM identity WHERE kind = 1 AND key = 'ax'");
}

/// People sent one by one become what they become when they are sent together.
#[tokio::test]
async fn one_by_one_or_all_at_once_is_the_same() {
    let rows = [
        json!({"userId": "a", "email": "A@example.com", "name": "Ada", "value": 5, "customData": {"seats": 3}}),
        json!({"userId": "b", "phone": "+43 1 5331234", "tags": ["x", "y"]}),
        json!({"email": "c@example.com", "plan": "pro", "customData": {"deep": {"er": [1]}}}),
        json!({"userId": "a", "plan": "team", "customData": {"theme": "dark"}}),
    ];
    let single = TestApp::new().await;
    for row in &rows {
        upsert(&single, row.clone()).await;
    }
    let many = TestApp::new().await;
    import_rows(&many, json!(rows)).await;
    let file = TestApp::new().await;
    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    crate::import::import(&file, "", lines).await;
    let expected = known(&single).await;
    assert_eq!(expected.len(), 3);
    assert_eq!(known(&many).await, expected);
    assert_eq!(known(&file).await, expected);
}

/// What was said of each session, without what the server drew for it.
async fn known(app: &TestApp) -> Vec<Value> {
    let mut sessions = app.sessions().await;
    for session in &mut sessions {
        let session = session.as_object_mut().unwrap();
        for own in [
            "id",
            "_id",
            "project",
            "organisation",
            "gleapId",
            "gleapHash",
        ] {
            session.remove(own);
        }
    }
    sessions.sort_by_key(Value::to_string);
    sessions
}

/// An address that a session cannot have, because somebody else has it, is named in the answer of whichever call gave it.
#[tokio::test]
async fn an_address_of_somebody_else_is_not_passed_over_in_silence() {
    let app = TestApp::new().await;
    let shared = json!({"email": "shared@example.com", "phone": "+4315331234"});
    let with = |user: &str| {
        let mut body = shared.clone();
        body["userId"] = json!(user);
        body
    };
    let first = app.identify(with("a")).await;
    assert_eq!(first.header("hark-not-identifying"), "");
    let other = user(&app, json!({"userId": "d"})).await;
    let change = Call::put(&format!("/v3/sessions/{other}")).json(&shared);
    let answers = [
        app.identify(with("b")).await,
        post(&app, "/v3/sessions", with("c")).await,
        app.send(app.owner(change)).await,
    ];
    for answer in answers {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("hark-not-identifying"), "email, phone");
    }
    for who in ["b", "c", "d"] {
        let session = app.session(who).await;
        assert_eq!(session["email"], "shared@example.com", "shown all the same");
    }
}

/// Nobody waits for a caller who is slow to send: no lock is held while a body arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_slowly_holds_up_nobody() {
    let app = TestApp::new().await;
    let live = app.live().await;
    let body = br#"{"userId":"u","name":"Slow"}"#;
    let head = format!(
        "POST /admin/identify HTTP/1.1\r\nHost: example.com\r\nApi-Token: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        app.accounts.first.api_token,
        body.len()
    );
    let mut slow = TcpStream::connect(live.address).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    slow.write_all(&body[..10]).await.unwrap();
    let quick = app.identify(json!({"userId": "u", "name": "Quick"}));
    let quick = tokio::time::timeout(Duration::from_secs(20), quick).await;
    let made = quick.expect("it waited for the slow one").ok();
    slow.write_all(&body[10..]).await.unwrap();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(made["sessionId"].as_str().unwrap()));
    assert_eq!(app.session("u").await["name"], "Slow", "the last word");
    live.stop().await;
}

/// Each key leads to its session in one call; nobody has to leaf through lists.
#[tokio::test]
async fn every_key_leads_to_its_session_in_one_call() {
    let app = TestApp::new().await;
    for n in 0..5 {
        let body = json!({
            "userId": format!("other {n}"), "email": format!("other{n}@example.com"), "phone": format!("+4315330{n}00"),
            "facebookId": format!("fb-other-{n}"), "customData": {"crm": format!("other-{n}")},
        });
        upsert(&app, body).await;
    }
    let body = json!({
        "userId": "u/1", "email": "u@example.com", "phone": "+4315331234", "facebookId": "fb-1",
        "instagramId": "ig-1", "telegramChatId": "tg-1", "customData": {"crm": "c-1"},
    });
    let session = upsert(&app, body).await;
    let (gone, _) = guest(&app).await;
    merge(&app, id(&session), &gone).await.ok();
    let session = app.session("u/1").await;
    assert_eq!(by_id(&app, id(&session)).await, session);
    assert_eq!(by_id(&app, &gone).await, session, "the id that it took in");
    for (field, value) in [
        ("email", "u@example.com"),
        ("phone", "+4315331234"),
        ("gleapId", session["gleapId"].as_str().unwrap()),
        ("facebookId", "fb-1"),
        ("instagramId", "ig-1"),
        ("telegramChatId", "tg-1"),
        ("customData.crm", "c-1"),
    ] {
        assert_eq!(listed(&app, field, value).await, [id(&session)], "{field}");
    }
    for term in ["u/1", "u@example.com", "+43 1 5331234", &gone] {
        assert_eq!(searched(&app, term).await[0], id(&session), "{term}");
    }
}

/// A call that does not name an address takes none away, whichever key it was found by.
#[tokio::test]
async fn an_upsert_takes_no_address_away() {
    let app = TestApp::new().await;
    let made = upsert(
        &app,
        json!({"userId": "u", "email": "u@example.com", "phone": "+4315331234"}),
    )
    .await;
    user(&app, json!({"userId": "u", "plan": "a"})).await;
    upsert(&app, json!({"userId": "u", "plan": "b"})).await;
    upsert(&app, json!({"email": "U@example.com", "plan": "c"})).await;
    import_rows(
        &app,
        json!([{"phone": "0043 1 5331234", "email": null, "plan": "d"}]),
    )
    .await;
    import_rows(&app, json!([{"userId": "u", "phone": null, "plan": "e"}])).await;
    let (_, device) = guest(&app).await;
    app.sdk_identify(&device, json!({"userId": "u", "plan": "f"}))
        .await;
    let session = app.session("u").await;
    assert_eq!(session["plan"], "f");
    for (field, value) in [("email", "u@example.com"), ("phone", "+4315331234")] {
        assert_eq!(searched(&app, value).await, [id(&made)], "{field}");
        assert_eq!(listed(&app, field, value).await, [id(&made)], "{field}");
    }
}
