//! The body of a report, field by field: what has the wrong type counts as absent, so that the rest is not lost.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::super::clean::clean;
use crate::http::ApiError;
use crate::http::json::check;
use crate::resources::ticket::document::Attachment;

/// Bytes of form data, custom data and metadata, each.
pub const OBJECT_BYTES_MAX: usize = 256 << 10;
/// Tags of a ticket.
pub const TAGS_MAX: usize = 50;
/// Characters of a tag, a type and other names.
pub const NAME_CHARS_MAX: usize = 100;
/// Attachments of a ticket.
pub const ATTACHMENTS_MAX: usize = 50;
/// Bytes of an address.
pub const URL_BYTES_MAX: usize = 2_048;
/// Bytes of the small lists, beyond which they are not read.
const LIST_BYTES_MAX: usize = 4 << 20;

/// What clients send (wire note §4.9). Everything may be absent.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report<'b> {
    #[serde(rename = "type", borrow)]
    pub kind: Option<&'b RawValue>,
    #[serde(borrow)]
    pub priority: Option<&'b RawValue>,
    #[serde(borrow)]
    pub is_silent: Option<&'b RawValue>,
    #[serde(borrow)]
    pub form_data: Option<&'b RawValue>,
    #[serde(borrow)]
    pub outbound: Option<&'b RawValue>,
    #[serde(borrow)]
    pub custom_data: Option<&'b RawValue>,
    #[serde(borrow)]
    pub meta_data: Option<&'b RawValue>,
    #[serde(borrow)]
    pub console_log: Option<&'b RawValue>,
    #[serde(borrow)]
    pub network_logs: Option<&'b RawValue>,
    #[serde(borrow)]
    pub custom_event_log: Option<&'b RawValue>,
    #[serde(borrow)]
    pub screenshot_data: Option<&'b RawValue>,
    #[serde(borrow)]
    pub screenshot_url: Option<&'b RawValue>,
    #[serde(borrow)]
    pub screen_recording_url: Option<&'b RawValue>,
    #[serde(borrow)]
    pub web_replay: Option<&'b RawValue>,
    #[serde(borrow)]
    pub replay: Option<&'b RawValue>,
    #[serde(borrow)]
    pub attachments: Option<&'b RawValue>,
    #[serde(borrow)]
    pub tags: Option<&'b RawValue>,
}

impl<'b> Report<'b> {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 when it is no JSON, 422 when it is no object.
    pub fn read(body: &'b [u8]) -> Result<Self, ApiError> {
        if !body.trim_ascii_start().starts_with(b"{") {
            // A body that is no JSON at all is told so.
            check(body)?;
            let fault = "the body: expected an object".to_owned();
            return Err(ApiError::unprocessable("invalid_field", vec![fault]));
        }
        serde_json::from_slice(body).map_err(|error| {
            let message = format!("The body is not valid JSON: {error}.");
            ApiError::bad_request("json_malformed", message)
        })
    }
}

/// A text of at most so many characters; of a longer one its beginning.
#[must_use]
pub fn text(raw: Option<&RawValue>, chars_max: usize) -> Option<String> {
    let raw = raw.filter(|raw| raw.get().len() <= LIST_BYTES_MAX)?;
    let text: String = serde_json::from_str(&clean(raw.get())).ok()?;
    let kept: String = text
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(chars_max)
        .collect();
    (!kept.is_empty()).then_some(kept)
}

/// True, or the text "true", as some clients send it.
#[must_use]
pub fn flag(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| matches!(raw.get().trim_matches('"'), "true" | "True" | "TRUE" | "1"))
}

/// The members of an object that fit, in their order; those without a value are absent.
#[must_use]
pub fn object(raw: Option<&RawValue>) -> IndexMap<String, Box<RawValue>> {
    let cleaned = raw.map(|raw| clean(raw.get())).unwrap_or_default();
    serde_json::from_str::<Fitting>(&cleaned)
        .unwrap_or_default()
        .0
}

#[derive(Default)]
struct Fitting(IndexMap<String, Box<RawValue>>);

impl<'de> Deserialize<'de> for Fitting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fitting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fitting, A::Error> {
                // Two braces, and one comma less than members.
                let (mut kept, mut bytes) = (IndexMap::new(), 1);
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    // The key in quotes, a colon and a comma.
                    let size = key.len() + 4 + value.get().len();
                    let fits = bytes + size <= OBJECT_BYTES_MAX;
                    if fits && value.get() != "null" && check(value.get().as_bytes()).is_ok() {
                        bytes += size;
                        kept.insert(key, value.to_owned());
                    }
                }
                Ok(Fitting(kept))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Different texts.
#[must_use]
pub fn tags(raw: Option<&RawValue>) -> Vec<String> {
    let mut tags = Vec::new();
    for raw in list(raw) {
        if let Some(tag) = text(Some(&raw), NAME_CHARS_MAX)
            && !tags.contains(&tag)
        {
            tags.push(tag);
        }
        if tags.len() == TAGS_MAX {
            break;
        }
    }
    tags
}

