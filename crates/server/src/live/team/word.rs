//! What nodes tell each other of members, beside what they commit.

use serde::{Deserialize, Serialize};
use store::ObjectId;

use super::presence::Present;

/// One word. Later versions may have more.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    /// A member does something with a ticket.
    Present { project: ObjectId, present: Present },
}

impl Word {
    /// As one line.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The word that a line is.
    pub fn of_line(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Doing;
    use super::*;

    #[test]
    fn a_word_is_understood_by_another_node() {
        let present = Present {
            ticket: "6650f0c2a1b2c3d4e5f60718".parse().unwrap(),
            user: "6650f0c2a1b2c3d4e5f60719".parse().unwrap(),
            doing: Doing::Typing,
            active: true,
        };
        let project = "6650f0c2a1b2c3d4e5f6071a".parse().unwrap();
        let word = Word::Present { project, present };
        let line = word.to_line();
        assert!(!line.contains('\n') && line.len() < 300, "{line}");
        assert_eq!(Word::of_line(&line), Some(word));
        assert_eq!(Word::of_line(r#"{"tomorrow":{}}"#), None);
        assert_eq!(Word::of_line(""), None);
    }
}
