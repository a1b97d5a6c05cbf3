//! `POST /v3/imports` and what becomes of it.

use serde_json::json;

use super::{counts, create, files, finished, import, post, result};
use crate::support::{Accounts, Call, TestApp};
use server::auth::roles::Role;

#[tokio::test]
async fn a_file_is_imported_in_the_background() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "a", "name": "Old"}))
        .await
        .ok();
    app.identify(json!({"userId": "b", "name": "B"})).await.ok();
    let started = create(
        &app,
        "name=first",
        "userId,name,seats\na,New,1\nb,B,\nc,C,2\n",
    )
    .await
    .ok();
    assert_eq!(
        [&started["name"], &started["status"], &started["source"]],
        ["first", "queued", "file"]
    );
    let done = finished(&app, started["id"].as_str().unwrap()).await;
    assert_eq!(done["status"], "done");
    assert_eq!(counts(&done), [3, 1, 1, 1, 0]);
    assert_eq!(
        (&done["bytes"], &done["bytesRead"]),
        (&json!(37), &json!(37))
    );
    assert_eq!(done["errors"], json!([]));
    assert_eq!(app.session("a").await["customData"], json!({"seats": 1}));
    let rows = result(&app, &done).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row[0].as_str(), row[1].as_str()))
        .collect();
    assert_eq!(
        told,
        [("2", "updated"), ("3", "unchanged"), ("4", "created")]
    );
    assert_eq!(rows[2][2], app.session("c").await["id"].as_str().unwrap());
    for _ in 0..500 {
        if files(&app) == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(
        files(&app),
        0,
        "a file is removed once its import is finished"
    );
    let listed = app.get("/v3/imports").await.ok();
    assert_eq!(listed[0]["id"], done["id"]);
    assert_eq!(app.get("/v3/imports?status=running").await.ok(), json!([]));
}

#[tokio::test]
async fn one_wrong_row_imports_nothing() {
    let app = TestApp::new().await;
    let mut lines: Vec<_> = (0..1200)
        .map(|n| format!("{{\"userId\":\"u{n}\"}}\n"))
        .collect();
    lines[1100] = "{\"name\":\"Nobody\"}\n".into();
    let before = app.rows();
    let failed = import(&app, "", lines.concat()).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(counts(&failed), [1200, 0, 0, 0, 1]);
    assert_eq!(failed["errors"][0]["line"], 1101);
    assert_eq!(app.sessions().await.len(), 0);
    assert_eq!(result(&app, &failed).await[0][..2], ["1101", "failed"]);
    let changed = |name: &str| name.starts_with("import");
    let after: Vec<_> = app
        .rows()
        .into_iter()
        .filter(|(name, _)| !changed(name))
        .collect();
    let before: Vec<_> = before
        .into_iter()
        .filter(|(name, _)| !changed(name))
        .collect();
    assert_eq!(after, before);
    let partial = import(&app, "partial=true", lines.concat()).await;
    assert_eq!(partial["status"], "done");
    assert_eq!(counts(&partial), [1200, 1199, 0, 0, 1]);
    assert_eq!(result(&app, &partial).await.len(), 1200);
}

/// What only shows while it is written: then what was written before is taken back.
#[tokio::test]
async fn a_conflict_in_the_middle_imports_nothing() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "there", "name": "Old"}))
        .await
        .ok();
    let there = app.session("there").await;
    let mut rows: Vec<_> = (0..1200)
        .map(|n| json!({"userId": format!("u{n}")}))
        .collect();
    rows[3] = json!({"userId": "there", "name": "New"});
    rows[1100] = json!({"userId": "other", "gleapId": there["gleapId"]});
    let file = serde_json::to_string(&rows).unwrap();
    let failed = import(&app, "", file.clone()).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["errors"][0]["line"], 1101);
    assert_eq!(failed["undo"]["removed"], 999);
    let left = app.sessions().await;
    assert_eq!((left.len(), &left[0]["name"]), (1, &json!("Old")));
    let partial = import(&app, "partial=true", file).await;
    assert_eq!(counts(&partial), [1200, 1198, 1, 0, 1]);
}

