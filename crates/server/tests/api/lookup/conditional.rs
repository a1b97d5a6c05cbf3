//! `ETag`, `If-None-Match`, `Last-Modified`.

use serde_json::json;

use crate::support::{Answer, Call, TestApp};

const PATH: &str = "/v3/sessions/by-user-id/u";

async fn asked(app: &TestApp, known: &str) -> Answer {
    app.send(app.owner(Call::get(PATH)).header("if-none-match", known))
        .await
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    let first = app.lookup("u").await;
    assert_eq!(
        first.header("last-modified"),
        "Sun, 01 Mar 2026 12:00:00 GMT"
    );
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let tag = first.header("etag");
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    let list = format!("\"other\", {tag}");
    for known in [tag, &format!("W/{tag}"), &list, "*"] {
        let answer = asked(&app, known).await;
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{known}");
        for name in ["etag", "last-modified", "cache-control"] {
            assert_eq!(answer.header(name), first.header(name), "{known}: {name}");
        }
    }
    for other in ["\"other\"", "", tag.trim_matches('"')] {
        assert_eq!(asked(&app, other).await.body, first.body, "{other}");
    }
}

#[tokio::test]
async fn every_change_has_a_tag_of_its_own() {
    let app = TestApp::new().await;
    let mut tags = Vec::<String>::new();
    for seats in 0..5 {
        app.clock.advance_seconds(1);
        app.identify(json!({"userId": "u", "seats": seats}))
            .await
            .ok();
        let answer = app.lookup("u").await;
        assert_eq!(
            answer.header("last-modified"),
            format!("Sun, 01 Mar 2026 12:00:0{} GMT", seats + 1)
        );
        for old in &tags {
            assert_eq!(asked(&app, old).await.status, 200);
        }
        tags.push(answer.header("etag").to_owned());
        assert_eq!(asked(&app, &tags[seats]).await.status, 304);
    }
    app.track(json!([{"userId": "u", "name": "seen"}]))
        .await
        .ok();
    assert_eq!(asked(&app, &tags[4]).await.status, 200);
}

#[tokio::test]
async fn a_user_who_came_back_is_not_taken_for_the_one_before() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    let tag = app.lookup("u").await.header("etag").to_owned();
    app.send(app.server(Call::delete("/admin/contacts/u")))
        .await;
    assert_eq!(asked(&app, &tag).await.status, 404);
    app.identify(json!({"userId": "u"})).await.ok();
    assert_eq!(asked(&app, &tag).await.status, 200);
}
