//! Files in a bucket: the same calls, and nothing in the data folder. The bucket is a small server of the S3 protocol.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::json;

use super::client::{Client, PNG, fetch, part, path_of};
use crate::support::{Call, TestApp};

/// Objects by key, and the parts of uploads that are not complete.
#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    parts: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
}

type Shared = Arc<Mutex<Bucket>>;

async fn bucket() -> (Shared, String) {
    let shared = Shared::default();
    let router = Router::new()
        .route("/hark/{*key}", any(answer))
        .layer(DefaultBodyLimit::disable())
        .with_state(shared.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (shared, address)
}

async fn answer(
    State(bucket): State<Shared>,
    Path(key): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signed = headers[header::AUTHORIZATION].to_str().unwrap();
    assert!(
        signed.starts_with("AWS4-HMAC-SHA256 Credential=the-id/"),
        "{signed}"
    );
    let mut bucket = bucket.lock().unwrap();
    let tag = [(header::ETAG, "\"tag\"")];
    match (method.as_str(), query.get("partNumber")) {
        ("POST", _) if query.contains_key("uploads") => {
            bucket.parts.insert(key, BTreeMap::new());
            "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
                .into_response()
        }
        ("PUT", Some(number)) => {
            let parts = bucket.parts.get_mut(&key).unwrap();
            parts.insert(number.parse().unwrap(), body.to_vec());
            tag.into_response()
        }
        ("POST", _) => {
            let parts = bucket.parts.remove(&key).unwrap();
            let whole = parts.into_values().flatten().collect();
            bucket.objects.insert(key, whole);
            "<CompleteMultipartUploadResult><ETag>tag</ETag></CompleteMultipartUploadResult>"
                .into_response()
        }
        ("PUT", None) => {
            bucket.objects.insert(key, body.to_vec());
            tag.into_response()
        }
        ("DELETE", _) if query.contains_key("uploadId") => {
            bucket.parts.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        ("DELETE", _) => {
            bucket.objects.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => bucket
            .objects
            .get(&key)
            .map_or(StatusCode::NOT_FOUND.into_response(), |data| {
                serve(data, &headers)
            }),
    }
}

fn serve(data: &[u8], headers: &HeaderMap) -> Response {
    let modified = (header::LAST_MODIFIED, "Sun, 01 Mar 2026 12:00:00 GMT");
    let range = headers
        .get(header::RANGE)
        .map(|range| range.to_str().unwrap().trim_start_matches("bytes="));
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
        return ([modified, (header::ETAG, "\"tag\"")], data.to_vec()).into_response();
    };
    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    let shown = format!("bytes {first}-{last}/{}", data.len());
    (
        StatusCode::PARTIAL_CONTENT,
        [
            modified,
            (header::ETAG, "\"tag\""),
            (header::CONTENT_RANGE, &shown),
        ],
        data[first..=last].to_vec(),
    )
        .into_response()
}

#[tokio::test]
async fn files_may_lie_in_a_bucket() {
    let (bucket, endpoint) = bucket().await;
    let app = TestApp::with(&[
        ("files.s3_bucket", "hark"),
        ("files.s3_endpoint", &endpoint),
        ("files.s3_access_key_id", "the-id"),
        ("files.s3_secret_access_key", "the-secret"),
        ("files.file_bytes_max", "20000000"),
    ])
    .await;
    let client = Client::new(&app, "u").await;
    let film: Vec<u8> = [b"\0\0\0\x18ftypmp42", &vec![7; 12_000_000][..]].concat();
    let (small, large) = (
        client.upload("a.png", PNG).await,
        client.upload("film.mp4", &film).await,
    );
    assert_eq!(fetch(&app, &small).await.body, PNG);
    assert_eq!(fetch(&app, &large).await.body, film);
    let call = Call::get(path_of(&large)).header("Range", "bytes=4-11");
    assert_eq!(app.send(call).await.body, &b"ftypmp42"[..]);
    let reported = client
        .report(json!({"screenshotUrl": small, "webReplay": {"events": []}}))
        .await;
    assert_eq!(
        part(&app, &reported, "replay").await.ok(),
        json!({"events": []})
    );
    // What is too large leaves nothing.
    let larger = vec![1; 20_000_001];
    let refused = client.send_files("/uploads/sdk", &[("x", &larger)]).await;
    assert_eq!(refused.status, 413);
    {
        let bucket = bucket.lock().unwrap();
        assert_eq!((bucket.objects.len(), bucket.parts.len()), (3, 0));
    }
    assert!(!app.app.config.data.join("files").exists());
    let erase = app.server(Call::delete("/admin/contacts/u"));
    assert_eq!(app.send(erase).await.status, 204);
    assert!(bucket.lock().unwrap().objects.is_empty());
}