#[tokio::test]
async fn a_dry_run_tells_and_changes_nothing() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "a", "name": "Old"}))
        .await
        .ok();
    let told = import(&app, "dryRun=true", "userId,name\na,New\nb,B\n").await;
    assert_eq!(told["status"], "done");
    assert_eq!(counts(&told), [2, 1, 1, 0, 0]);
    assert_eq!(app.session("a").await["name"], "Old");
    assert_eq!(app.sessions().await.len(), 1);
    let rows = result(&app, &told).await;
    assert_eq!(
        (
            rows[0][1].as_str(),
            rows[1][1].as_str(),
            rows[1][2].as_str()
        ),
        ("updated", "created", "")
    );
    assert_eq!(
        post(&app, &told, "undo").await.error(),
        (409, "import_not_undoable".into())
    );
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let app = TestApp::new().await;
    let long = format!("name={}", "x".repeat(201));
    for query in [
        "format=xml",
        "mapping=%7B",
        "mapping=%7B%22a%22:%22seats%22%7D",
        "dryRun=perhaps",
        "partial=1",
        &long,
    ] {
        let answer = create(&app, query, "userId\na\n").await;
        assert_eq!(answer.error(), (400, "invalid_query".into()), "{query}");
    }
    assert_eq!(files(&app), 0);
    assert_eq!(
        create(&app, &format!("name={}", "x".repeat(200)), "userId\na\n")
            .await
            .status,
        200
    );
    let unknown = "/v3/imports/6650f0c2a1b2c3d4e5f60718";
    for path in [unknown.to_owned(), format!("{unknown}/result")] {
        assert_eq!(
            app.get(&path).await.error(),
            (404, "import_not_found".into())
        );
    }
    assert_eq!(
        app.get("/v3/imports/x").await.error(),
        (400, "invalid_id".into())
    );
}

#[tokio::test]
async fn a_file_has_a_largest_size() {
    let app = TestApp::with(&[("imports.file_bytes_max", "1024")]).await;
    let file = |bytes: usize| [b"userId\nu\n".to_vec(), vec![b'\n'; bytes - 9]].concat();
    let beyond = create(&app, "", file(1025)).await;
    assert_eq!(beyond.error(), (413, "file_too_large".into()));
    let live = app.live().await;
    let head = format!(
        "POST /v3/imports HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\nproject: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        app.accounts.owner_key,
        app.project()
    );
    let chunked = |bytes: usize| {
        let body = String::from_utf8(file(bytes)).unwrap();
        format!("{head}{bytes:x}\r\n{body}\r\n0\r\n\r\n")
    };
    assert_eq!(live.send(chunked(1025)).await.status, 413);
    assert_eq!(live.send(chunked(1024)).await.status, 200);
    live.break_off(format!("{head}400\r\nuserId\n")).await;
    live.stop().await;
    assert_eq!(import(&app, "", file(1024)).await["status"], "done");
    assert_eq!(
        app.get("/v3/imports").await.ok().as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn imports_are_of_one_project() {
    let app = TestApp::new().await;
    let done = import(&app, "", "userId\na\n").await;
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, Role::Owner, None)
        .await
        .token;
    let id = done["id"].as_str().unwrap();
    for (method, path) in [
        ("GET", format!("/v3/imports/{id}")),
        ("GET", format!("/v3/imports/{id}/result")),
        ("POST", format!("/v3/imports/{id}/cancel")),
        ("POST", format!("/v3/imports/{id}/undo")),
    ] {
        let answer = app
            .send(Call::new(method, &path).bearer(&key).project(sister))
            .await;
        assert_eq!(answer.error(), (404, "import_not_found".into()), "{path}");
    }
    let listed = app
        .send(Call::get("/v3/imports").bearer(&key).project(sister))
        .await;
    assert_eq!(listed.ok(), json!([]));
}
