//! How what was merged goes on knowing where it came from, so that a merge can be undone.

use serde::{Deserialize, Serialize};
use store::ObjectId;

/// The merges that brought a row to the session that it is of, the latest last. Empty for what is the session's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Via(Vec<ObjectId>);

impl Via {
    /// Whether no merge brought it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.0.is_empty()
    }

    /// The merges, the latest last.
    #[must_use]
    pub fn merges(&self) -> &[ObjectId] {
        &self.0
    }

    /// Notes that a merge moves the row.
    pub fn push(&mut self, merge: ObjectId) {
        self.0.push(merge);
    }

    /// Takes the note back when this merge was the last to move the row; returns whether it was.
    pub fn pop(&mut self, merge: ObjectId) -> bool {
        let was = self.0.last() == Some(&merge);
        if was {
            self.0.pop();
        }
        was
    }
}

/// The ways of an event that several sessions had: it is stored once, and each of them gets it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ways(Vec<Via>);

impl Default for Ways {
    fn default() -> Self {
        Self(vec![Via::default()])
    }
}

impl Ways {
    /// Whether no merge brought it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.0.iter().all(Via::is_own)
    }

    /// Notes that a merge moves the event.
    pub fn push(&mut self, merge: ObjectId) {
        self.0.iter_mut().for_each(|via| via.push(merge));
    }

    /// The event came another way as well.
    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The ways that end with this merge, without it, and the others; `None` when there are none.
    #[must_use]
    pub fn split(self, merge: ObjectId) -> (Option<Self>, Option<Self>) {
        let (mut brought, mut own) = (Vec::new(), Vec::new());
        for mut via in self.0 {
            if via.pop(merge) {
                brought.push(via);
            } else {
                own.push(via);
            }
        }
        let some = |ways: Vec<Via>| (!ways.is_empty()).then_some(Self(ways));
        (some(brought), some(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> ObjectId {
        ObjectId::from_parts(number, [0; 8])
    }

    #[test]
    fn an_event_of_both_sides_goes_back_to_both() {
        let mut ways = Ways::default();
        ways.push(id(1));
        ways.join(Ways::default());
        assert!(!ways.is_own());
        assert_eq!(
            ways.clone().split(id(2)),
            (None, Some(ways.clone())),
            "another merge"
        );
        let both = Some(Ways::default());
        assert_eq!(ways.split(id(1)), (both.clone(), both));
    }

    #[test]
    fn a_chain_is_undone_from_its_end() {
        let mut ways = Ways::default();
        ways.push(id(1));
        ways.push(id(2));
        assert_eq!(ways.clone().split(id(1)).0, None);
        let (back, rest) = ways.split(id(2));
        assert_eq!(rest, None);
        assert_eq!(back.unwrap().split(id(1)), (Some(Ways::default()), None));
    }

    #[test]
    fn what_is_own_takes_no_room() {
        #[derive(Serialize, Deserialize)]
        struct Row {
            #[serde(default, skip_serializing_if = "Ways::is_own")]
            via: Ways,
        }
        let own = Row {
            via: Ways::default(),
        };
        assert_eq!(serde_json::to_string(&own).unwrap(), "{}");
        let read: Row = serde_json::from_str("{}").unwrap();
        assert_eq!(read.via, Ways::default());
    }
}
