//! The logs of a report: of long ones the newest entries, none with a credential.

use std::collections::VecDeque;

use serde_json::value::RawValue;

use super::super::clean::clean;
use super::redact::redact;
use crate::http::tail::Tail;
use crate::resources::ticket::create::NewLog;
use crate::resources::ticket::log::LogKind;

/// Entries of one log that are kept.
pub const ENTRIES_MAX: usize = 1_000;
/// Bytes of one entry, which is taken apart to find credentials. Clients send bodies of requests of 150 KB.
pub const ENTRY_BYTES_MAX: usize = 512 << 10;

/// Reads a log, of which `bytes_max` bytes are kept. `secrets`: those of the session. `None` when there is none.
#[must_use]
pub fn read(
    raw: Option<&RawValue>,
    kind: LogKind,
    bytes_max: usize,
    secrets: &[String],
) -> Option<NewLog> {
    let tail = Tail::of(raw?.get(), ENTRIES_MAX)?;
    let mut kept = VecDeque::new();
    let mut bytes = "[]".len();
    for raw in tail.last.iter().rev() {
        let Some(entry) = entry(raw, secrets) else {
            continue;
        };
        let size = entry.len() + ",".len();
        if bytes + size <= bytes_max {
            bytes += size;
            kept.push_front(entry);
        }
    }
    let left_out = (tail.count - kept.len()) as u64;
    let entries = Vec::from(kept).join(",");
    (tail.count > 0).then(|| NewLog {
        kind,
        entries: RawValue::from_string(format!("[{entries}]")).unwrap_or_default(),
        left_out,
    })
}

/// An entry without credentials; `None` when it is no object, too long, or nested without end.
fn entry(raw: &RawValue, secrets: &[String]) -> Option<String> {
    if raw.get().len() > ENTRY_BYTES_MAX {
        return None;
    }
    let mut value: serde_json::Value = serde_json::from_str(&clean(raw.get())).ok()?;
    if !value.is_object() {
        return None;
    }
    redact(&mut value, secrets);
    Some(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn log(entries: &Value, bytes_max: usize) -> (Value, u64) {
        let raw = RawValue::from_string(entries.to_string()).unwrap();
        let log = read(Some(&raw), LogKind::Console, bytes_max, &[]).unwrap();
        (
            serde_json::from_str(log.entries.get()).unwrap(),
            log.left_out,
        )
    }

    fn lines(count: usize) -> Value {
        (0..count).map(|n| json!({ "n": n })).collect()
    }

    #[test]
    fn the_newest_entries_are_kept() {
        let (kept, left_out) = log(&lines(ENTRIES_MAX), 1 << 20);
        assert_eq!((kept.as_array().unwrap().len(), left_out), (ENTRIES_MAX, 0));
        let (kept, left_out) = log(&lines(ENTRIES_MAX + 1), 1 << 20);
        assert_eq!((kept.as_array().unwrap().len(), left_out), (ENTRIES_MAX, 1));
        assert_eq!(kept[0], json!({"n": 1}));
    }

    #[test]
    fn a_log_has_a_largest_size() {
        let entries = lines(3);
        let whole = entries.to_string().len() + 1;
        assert_eq!(log(&entries, whole), (entries.clone(), 0));
        assert_eq!(log(&entries, whole - 1), (json!([{"n": 1}, {"n": 2}]), 1));
        assert_eq!(log(&entries, 2), (json!([]), 3));
    }

    #[test]
    fn a_large_entry_does_not_hide_older_ones() {
        let entries = json!([{"n": 1}, {"n": "x".repeat(100)}, {"n": 3}]);
        assert_eq!(log(&entries, 50), (json!([{"n": 1}, {"n": 3}]), 1));
    }

    #[test]
    fn an_entry_has_a_largest_size() {
        let of = |bytes: usize| json!([{"n": "x".repeat(bytes - 8)}]);
        assert_eq!(log(&of(ENTRY_BYTES_MAX), 1 << 20).1, 0);
        assert_eq!(log(&of(ENTRY_BYTES_MAX + 1), 1 << 20), (json!([]), 1));
    }

    #[test]
    fn what_is_no_entry_is_left_out() {
        let deep = format!("{{\"d\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        let raw = format!("[1,\"text\",null,[],{deep},{{\"n\":1}}]");
        let raw = RawValue::from_string(raw).unwrap();
        let log = read(Some(&raw), LogKind::Events, 1000, &[]).unwrap();
        assert_eq!((log.entries.get(), log.left_out), ("[{\"n\":1}]", 5));
    }

    #[test]
    fn what_is_no_log_is_none() {
        for nothing in ["[]", "null", "{}", "\"text\"", "7"] {
            let raw = RawValue::from_string(nothing.into()).unwrap();
            assert!(read(Some(&raw), LogKind::Network, 1000, &[]).is_none());
        }
        assert!(read(None, LogKind::Network, 1000, &[]).is_none());
    }
}
