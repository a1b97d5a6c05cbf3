//! `/uploads/*`: what is taken, and what is left of what is not.

use super::client::{Client, PNG, fetch, multipart, rows, stored_files};
use crate::support::{Call, TestApp};

#[tokio::test]
async fn one_file_has_one_address() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let answer = client.send_files("/uploads/sdk", &[("a b.png", PNG)]).await;
    let body = answer.ok();
    let url = body["fileUrl"].as_str().unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1);
    assert!(url.starts_with("http://127.0.0.1:8080/files/"), "{url}");
    assert!(url.ends_with("/a%20b.png"), "{url}");
    let file = fetch(&app, url).await;
    assert_eq!((file.status, &file.body[..]), (200, PNG));
}

#[tokio::test]
async fn addresses_begin_with_the_public_one() {
    let app = TestApp::with(&[("public_url", "https://hark.example.com")]).await;
    let client = Client::new(&app, "u").await;
    let url = client.upload("a.png", PNG).await;
    assert!(url.starts_with("https://hark.example.com/files/"), "{url}");
}

#[tokio::test]
async fn many_files_come_back_in_their_order() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    for path in ["/uploads/sdksteps", "/uploads/attachments"] {
        let data: Vec<Vec<u8>> = (0..60_u8).map(|n| vec![n; 1000]).collect();
        let files: Vec<_> = data
            .iter()
            .map(|data| ("frame.png", data.as_slice()))
            .collect();
        let answer = client.send_files(path, &files).await.ok();
        let urls = answer["fileUrls"].as_array().unwrap();
        assert_eq!(urls.len(), 60);
        for (url, data) in urls.iter().zip(&data) {
            assert_eq!(fetch(&app, url.as_str().unwrap()).await.body, data[..]);
        }
    }
}

#[tokio::test]
async fn of_a_capture_the_first_file_counts() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let answer = client
        .send_files("/uploads/sdk", &[("a.png", PNG), ("b.png", b"other")])
        .await
        .ok();
    let file = fetch(&app, answer["fileUrl"].as_str().unwrap()).await;
    assert_eq!(file.body, PNG);
    assert_eq!(rows(&app, "file"), 1);
}

#[tokio::test]
async fn an_empty_file_is_one() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let url = client.upload("empty.txt", b"").await;
    let file = fetch(&app, &url).await;
    assert_eq!((file.status, file.body.len()), (200, 0));
}

#[tokio::test]
async fn a_file_has_a_largest_size() {
    let app = TestApp::with(&[("files.file_bytes_max", "1000")]).await;
    let client = Client::new(&app, "u").await;
    client.upload("a", &[1; 1000]).await;
    for (path, files) in [
        ("/uploads/sdk", vec![("a", [1; 1001].as_slice())]),
        (
            "/uploads/attachments",
            vec![("a", [1; 10].as_slice()), ("b", &[1; 1001])],
        ),
    ] {
        let answer = client.send_files(path, &files).await;
        assert_eq!(answer.error(), (413, "file_too_large".into()));
        assert!(answer.text().contains("files.file_bytes_max"));
    }
    // Nothing is left of those.
    assert_eq!((rows(&app, "file"), stored_files(&app)), (1, 1));
}

#[tokio::test]
async fn an_upload_has_a_largest_number_of_files() {
    let app = TestApp::with(&[("files.files_per_upload_max", "2")]).await;
    let client = Client::new(&app, "u").await;
    let file = ("a", PNG);
    let two = client.send_files("/uploads/sdksteps", &[file; 2]).await;
    assert_eq!(two.status, 200);
    let three = client.send_files("/uploads/sdksteps", &[file; 3]).await;
    assert_eq!(three.error(), (413, "too_many_files".into()));
    assert!(three.text().contains("files.files_per_upload_max"));
    assert_eq!((rows(&app, "file"), stored_files(&app)), (2, 2));
}

#[tokio::test]
async fn an_upload_has_a_largest_size() {
    let app = TestApp::with(&[("files.upload_bytes_max", "5000")]).await;
    let client = Client::new(&app, "u").await;
    let frame = multipart(&[("a", b"")]).len();
    let fits = vec![1; 5000 - frame];
    assert_eq!(
        client
            .send_files("/uploads/sdk", &[("a", &fits)])
            .await
            .status,
        200
    );
    let larger = [fits, vec![1]].concat();
    let answer = client.send_files("/uploads/sdk", &[("a", &larger)]).await;
    assert_eq!(answer.error(), (413, "upload_too_large".into()));
    assert!(answer.text().contains("files.upload_bytes_max"));
    assert_eq!((rows(&app, "file"), stored_files(&app)), (1, 1));
}

#[tokio::test]
async fn a_session_has_a_largest_number_of_files_an_hour() {
    let app = TestApp::with(&[("files.uploads_per_session_per_hour", "3")]).await;
    let (client, other) = (Client::new(&app, "u").await, Client::new(&app, "v").await);
    let file = ("a", PNG);
    assert_eq!(
        client
            .send_files("/uploads/sdksteps", &[file; 3])
            .await
            .status,
        200
    );
    app.clock.advance_seconds(3599);
    let answer = client.send_files("/uploads/sdk", &[file]).await;
    assert_eq!(answer.error(), (429, "too_many_uploads".into()));
    assert!(answer.text().contains("files.uploads_per_session_per_hour"));
    assert_eq!(other.send_files("/uploads/sdk", &[file]).await.status, 200);
    app.clock.advance_seconds(1);
    assert_eq!(client.send_files("/uploads/sdk", &[file]).await.status, 200);
    // An upload that passes the limit on its way leaves nothing.
    let answer = other.send_files("/uploads/sdksteps", &[file; 3]).await;
    assert_eq!(answer.status, 429);
    assert_eq!(rows(&app, "file"), 5);
}

#[tokio::test]
async fn strangers_upload_nothing() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let kind = "multipart/form-data; boundary=BBBOUNDARY";
    for path in ["/uploads/sdk", "/uploads/sdksteps", "/uploads/attachments"] {
        let body = multipart(&[("a", PNG)]);
        let wrong = Call::post(path)
            .header("Api-Token", &app.accounts.first.sdk_key)
            .header("Gleap-Id", &client.gleap_id)
            .header("Gleap-Hash", "wrong")
            .header("Content-Type", kind);
        assert_eq!(
            app.send(wrong.body(body.clone())).await.error(),
            (401, "invalid_session".into())
        );
        let none = Call::post(path)
            .header("Api-Token", &app.accounts.first.sdk_key)
            .header("Content-Type", kind);
        assert_eq!(app.send(none.body(body.clone())).await.status, 401);
        let no_key = Call::post(path).header("Content-Type", kind);
        assert_eq!(app.send(no_key.body(body)).await.status, 401);
    }
    assert_eq!(rows(&app, "file"), 0);
}

#[tokio::test]
async fn what_is_no_upload_is_refused() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let send = |kind: &'static str, body: &'static str| {
        let call = client.call("/uploads/sdk").header("Content-Type", kind);
        app.send(call.body(body))
    };
    assert_eq!(send("application/json", "{}").await.status, 415);
    assert_eq!(send("multipart/form-data", "--B--").await.status, 415);
    let none = send("multipart/form-data; boundary=B", "--B--").await;
    assert_eq!(none.error(), (400, "no_file".into()));
    let cut = send(
        "multipart/form-data; boundary=B",
        "--B\r\nContent-Disposition: form-data; name=file\r\n\r\ndata",
    )
    .await;
    assert_eq!(cut.error(), (400, "multipart_malformed".into()));
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}
