//! `GET /config`, as clients call it.

use serde_json::json;

use super::{put, told};
use crate::support::{Answer, Call, TestApp};

async fn config(app: &TestApp, rest: &str) -> Answer {
    let key = &app.accounts.first.sdk_key;
    app.send(Call::get(&format!("/config/{key}{rest}"))).await
}

#[tokio::test]
async fn a_project_without_settings_starts_every_client() {
    let app = TestApp::with(&[("public_url", "https://hark.example.com")]).await;
    let answer = config(&app, "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    insta::assert_snapshot!(answer.text(), @r##"{"flowConfig":{"color":"#485BFF","feedbackButtonPosition":"BUTTON_NONE","networkLogPropsToIgnore":["Gleap-Hash","Api-Token","Authorization","Cookie","gleap-hash","api-token","authorization","cookie"],"networkLogBlacklist":["hark.example.com"]},"projectActions":{}}"##);
}

#[tokio::test]
async fn all_spellings_are_answered_alike_and_without_a_redirect() {
    let app = TestApp::new().await;
    let plain = config(&app, "").await;
    for rest in ["/", "?lang=en", "/?lang=de-at", "?lang=", "/?lang=%00&x=1"] {
        let answer = config(&app, rest).await;
        assert_eq!((answer.status, &answer.body), (200, &plain.body), "{rest}");
        assert_eq!(answer.header("cache-control"), "no-store", "{rest}");
    }
}

#[tokio::test]
async fn headers_change_nothing_also_stale_ones() {
    let app = TestApp::new().await;
    let plain = config(&app, "").await;
    let key = &app.accounts.first.sdk_key;
    for rest in ["", "/", "/tooltips"] {
        let expected = if rest == "/tooltips" {
            b"[]".as_slice()
        } else {
            &plain.body
        };
        for (name, value) in [
            ("gleap-id", "null"),
            ("gleap-id", "6650f0c2a1b2c3d4e5f60718"),
            ("gleap-hash", "stale"),
            ("api-token", "another"),
            ("authorization", "Bearer nonsense"),
            ("project", "nonsense"),
            ("origin", "null"),
        ] {
            let call = Call::get(&format!("/config/{key}{rest}")).header(name, value);
            let answer = app.send(call).await;
            assert_eq!(
                (answer.status, &*answer.body),
                (200, expected),
                "{rest} {name}"
            );
        }
    }
}

#[tokio::test]
async fn tooltips_are_an_empty_list() {
    let app = TestApp::new().await;
    let answer = config(&app, "/tooltips").await;
    assert_eq!((answer.status, answer.text()), (200, "[]"));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn an_unknown_key_is_404_and_never_403() {
    let app = TestApp::new().await;
    let key = app.accounts.first.sdk_key.to_lowercase();
    for key in [
        &*key,
        "x",
        "%00",
        "a%2Fb",
        "%F0%9F%99%82",
        &app.accounts.first.api_token,
    ] {
        for rest in ["", "/", "/tooltips"] {
            let answer = app.send(Call::get(&format!("/config/{key}{rest}"))).await;
            assert_eq!(
                answer.error(),
                (404, "unknown_sdk_key".into()),
                "{key}{rest}"
            );
        }
    }
}

#[tokio::test]
async fn a_change_is_seen_by_the_next_call() {
    let app = TestApp::new().await;
    assert_eq!(told(&app).await["color"], "#485BFF");
    for color in ["#000000", "#FFFFFF"] {
        put(&app, &json!({"color": color})).await.ok();
        assert_eq!(told(&app).await["color"], color);
    }
}

#[tokio::test]
async fn a_project_is_told_its_own_settings_alone() {
    let app = TestApp::new().await;
    put(&app, &json!({"widgetButtonText": "Ask us"})).await.ok();
    assert_eq!(told(&app).await["widgetButtonText"], "Ask us");
    let sister = format!("/config/{}", app.accounts.sister.sdk_key);
    let answer = app.send(Call::get(&sister)).await.ok();
    assert!(answer["flowConfig"].get("widgetButtonText").is_none());
}
