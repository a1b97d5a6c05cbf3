use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::*;

async fn rendered(response: impl IntoResponse) -> (Response<()>, Value) {
    let (response, _) = render(response.into_response(), "r-1").await;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    (Response::from_parts(parts, ()), value)
}

#[tokio::test]
async fn the_shape_of_an_error() {
    let error = ApiError::conflict("identity_taken", "The email is taken.")
        .with_conflict("email", "65f1c0ffee0123456789abcd");
    let (response, body) = rendered(error).await;
    assert_eq!(response.status(), 409);
    assert_eq!(response.headers()["content-type"], "application/json");
    let wanted = json!({
        "statusCode": 409,
        "error": "Conflict",
        "code": "identity_taken",
        "message": "The email is taken.",
        "errors": ["The email is taken."],
        "conflict": {"key": "email", "sessionId": "65f1c0ffee0123456789abcd"},
        "requestId": "r-1",
    });
    assert_eq!(body, wanted);
}

#[tokio::test]
async fn each_fault_is_listed() {
    let faults = vec![
        "`name` is required".to_owned(),
        "`email` is required".to_owned(),
    ];
    let (_, body) = rendered(ApiError::unprocessable("invalid_fields", faults)).await;
    assert_eq!(body["message"], "`name` is required; `email` is required");
    assert_eq!(
        body["errors"],
        json!(["`name` is required", "`email` is required"])
    );
    assert_eq!(body.get("conflict"), None);
}

#[tokio::test]
async fn headers_of_an_error() {
    let (response, _) = rendered(ApiError::unauthorized("token_expired", "Sign in again.")).await;
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    let (response, _) = rendered(ApiError::unavailable("starting", "Wait.", 3)).await;
    assert_eq!(response.headers()["retry-after"], "3");
}

#[tokio::test]
async fn the_cause_of_a_fault_is_not_told() {
    let (_, body) = rendered(ApiError::internal("secret table is gone")).await;
    assert!(!body.to_string().contains("secret"));
    let (_, body) = rendered((StatusCode::BAD_GATEWAY, "secret")).await;
    assert!(!body.to_string().contains("secret"));
    assert_eq!(body["code"], "request_failed");
}

#[tokio::test]
async fn answers_of_the_framework_get_the_shape() {
    let (_, body) = rendered(StatusCode::NOT_FOUND).await;
    assert_eq!(body["code"], "route_not_found");
    let (_, body) = rendered((StatusCode::BAD_REQUEST, "Invalid number in the path")).await;
    assert_eq!(body["code"], "bad_request");
    assert_eq!(body["message"], "Invalid number in the path");
    let long = "x".repeat(render::REJECTION_BYTES_MAX + 1);
    let (_, body) = rendered((StatusCode::BAD_REQUEST, long)).await;
    assert_eq!(body["message"], render::general(StatusCode::BAD_REQUEST).1);
}

#[tokio::test]
async fn a_body_of_the_handler_is_kept() {
    let made = (StatusCode::NOT_FOUND, axum::Json(json!({"mine": true})));
    let (_, body) = rendered(made).await;
    assert_eq!(body, json!({"mine": true}));
}
