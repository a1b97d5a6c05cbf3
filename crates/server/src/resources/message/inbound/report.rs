//! What a mail server tells of a mail that it could not deliver (RFC 3464).

use super::part::Part;
use super::reply_tokens;
use crate::resources::message::by_mail::ReplyToken;

/// Characters of what is kept of the reason.
pub const REASON_CHARS_MAX: usize = 500;

/// A mail that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// Its `Message-ID`.
    pub id: String,
    /// Why, in the words of the mail server.
    pub reason: String,
    /// What the addresses in its head name.
    pub tokens: Vec<ReplyToken>,
}

/// Whether a mail is a report, and not of a person.
#[must_use]
pub fn is_report(mail: &Part<'_>) -> bool {
    mail.is("multipart", "report") || find(mail, "message", "delivery-status").is_some()
}

/// The mail that a report says did not arrive. `None` for other reports: that it was read, that it takes longer.
#[must_use]
pub fn bounce(mail: &Part<'_>) -> Option<Bounce> {
    let status = find(mail, "message", "delivery-status")?;
    let reason = reason(&status.text())?;
    let returned = find(mail, "message", "rfc822").or_else(|| find(mail, "message", "global"));
    let returned = returned.or_else(|| find(mail, "text", "rfc822-headers"))?;
    // A head alone may have no line break at its end.
    let bytes = [&*returned.bytes(), b"\n"].concat();
    let original = Part::head_of(&bytes)?;
    let id = original.head()?.message_id()?.to_owned();
    Some(Bounce {
        id,
        reason,
        tokens: reply_tokens(&original),
    })
}

/// The first part of a type.
fn find<'p, 'm>(part: &'p Part<'m>, kind: &str, subtype: &str) -> Option<&'p Part<'m>> {
    if part.is(kind, subtype) {
        return Some(part);
    }
    part.parts.iter().find_map(|part| find(part, kind, subtype))
}

/// Why the delivery failed; `None` when it did not.
fn reason(status: &str) -> Option<String> {
    let unfolded = status
        .replace("\r\n", "\n")
        .replace("\n ", " ")
        .replace("\n\t", " ");
    let mut recipients = unfolded.split("\n\n").map(Recipient::read);
    let failed = recipients.find(|recipient| recipient.has_failed)?;
    let words = [failed.status, failed.diagnostic];
    let words: Vec<_> = words.into_iter().flatten().collect();
    let said = if words.is_empty() {
        "failed".to_owned()
    } else {
        words.join(" ")
    };
    Some(
        said.chars()
            .filter(|c| !c.is_control())
            .take(REASON_CHARS_MAX)
            .collect(),
    )
}

/// What is said of one recipient.
#[derive(Default)]
struct Recipient<'t> {
    has_failed: bool,
    status: Option<&'t str>,
    diagnostic: Option<&'t str>,
}

impl<'t> Recipient<'t> {
    fn read(group: &'t str) -> Self {
        let mut read = Self::default();
        for line in group.lines() {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "action" => read.has_failed = value.eq_ignore_ascii_case("failed"),
                "status" => read.status = Some(value),
                // "smtp; 550 no such user"
                "diagnostic-code" => {
                    let said = value.split_once(';').map_or(value, |(_, said)| said);
                    read.diagnostic = Some(said.trim());
                }
                _ => {}
            }
        }
        read
    }
}
