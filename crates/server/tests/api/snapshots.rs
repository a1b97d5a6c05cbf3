//! The main answers as they are on the wire: status, headers of their own, body. Ids, secrets and dates are taken out.

mod answers;
mod errors;

use serde_json::{Value, json};

use crate::support::Answer;

/// Status and body, with `[id]`, `[date]` and `[secret]` for what differs from run to run.
fn shown(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.status);
    for name in [
        "etag",
        "last-modified",
        "cache-control",
        "www-authenticate",
        "retry-after",
        "allow",
        "link",
    ] {
        if answer.headers.contains_key(name) {
            text += &format!("{name}: {}\n", redacted(answer.header(name)));
        }
    }
    if answer.body.is_empty() {
        return text;
    }
    let mut body = answer.json();
    redact(&mut body);
    text + &serde_json::to_string_pretty(&body).unwrap()
}

fn redact(value: &mut Value) {
    match value {
        Value::String(text) => *text = redacted(text),
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(members) => {
            for (key, member) in members {
                match key.as_str() {
                    "gleapHash" | "token" => *member = json!("[secret]"),
                    "requestId" => *member = json!("[id]"),
                    _ => redact(member),
                }
            }
        }
        _ => {}
    }
}

/// The words of a text, with those that are ids or dates taken out.
fn redacted(text: &str) -> String {
    let is_id = |word: &str| word.len() == 24 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id(text) {
        return "[id]".into();
    }
    if store::Millis::parse(text).is_some() || text.ends_with(" GMT") {
        return "[date]".into();
    }
    let words = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let shown = words.map(|word| {
        let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_id(bare) {
            word.replace(bare, "[id]")
        } else {
            word.to_owned()
        }
    });
    shown.collect()
}
