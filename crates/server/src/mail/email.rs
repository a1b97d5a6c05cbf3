//! A mail, and how it is written: nothing that others chose gets into a header but as its text.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{Millis, ObjectId};

/// Characters of a subject or a name; what is longer is cut off.
pub const HEADER_CHARS_MAX: usize = 500;
/// Earlier mails of a conversation that a mail names; of more the newest stay.
pub const REFERENCES_MAX: usize = 20;
/// Characters of the id of a mail.
const ID_CHARS_MAX: usize = 250;

/// A mail that is to be sent. It goes out from `smtp.from`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Email {
    /// Whom it goes to.
    pub to: Person,
    /// The name to show beside the address that it comes from. Absent: that of `smtp.from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    /// Where answers go. Absent: where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Person>,
    pub subject: String,
    /// The text, for clients that show no HTML.
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Its `Message-ID`, without angle brackets. Absent: made of the id of the job, so that it is the same however often it is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The `Message-ID` of the mail that it answers, without angle brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// Those of the conversation so far, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// An address that a `POST` unsubscribes at (RFC 8058).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_unsubscribe: Option<String>,
    /// The session whose data it holds: when that is erased before the mail is sent, it is not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<ObjectId>,
    /// The job that hears what became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<Then>,
}

/// Somebody with an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub address: String,
}

/// A job that is asked for when it is known what became of a mail: its payload is a [`super::Outcome`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Then {
    /// The kind of the job.
    pub kind: String,
    /// What it gets back, to know the mail by.
    pub about: Box<RawValue>,
}

/// Why a mail cannot be written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEmail {
    #[error("{0}: not an address that mail can be sent to")]
    Address(&'static str),
    #[error("the mail cannot be put together: {0}")]
    Form(String),
}

impl Email {
    /// A plain mail; the other fields are set as they are needed.
    #[must_use]
    pub fn new(to: Person, subject: String, text: String) -> Self {
        Self {
            to,
            from_name: None,
            reply_to: None,
            subject,
            text,
            html: None,
            message_id: None,
            in_reply_to: None,
            references: Vec::new(),
            list_unsubscribe: None,
            session: None,
            then: None,
        }
    }

    /// The mail as it is sent. `id` becomes its `Message-ID` when it has none.
    pub(super) fn build(&self, from: &Mailbox, id: &str, now: Millis) -> Result<Message, BadEmail> {
        let sender = match &self.from_name {
            Some(name) => Mailbox::new(Some(one_line(name)), from.email.clone()),
            None => from.clone(),
        };
        let own = || format!("{id}@{}", from.email.domain());
        let given = self.message_id.as_deref().filter(|id| is_id(id));
        let id = given.map_or_else(own, str::to_owned);
        let mut message = Message::builder()
            .from(sender)
            .to(self.to.mailbox("to")?)
            .subject(one_line(&self.subject))
            .message_id(Some(format!("<{id}>")))
            .date(UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0)));
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(reply_to.mailbox("replyTo")?);
        }
        if let Some(answered) = self.in_reply_to.as_deref().filter(|id| is_id(id)) {
            message = message.in_reply_to(format!("<{answered}>"));
        }
        let references = self.reference_ids();
        if !references.is_empty() {
            message = message.references(references);
        }
        if let Some(address) = self.list_unsubscribe.as_deref().filter(|url| is_web(url)) {
            message = message
                .raw_header(raw("List-Unsubscribe", format!("<{address}>")))
                .raw_header(raw(
                    "List-Unsubscribe-Post",
                    "List-Unsubscribe=One-Click".into(),
                ));
        }
        let built = match &self.html {
            Some(html) => message.multipart(alternatives(&self.text, html)),
            None => message.singlepart(part(ContentType::TEXT_PLAIN, &self.text)),
        };
        built.map_err(|error| BadEmail::Form(error.to_string()))
    }

    fn reference_ids(&self) -> String {
        let ids: Vec<_> = self.references.iter().filter(|id| is_id(id)).collect();
        let newest = &ids[ids.len().saturating_sub(REFERENCES_MAX)..];
        let ids: Vec<_> = newest.iter().map(|id| format!("<{id}>")).collect();
        ids.join(" ")
    }
}

impl Person {
    /// Somebody of whom the address alone is known.
    #[must_use]
    pub fn at(address: impl Into<String>) -> Self {
        Self {
            name: None,
            address: address.into(),
        }
    }

    fn mailbox(&self, field: &'static str) -> Result<Mailbox, BadEmail> {
        let address: Address = self
            .address
            .trim()
            .parse()
            .map_err(|_| BadEmail::Address(field))?;
        let name = self.name.as_deref().map(one_line);
        Ok(Mailbox::new(name.filter(|name| !name.is_empty()), address))
    }
}

