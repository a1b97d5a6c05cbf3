//! The bodies of client SDKs, read as leniently as the clients need: what cannot be kept must not cost the rest, because
//! clients lose a batch, or a whole session, on an error (wire note §4.1, §4.4, §10.4).

use std::borrow::Cow;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::clean::{clean, unit};
use crate::http::ApiError;
use crate::http::json::{check, read_body};

/// The members of an object. No body at all is an empty object; the media type is not looked at.
#[derive(Debug, Default)]
pub struct Members(pub IndexMap<String, Box<RawValue>>);

impl<S: Send + Sync> FromRequest<S> for Members {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Self::read(&read_body(request).await?)
    }
}

impl Members {
    fn read(bytes: &Bytes) -> Result<Self, ApiError> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let mended = mend(bytes);
        serde_json::from_str(&mended).map(Self).map_err(|_| {
            let no_object =
                || ApiError::bad_request("json_malformed", "The body must be a JSON object.");
            check(mended.as_bytes()).err().unwrap_or_else(no_object)
        })
    }

    /// The members that hold nothing that is refused elsewhere, and what is wrong with the others: one bad attribute must not
    /// cost the rest. Of `customData` each member counts by itself.
    #[must_use]
    pub fn sound(mut self) -> (IndexMap<String, Box<RawValue>>, Vec<String>) {
        let mut faults = Vec::new();
        if let Some(raw) = self.0.get_mut("customData")
            && let Ok(mut nested) = serde_json::from_str(raw.get())
        {
            keep_sound(&mut nested, &mut faults);
            if let Ok(kept) = serde_json::value::to_raw_value(&nested) {
                *raw = kept;
            }
        }
        keep_sound(&mut self.0, &mut faults);
        (self.0, faults)
    }

    /// A member as text; anything else than text is none.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.0.get(key)?.get()).ok()
    }

    /// Whether a member is the word `false`, as a boolean or as text.
    #[must_use]
    pub fn is_false(&self, key: &str) -> bool {
        self.0
            .get(key)
            .is_some_and(|raw| raw.get().trim_matches('"') == "false")
    }
}

/// Takes out members that hold what is refused.
fn keep_sound(members: &mut IndexMap<String, Box<RawValue>>, faults: &mut Vec<String>) {
    members.retain(|key, raw| match check(raw.get().as_bytes()) {
        Ok(()) => true,
        Err(fault) => {
            faults.push(format!("{key}: {}", fault.message()));
            false
        }
    });
}

/// Replaces what JSON can write but no text can hold: the NUL character, halves of characters (a client cut a text in the
/// middle of an emoji), bytes that are not UTF-8. Most bodies have none of it, which is soon seen.
fn mend(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if has_suspects(text.as_bytes()) {
        Cow::Owned(clean(&text))
    } else {
        text
    }
}

/// Whether there is an escape that may have to be replaced.
fn has_suspects(bytes: &[u8]) -> bool {
    let is_suspect = |at: usize| matches!(unit(&bytes[at..]), Some(0 | 0xD800..=0xDFFF));
    memchr::memmem::find_iter(bytes, b"\\u").any(is_suspect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mended(text: &str) -> String {
        mend(text.as_bytes()).into_owned()
    }

    #[test]
    fn halves_of_characters_and_nul_are_replaced() {
        assert_eq!(mended(r#""a\u0000b""#), r#""a\ufffdb""#);
        assert_eq!(mended(r#""a\ud83d""#), r#""a\ufffd""#);
        assert_eq!(mended(r#""\ude00a""#), r#""\ufffda""#);
        assert_eq!(mended(r#""\ud83d\ude00""#), r#""\ud83d\ude00""#);
        assert_eq!(mended(r#""\ud83d\ud83d\ude00""#), r#""\ufffd\ud83d\ude00""#);
    }

    #[test]
    fn escaped_backslashes_are_no_escapes() {
        assert_eq!(mended(r#""\\u0000 \u0000""#), r#""\\u0000 \ufffd""#);
        assert_eq!(mended(r#""\\\u0000""#), r#""\\\ufffd""#);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let body = Bytes::from_static(b"{\"name\":\"a\xffb\"}");
        let members = Members::read(&body).unwrap();
        assert_eq!(members.text("name").as_deref(), Some("a\u{fffd}b"));
    }

    #[test]
    fn no_body_is_an_empty_object() {
        for nothing in ["", " \n"] {
            assert!(Members::read(&Bytes::from(nothing)).unwrap().0.is_empty());
        }
        for bad in ["[]", "1", "{", "nothing", "null"] {
            assert!(Members::read(&Bytes::from(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_bad_member_does_not_cost_the_others() {
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        let body = format!(
            r#"{{"name":"Ada","deep":{deep},"customData":{{"a":1,"deep":{deep},"twice":{{"b":1,"b":2}}}}}}"#
        );
        let (sound, faults) = Members::read(&Bytes::from(body)).unwrap().sound();
        let kept: Vec<_> = sound
            .iter()
            .map(|(key, raw)| (key.as_str(), raw.get()))
            .collect();
        assert_eq!(kept, [("name", "\"Ada\""), ("customData", "{\"a\":1}")]);
        assert_eq!(faults.len(), 3);
    }

    proptest! {
        #[test]
        fn whatever_javascript_writes_can_be_read(units in prop::collection::vec(any::<u16>(), 0..40)) {
            let written: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let body = Bytes::from(format!("{{\"name\":\"{written}\"}}"));
            let text = Members::read(&body).unwrap().text("name").unwrap();
            let expected = String::from_utf16_lossy(&units).replace('\0', "\u{fffd}");
            prop_assert_eq!(text, expected);
        }

        #[test]
        fn what_holds_no_suspects_is_left_alone(text in "\\PC{0,80}") {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(mended(&json), json);
        }

        #[test]
        fn mending_never_fails(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            mend(&bytes);
        }
    }
}