/// Files with an address that a browser may open.
#[must_use]
pub fn attachments(raw: Option<&RawValue>) -> Vec<Attachment> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Sent {
        url: Option<Box<RawValue>>,
        name: Option<Box<RawValue>>,
        r#type: Option<Box<RawValue>>,
    }
    let attachment = |raw: Box<RawValue>| {
        let sent: Sent = serde_json::from_str(raw.get()).ok()?;
        Some(Attachment {
            url: url(sent.url.as_deref())?,
            name: text(sent.name.as_deref(), NAME_CHARS_MAX).unwrap_or_else(|| "file".into()),
            kind: text(sent.r#type.as_deref(), NAME_CHARS_MAX),
        })
    };
    list(raw)
        .into_iter()
        .filter_map(attachment)
        .take(ATTACHMENTS_MAX)
        .collect()
}

fn list(raw: Option<&RawValue>) -> Vec<Box<RawValue>> {
    raw.filter(|raw| raw.get().len() <= LIST_BYTES_MAX)
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default()
}

/// An address that a browser may open.
#[must_use]
pub fn url(raw: Option<&RawValue>) -> Option<String> {
    let text: String = serde_json::from_str(raw?.get()).ok()?;
    is_web_url(&text).then_some(text)
}

/// Whether a text is an address of the web, and nothing that a browser would run.
#[must_use]
pub fn is_web_url(text: &str) -> bool {
    let is_web = |uri: axum::http::Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
    };
    text.len() <= URL_BYTES_MAX
        && !text.contains(['<', '>', '"', '\'', '`'])
        && text.parse().is_ok_and(is_web)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn raw(value: &Value) -> Box<RawValue> {
        RawValue::from_string(value.to_string()).unwrap()
    }

    #[test]
    fn flags_are_true_in_any_form() {
        for (value, is) in [
            (json!(true), true),
            (json!("true"), true),
            (json!(false), false),
            (json!("false"), false),
            (json!(null), false),
            (json!({}), false),
        ] {
            assert_eq!(flag(Some(&raw(&value))), is, "{value}");
        }
        assert!(!flag(None));
    }

    #[test]
    fn texts_are_cut() {
        let of = |sent: &str| text(Some(&raw(&json!(sent))), 3);
        assert_eq!(of("abc").as_deref(), Some("abc"));
        assert_eq!(of("abcd").as_deref(), Some("abc"));
        assert_eq!(of(" \n "), None);
        assert_eq!(text(Some(&raw(&json!(5))), 3), None);
    }

    #[test]
    fn an_object_has_a_largest_size() {
        let of = |length: usize| {
            let filler = "x".repeat(length - "{\"a\":\"\",\"b\":1}".len());
            object(Some(&raw(&json!({"a": filler, "b": 1}))))
        };
        assert_eq!(of(OBJECT_BYTES_MAX).len(), 2);
        let kept = of(OBJECT_BYTES_MAX + 1);
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn members_that_cannot_be_kept_are_absent() {
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        let text = format!(
            "{{\"n\":null,\"deep\":{deep},\"twice\":{{\"a\":1,\"a\":2}},\"cut\":\"\\ud83d\",\"ok\": 1}}"
        );
        let kept = object(Some(&RawValue::from_string(text).unwrap()));
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["cut", "ok"]);
        assert_eq!(kept["cut"].get(), "\"\\ufffd\"");
        assert!(object(Some(&raw(&json!([1])))).is_empty());
    }

    #[test]
    fn tags_and_attachments_have_a_largest_number() {
        let many = |most: usize| -> Value { (0..=most).map(|n| json!(n.to_string())).collect() };
        assert_eq!(tags(Some(&raw(&many(TAGS_MAX)))).len(), TAGS_MAX);
        assert_eq!(
            tags(Some(&raw(&json!(["a", 1, "a", " ", "b"])))),
            ["a", "b"]
        );
        let files: Value = (0..=ATTACHMENTS_MAX)
            .map(|n| json!({"url": format!("https://example.com/{n}"), "name": 5}))
            .collect();
        let files = attachments(Some(&raw(&files)));
        assert_eq!(files.len(), ATTACHMENTS_MAX);
        assert_eq!(files[0].name, "file");
    }

    #[test]
    fn small_lists_have_a_largest_size() {
        let of = |length: usize| {
            let space = " ".repeat(length - "[\"a\"]".len());
            tags(Some(
                &RawValue::from_string(format!("[\"a\"{space}]")).unwrap(),
            ))
        };
        assert_eq!(of(LIST_BYTES_MAX), ["a"]);
        assert!(of(LIST_BYTES_MAX + 1).is_empty());
    }

    #[test]
    fn only_addresses_of_the_web_are_kept() {
        for good in ["https://example.com/a%20b?c#d", "http://10.0.0.1:8080/x"] {
            assert!(is_web_url(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "/relative",
            "//example.com/x",
            "https://",
            "https://example.com/\"><script>",
            "https://example.com/a b",
            "",
        ] {
            assert!(!is_web_url(bad), "{bad}");
        }
        let of = |length: usize| format!("https://e.example/{}", "x".repeat(length - 18));
        assert!(is_web_url(&of(URL_BYTES_MAX)));
        assert!(!is_web_url(&of(URL_BYTES_MAX + 1)));
    }
}
