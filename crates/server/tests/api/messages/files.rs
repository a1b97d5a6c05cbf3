//! `POST /v3/files`: what members send, and what becomes of it with its message, ticket and session.

use serde_json::{Value, json};
use server::auth::roles::Role;

use super::{change, conversation, delete, send, ticket_of};
use crate::merge::{guest, merged, undo};
use crate::reports::client::{PNG, fetch, multipart, rows, stored_files};
use crate::support::{Accounts, Answer, Call, TestApp};
use crate::tickets::{call, path, ticket, update};

const DAY: i64 = 24 * 3600;

fn body_of(files: &[(&str, &[u8])]) -> Call {
    Call::post("/v3/files")
        .header("Content-Type", "multipart/form-data; boundary=BBBOUNDARY")
        .body(multipart(files))
}

async fn upload_all(app: &TestApp, files: &[(&str, &[u8])]) -> Answer {
    app.send(app.owner(body_of(files))).await
}

/// Uploads a picture, and gives it as a message names it.
async fn upload(app: &TestApp, name: &str) -> Value {
    let stored = upload_all(app, &[(name, PNG)]).await.ok();
    stored["files"][0].clone()
}

/// A message with a file.
async fn with_file(app: &TestApp, ticket: &Value, file: &Value) -> Value {
    let body = json!({"ticket": ticket["id"], "comment": "Look", "attachments": [file]});
    send(app, body).await.ok()
}

async fn status(app: &TestApp, file: &Value) -> u16 {
    fetch(app, file["url"].as_str().unwrap()).await.status
}

async fn sweep(app: &TestApp) -> u64 {
    server::files::sweep(&app.app).await.unwrap()
}

#[tokio::test]
async fn a_member_sends_files_with_a_message() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "ada").await;
    let page = b"<!doctype html><script>alert(1)</script>";
    let stored = upload_all(&app, &[("a b.png", PNG), ("x.html", page)])
        .await
        .ok();
    let files = stored["files"].as_array().unwrap();
    let told = |file: &Value| json!([file["name"], file["type"], file["size"]]);
    assert_eq!(told(&files[0]), json!(["a b.png", "image/png", PNG.len()]));
    assert_eq!(
        told(&files[1]),
        json!(["x.html", "application/octet-stream", page.len()])
    );
    let body = json!({"ticket": ticket["id"], "attachments": files});
    let said = send(&app, body).await.ok();
    assert_eq!(said["attachments"][0]["url"], files[0]["url"]);
    assert_eq!(said["attachments"][0]["type"], "image/png");
    app.clock.advance_seconds(DAY);
    assert_eq!(sweep(&app).await, 0);
    let picture = fetch(&app, files[0]["url"].as_str().unwrap()).await;
    assert_eq!((picture.status, &picture.body[..]), (200, PNG));
    let page = fetch(&app, files[1]["url"].as_str().unwrap()).await;
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert!(header("content-disposition").starts_with("attachment;"));
    assert_eq!(
        header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
}

#[tokio::test]
async fn files_that_no_message_names_expire() {
    let app = TestApp::new().await;
    let file = upload(&app, "a.png").await;
    app.clock.advance_ms(DAY * 1000 - 1);
    assert_eq!((status(&app, &file).await, sweep(&app).await), (200, 0));
    app.clock.advance_ms(1);
    assert_eq!((status(&app, &file).await, sweep(&app).await), (404, 1));
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}

#[tokio::test]
async fn who_may_not_write_messages_sends_no_files() {
    let app = TestApp::new().await;
    let project = app.project();
    let viewer = Accounts::key(&app.app, project, Role::Viewer, None).await;
    let call = body_of(&[("a.png", PNG)]);
    let refused = app.send(call.bearer(&viewer.token).project(project)).await;
    assert_eq!(refused.error(), (403, "missing_scope".into()));
    assert_eq!(rows(&app, "file"), 0);
    let none = upload_all(&app, &[]).await;
    assert_eq!(none.error(), (400, "no_file".into()));
}

#[tokio::test]
async fn a_file_of_a_member_has_a_largest_size() {
    let app = TestApp::with(&[("files.file_bytes_max", "1000")]).await;
    upload_all(&app, &[("a", &[1; 1000])]).await.ok();
    let refused = upload_all(&app, &[("a", &[1; 1001])]).await;
    assert_eq!(refused.error(), (413, "file_too_large".into()));
    assert!(refused.text().contains("files.file_bytes_max"));
    assert_eq!((rows(&app, "file"), stored_files(&app)), (1, 1));
}

