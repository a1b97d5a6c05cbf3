//! `/docs`: the API reference as a page that needs nothing from outside.

use axum::Router;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::map_response;
use axum::response::Response;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Only this server, and no inline scripts. The page sets styles inline and draws its icons from `data:` URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// The page at `/docs/`, reading the description at `/openapi.json`.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let config = Config::new(["/openapi.json"])
        .use_base_layout()
        .try_it_out_enabled(true)
        .persist_authorization(false)
        .validator_url("none");
    let page: Router<S> = SwaggerUi::new("/docs").config(config).into();
    page.route_layer(map_response(protect))
}

async fn protect(mut response: Response) -> Response {
    response.headers_mut().extend(HEADERS);
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn get(path: &str) -> (Response<()>, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (parts, body) = routes::<()>().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (
            Response::from_parts(parts, ()),
            String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    #[tokio::test]
    async fn the_page_is_complete_and_guarded() {
        let (page, html) = get("/docs/").await;
        assert_eq!(page.status(), 200);
        assert_eq!(page.headers()["content-security-policy"], POLICY);
        for part in [
            "swagger-ui.css",
            "swagger-ui-bundle.js",
            "swagger-initializer.js",
        ] {
            assert!(html.contains(part), "{part}");
            assert_eq!(
                get(&format!("/docs/{part}")).await.0.status(),
                200,
                "{part}"
            );
        }
        assert!(
            !html.contains("https://"),
            "the page must load nothing from elsewhere"
        );
        assert!(
            get("/docs/swagger-initializer.js")
                .await
                .1
                .contains("/openapi.json")
        );
    }

    #[tokio::test]
    async fn other_paths_are_left_alone() {
        let (response, _) = get("/elsewhere").await;
        assert_eq!(response.headers().get("content-security-policy"), None);
    }

    #[tokio::test]
    async fn the_bare_path_leads_to_the_page() {
        let (response, _) = get("/docs").await;
        assert_eq!(response.headers()["location"], "/docs/");
    }
}
