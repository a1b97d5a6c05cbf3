//! Paths, methods and queries that are not there, or not what they should be.

use std::collections::BTreeMap;

use server::http::not_implemented::missing;

use crate::support::{Call, Description, TestApp};

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let app = TestApp::new().await;
    let mut methods = BTreeMap::<String, Vec<String>>::new();
    let served = Description::get()
        .operations
        .iter()
        .map(|known| (known.path.clone(), known.method.clone()));
    for (path, method) in served.chain(
        missing()
            .into_iter()
            .map(|known| (known.path, known.method)),
    ) {
        methods.entry(path).or_default().push(method);
    }
    for (template, known) in methods {
        let path = template.replace(['{', '}'], "");
        for method in [
            "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PURGE",
        ] {
            if known.iter().any(|known| known == method) {
                continue;
            }
            let answer = app.send(app.owner(Call::new(method, &path))).await;
            assert_eq!(
                answer.error(),
                (405, "method_not_allowed".into()),
                "{method} {path}"
            );
            let allowed = answer.header("allow");
            assert!(
                known.iter().all(|known| allowed.contains(known.as_str())),
                "{path}: {allowed}"
            );
        }
        let preflight = app.send(Call::new("OPTIONS", &path)).await;
        assert_eq!((preflight.status, preflight.body.len()), (204, 0), "{path}");
        assert!(
            preflight
                .header("access-control-allow-methods")
                .contains("DELETE")
        );
    }
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let app = TestApp::new().await;
    let paths = [
        "/v3",
        "/v3/",
        "/v3/nothing",
        "/v4/sessions",
        "/V3/sessions",
        "/v3/sessions/",
        "//v3/sessions",
        "/v3//sessions",
        "/v3/sessions/by-user-id",
        "/admin",
        "/admin/",
        "/admin/identify/",
        "/admin/contacts",
        "/admin/contacts/",
        "/.env",
        "/../etc/passwd",
        "/v3/../v3/sessions",
        "/%2e%2e/x",
        "/v3/%73essions",
        "/*",
        "/v3/users/me/x/y/z",
    ];
    for path in paths {
        let answer = app.send(app.owner(Call::get(path))).await;
        let expected = if path == "/v3/sessions/by-user-id" {
            (400, "invalid_id")
        } else {
            (404, "route_not_found")
        };
        assert_eq!(answer.error(), (expected.0, expected.1.into()), "{path}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused_in_every_path() {
    let app = TestApp::new().await;
    let with_parameter = Description::get()
        .operations
        .iter()
        .filter(|known| known.path.contains('{'));
    for operation in with_parameter {
        for segment in ["%ff", "%c3", "a%80b", "%ed%a0%80"] {
            let start = operation.path.find('{').unwrap();
            let end = operation.path.find('}').unwrap();
            let path = format!(
                "{}{segment}{}",
                &operation.path[..start],
                &operation.path[end + 1..]
            );
            let call = Call::new(&operation.method, &path);
            let call = if path.starts_with("/admin") {
                app.server(call)
            } else {
                app.owner(call)
            };
            assert_eq!(
                app.send(call).await.error(),
                (400, "bad_request".into()),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn nul_is_refused_in_every_path() {
    let app = TestApp::new().await;
    for path in [
        "/v3/sessions/by-user-id/%00",
        "/v3/sessions/by-user-id/a%00b",
        "/v3/sessions/%00",
        "/v3/sessions/%00/identity-history",
    ] {
        assert_eq!(app.get(path).await.status, 400, "{path}");
    }
    let delete = app
        .send(app.server(Call::delete("/admin/contacts/a%00")))
        .await;
    assert_eq!(delete.status, 400);
}

#[tokio::test]
async fn a_long_url_is_refused() {
    let app = TestApp::new().await;
    let path = |bytes: usize| {
        format!(
            "/v3/sessions/by-user-id/{}",
            "x".repeat(bytes - "/v3/sessions/by-user-id/".len())
        )
    };
    assert_eq!(
        app.get(&path(8192)).await.error(),
        (404, "session_not_found".into())
    );
    assert_eq!(
        app.get(&path(8193)).await.error(),
        (414, "uri_too_long".into())
    );
    let query = format!("/v3/sessions?x={}", "y".repeat(9000));
    assert_eq!(app.get(&query).await.error(), (414, "uri_too_long".into()));
}

#[tokio::test]
async fn a_query_that_nobody_reads_is_passed_over() {
    let app = TestApp::new().await;
    app.identify(serde_json::json!({"userId": "u"})).await.ok();
    for query in ["?", "?x", "?x=%ff", "?%00", "?=&=&&", "?limit=zero"] {
        for path in [
            "/v3/sessions/by-user-id/u",
            "/v3/users/me",
            "/v3/users/me/permissions",
        ] {
            app.get(&format!("{path}{query}")).await.ok();
        }
        app.send(app.server(Call::get(&format!("/admin/auth{query}"))))
            .await
            .ok();
    }
}