#[tokio::test]
async fn a_member_has_a_largest_number_of_files_an_hour() {
    let app = TestApp::with(&[("files.uploads_per_member_per_hour", "2")]).await;
    let project = app.project();
    let other = Accounts::key(&app.app, project, Role::Agent, None).await;
    upload_all(&app, &[("a", PNG), ("b", PNG)]).await.ok();
    app.clock.advance_seconds(3599);
    let refused = upload_all(&app, &[("c", PNG)]).await;
    assert_eq!(refused.error(), (429, "too_many_uploads".into()));
    let told = refused.text();
    assert!(told.contains("files.uploads_per_member_per_hour"), "{told}");
    let call = body_of(&[("a", PNG)]).bearer(&other.token).project(project);
    app.send(call).await.ok();
    app.clock.advance_seconds(1);
    upload_all(&app, &[("c", PNG)]).await.ok();
}

#[tokio::test]
async fn a_file_goes_with_its_message() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "ada").await;
    let (one, two) = (upload(&app, "1.png").await, upload(&app, "2.png").await);
    let (said, other) = (
        with_file(&app, &ticket, &one).await,
        with_file(&app, &ticket, &two).await,
    );
    change(&app, &said, json!({"comment": "Only other words"}))
        .await
        .ok();
    assert_eq!(status(&app, &one).await, 200);
    let three = upload(&app, "3.png").await;
    change(&app, &said, json!({"attachments": [three]}))
        .await
        .ok();
    assert_eq!(
        (status(&app, &one).await, status(&app, &three).await),
        (404, 200)
    );
    delete(&app, &said).await;
    assert_eq!(
        (status(&app, &three).await, status(&app, &two).await),
        (404, 200)
    );
    delete(&app, &other).await;
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}

#[tokio::test]
async fn a_file_goes_with_its_ticket() {
    let app = TestApp::new().await;
    let of_session = ticket_of(&app, "ada").await.0;
    let of_nobody = ticket(&app, json!({})).await;
    for ticket in [of_session, of_nobody] {
        let file = upload(&app, "a.png").await;
        with_file(&app, &ticket, &file).await;
        assert_eq!(status(&app, &file).await, 200);
        let gone = app.send(app.owner(Call::delete(&path(&ticket, "")))).await;
        gone.ok();
        assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
    }
}

#[tokio::test]
async fn a_file_goes_with_the_session_of_its_ticket() {
    let app = TestApp::new().await;
    let (_, ada) = ticket_of(&app, "ada").await;
    let of_nobody = ticket(&app, json!({})).await;
    let file = upload(&app, "a.png").await;
    with_file(&app, &of_nobody, &file).await;
    for session in [json!(ada), json!(null), json!(ada)] {
        let body = json!({"session": session});
        update(&app, &of_nobody, body).await.ok();
        assert_eq!(status(&app, &file).await, 200, "{session}");
    }
    let call = Call::delete(&format!("/v3/sessions/{ada}"));
    assert_eq!(app.send(app.owner(call)).await.status, 204);
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}

#[tokio::test]
async fn a_file_goes_back_with_a_merge_that_is_undone() {
    let app = TestApp::new().await;
    let (ada, _) = guest(&app).await;
    let ticket = ticket(&app, json!({"session": ada})).await;
    let (_, bob) = ticket_of(&app, "bob").await;
    let before = upload(&app, "before.png").await;
    with_file(&app, &ticket, &before).await;
    let merge = merged(&app, &bob, &ada).await;
    let since = upload(&app, "since.png").await;
    with_file(&app, &ticket, &since).await;
    undo(&app, &merge).await.ok();
    let call = Call::delete(&format!("/v3/sessions/{bob}"));
    assert_eq!(app.send(app.owner(call)).await.status, 204);
    assert_eq!(
        (status(&app, &before).await, status(&app, &since).await),
        (200, 200)
    );
    let call = Call::delete(&format!("/v3/sessions/{ada}"));
    assert_eq!(app.send(app.owner(call)).await.status, 204);
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}

#[tokio::test]
async fn a_file_goes_with_its_message_into_another_ticket() {
    let app = TestApp::new().await;
    let (kept, ada) = ticket_of(&app, "ada").await;
    let (gone, bob) = ticket_of(&app, "bob").await;
    let file = upload(&app, "a.png").await;
    with_file(&app, &gone, &file).await;
    let body = json!({"ticketsToMergeIds": [kept["id"], gone["id"]], "shouldCreateNewTicket": false,
                      "shouldMergeContacts": false, "shouldMergeTasks": false});
    call(&app, "PUT", "/v3/tickets/merge", body).await.ok();
    let call = Call::delete(&format!("/v3/sessions/{bob}"));
    assert_eq!(app.send(app.owner(call)).await.status, 204);
    let said = conversation(&app, &kept).await;
    assert_eq!(said[0]["attachments"][0]["url"], file["url"]);
    assert_eq!(status(&app, &file).await, 200);
    let call = Call::delete(&format!("/v3/sessions/{ada}"));
    assert_eq!(app.send(app.owner(call)).await.status, 204);
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}

