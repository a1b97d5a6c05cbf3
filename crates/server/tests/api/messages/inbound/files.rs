//! Files that come with answers.

use super::{Answering, conversation, hand_over};
use crate::reports::client::{PNG, fetch, rows, stored_files};

/// A mail with files, each a name and its bytes.
fn with_files(answering: &Answering, id: &str, text: &str, files: &[(&str, &[u8])]) -> String {
    let mut mail = format!(
        "From: u@example.com\r\nTo: {}\r\nMessage-ID: <{id}>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{text}\r\n",
        answering.address()
    );
    for (name, bytes) in files {
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        mail += &format!(
            "--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n"
        );
    }
    mail + "--b--\r\n"
}

#[tokio::test]
async fn files_are_kept_and_never_run() {
    let answering = Answering::start().await;
    let app = answering.app();
    let page = b"<script>alert(1)</script>";
    let files: [(&str, &[u8]); 2] = [("../shot.png", PNG), ("evil.html", page)];
    let mail = with_files(&answering, "a1@mail.example.com", "See here", &files);
    hand_over(app, mail.clone()).await.ok();
    let messages = conversation(app, &answering.ticket).await;
    let attached = messages[1]["attachments"].as_array().unwrap();
    let names: Vec<_> = attached.iter().map(|file| &file["name"]).collect();
    assert_eq!(names, ["shot.png", "evil.html"]);
    let shot = fetch(app, attached[0]["url"].as_str().unwrap()).await;
    assert_eq!((shot.status, &shot.body[..]), (200, PNG));
    let evil = fetch(app, attached[1]["url"].as_str().unwrap()).await;
    assert_eq!(evil.header("content-type"), "application/octet-stream");
    assert!(evil.header("content-disposition").starts_with("attachment"));
    // They belong to the ticket, and do not expire.
    app.clock.advance_seconds(30 * 24 * 3_600);
    server::files::sweep(&app.app).await.unwrap();
    assert_eq!(stored_files(app), 2);
    assert_eq!(hand_over(app, mail).await.ok()["outcome"], "repeated");
    assert_eq!((rows(app, "file"), stored_files(app)), (2, 2), "not twice");
}

#[tokio::test]
async fn a_file_may_come_without_a_word() {
    let answering = Answering::start().await;
    let mail = with_files(&answering, "a1@mail.example.com", "", &[("a.png", PNG)]);
    hand_over(answering.app(), mail).await.ok();
    let messages = conversation(answering.app(), &answering.ticket).await;
    assert_eq!(messages[1]["data"]["text"], "");
    assert_eq!(messages[1]["attachments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_too_large_or_too_many_is_left_out_and_named() {
    let answering = Answering::with(&[("files.file_bytes_max", "100")]).await;
    let (fits, large) = ([b'x'; 100], [b'x'; 101]);
    let mut files: Vec<(&str, &[u8])> = vec![("large.txt", &large)];
    files.extend([("fits.txt", &fits[..])].repeat(21));
    let mail = with_files(&answering, "a1@mail.example.com", "Many", &files);
    hand_over(answering.app(), mail).await.ok();
    let messages = conversation(answering.app(), &answering.ticket).await;
    assert_eq!(messages[1]["attachments"].as_array().unwrap().len(), 20);
    let text = messages[1]["data"]["text"].as_str().unwrap();
    assert_eq!(
        text,
        "Many\n[large.txt: not kept, 101 bytes]\n[fits.txt: not kept, 100 bytes]"
    );
}

#[tokio::test]
async fn a_session_that_sent_too_many_files_is_heard_without_them() {
    let answering = Answering::with(&[("files.uploads_per_session_per_hour", "1")]).await;
    let files = [("a.png", PNG), ("b.png", PNG)];
    let mail = with_files(&answering, "a1@mail.example.com", "Two", &files);
    hand_over(answering.app(), mail).await.ok();
    let messages = conversation(answering.app(), &answering.ticket).await;
    assert_eq!(messages[1]["attachments"].as_array().unwrap().len(), 1);
    let text = messages[1]["data"]["text"].as_str().unwrap();
    assert!(text.starts_with("Two\n[b.png: not kept"), "{text}");
}