fn alternatives(text: &str, html: &str) -> MultiPart {
    MultiPart::alternative()
        .singlepart(part(ContentType::TEXT_PLAIN, text))
        .singlepart(part(ContentType::TEXT_HTML, html))
}

fn part(kind: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(kind).body(text.to_owned())
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// A text without line breaks and other control characters, which could begin a header of their own.
fn one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.chars().take(HEADER_CHARS_MAX).map(shown).collect();
    text.trim().to_owned()
}

/// Whether a text can be the id of a mail, without its angle brackets.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let (local, domain) = text.split_once('@').unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_graphic() && !"<>()[]\\,;:\"@".contains(c);
    let is_dressed = |part: &str| !part.is_empty() && part.chars().all(is_plain);
    text.len() <= ID_CHARS_MAX && is_dressed(local) && is_dressed(domain)
}

fn is_web(url: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && !"<>\"".contains(c);
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web && url.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from() -> Mailbox {
        "Hark <hark@example.com>".parse().unwrap()
    }

    fn mail() -> Email {
        Email::new(Person::at("ada@example.com"), "Hello".into(), "Text".into())
    }

    /// The lines of the head of a mail, unfolded.
    fn head(email: &Email) -> Vec<String> {
        let built = email.build(&from(), "job", Millis(1_772_366_400_000));
        let text = String::from_utf8(built.unwrap().formatted()).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ");
        unfolded.split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_mail_has_the_headers_that_were_asked_for() {
        let email = Email {
            from_name: Some("Support".into()),
            reply_to: Some(Person {
                name: Some("Ticket 7".into()),
                address: "reply+7@example.com".into(),
            }),
            message_id: Some("m2@example.com".into()),
            in_reply_to: Some("m1@example.com".into()),
            references: vec!["m0@example.com".into(), "m1@example.com".into()],
            list_unsubscribe: Some("https://hark.example.com/u/t".into()),
            ..mail()
        };
        let head = head(&email);
        for line in [
            "From: Support <hark@example.com>",
            "To: ada@example.com",
            "Reply-To: \"Ticket 7\" <reply+7@example.com>",
            "Subject: Hello",
            "Message-ID: <m2@example.com>",
            "In-Reply-To: <m1@example.com>",
            "References: <m0@example.com> <m1@example.com>",
            "Date: Sun, 01 Mar 2026 12:00:00 +0000",
            "List-Unsubscribe: <https://hark.example.com/u/t>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ] {
            assert!(head.iter().any(|has| has == line), "{line} in {head:#?}");
        }
    }

    #[test]
    fn without_an_id_it_is_that_of_the_job() {
        let head = head(&mail());
        assert!(
            head.contains(&"Message-ID: <job@example.com>".into()),
            "{head:#?}"
        );
    }

    #[test]
    fn nothing_begins_a_header_of_its_own() {
        let evil = "x\r\nBcc: eve@example.com\r\n\r\n<script>\0";
        let email = Email {
            subject: evil.into(),
            from_name: Some(evil.into()),
            reply_to: Some(Person {
                name: Some(evil.into()),
                address: "a@example.com".into(),
            }),
            message_id: Some(evil.into()),
            in_reply_to: Some(evil.into()),
            references: vec![evil.into(), "ok@example.com".into()],
            list_unsubscribe: Some(format!("https://example.com/{evil}")),
            ..mail()
        };
        let known = [
            "From",
            "To",
            "Reply-To",
            "Subject",
            "Message-ID",
            "References",
            "Date",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding",
        ];
        for line in head(&email) {
            let (name, _) = line.split_once(':').unwrap_or((&line, ""));
            assert!(known.contains(&name), "{line}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for address in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com, eve@example.com",
            "Ada <ada@example.com>",
            "ada@example.com>",
            "a b@example.com",
        ] {
            let email = Email {
                to: Person::at(address),
                ..mail()
            };
            let built = email.build(&from(), "job", Millis(0));
            assert_eq!(built.unwrap_err(), BadEmail::Address("to"), "{address:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_and_old_references_left_out() {
        let email = Email {
            subject: "z".repeat(HEADER_CHARS_MAX + 1),
            references: (0..=REFERENCES_MAX)
                .map(|n| format!("{n}@example.com"))
                .collect(),
            ..mail()
        };
        let head = head(&email).join("\n");
        assert!(!head.contains("<0@example.com>") && head.contains("<1@example.com>"));
        assert_eq!(head.matches('z').count(), HEADER_CHARS_MAX);
    }

    #[test]
    fn ids_are_plain() {
        for good in ["a@b", "6a.1+x@mail.example.com"] {
            assert!(is_id(good), "{good}");
        }
        for bad in [
            "", "a", "@b", "a@", "a b@c", "a@b>", "a@b\n", "ä@b", "a@b@c",
        ] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