#[tokio::test]
async fn a_file_of_another_project_is_a_link_like_any_other() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "ada").await;
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, Role::Agent, None).await;
    let call = body_of(&[("a.png", PNG)])
        .bearer(&key.token)
        .project(sister);
    let file = app.send(call).await.ok()["files"][0].clone();
    with_file(&app, &ticket, &file).await;
    app.clock.advance_seconds(DAY);
    assert_eq!(sweep(&app).await, 1);
}

async fn template_with(app: &TestApp, file: &Value) -> Value {
    let body = json!({"title": "t", "content": "c", "lexorank": "0|1:", "attachments": [file]});
    call(app, "POST", "/v3/message-templates", body).await.ok()
}

fn template_path(template: &Value) -> String {
    format!("/v3/message-templates/{}", template["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_file_of_a_template_is_its_own_until_it_names_it_no_more() {
    let app = TestApp::new().await;
    let (one, two) = (upload(&app, "1.png").await, upload(&app, "2.png").await);
    let template = template_with(&app, &one).await;
    app.clock.advance_seconds(DAY);
    assert_eq!(sweep(&app).await, 1, "the other is of nothing");
    assert_eq!(
        (status(&app, &one).await, status(&app, &two).await),
        (200, 404)
    );
    let three = upload(&app, "3.png").await;
    let path = template_path(&template);
    call(&app, "PUT", &path, json!({"title": "other"}))
        .await
        .ok();
    assert_eq!(status(&app, &one).await, 200);
    let body = json!({"attachments": [three]});
    call(&app, "PUT", &path, body).await.ok();
    assert_eq!(
        (status(&app, &one).await, status(&app, &three).await),
        (404, 200)
    );
    app.send(app.owner(Call::delete(&path))).await.ok();
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}

#[tokio::test]
async fn what_was_sent_with_a_template_stays_until_the_last_message_that_names_it_is_gone() {
    let app = TestApp::new().await;
    let (of_ada, ada) = ticket_of(&app, "ada").await;
    let (of_bob, _) = ticket_of(&app, "bob").await;
    let file = upload(&app, "a.png").await;
    let template = template_with(&app, &file).await;
    let said = with_file(&app, &of_ada, &file).await;
    assert!(!said.to_string().contains("templateFiles"), "{said}");
    with_file(&app, &of_ada, &file).await;
    let edited = with_file(&app, &of_bob, &file).await;
    let last = with_file(&app, &of_bob, &file).await;
    delete(&app, &said).await;
    assert_eq!(status(&app, &file).await, 200, "the template has it");
    let call = Call::delete(&template_path(&template));
    app.send(app.owner(call)).await.ok();
    app.clock.advance_seconds(DAY);
    assert_eq!(sweep(&app).await, 0);
    assert_eq!(status(&app, &file).await, 200, "three messages have it");
    let call = Call::delete(&format!("/v3/sessions/{ada}"));
    assert_eq!(app.send(app.owner(call)).await.status, 204);
    assert_eq!(status(&app, &file).await, 200, "that of the other has it");

    for attachments in [json!([file]), json!([])] {
        let body = json!({"attachments": attachments});
        change(&app, &edited, body).await.ok();
        assert_eq!(status(&app, &file).await, 200);
    }
    change(&app, &last, json!({"attachments": [file]}))
        .await
        .ok();
    assert_eq!(status(&app, &file).await, 200, "it names it still");
    change(&app, &last, json!({"attachments": []})).await.ok();
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
    app.assert_sound();
}

#[tokio::test]
async fn what_was_sent_with_a_template_goes_with_the_ticket_or_into_another_template() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "ada").await;
    let file = upload(&app, "a.png").await;
    let template = template_with(&app, &file).await;
    with_file(&app, &ticket, &file).await;
    with_file(&app, &ticket, &file).await;
    let call = Call::delete(&template_path(&template));
    app.send(app.owner(call)).await.ok();
    let again = template_with(&app, &file).await;
    let call = Call::delete(&format!("/v3/tickets/{}", ticket["id"].as_str().unwrap()));
    assert!(app.send(app.owner(call)).await.status < 300);
    assert_eq!(status(&app, &file).await, 200, "the new template has it");
    let call = Call::delete(&template_path(&again));
    app.send(app.owner(call)).await.ok();
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}

#[tokio::test]
async fn a_template_takes_no_file_of_a_message() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "ada").await;
    let file = upload(&app, "a.png").await;
    let said = with_file(&app, &ticket, &file).await;
    let template = template_with(&app, &file).await;
    let call = Call::delete(&template_path(&template));
    app.send(app.owner(call)).await.ok();
    assert_eq!(status(&app, &file).await, 200);
    delete(&app, &said).await;
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}
