use std::collections::HashMap;

use axum::body::Body;
use futures_util::{StreamExt, stream};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    #[expect(dead_code, reason = "only its type matters here")]
    user_id: String,
    #[expect(dead_code, reason = "only its type matters here")]
    items: Vec<HashMap<String, u32>>,
}

fn checked(text: &str) -> Checked {
    check(text.as_bytes()).unwrap();
    Checked(text.to_owned().into())
}

fn refused(text: &str) -> (&'static str, String) {
    let error = check(text.as_bytes()).unwrap_err();
    assert_eq!(error.status(), 400);
    (error.code(), error.message().to_owned())
}

#[test]
fn malformed_json_is_located() {
    let (code, message) = refused("{\"a\": 1,\n \"b\": }");
    assert_eq!(code, "json_malformed");
    assert!(
        message.contains("line 2 column 7") && message.contains("`b`"),
        "{message}"
    );
    assert_eq!(refused("").0, "json_malformed");
    assert_eq!(refused("{} {}").0, "json_malformed");
    assert_eq!(refused(r#"{"a":"\ud800"}"#).0, "json_malformed");
}

#[test]
fn bytes_must_be_utf8() {
    let error = check(b"{\"a\":\"\xff\"}").unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (
            "json_invalid_utf8",
            "The body is not valid UTF-8: see byte 6."
        )
    );
}

#[test]
fn nul_is_refused_in_text_and_keys() {
    let (code, message) = refused(r#"{"events":[{"a":1},{"data":{"k":"x\u0000y"}}]}"#);
    assert_eq!(code, "json_nul");
    assert!(
        message.starts_with("`events[1].data.k` contains"),
        "{message}"
    );
    let (code, message) = refused(r#"{"a":{"k\u0000":1}}"#);
    assert_eq!(code, "json_nul");
    assert!(message.starts_with(r#"`a["k\0"]` contains"#), "{message}");
}

#[test]
fn a_key_may_stand_once_in_an_object() {
    let (code, message) = refused(r#"{"a":{"b":1,"c":{"b":2},"\u0062":3}}"#);
    assert_eq!(code, "json_duplicate_key");
    assert!(message.starts_with("`a.b` is given twice"), "{message}");
    check(br#"[{"a":1},{"a":{"a":1}}]"#).unwrap();
}

#[test]
fn repeated_keys_are_found_in_objects_of_every_size() {
    for size in [1, 31, 32, 33, 34, 100] {
        let keys: Vec<_> = (0..size).map(|n| format!("\"k{n}\":0")).collect();
        check(format!("{{{}}}", keys.join(",")).as_bytes()).unwrap();
        for repeated in [0, size / 2, size - 1] {
            let (code, _) = refused(&format!("{{{},\"k{repeated}\":1}}", keys.join(",")));
            assert_eq!(code, "json_duplicate_key", "size {size}");
        }
    }
}

#[test]
fn depth_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check(nested(DEPTH_MAX).as_bytes()).unwrap();
    assert_eq!(refused(&nested(DEPTH_MAX + 1)).0, "json_too_deep");
    assert_eq!(refused(&"[".repeat(100_000)).0, "json_too_deep");
    let (code, message) = refused(&r#"{"a":"#.repeat(1_000));
    assert_eq!(code, "json_too_deep");
    assert!(message.starts_with("`a.a.a"), "{message}");
}

#[test]
fn the_number_of_keys_of_an_object_has_a_limit() {
    let object = |keys: usize| {
        let pairs: Vec<_> = (0..keys).map(|key| format!(r#""k{key}":0"#)).collect();
        format!("{{{}}}", pairs.join(","))
    };
    check(object(KEYS_MAX).as_bytes()).unwrap();
    check(format!("[{0},{0}]", object(KEYS_MAX)).as_bytes()).unwrap();
    assert_eq!(refused(&object(KEYS_MAX + 1)).0, "json_too_many_keys");
}

#[test]
fn numbers_must_be_finite() {
    check(b"[1e308,-1e308,1e-999,99999999999999999999999999]").unwrap();
    let (code, message) = refused(r#"{"value":1e309}"#);
    assert_eq!(code, "json_number_out_of_range");
    assert!(message.starts_with("`value` is a number"), "{message}");
}

#[test]
fn a_path_is_cut_short() {
    let (_, message) = refused(&format!(r#"{{"{}":"\u0000"}}"#, "é".repeat(100_000)));
    assert!(message.chars().count() < 300, "{message}");
}

#[test]
fn a_wrong_type_names_its_field_and_not_its_value() {
    let fault = |text: &str| {
        let error = checked(text).parse::<Order>().unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.code()),
            (422, "invalid_field")
        );
        error.message().to_owned()
    };
    assert_eq!(
        fault(r#"{"userId":"u","items":[{"n":1},{"n":"s3cret"}]}"#),
        "`items[1].n`: expected u32, found string"
    );
    assert_eq!(
        fault(r#"{"userId":17,"items":[]}"#),
        "`userId`: expected a string, found integer"
    );
    assert_eq!(
        fault(r#"{"userId":"u","items":[{"n":-1}]}"#),
        "`items[0].n`: expected u32, found integer"
    );
    assert_eq!(
        fault(r#"{"userId":null,"items":[]}"#),
        "`userId`: expected a string, found null"
    );
    assert_eq!(fault(r#"{"items":[]}"#), "the body: missing field `userId`");
    assert_eq!(
        fault(r#" ["u", []]"#),
        "the body: expected an object, found an array"
    );
    assert_eq!(fault("7"), "the body: expected an object, found integer");
}

#[test]
fn raw_parts_can_be_kept() {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        data: &'a serde_json::value::RawValue,
    }
    let body = checked(r#"{"data":{"b":1, "a":2}}"#);
    let raw: Raw<'_> = body.parse().unwrap();
    assert_eq!(raw.data.get(), r#"{"b":1, "a":2}"#);
}

#[test]
fn media_types() {
    let json = [
        "application/json",
        "application/json;charset=UTF-8",
        "Application/JSON; charset=\"utf-8\"",
        "application/merge-patch+json",
    ];
    let other = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "application/jsonp",
        "",
    ];
    assert!(json.iter().all(|media_type| is_json(media_type)));
    assert!(!other.iter().any(|media_type| is_json(media_type)));
}

async fn extract(request: axum::http::request::Builder, body: Body) -> Result<Value, ApiError> {
    let request = request
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    Json::from_request(request, &())
        .await
        .map(|Json(value)| value)
}

#[tokio::test]
async fn a_missing_media_type_is_refused() {
    let request = Request::post("/").body(Body::from("{}")).unwrap();
    let error = Checked::from_request(request, &()).await.unwrap_err();
    assert_eq!(error.status(), 415);
    assert!(error.message().contains("application/json"));
}

#[tokio::test]
async fn chunks_are_joined() {
    let chunks = ["{\"a\":\"grü", "ße\"", "}"].map(Ok::<_, std::io::Error>);
    let value = extract(Request::post("/"), Body::from_stream(stream::iter(chunks)))
        .await
        .unwrap();
    assert_eq!(value["a"], "grüße");
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let text = |len: usize| format!("\"{}\"", "x".repeat(len - 2));
    let limited = || Request::post("/").extension(BodyLimit(100));
    extract(limited(), text(100).into()).await.unwrap();
    let error = extract(limited(), text(101).into()).await.unwrap_err();
    assert_eq!(
        (error.status().as_u16(), error.code()),
        (413, "body_too_large")
    );
    // An announced length is refused before a byte is read.
    let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let error = extract(limited().header("content-length", "101"), never)
        .await
        .unwrap_err();
    assert_eq!(error.status(), 413);

    extract(Request::post("/"), text(BODY_BYTES_MAX).into())
        .await
        .unwrap();
    assert_eq!(
        extract(Request::post("/"), text(BODY_BYTES_MAX + 1).into())
            .await
            .unwrap_err()
            .status(),
        413
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let broken = stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
    let error = extract(Request::post("/"), Body::from_stream(broken))
        .await
        .unwrap_err();
    assert_eq!(
        (error.status().as_u16(), error.code()),
        (400, "body_incomplete")
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_may_pause_but_not_for_long() {
    async fn after(pause: Duration) -> Result<Value, ApiError> {
        let late = stream::once(async move {
            tokio::time::sleep(pause).await;
            Ok::<_, std::io::Error>("1")
        });
        extract(Request::post("/"), Body::from_stream(late)).await
    }
    assert_eq!(
        after(BODY_PAUSE_MAX - Duration::from_millis(1))
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        after(BODY_PAUSE_MAX + Duration::from_millis(1))
            .await
            .unwrap_err()
            .status(),
        408
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_must_come_at_some_pace() {
    async fn dripping(bytes: usize, seconds: u64) -> Result<Value, ApiError> {
        let drip = move |_| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok::<_, std::io::Error>(" ".repeat(bytes))
        };
        let drops = stream::iter(0..20).then(drip);
        let body = drops.chain(stream::iter([Ok("1".to_owned())]));
        extract(Request::post("/"), Body::from_stream(body)).await
    }
    assert_eq!(
        dripping(10 * BODY_BYTES_PER_SECOND_MIN, 10).await.unwrap(),
        1
    );
    assert_eq!(dripping(1, 10).await.unwrap_err().status(), 408);
}

/// JSON values with few distinct keys, so that repeated keys and odd strings are common.
fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<f64>().prop_map(|n| n.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        ".{0,4}".prop_map(|text| Value::from(text).to_string()),
        Just(r#""\u0000""#.to_owned()),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(("[a-f]", inner), 0..5).prop_map(|entries| {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| format!("\"{key}\":{value}"))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

/// `check` and the JSON library must agree on what JSON is; only our own rules may go beyond it.
fn agrees(bytes: &[u8]) -> Result<(), TestCaseError> {
    let valid = serde_json::from_slice::<Value>(bytes).is_ok();
    match check(bytes) {
        Ok(()) => prop_assert!(valid),
        Err(error) => match error.code() {
            "json_malformed" | "json_invalid_utf8" | "json_number_out_of_range" => {
                prop_assert!(!valid, "{error}")
            }
            "json_nul" | "json_duplicate_key" | "json_too_deep" | "json_too_many_keys" => {}
            code => prop_assert!(false, "unknown code {code}"),
        },
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        agrees(&bytes)?;
    }

    #[test]
    fn any_json_is_judged_as_the_library_does(text in json_text()) {
        agrees(text.as_bytes())?;
    }

    #[test]
    fn damaged_json_is_judged_as_the_library_does(text in json_text(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        agrees(&bytes)?;
    }
}
