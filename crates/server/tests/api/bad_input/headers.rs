//! Headers that are too many, too long, or strange.

use super::allowed;
use crate::support::{Call, Description, Operation, TestApp};

/// All operations but those on the state of the server.
fn with_limits() -> impl Iterator<Item = &'static Operation> {
    let places = ["/v3", "/admin", "/auth"];
    let operations = Description::get().operations.iter();
    operations.filter(move |known| places.iter().any(|place| known.path.starts_with(place)))
}

#[tokio::test]
async fn too_many_bytes_of_headers_are_refused_everywhere() {
    let app = TestApp::new().await;
    for operation in with_limits() {
        let one = app
            .send(allowed(&app, operation).header("x-filler", "x".repeat(32 * 1024)))
            .await;
        assert_eq!(
            one.error(),
            (431, "headers_too_large".into()),
            "{}",
            operation.id
        );
        let many = (0..2000).fold(allowed(&app, operation), |call, n| {
            call.header(&format!("x-{n}"), "0123456789")
        });
        assert_eq!(app.send(many).await.status, 431, "{}", operation.id);
    }
}

#[tokio::test]
async fn strange_headers_do_no_harm() {
    let app = TestApp::new().await;
    let values: [&[u8]; 6] = [b"", b" ", b"\xff\xfe", b"\t", b"x,y;z=\"", "🙂".as_bytes()];
    for name in [
        "x-request-id",
        "origin",
        "accept",
        "accept-encoding",
        "if-none-match",
        "x-forwarded-for",
        "cookie",
        "gleap-id",
        "user-agent",
        "idempotency-key",
    ] {
        for value in values {
            let call = app.owner(Call::get("/v3/users/me")).header(name, value);
            app.send(call).await.ok();
        }
    }
}

#[tokio::test]
async fn the_id_of_a_request_is_the_callers_when_it_is_harmless() {
    let app = TestApp::new().await;
    let longest = "x".repeat(64);
    for given in ["a", "A-b_c.9", &longest] {
        let answer = app
            .send(
                app.owner(Call::get("/v3/users/me"))
                    .header("x-request-id", given),
            )
            .await;
        assert_eq!(answer.header("x-request-id"), given);
    }
    let longer = "x".repeat(65);
    for given in ["", "a b", "a\"b", "<x>", &longer] {
        let answer = app
            .send(
                app.owner(Call::get("/v3/users/me"))
                    .header("x-request-id", given),
            )
            .await;
        assert_ne!(answer.header("x-request-id"), given);
        assert_eq!(answer.header("x-request-id").len(), 17);
    }
}

#[tokio::test]
async fn a_header_given_twice_counts_once() {
    let app = TestApp::new().await;
    let other = app.accounts.sister.id.to_string();
    let call = app
        .owner(Call::get("/v3/sessions"))
        .header("project", &other);
    assert_eq!(app.send(call).await.status, 200, "the first counts");
    let call = app
        .owner(Call::get("/v3/sessions"))
        .header("authorization", "Bearer x");
    assert_eq!(app.send(call).await.status, 200, "the first counts");
}
