//! Reading and changing settings.

use serde_json::{Value, json};
use server::auth::roles::Role;

use super::{path, put, settings, told};
use crate::support::{Accounts, Call, TestApp};

/// A value for every setting there is.
fn everything() -> Value {
    json!({
        "color": "#000001", "buttonColor": "#000002", "backgroundColor": "#000003", "headerColor": "#000004",
        "headerColor2": "#abcdef", "headerColor3": "#ABCDEF", "borderRadius": 0, "buttonX": 20, "buttonY": 1000,
        "feedbackButtonPosition": "BOTTOM_RIGHT", "widgetButtonText": "Ask \"us\" & win", "buttonLogo": "https://example.com/a.png?x=1&y=2",
        "hideForGuests": true, "enableWebReplays": false, "enableNetworkLogs": true, "sendNetworkResources": false,
        "enableConsoleLogs": true, "networkLogPropsToIgnore": ["password"], "networkLogBlacklist": ["metrics.example.com"],
        "enableShortcuts": false, "enableReplays": true, "replaysInterval": 5, "activationMethodShake": true,
        "activationMethodScreenshotGesture": false, "activationMethodFeedbackButton": false,
        "localizationOptions": {"rtl": true}, "staticTranslations": {"next": "Weiter", "done": "Fertig {count}"},
        "disableBGFade": true, "disableBGGradient": false,
    })
}

#[tokio::test]
async fn every_setting_is_kept_as_it_is_and_told_to_clients() {
    let app = TestApp::with(&[("public_url", "https://hark.example.com")]).await;
    let mut expected = everything();
    let answer = put(&app, &expected).await.ok();
    let secrets = [
        "Gleap-Hash",
        "Api-Token",
        "Authorization",
        "Cookie",
        "gleap-hash",
        "api-token",
        "authorization",
        "cookie",
        "password",
    ];
    expected["networkLogPropsToIgnore"] = json!(secrets);
    expected["networkLogBlacklist"] = json!(["hark.example.com", "metrics.example.com"]);
    assert_eq!(answer, expected);
    assert_eq!(settings(&app).await, expected);
    assert_eq!(told(&app).await, expected);
}

#[tokio::test]
async fn what_is_not_named_stays_and_null_takes_back() {
    let app = TestApp::new().await;
    let before = settings(&app).await;
    put(
        &app,
        &json!({"borderRadius": 8, "staticTranslations": {"next": "Weiter", "done": "Fertig"}}),
    )
    .await
    .ok();
    let patch = json!({"color": "#123456", "staticTranslations": {"next": null, "back": "Zurück"}, "localizationOptions": {"rtl": null}});
    let after = put(&app, &patch).await.ok();
    assert_eq!(after["borderRadius"], 8);
    assert_eq!(
        after["staticTranslations"],
        json!({"done": "Fertig", "back": "Zurück"})
    );
    assert_eq!(after["localizationOptions"], json!({}));
    let patch = json!({"color": null, "borderRadius": null, "staticTranslations": null, "localizationOptions": null, "buttonX": null});
    assert_eq!(put(&app, &patch).await.ok(), before);
    assert_eq!(put(&app, &json!({})).await.ok(), before);
}

#[tokio::test]
async fn what_protects_secrets_cannot_be_taken_away() {
    let app = TestApp::new().await;
    let before = settings(&app).await;
    let empty = json!({"networkLogPropsToIgnore": [], "networkLogBlacklist": []});
    assert_eq!(put(&app, &empty).await.ok(), before);
    let none = json!({"networkLogPropsToIgnore": null, "networkLogBlacklist": null});
    assert_eq!(put(&app, &none).await.ok(), before);
}

#[tokio::test]
async fn what_was_read_may_be_sent_back() {
    let app = TestApp::new().await;
    put(&app, &everything()).await.ok();
    let read = settings(&app).await;
    assert_eq!(put(&app, &read).await.ok(), read);
}

#[tokio::test]
async fn every_fault_is_named_and_nothing_is_changed() {
    let app = TestApp::new().await;
    let before = settings(&app).await;
    let patch = json!({
        "color": "blue", "borderRadius": "20", "buttonX": 1.5, "enableReplays": "true", "replaysInterval": 0, "hideForGuests": 1,
        "feedbackButtonPosition": "TOP", "networkLogBlacklist": ["good", 5], "localizationOptions": {"rtl": true, "ltr": true},
        "staticTranslations": {"next": "<b>"}, "frameUrl": "https://example.com", "buttonLogo": "javascript:alert(1)",
        "headerColor": "#123456",
    });
    let answer = put(&app, &patch).await;
    assert_eq!(answer.error(), (422, "invalid_setting".into()));
    insta::assert_snapshot!(answer.faults().join("\n"), @r##"
    `color`: write the colour as # and six hexadecimal digits, such as "#485BFF"
    `borderRadius`: expected a whole number, found string
    `buttonX`: expected a whole number, found floating point
    `enableReplays`: expected a boolean, found string
    `replaysInterval`: choose a whole number from 1 to 60
    `hideForGuests`: expected a boolean, found integer
    `feedbackButtonPosition`: unknown variant `TOP`, expected one of `BOTTOM_RIGHT`, `BOTTOM_LEFT`, `BUTTON_CLASSIC`, `BUTTON_CLASSIC_LEFT`, `BUTTON_CLASSIC_BOTTOM`, `BUTTON_NONE`
    `networkLogBlacklist[1]`: expected a string, found integer
    `localizationOptions.ltr`: not a setting of client SDKs; `FlowConfig` in /openapi.json lists those that are
    `staticTranslations.next`: leave < and > out: clients put the text into pages as it is
    `frameUrl`: not a setting of client SDKs; `FlowConfig` in /openapi.json lists those that are
    `buttonLogo`: write an address of at most 2048 characters that begins with https://, without quotes and spaces
    "##);
    assert_eq!(settings(&app).await, before);
}

#[tokio::test]
async fn the_path_and_the_header_name_the_same_project() {
    let app = TestApp::new().await;
    for id in [app.accounts.sister.id, app.accounts.foreign.id] {
        let path = format!("/v3/projects/{id}/sdk-config");
        assert_eq!(
            app.get(&path).await.error(),
            (404, "project_not_found".into())
        );
        let call = Call::new("PUT", &path).json(&json!({}));
        assert_eq!(
            app.send(app.owner(call)).await.error(),
            (404, "project_not_found".into())
        );
    }
    let bad = app.get("/v3/projects/first/sdk-config").await;
    assert_eq!(bad.error(), (400, "invalid_id".into()));
}

#[tokio::test]
async fn every_member_reads_and_owners_and_admins_write() {
    let app = TestApp::new().await;
    for role in Role::ALL {
        let key = Accounts::key(&app.app, app.project(), role, None)
            .await
            .token;
        let call = |method| {
            let call = Call::new(method, &path(&app)).json(&json!({}));
            app.send(call.bearer(&key).project(app.project()))
        };
        assert_eq!(call("GET").await.status, 200, "{role}");
        let may_write = matches!(role, Role::Owner | Role::Admin);
        let expected = if may_write { 200 } else { 403 };
        assert_eq!(call("PUT").await.status, expected, "{role}");
    }
}
