//! Who says what when about a report.

use rand::RngExt;
use rand::rngs::StdRng;
use store::Millis;

use super::topics::Topic;

/// Of so many reports one is not answered.
const UNANSWERED: usize = 7;
const MINUTE_MS: i64 = 60_000;
/// Until somebody answers.
const PAUSE_MS: std::ops::Range<i64> = 4 * MINUTE_MS..240 * MINUTE_MS;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// Who reported it.
    Person,
    /// A member of the team, to that person.
    Agent,
    /// The same, to the team alone.
    Note,
}

/// Something that is said.
#[derive(Debug, Clone)]
pub struct Line {
    /// When.
    pub at: Millis,
    pub voice: Voice,
    pub text: &'static str,
    /// Whether the person says something later.
    pub is_answered: bool,
}

/// What is said about one report.
#[derive(Debug, Clone, Default)]
pub struct Talk {
    /// Who of the team takes part: a number of any size.
    pub agent: usize,
    /// In the order of time.
    pub lines: Vec<Line>,
    /// Whether the report is done after that.
    pub is_settled: bool,
}

/// The conversation about the report with this number, which was made at `at`; nothing is said at `until` or later.
pub fn talk(number: usize, topic: &Topic, at: Millis, until: Millis, dice: &mut StdRng) -> Talk {
    if number % UNANSWERED == UNANSWERED - 1 {
        return Talk::default();
    }
    let mut now = at;
    let mut lines: Vec<Line> = topic
        .talk
        .iter()
        .map(|(voice, text)| {
            now = Millis(now.0 + dice.random_range(PAUSE_MS));
            Line {
                at: now,
                voice: *voice,
                text,
                is_answered: false,
            }
        })
        .collect();
    lines.retain(|line| line.at < until);
    let last_word = lines.iter().rposition(|line| line.voice == Voice::Person);
    for line in lines.iter_mut().take(last_word.unwrap_or(0)) {
        line.is_answered = true;
    }
    Talk {
        agent: number,
        is_settled: topic.is_settled && lines.len() == topic.talk.len(),
        lines,
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::topics::TOPICS;
    use super::*;

    const START: Millis = Millis(1_790_000_000_000);
    const NEVER: Millis = Millis(i64::MAX);

    fn told(number: usize, topic: &Topic, until: Millis) -> Talk {
        talk(number, topic, START, until, &mut StdRng::seed_from_u64(3))
    }

    #[test]
    fn all_is_said_in_order_after_the_report() {
        for topic in &TOPICS {
            let talk = told(0, topic, NEVER);
            assert_eq!(talk.lines.len(), topic.talk.len());
            assert_eq!(talk.is_settled, topic.is_settled);
            assert!(talk.lines.is_sorted_by_key(|line| line.at));
            assert!(talk.lines[0].at > START);
        }
    }

    #[test]
    fn what_the_person_has_not_answered_is_known() {
        for topic in &TOPICS {
            let lines = told(0, topic, NEVER).lines;
            for (number, line) in lines.iter().enumerate() {
                let mut later = lines[number + 1..].iter();
                let is_answered = later.any(|line| line.voice == Voice::Person);
                assert_eq!(line.is_answered, is_answered, "{line:?}");
            }
        }
    }

    #[test]
    fn a_story_that_ends_leaves_things_open() {
        let topic = &TOPICS[0];
        assert!(topic.is_settled);
        let whole = told(0, topic, NEVER).lines;
        let until = whole[2].at;
        let cut = told(0, topic, until);
        assert_eq!(cut.lines.len(), 2);
        assert!(!cut.is_settled);
        assert!(cut.lines.iter().all(|line| line.at < until));
        assert!(told(0, topic, START).lines.is_empty());
    }

    #[test]
    fn most_reports_are_answered() {
        let answered = (0..70).filter(|number| !told(*number, &TOPICS[1], NEVER).lines.is_empty());
        assert_eq!(answered.count(), 60);
    }
}
