//! `GET /v3/sessions/{sessionId}/data`.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use serde_json::{Value, json};
use server::jobs::queue::{NewJob, enqueue};
use server::resources::webhook::document::{Delivery, DeliveryStatus, Event};
use server::schema::SCHEMA;
use store::{Millis, ObjectId, Tx};
use zip::ZipArchive;

use crate::merge::{guest, merged, put};
use crate::reports::client::{Client, PNG};
use crate::support::{Call, TestApp};

/// The files of an archive, by name.
async fn archive(app: &TestApp, id: &str) -> BTreeMap<String, Vec<u8>> {
    let answer = app.get(&format!("/v3/sessions/{id}/data")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/zip");
    let mut zip = ZipArchive::new(Cursor::new(answer.body.to_vec())).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    files
}

fn lines(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Vec<Value> {
    let text = str::from_utf8(&files[name]).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn everything_is_in_the_archive() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let (gone, credential) = guest(&app).await;
    put(&app, &gone, json!({"name": "Guest", "blocked": true})).await;
    app.sdk_events(&credential, json!([{"name": "by the guest"}]))
        .await;
    merged(&app, &client.id, &gone).await;
    let url = client.upload("a picture.png", PNG).await;
    let body = json!({"screenshotUrl": url, "consoleLog": [{"log": "printed"}]});
    client.report(body).await;
    let note = json!({"name": "likes", "content": "short answers"});
    let call = Call::post(&format!("/v3/sessions/{}/memory", client.id)).json(&note);
    app.send(app.owner(call)).await.ok();
    let call = Call::post(&format!("/v3/sessions/{}/notifications", client.id));
    let call = call.json(&json!({"text": "hello"}));
    app.send(app.owner(call)).await.ok();

    let files = archive(&app, &client.id).await;
    let session: Value = serde_json::from_slice(&files["session.json"]).unwrap();
    assert_eq!(session, client.session().await);
    let memory: Value = serde_json::from_slice(&files["memory.json"]).unwrap();
    assert_eq!(memory[0]["content"], "short answers");
    assert_eq!(lines(&files, "events.ndjson")[0]["name"], "by the guest");
    let history = lines(&files, "identity-history.ndjson");
    assert!(
        history
            .iter()
            .any(|change| change["changes"]["userId"]["to"] == "u")
    );
    let kinds: Vec<_> = lines(&files, "activities.ndjson")
        .iter()
        .map(|one| one["kind"].as_str().unwrap().to_owned())
        .collect();
    assert!(kinds.contains(&"blocked".to_owned()), "{kinds:?}");
    assert_eq!(lines(&files, "tickets.ndjson")[0]["bugId"], 1);
    let log = &lines(&files, "ticket-logs.ndjson")[0];
    assert_eq!(log["entries"][0]["log"], "printed");
    assert_eq!(lines(&files, "ticket-changes.ndjson")[0]["kind"], "created");
    let merge = &lines(&files, "merges.ndjson")[0];
    assert_eq!(merge["before"]["name"], "Guest");
    assert_eq!(
        lines(&files, "waiting.ndjson")[0]["pending"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let file = &lines(&files, "files.ndjson")[0];
    let name = format!(
        "files/{}/{}",
        file["id"].as_str().unwrap(),
        file["name"].as_str().unwrap()
    );
    assert_eq!(files[&name], PNG);
    // Credentials of others and secrets of addresses are not part of it.
    let secret = credential["gleapHash"].as_str().unwrap().as_bytes();
    for (name, bytes) in &files {
        let found = bytes.windows(secret.len()).any(|part| part == secret);
        assert!(!found, "{name}");
    }
    assert_eq!(file.get("secretHash"), None);
    // The id of the merged session finds the same.
    assert_eq!(archive(&app, &gone).await, files);
}

#[tokio::test]
async fn many_events_come_page_by_page() {
    let app = TestApp::new().await;
    let total = 1234;
    let event = |n: i64| json!({"userId": "u", "name": "e", "date": app.clock.at(-(n % 7)), "data": {"n": n}});
    app.track(json!((0..total).map(event).collect::<Vec<_>>()))
        .await
        .ok();
    let id = app.session("u").await["id"].as_str().unwrap().to_owned();
    let files = archive(&app, &id).await;
    let mut numbers: Vec<_> = lines(&files, "events.ndjson")
        .iter()
        .map(|event| event["data"]["n"].as_i64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..total).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_is_unknown_has_no_archive() {
    let app = TestApp::new().await;
    let unknown = app.get("/v3/sessions/6650f0c2a1b2c3d4e5f60718/data").await;
    assert_eq!(unknown.error(), (404, "session_not_found".into()));
    let bad = app.get("/v3/sessions/x/data").await;
    assert_eq!(bad.error(), (400, "invalid_id".into()));
}

#[tokio::test]
async fn what_is_held_beside_the_session_is_in_the_archive() {
    let app = TestApp::new().await;
    let made = app
        .identify(json!({"userId": "u", "email": "Ada@example.com", "name": "Old"}))
        .await
        .ok();
    let id = made["sessionId"].as_str().unwrap().to_owned();
    let ticket = crate::tickets::ticket(&app, json!({"title": "more dark"})).await;
    for voter in ["ada@example.com", "eve@example.com"] {
        let path = crate::tickets::path(&ticket, "/vote");
        let call = Call::post(&path).json(&json!({"email": voter, "name": "A voter"}));
        app.send(app.owner(call)).await.ok();
    }
    let file = json!([{"userId": "u", "name": "New", "gleapHash": "from-the-import"}]);
    crate::import::import(&app, "", file.to_string()).await;
    let of: ObjectId = id.parse().unwrap();
    let unit = move |tx: &mut Tx<'_>| {
        let delivery = Delivery {
            webhook: tx.new_id(),
            event: Event::SessionIdentified,
            body: r#"{"data":{"name":"Old"}}"#.into(),
            status: DeliveryStatus::Delivered,
            attempts: Vec::new(),
            session: Some(of),
        };
        tx.insert(tx.new_id(), delivery)?;
        let job = NewJob::new("mail", &json!({"subject": "To Ada"})).session(of);
        enqueue(tx, job.run_at(Millis(tx.now().0 + 1_000)))
    };
    app.write::<_, store::Error, _>(unit).await.unwrap();

    let files = archive(&app, &id).await;
    let votes = lines(&files, "votes.ndjson");
    assert_eq!(votes.len(), 1);
    assert_eq!(
        json!([votes[0]["ticket"], votes[0]["email"], votes[0]["name"]]),
        json!([ticket["id"], "ada@example.com", "A voter"])
    );
    let changes = lines(&files, "import-changes.ndjson");
    assert_eq!(
        changes[0]["fields"],
        json!([{"field": "name", "before": "Old", "after": "New"}])
    );
    assert_eq!(
        lines(&files, "webhook-deliveries.ndjson")[0]["body"],
        r#"{"data":{"name":"Old"}}"#
    );
    assert_eq!(
        lines(&files, "jobs.ndjson")[0]["payload"]["subject"],
        "To Ada"
    );
}

/// What names a session is in its archive, or is here with the reason why not.
#[tokio::test]
async fn every_kind_of_document_that_names_a_session_has_its_place() {
    let app = TestApp::new().await;
    let id = app.identify(json!({"userId": "u"})).await.ok();
    let files = archive(&app, id["sessionId"].as_str().unwrap()).await;
    let places = [
        ("event", "events"),
        ("identity_change", "identity-history"),
        ("activity", "activities"),
        ("ticket", "tickets"),
        ("message", "own-messages"),
        ("merge", "merges"),
        ("import_change", "import-changes"),
        ("webhook_delivery", "webhook-deliveries"),
        ("job", "jobs"),
        ("outbox", "waiting"),
        ("file", "files"),
        // Copies of answers, for a day.
        ("used_key", ""),
    ];
    for document in SCHEMA.documents {
        let (table, columns) = (document.collection.table, document.collection.columns);
        let names = ["session", "survivor"];
        if columns.iter().any(|column| names.contains(&column.name)) {
            let place = places.iter().find(|(known, _)| *known == table);
            let (_, file) = place.unwrap_or_else(|| panic!("{table} is in no archive"));
            let file = format!("{file}.ndjson");
            assert!(file == ".ndjson" || files.contains_key(&file), "{file}");
        }
    }
}
