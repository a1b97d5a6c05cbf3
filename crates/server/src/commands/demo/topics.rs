//! What the people of the demo report, and what is said about it until it is settled, or not.

use super::talk::Voice::{self, Agent, Note, Person};

/// A report, and the conversation about it.
#[derive(Debug)]
pub struct Topic {
    pub kind: &'static str,
    pub priority: &'static str,
    /// What is reported.
    pub text: &'static str,
    /// Who says what about it, in order. The team begins.
    pub talk: &'static [(Voice, &'static str)],
    /// Whether it is done after that.
    pub is_settled: bool,
}

/// All of them.
pub const TOPICS: [Topic; 12] = [
    Topic {
        kind: "BUG",
        priority: "HIGH",
        text: "Saving an invoice shows a white page",
        talk: &[
            (
                Agent,
                "Thank you for telling us. Does it happen with every invoice, or only with some?",
            ),
            (
                Person,
                "Only with those that have an attachment, as far as I can see.",
            ),
            (
                Note,
                "Seen it too with a PDF of 12 MB. The log of the ticket shows the request that fails.",
            ),
            (
                Agent,
                "That was the hint we needed: attachments over 10 MB broke the page. It is mended in 4.2.1, could you try again?",
            ),
            (Person, "Works now, thank you for being so quick!"),
        ],
        is_settled: true,
    },
    Topic {
        kind: "BUG",
        priority: "MEDIUM",
        text: "The total on the invoice is off by a cent when there are two tax rates",
        talk: &[
            (
                Agent,
                "That should not be. Could you tell us the number of such an invoice?",
            ),
            (Person, "Number 2041 is one, and 2044 too."),
            (
                Note,
                "We round each line and then the sum. Asked accounting which of the two is right.",
            ),
            (
                Agent,
                "We can see it. The sum is rounded twice; we will round once and tell you when it is out.",
            ),
        ],
        is_settled: false,
    },
    Topic {
        kind: "BUG",
        priority: "LOW",
        text: "The date picker opens behind the dialog",
        talk: &[
            (Agent, "Which browser do you use?"),
            (Person, "Firefox, on a laptop with a small screen."),
            (
                Agent,
                "Found it, on small screens alone. The next release has it in front.",
            ),
            (Person, "Great, no hurry."),
        ],
        is_settled: true,
    },
    Topic {
        kind: "BUG",
        priority: "HIGH",
        text: "Export to CSV stops after 1,000 lines",
        talk: &[
            (
                Note,
                "The same as in three other tickets of this week: the export takes the first page only.",
            ),
            (
                Agent,
                "Sorry about that. Until it is mended you can export month by month, each file is complete then.",
            ),
            (Person, "That helps for now. When can I expect the whole?"),
            (
                Agent,
                "On Thursday. We will write to you here when it is there.",
            ),
        ],
        is_settled: false,
    },
    Topic {
        kind: "BUG",
        priority: "MEDIUM",
        text: "Notifications arrive twice on the phone",
        talk: &[
            (
                Agent,
                "Do you have the app on two devices, or was it installed anew a while ago?",
            ),
            (Person, "I changed phones last month, yes."),
            (
                Agent,
                "Then the old phone is still known. Please sign out under Settings, Devices, and in again.",
            ),
            (Person, "Only one now. Thanks!"),
        ],
        is_settled: true,
    },
    Topic {
        kind: "FEATURE_REQUEST",
        priority: "MEDIUM",
        text: "Please let us filter reports by cost centre",
        talk: &[
            (
                Agent,
                "We like the idea. Would one cost centre at a time do, or do you compare several?",
            ),
            (
                Person,
                "We compare two or three, side by side would be perfect.",
            ),
            (
                Note,
                "Linked to the list of wishes for the spring. Five customers asked so far.",
            ),
        ],
        is_settled: false,
    },
    Topic {
        kind: "FEATURE_REQUEST",
        priority: "LOW",
        text: "A dark mode would be kind to my eyes",
        talk: &[
            (
                Agent,
                "You are not alone with that. It is on our list, and we will tell you when it can be tried.",
            ),
            (Person, "Looking forward to it."),
        ],
        is_settled: false,
    },
    Topic {
        kind: "FEATURE_REQUEST",
        priority: "MEDIUM",
        text: "Could invoices be sent on a schedule?",
        talk: &[
            (
                Agent,
                "They can, it is a little hidden: open an invoice, then More, Repeat. Is that what you mean?",
            ),
            (
                Person,
                "Exactly that, I had never opened that menu. Thank you.",
            ),
        ],
        is_settled: true,
    },
    Topic {
        kind: "INQUIRY",
        priority: "MEDIUM",
        text: "How do I add a second owner to our account?",
        talk: &[
            (
                Agent,
                "Under Settings, Team: choose the person and set the role to owner. Only an owner can do that.",
            ),
            (
                Person,
                "I am an admin, it seems. I will ask our owner then.",
            ),
            (
                Agent,
                "That is the way. Write to us if something is in the way of it.",
            ),
        ],
        is_settled: true,
    },
    Topic {
        kind: "INQUIRY",
        priority: "LOW",
        text: "Which currencies do you support?",
        talk: &[
            (
                Agent,
                "Thirty-two by now. Which one do you need? We can tell you whether it is among them.",
            ),
            (Person, "Swiss francs and pounds."),
            (Agent, "Both are there: Settings, Billing, Currencies."),
            (Person, "Perfect, thanks."),
        ],
        is_settled: true,
    },
    Topic {
        kind: "INQUIRY",
        priority: "HIGH",
        text: "We were charged twice this month, can you have a look?",
        talk: &[
            (
                Note,
                "Two payments on the same day, the second after a retry. To be refunded, accounting knows.",
            ),
            (
                Agent,
                "You are right, and we are sorry: the second charge was a mistake of ours. You get it back within five days.",
            ),
            (
                Person,
                "Thank you for the clear answer. I will keep an eye on it.",
            ),
            (
                Agent,
                "Please do, and tell us here if it has not arrived by then.",
            ),
            (Person, "It is here. All good."),
        ],
        is_settled: true,
    },
    Topic {
        kind: "INQUIRY",
        priority: "MEDIUM",
        text: "Can I move my data from another workspace?",
        talk: &[
            (
                Agent,
                "Yes: export it there as CSV and import it under Settings, Data. How much is it?",
            ),
            (
                Person,
                "About 4,000 invoices and their customers. Will the numbers stay the same?",
            ),
            (
                Note,
                "Numbers stay when the workspace is empty. Theirs has two test invoices.",
            ),
            (
                Agent,
                "They stay when you delete your two test invoices first. Try it with the preview, it changes nothing.",
            ),
        ],
        is_settled: false,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_talked_about_by_both_sides_and_some_among_the_team() {
        for topic in &TOPICS {
            let has = |who: Voice| topic.talk.iter().any(|(voice, _)| *voice == who);
            assert!(has(Agent) && has(Person), "{}", topic.text);
            assert_ne!(topic.talk[0].0, Person, "{}", topic.text);
        }
        let with_notes = TOPICS
            .iter()
            .filter(|topic| topic.talk.iter().any(|(voice, _)| *voice == Note));
        assert!((3..TOPICS.len()).contains(&with_notes.count()));
    }
}
