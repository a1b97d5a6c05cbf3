//! What nodes say to each other beside what was committed: short words of the product, by `NOTIFY` on a channel of their own. They are
//! about what is over in a moment: a word may be lost, and one that cannot be said soon is dropped. So nobody waits for it.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Context;
use super::nodes::{notify, packed};
use crate::store::Shared;

pub(super) const CHANNEL: &str = "hark_words";

/// Words that wait to be said; what comes beyond is dropped.
const WAITING_MAX: usize = 1_000;

/// Bytes of a word; a longer one is dropped. PostgreSQL takes less than 8,000 with what is around it.
pub const WORD_BYTES_MAX: usize = 7_000;

/// The way to the other nodes.
pub(super) struct Speaker {
    sender: Sender<String>,
}

impl Speaker {
    pub fn new() -> (Self, Receiver<String>) {
        let (sender, said) = channel(WAITING_MAX);
        (Self { sender }, said)
    }

    /// Has the others told a word, in a while or never.
    pub fn say(&self, word: String) {
        let fits = word.len() <= WORD_BYTES_MAX && !word.contains('\n');
        if !fits || self.sender.try_send(word).is_err() {
            tracing::debug!("a word to the other nodes is dropped");
        }
    }
}

/// Says what is to be said, until the engine is closed. What comes in meanwhile is said together.
pub(super) async fn say(context: Arc<Context>, mut said: Receiver<String>) {
    let mut waiting = Vec::new();
    while said.recv_many(&mut waiting, WAITING_MAX).await > 0 {
        for payload in packed(&context.teller.node.to_string(), waiting.drain(..)) {
            if let Err(error) = notify(&context, CHANNEL, &payload).await {
                tracing::debug!(%error, "words to the other nodes are lost");
            }
        }
    }
}

/// Tells the listener what another node said.
pub(super) fn hear(payload: &str, own: &str, shared: &Shared) {
    let mut lines = payload.lines();
    if lines.next() != Some(own) {
        lines.for_each(|word| shared.tell_word(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_and_what_is_too_much_is_dropped() {
        let (speaker, mut said) = Speaker::new();
        for number in 0..2 * WAITING_MAX {
            speaker.say(number.to_string());
        }
        for number in 0..WAITING_MAX {
            assert_eq!(said.try_recv().unwrap(), number.to_string());
        }
        assert!(said.try_recv().is_err());
    }

    #[test]
    fn what_is_no_word_is_dropped() {
        let (speaker, mut said) = Speaker::new();
        speaker.say("x".repeat(WORD_BYTES_MAX + 1));
        speaker.say("two\nlines".into());
        let longest = "x".repeat(WORD_BYTES_MAX);
        speaker.say(longest.clone());
        assert_eq!(said.try_recv().unwrap(), longest);
        assert!(said.try_recv().is_err());
    }
}
