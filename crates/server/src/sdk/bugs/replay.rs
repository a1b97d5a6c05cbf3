//! The replay of a phone: pictures that were uploaded before, and what was touched (wire note §7.5).

use serde_json::Value;
use serde_json::value::RawValue;

use super::super::clean::clean;
use super::fields::is_web_url;

/// Bytes of the description of a replay, beyond which it is not read.
const BYTES_MAX: usize = 4 << 20;

/// A replay, and the addresses of its pictures.
pub struct Replay {
    /// Its JSON.
    pub json: String,
    /// Where its pictures are.
    pub urls: Vec<String>,
}

/// Reads a replay: frames whose pictures a browser may open. `None` when it has none.
#[must_use]
pub fn read(raw: Option<&RawValue>) -> Option<Replay> {
    let raw = raw.filter(|raw| raw.get().len() <= BYTES_MAX)?;
    let mut replay: Value = serde_json::from_str(&clean(raw.get())).ok()?;
    let frames = replay.get_mut("frames")?.as_array_mut()?;
    frames.retain(|frame| address(frame).is_some_and(is_web_url));
    let urls: Vec<_> = frames
        .iter()
        .filter_map(|frame| address(frame).map(str::to_owned))
        .collect();
    (!urls.is_empty()).then(|| Replay {
        json: replay.to_string(),
        urls,
    })
}

fn address(frame: &Value) -> Option<&str> {
    frame.get("url")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_replay_has_a_largest_size() {
        let of = |length: usize| {
            let frame = r#"{"frames":[{"url":"https://example.com/1"}],"x":""}"#;
            let filler = "x".repeat(length - frame.len());
            let sent = frame.replace("\"x\":\"", &format!("\"x\":\"{filler}"));
            assert_eq!(sent.len(), length);
            read(Some(&RawValue::from_string(sent).unwrap()))
        };
        assert!(of(BYTES_MAX).is_some());
        assert!(of(BYTES_MAX + 1).is_none());
    }

    #[test]
    fn frames_without_a_picture_go() {
        let good = json!({"url": "https://example.com/1.png", "screenname": "Main", "interactions": [{"x": 1.5, "y": 2}]});
        let sent = json!({"interval": 1000, "frames": [{"url": "javascript:x"}, good, 5, {}]});
        let replay = read(Some(&RawValue::from_string(sent.to_string()).unwrap())).unwrap();
        assert_eq!(replay.urls, ["https://example.com/1.png"]);
        let read_back: Value = serde_json::from_str(&replay.json).unwrap();
        assert_eq!(read_back, json!({"interval": 1000, "frames": [good]}));
        for nothing in ["{}", "null", "{\"frames\":[]}", "[]", "{\"frames\":5}"] {
            let raw = RawValue::from_string(nothing.into()).unwrap();
            assert!(read(Some(&raw)).is_none(), "{nothing}");
        }
    }
}
