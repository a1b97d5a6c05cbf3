//! What is left of the reports of an erased user: nothing.

use serde_json::json;

use super::client::{Client, PNG, fetch, part, rows, stored_files};
use crate::support::{Call, TestApp};

#[tokio::test]
async fn reports_and_files_go_with_their_user() {
    let app = TestApp::new().await;
    let (client, other) = (Client::new(&app, "u").await, Client::new(&app, "v").await);
    let (claimed, loose) = (
        client.upload("a.png", PNG).await,
        client.upload("b.png", PNG).await,
    );
    let reported = client
        .report(json!({"screenshotUrl": claimed, "webReplay": {"events": []}, "consoleLog": [{"log": "x"}]}))
        .await;
    let kept_url = other.upload("c.png", PNG).await;
    let kept = other
        .report(json!({"screenshotUrl": kept_url, "consoleLog": [{"log": "y"}]}))
        .await;
    let erase = Call::delete("/admin/contacts/u");
    assert_eq!(app.send(app.server(erase)).await.status, 204);
    for url in [&claimed, &loose] {
        assert_eq!(fetch(&app, url).await.status, 404);
    }
    assert_eq!(
        part(&app, &reported, "replay").await.error(),
        (404, "ticket_not_found".into())
    );
    assert_eq!(
        ["ticket", "ticket_log", "file"].map(|table| rows(&app, table)),
        [1, 1, 1]
    );
    assert_eq!(stored_files(&app), 1);
    assert_eq!(fetch(&app, &kept_url).await.status, 200);
    assert_eq!(
        part(&app, &kept, "console-logs").await.ok(),
        json!([{"log": "y"}])
    );
    // Numbers are not given out again.
    assert_eq!(other.report(json!({"n": 3})).await["bugId"], 3);
}

#[tokio::test]
async fn bytes_that_a_crash_left_behind_are_found() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let url = client.upload("a.png", PNG).await;
    // Erased, and ended before the bytes were removed.
    app.write(|tx| server::resources::session::erase::erase_user(tx, "u"))
        .await
        .unwrap();
    assert_eq!(fetch(&app, &url).await.status, 404);
    assert_eq!(stored_files(&app), 1);
    assert_eq!(server::files::sweep(&app.app).await.unwrap(), 1);
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}

#[tokio::test]
async fn a_user_who_is_erased_while_uploading_leaves_nothing() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let credential =
        server::auth::ClientCredential::of(Some(&client.gleap_id), Some(&client.gleap_hash));
    let mut intake = server::files::Intake::new(
        &app.app,
        app.project(),
        server::files::Sender::Credential(credential.unwrap()),
    );
    let kind = server::files::FileKind::Capture;
    let (id, mut writing) = intake.begin(kind, "a.png").await.unwrap();
    writing.write(PNG.into()).await.unwrap();
    app.send(app.server(Call::delete("/admin/contacts/u")))
        .await;
    intake.add(id, kind, "a.png", writing).await.unwrap();
    let refused = intake.publish().await.unwrap_err();
    assert_eq!(refused.status().as_u16(), 401);
    intake.discard(None).await;
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}
