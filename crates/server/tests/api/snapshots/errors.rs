//! What a call that fails is answered.

use super::shown;
use crate::support::{Call, TestApp};

#[tokio::test]
async fn malformed_body() {
    let app = TestApp::new().await;
    let call = Call::post("/admin/identify").raw_json("{\"userId\": }");
    insta::assert_snapshot!(shown(&app.send(app.server(call)).await), @r#"
    400
    cache-control: no-store
    {
      "statusCode": 400,
      "error": "Bad Request",
      "code": "json_malformed",
      "message": "The body is not valid JSON: expected value at line 1 column 12 (in `userId`).",
      "errors": [
        "The body is not valid JSON: expected value at line 1 column 12 (in `userId`)."
      ],
      "requestId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn no_project() {
    let app = TestApp::new().await;
    let call = Call::get("/v3/sessions").bearer(&app.accounts.owner_key);
    insta::assert_snapshot!(shown(&app.send(call).await), @r#"
    400
    cache-control: no-store
    {
      "statusCode": 400,
      "error": "Bad Request",
      "code": "project_header_missing",
      "message": "Send the id of the project, 24 hexadecimal characters, in the `project` header.",
      "errors": [
        "Send the id of the project, 24 hexadecimal characters, in the `project` header."
      ],
      "requestId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn bad_query() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(shown(&app.get("/v3/sessions?limit=0").await), @r#"
    400
    cache-control: no-store
    {
      "statusCode": 400,
      "error": "Bad Request",
      "code": "invalid_query",
      "message": "query parameter `limit`: must be a whole number from 1 to 1000",
      "errors": [
        "query parameter `limit`: must be a whole number from 1 to 1000"
      ],
      "requestId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn no_credential() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(shown(&app.send(Call::get("/v3/users/me")).await), @r#"
    401
    cache-control: no-store
    www-authenticate: Bearer
    {
      "statusCode": 401,
      "error": "Unauthorized",
      "code": "missing_token",
      "message": "Send an API key as `Authorization: Bearer <key>`.",
      "errors": [
        "Send an API key as `Authorization: Bearer <key>`."
      ],
      "requestId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn not_a_member() {
    let app = TestApp::new().await;
    let call = Call::get("/v3/sessions")
        .bearer(&app.accounts.owner_key)
        .project(app.accounts.foreign.id);
    insta::assert_snapshot!(shown(&app.send(call).await), @r#"
    403
    cache-control: no-store
    {
      "statusCode": 403,
      "error": "Forbidden",
      "code": "not_a_member",
      "message": "The credential opens no project with this id. Check the `project` header.",
      "errors": [
        "The credential opens no project with this id. Check the `project` header."
      ],
      "requestId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn unknown_user() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(shown(&app.lookup("nobody").await), @r#"
    404
    cache-control: no-store
    {
      "statusCode": 404,
      "error": "Not Found",
      "code": "session_not_found",
      "message": "This project has no session with userId \"nobody\".",
      "errors": [
        "This project has no session with userId \"nobody\"."
      ],
      "requestId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn unknown_path() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(shown(&app.get("/v3/nothing").await), @r#"
    404
    cache-control: no-store
    {
      "statusCode": 404,
      "error": "Not Found",
      "code": "route_not_found",
      "message": "This server has no such path: see /docs for those it has.",
      "errors": [
        "This server has no such path: see /docs for those it has."
      ],
      "requestId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn other_method() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(shown(&app.send(app.server(Call::get("/admin/identify"))).await), @r#"
    405
    cache-control: no-store
    allow: POST
    {
      "statusCode": 405,
      "error": "Method Not Allowed",
      "code": "method_not_allowed",
      "message": "This path does not take this method: the Allow header lists those it does.",
      "errors": [
        "This path does not take this method: the Allow header lists those it does."
      ],
      "requestId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn other_media_type() {
    let app = TestApp::new().await;
    let call = Call::post("/admin/track")
        .header("content-type", "text/plain")
        .body("x");
    insta::assert_snapshot!(shown(&app.send(app.server(call)).await), @r#"
    415
    cache-control: no-store
    {
      "statusCode": 415,
      "error": "Unsupported Media Type",
      "code": "unsupported_media_type",
      "message": "The body must be JSON in UTF-8: send it with `Content-Type: application/json`.",
      "errors": [
        "The body must be JSON in UTF-8: send it with `Content-Type: application/json`."
      ],
      "requestId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn wrong_type() {
    let app = TestApp::new().await;
    let call = Call::post("/admin/track").raw_json(r#"{"events":{}}"#);
    insta::assert_snapshot!(shown(&app.send(app.server(call)).await), @r#"
    422
    cache-control: no-store
    {
      "statusCode": 422,
      "error": "Unprocessable Entity",
      "code": "invalid_field",
      "message": "`events`: expected an array, found map",
      "errors": [
        "`events`: expected an array, found map"
      ],
      "requestId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn not_built_yet() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(shown(&app.get("/v3/engagement/banners").await), @r#"
    501
    cache-control: no-store
    {
      "statusCode": 501,
      "error": "Not Implemented",
      "code": "not_implemented",
      "message": "This operation of the API is not built yet. `openapi/missing.txt` lists all that are not.",
      "errors": [
        "This operation of the API is not built yet. `openapi/missing.txt` lists all that are not."
      ],
      "requestId": "[id]"
    }
    "#);
}
