//! Credentials in what a client wrote down. Its own calls to this server are in its log too, with the secret of its session.

use memchr::memmem;
use serde_json::Value;

/// What stands in the place of a secret.
pub const REDACTED: &str = "<redacted>";

/// Headers, and members of an object, whose values are secrets; in small letters.
const SECRET_NAMES: [&str; 7] = [
    "gleap-hash",
    "gleaphash",
    "api-token",
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];
/// The names under which the secret of a session stands within texts: addresses, bodies.
const HASH_NAMES: [&str; 2] = ["gleaphash", "gleap-hash"];
/// Characters that may stand between such a name and its value, however often it was quoted or encoded.
const BETWEEN: &[u8] = b"\\\"' :=";
/// A member of this name that is a text has a header in each line.
const HEADERS: &str = "headers";

/// Takes secrets out of an entry of a log. `known`: the secrets of the session itself, wherever they stand.
pub fn redact(value: &mut Value, known: &[String]) {
    match value {
        Value::String(text) => {
            if let Some(clean) = without_secrets(text, known) {
                *text = clean;
            }
        }
        Value::Array(items) => list(items, known),
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            let named = members
                .get("name")
                .or_else(|| members.get("key"))
                .and_then(Value::as_str)
                .is_some_and(is_secret);
            for (key, member) in members.iter_mut() {
                if is_secret(key) || (named && key == "value") {
                    *member = REDACTED.into();
                } else if let (true, Value::String(lines)) = (key == HEADERS, &mut *member) {
                    *lines = without_secret_lines(lines);
                }
                redact(member, known);
            }
        }
        _ => {}
    }
}

/// A header may be a pair of name and value.
fn list(items: &mut [Value], known: &[String]) {
    if let [Value::String(name), value] = items
        && is_secret(name)
    {
        *value = REDACTED.into();
    }
    items.iter_mut().for_each(|item| redact(item, known));
}

fn is_secret(name: &str) -> bool {
    SECRET_NAMES
        .iter()
        .any(|secret| secret.eq_ignore_ascii_case(name.trim()))
}

fn without_secret_lines(lines: &str) -> String {
    let line = |line: &str| match line.split_once(':') {
        Some((name, _)) if is_secret(name) => format!("{name}: {REDACTED}"),
        _ => line.to_owned(),
    };
    lines.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// `None` when there is nothing to take out.
fn without_secrets(text: &str, known: &[String]) -> Option<String> {
    let mut clean = None;
    for secret in known.iter().filter(|secret| !secret.is_empty()) {
        let current = clean.as_deref().unwrap_or(text);
        if current.contains(secret.as_str()) {
            clean = Some(current.replace(secret.as_str(), REDACTED));
        }
    }
    for name in HASH_NAMES {
        let current = clean.as_deref().unwrap_or(text);
        clean = without_values(current, name).or(clean);
    }
    clean
}

/// Takes out what stands behind each `name`.
fn without_values(text: &str, name: &str) -> Option<String> {
    let small = text.to_ascii_lowercase();
    let mut found = memmem::find_iter(small.as_bytes(), name).peekable();
    found.peek()?;
    let (mut out, mut copied) = (String::with_capacity(text.len()), 0);
    for at in found {
        let start = at + name.len() + length_between(&text.as_bytes()[at + name.len()..]);
        let length = text.as_bytes()[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            .count();
        if length > 0 && start >= copied {
            out.push_str(&text[copied..start]);
            out.push_str(REDACTED);
            copied = start + length;
        }
    }
    out.push_str(&text[copied..]);
    Some(out)
}

/// The length of what may stand between a name and its value, percent-encoded or not.
fn length_between(rest: &[u8]) -> usize {
    let mut length = 0;
    loop {
        length += match &rest[length..] {
            [byte, ..] if BETWEEN.contains(byte) => 1,
            [b'%', b'2', b'2' | b'0', ..] => 3,
            [b'%', b'3', b'a' | b'A' | b'd' | b'D', ..] => 3,
            _ => return length,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn redacted(mut value: Value) -> Value {
        redact(&mut value, &["S3cret_of-the_session".into()]);
        value
    }

    #[test]
    fn headers_lose_their_secrets_in_any_form() {
        assert_eq!(
            redacted(json!({
                "request": {"headers": {"Gleap-Hash": "a", "gleap-id": "b", "AUTHORIZATION": ["c"], "Cookie": "d", "X": null}},
                "response": {"headers": [["Set-Cookie", "e"], ["X-Other", "f"]]},
                "har": [{"name": "Api-Token", "value": "g"}, {"name": "Accept", "value": "h"}],
                "raw": {"headers": "Host: x\r\nProxy-Authorization: Basic i\r\nAccept: j"},
            })),
            json!({
                "request": {"headers": {"Gleap-Hash": REDACTED, "gleap-id": "b", "AUTHORIZATION": REDACTED, "Cookie": REDACTED}},
                "response": {"headers": [["Set-Cookie", REDACTED], ["X-Other", "f"]]},
                "har": [{"name": "Api-Token", "value": REDACTED}, {"name": "Accept", "value": "h"}],
                "raw": {"headers": format!("Host: x\nProxy-Authorization: {REDACTED}\nAccept: j")},
            })
        );
    }

    #[test]
    fn the_secret_of_a_session_is_found_in_texts() {
        for (text, clean) in [
            ("x S3cret_of-the_session y", "x <redacted> y"),
            (
                "wss://h/ws?gleapId=1&gleapHash=ab-_9&x=1",
                "wss://h/ws?gleapId=1&gleapHash=<redacted>&x=1",
            ),
            (
                r#"{"gleapHash":"abc","n":1}"#,
                r#"{"gleapHash":"<redacted>","n":1}"#,
            ),
            (
                r#"{\"gleapHash\": \"abc\"}"#,
                r#"{\"gleapHash\": \"<redacted>\"}"#,
            ),
            ("u?q=GleapHash%3Dabc%26", "u?q=GleapHash%3D<redacted>%26"),
            ("Gleap-Hash: abc", "Gleap-Hash: <redacted>"),
            (
                r#"["Gleap-Hash","Api-Token"]"#,
                r#"["Gleap-Hash","Api-Token"]"#,
            ),
            ("gleapHash", "gleapHash"),
            ("ü gleaphash=ä", "ü gleaphash=ä"),
            ("gleaphashgleaphash=x", "gleaphash<redacted>=<redacted>"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(redacted(json!(text)), json!(clean), "{text}");
        }
    }
}
