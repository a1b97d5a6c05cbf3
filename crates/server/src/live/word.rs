//! What nodes tell each other beside what they commit: what is over in a moment, and may be lost.

use serde::{Deserialize, Serialize};
use store::ObjectId;

use super::hub::{Activity, Place};
use super::team::Present;

/// One word. Later versions may have more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    /// A member does something with a ticket.
    Present { project: ObjectId, present: Present },
    /// Somebody watches a session by way of the node that says so. Holds for [`WATCHED_MS`](super::hub::WATCHED_MS).
    Watched {
        project: ObjectId,
        session: ObjectId,
    },
    /// A session that is watched did something.
    Did {
        project: ObjectId,
        session: ObjectId,
        activity: Activity,
    },
    /// The web pages of a session are sent a frame.
    Frame {
        project: ObjectId,
        session: ObjectId,
        frame: String,
    },
}

impl Word {
    pub fn watched((project, session): Place) -> Self {
        Self::Watched { project, session }
    }

    /// Without what is known of it where that is too much for a word.
    pub fn did((project, session): Place, mut activity: Activity) -> Self {
        let long = |data: &serde_json::value::RawValue| data.get().len() > DATA_BYTES_MAX;
        activity.data = activity.data.filter(|data| !long(data));
        Self::Did {
            project,
            session,
            activity,
        }
    }

    pub fn frame((project, session): Place, frame: &str) -> Self {
        Self::Frame {
            project,
            session,
            frame: frame.to_owned(),
        }
    }

    /// As one line.
    pub fn to_line(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        // Line ends of JSON are between its values: what a client sent may have some.
        json.replace(['\r', '\n'], " ")
    }

    /// The word that a line is.
    pub fn of_line(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

/// Bytes of what a word tells of an activity. What is around it takes some hundred.
const DATA_BYTES_MAX: usize = store::WORD_BYTES_MAX - 500;

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use store::Millis;

    use super::super::team::Doing;
    use super::*;

    fn id(n: u8) -> ObjectId {
        format!("{n:024x}").parse().unwrap()
    }

    fn did(data: &str) -> Word {
        let activity = Activity {
            kind: "event".into(),
            date: Millis(0),
            data: Some(RawValue::from_string(data.to_owned()).unwrap()),
        };
        Word::did((id(1), id(2)), activity)
    }

    #[test]
    fn a_word_is_understood_by_another_node() {
        let present = Present {
            ticket: id(3),
            user: id(4),
            doing: Doing::Typing,
            active: true,
        };
        let project = id(1);
        for word in [
            Word::Present { project, present },
            Word::watched((project, id(2))),
            did("{\"name\":\n\"clicked\"}"),
            Word::frame((project, id(2)), "{\"name\":\"checklist\"}"),
        ] {
            let line = word.to_line();
            assert!(!line.contains('\n') && line.len() < 300, "{line}");
            assert_eq!(Word::of_line(&line).unwrap().to_line(), line);
        }
        assert!(Word::of_line(r#"{"tomorrow":{}}"#).is_none());
        assert!(Word::of_line("").is_none());
    }

    #[test]
    fn what_is_too_long_is_told_without_its_data() {
        let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        let longest = did(&text(DATA_BYTES_MAX)).to_line();
        assert!(longest.contains("xx") && longest.len() <= store::WORD_BYTES_MAX);
        assert!(!did(&text(DATA_BYTES_MAX + 1)).to_line().contains("xx"));
    }
}
