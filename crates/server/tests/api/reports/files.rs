//! `/files/*`: what is served, and that none of it can do anything.

use super::client::{Client, PNG, fetch, path_of};
use crate::support::{Answer, Call, TestApp};

fn assert_harmless(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(
        answer.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    assert_eq!(
        answer.header("cross-origin-resource-policy"),
        "cross-origin"
    );
}

#[tokio::test]
async fn pictures_and_films_are_shown_in_place() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    for (name, data, kind) in [
        ("a.png", PNG, "image/png"),
        ("a.exe", b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        ("a.html", b"\0\0\0\x18ftypmp42rest", "video/mp4"),
        ("a.webm", b"\x1a\x45\xdf\xa3\x42\x82\x84webm", "video/webm"),
    ] {
        let url = client.upload(name, data).await;
        let answer = fetch(&app, &url).await;
        assert_eq!(answer.header("content-type"), kind);
        let shown = format!("inline; filename=\"{name}\"");
        assert!(answer.header("content-disposition").starts_with(&shown));
        assert_eq!(answer.header("content-length"), data.len().to_string());
        assert_harmless(&answer);
    }
}

#[tokio::test]
async fn pages_and_scripts_are_saved_never_run() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    for (name, data) in [
        ("a.html", &b"<!DOCTYPE html><script>alert(1)</script>"[..]),
        (
            "a.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        ),
        ("a.png", b"\n\t<html><body onload=alert(1)>"),
        ("a.xml", b"<?xml version='1.0'?><x/>"),
        ("a.swf", b"FWS\x09\0\0"),
    ] {
        let url = client.upload(name, data).await;
        let answer = fetch(&app, &url).await;
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert!(
            answer
                .header("content-disposition")
                .starts_with("attachment;")
        );
        assert_harmless(&answer);
    }
    for (name, data, kind) in [
        ("a.js", &b"alert(1)"[..], "text/plain; charset=utf-8"),
        ("a.pdf", b"%PDF-1.7 rest", "application/pdf"),
    ] {
        let answer = fetch(&app, &client.upload(name, data).await).await;
        assert_eq!(answer.header("content-type"), kind);
        assert!(
            answer
                .header("content-disposition")
                .starts_with("attachment;")
        );
        assert_harmless(&answer);
    }
}

#[tokio::test]
async fn names_are_only_shown() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    for (sent, shown) in [
        ("../../../etc/passwd", "passwd"),
        ("..\\\\..\\\\boot.ini", "boot.ini"),
        ("/etc/shadow", "shadow"),
        ("..", "file"),
        ("%2e%2e%2fx", "_2e_2e_2fx"),
        ("", "file"),
    ] {
        let url = client.upload(sent, PNG).await;
        let answer = fetch(&app, &url).await;
        assert_eq!((answer.status, &answer.body[..]), (200, PNG), "{sent}");
        let disposition = answer.header("content-disposition");
        assert_eq!(disposition.split('"').nth(1).unwrap(), shown, "{sent}");
    }
    // All of them lie in one folder, under names of ours.
    let folder = app
        .app
        .config
        .data
        .join("files")
        .join(app.project().to_string());
    for file in std::fs::read_dir(folder).unwrap() {
        assert_eq!(file.unwrap().file_name().len(), 24);
    }
}

#[tokio::test]
async fn an_address_cannot_be_guessed_or_bent() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let url = client.upload("a.png", PNG).await;
    let path = path_of(&url);
    let token = path.split('/').nth(2).unwrap();
    let other: String = token
        .chars()
        .rev()
        .enumerate()
        .map(|(n, c)| match (n, c) {
            (0, 'A') => 'B',
            (0, _) => 'A',
            (_, c) => c,
        })
        .collect::<String>()
        .chars()
        .rev()
        .collect();
    for wrong in [
        format!("/files/{other}/a.png"),
        format!("/files/{}/a.png", &token[1..]),
        format!("/files/{token}x/a.png"),
        "/files/x/a.png".into(),
        format!("/files/..%2f..%2f{token}/a.png"),
        format!("/files/{token}/../../hark.db"),
        format!("/files/{}/a.png", "A".repeat(64)),
    ] {
        let status = app.send(Call::get(&wrong)).await.status;
        assert_eq!(status, 404, "{wrong}");
    }
    // Any name will do.
    let renamed = app.send(Call::get(&format!("/files/{token}/x"))).await;
    assert_eq!(renamed.status, 200);
}

#[tokio::test]
async fn films_are_served_in_parts() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let film: Vec<u8> = [
        &b"\0\0\0\x18ftypmp42"[..],
        &(0..=255).cycle().take(700_000).collect::<Vec<u8>>(),
    ]
    .concat();
    let url = client.upload("film.mp4", &film).await;
    let get = |range: &str| app.send(Call::get(path_of(&url)).header("Range", range));
    let whole = fetch(&app, &url).await;
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert_eq!(whole.body, film);
    let size = film.len();
    for (range, start, end) in [
        ("bytes=0-", 0, size),
        ("bytes=0-99", 0, 100),
        ("bytes=300000-599999", 300_000, 600_000),
        ("bytes=-7", size - 7, size),
        ("bytes=699000-99999999", 699_000, size),
    ] {
        let part = get(range).await;
        assert_eq!(part.status, 206);
        assert_eq!(
            part.header("content-range"),
            format!("bytes {start}-{}/{size}", end - 1)
        );
        assert_eq!(part.header("content-length"), (end - start).to_string());
        assert_eq!(part.body, film[start..end]);
        assert_harmless(&part);
    }
    let beyond = get(&format!("bytes={size}-")).await;
    assert_eq!(beyond.error(), (416, "range_not_satisfiable".into()));
    assert_eq!(beyond.header("content-range"), format!("bytes */{size}"));
    assert_eq!(get("bytes=0-1,5-6").await.status, 200);
    let etag = whole.header("etag");
    let of = |tag: &str| {
        let call = Call::get(path_of(&url))
            .header("Range", "bytes=0-1")
            .header("If-Range", tag);
        app.send(call)
    };
    assert_eq!(of(etag).await.status, 206);
    assert_eq!(of("\"other\"").await.status, 200);
}

#[tokio::test]
async fn head_and_known_files_have_no_body() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let url = client.upload("a.png", PNG).await;
    let head = app.send(Call::new("HEAD", path_of(&url))).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), PNG.len().to_string());
    assert_eq!(head.header("content-type"), "image/png");
    let etag = head.header("etag");
    let call = Call::get(path_of(&url)).header("If-None-Match", etag);
    let known = app.send(call).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
}
