//! What comes in and goes out as files, and what filters mean.

mod filters;

use serde_json::{Value, json};

use super::{by_id, ids, listed, searched};
use crate::import::{counts, create, finished, import, result, undone};
use crate::merge::user;
use crate::support::{TestApp, encoded};

/// The ids that a result names, with what became of their rows.
async fn named(app: &TestApp, import: &Value) -> Vec<(String, String)> {
    let lines = result(app, import).await.into_iter();
    let named = lines.filter(|line| !line[2].is_empty());
    named
        .map(|line| (line[1].clone(), line[2].clone()))
        .collect()
}

/// What an import reports as imported is there to be found, and a row that could not be found again is a fault with its line.
#[tokio::test]
async fn what_is_reported_as_imported_is_there() {
    let app = TestApp::new().await;
    user(&app, json!({"userId": "known"})).await;
    let file = "userId,email,phone,name\nknown,,,Ada\n,b@example.com,,Bob\n,,+43 1 5331234,Cyd\n,,,Nobody\n,not an address,,Dan\n\
                ,,12,Eve\n,,,\nguest,,,Guest\n";
    let refused = import(&app, "", file).await;
    assert_eq!(
        (&refused["status"], app.sessions().await.len()),
        (&json!("failed"), 1)
    );
    let done = import(&app, "partial=true", file).await;
    let [rows, created, updated, unchanged, failed] = counts(&done);
    assert_eq!(rows, created + updated + unchanged + failed);
    let lines = result(&app, &done).await;
    assert_eq!(lines.len() as u64, rows, "each row has its line");
    let wrong: Vec<_> = lines.iter().filter(|line| line[1] == "failed").collect();
    assert_eq!(
        wrong.iter().map(|line| &*line[0]).collect::<Vec<_>>(),
        ["5", "6", "7", "8", "9"]
    );
    assert!(wrong.iter().all(|line| !line[3].is_empty()), "{wrong:?}");
    for (outcome, id) in named(&app, &done).await {
        assert_eq!(by_id(&app, &id).await["id"], *id, "{outcome}");
        assert_eq!(listed(&app, "_id", &id).await, [&*id]);
        assert_eq!(searched(&app, &id).await, [&*id]);
    }
    assert_eq!(app.sessions().await.len() as u64, created + 1);
}

/// Whatever a spreadsheet made of a file, its columns land where they belong, and rows that are broken are named one by one.
#[tokio::test]
async fn every_row_of_a_file_has_a_result() {
    let app = TestApp::new().await;
    let mapping = json!({"Telefon": "phone", "E-Mail-Adresse": "email"});
    let query = format!("partial=true&mapping={}", encoded(&mapping.to_string()));
    let text = "E-Mail-Adresse;Telefon;name;Straße\r\njörg@example.com;+43 1 5331234;\"Jörg; \"\"der\"\" Große\";Weg 1\r\n\
                a@example.com;+43 1 5330000;Zu;viele;Zellen\r\n;;Niemand;\r\nb@example.com;;\"zwei\nZeilen\";\r\n";
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let done = import(&app, &query, windows.into_owned()).await;
    assert_eq!(counts(&done), [4, 2, 0, 0, 2], "{done}");
    let outcomes: Vec<_> = result(&app, &done)
        .await
        .into_iter()
        .map(|line| line[1].clone())
        .collect();
    assert_eq!(outcomes, ["created", "failed", "failed", "created"]);
    let found = searched(&app, "+43 1 533 12 34").await;
    let session = by_id(&app, &found[0]).await;
    assert_eq!(session["name"], "Jörg; \"der\" Große");
    assert_eq!(
        json!([session["phone"], session["email"]]),
        json!(["+43 1 5331234", "jörg@example.com"])
    );
    assert_eq!(
        session["customData"],
        json!({"Straße": "Weg 1"}),
        "neither of them is a custom attribute"
    );
}

/// An import that the process did not live to finish goes on where it was: each row is imported, and each fault told, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_cut_off_tells_each_fault_once() {
    const ROWS: usize = 6_000;
    let mut app = TestApp::new().await;
    let row = |n: usize| match n % 10 {
        0 => format!("{{\"name\":\"nobody {n}\"}}\n"),
        _ => format!("{{\"userId\":\"u{n}\"}}\n"),
    };
    let file: String = (0..ROWS).map(row).collect();
    let started = create(&app, "partial=true", file).await.ok();
    let id = started["id"].as_str().unwrap();
    let mut cut = 0;
    for wait in [40, 60, 80, 100] {
        tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        let running = app.get(&format!("/v3/imports/{id}")).await.ok()["status"] != "done";
        if running {
            app.restart();
            cut += 1;
        }
    }
    assert!(cut > 0, "it was finished before it could be cut off");
    let done = finished(&app, id).await;
    let faults = ROWS as u64 / 10;
    assert_eq!(
        counts(&done),
        [ROWS as u64, ROWS as u64 - faults, 0, 0, faults]
    );
    let lines = result(&app, &done).await;
    let numbers: Vec<usize> = lines.iter().map(|line| line[0].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=ROWS).collect::<Vec<_>>());
    let counted = app.get("/v3/sessions?withCount=true&limit=1").await.ok();
    assert_eq!(counted["totalCount"], ROWS as u64 - faults);
}

/// The same file again makes nobody twice and changes nothing; taking the second import back takes nothing of the first.
#[tokio::test]
async fn the_same_file_again_makes_nobody_twice() {
    let app = TestApp::new().await;
    let file = "userId,email,phone,name,customData.seats\nu,,,Ada,3\n,b@example.com,,Bob,\n,,+43 1 5331234,Cyd,5\n";
    let first = import(&app, "", file).await;
    assert_eq!(counts(&first), [3, 3, 0, 0, 0]);
    let before = app.get("/v3/sessions").await;
    app.clock.advance_seconds(3_600);
    let second = import(&app, "", file).await;
    assert_eq!(counts(&second), [3, 0, 0, 3, 0]);
    assert_eq!(app.get("/v3/sessions").await.body, before.body);
    assert_eq!(named(&app, &first).await.len(), 3);
    let back = undone(&app, &second).await;
    assert_eq!(
        (&back["undo"]["removed"], &back["undo"]["kept"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(app.get("/v3/sessions").await.body, before.body);
    let back = undone(&app, &first).await;
    assert_eq!(back["undo"]["removed"], 3);
    assert_eq!(ids(&app.get("/v3/sessions").await.ok()), [] as [&str; 0]);
}
