//! What clients ask for and is not there: an answer that lets them go on.

use serde_json::json;

use crate::support::{Call, TestApp};

const PATHS: [&str; 9] = [
    "/outbound/producttours",
    "/outbound/producttourvalidation",
    "/outbound/checklists?gleapId=a&gleapHash=b&lang=en",
    "/outbound/checklists/6650f0c2a1b2c3d4e5f60718?convertTipTap=true",
    "/outbound/checklists/6650f0c2a1b2c3d4e5f60718/increment/s1",
    "/outbound",
    "/outbound/",
    "/v3/shared/agents/6650f0c2a1b2c3d4e5f60718",
    "/v3/shared/agents/6650f0c2a1b2c3d4e5f60718/stream",
];

#[tokio::test]
async fn each_is_404_in_the_shape_of_errors_for_every_method() {
    let app = TestApp::new().await;
    for path in PATHS {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let call = Call::new(method, path)
                .api_token(&app.accounts.first.sdk_key)
                .header("origin", "https://shop.example.com")
                .header("gleap-id", "null")
                .json(&json!({"outboundId": "6650f0c2a1b2c3d4e5f60718"}));
            let answer = app.send(call).await;
            assert_eq!(
                answer.error(),
                (404, "route_not_found".into()),
                "{method} {path}"
            );
            assert_eq!(
                answer.header("access-control-allow-origin"),
                "*",
                "{method} {path}"
            );
            assert_eq!(
                answer.header("content-type"),
                "application/json",
                "{method} {path}"
            );
        }
        let preflight = app.send(Call::new("OPTIONS", path)).await;
        assert_eq!(preflight.status, 204, "{path}");
    }
}

#[tokio::test]
async fn the_help_centre_of_the_contract_says_that_it_is_missing() {
    let app = TestApp::new().await;
    for path in ["answer", "search", "sources"] {
        let answer = app
            .send(Call::get(&format!("/v3/shared/helpcenter/{path}")))
            .await;
        assert_eq!(answer.error(), (501, "not_implemented".into()));
    }
}
