//! A mail that came in, as far as it matters here.

use std::borrow::Cow;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::history::without_history;
use super::page;
use super::part::{DEPTH_MAX, HEAD_BYTES_MAX, PARTS_MAX, Part};
use super::reply_tokens;
use super::report::{Bounce, bounce, is_report};
use crate::mail::{Person, is_id};
use crate::resources::message::by_mail::ReplyToken;

/// The domain of ids that are made for mails without one.
const NO_ID_DOMAIN: &str = "mail.invalid";
/// Characters of a name or an address that is kept.
const NAME_CHARS_MAX: usize = 200;

/// A mail.
#[derive(Debug)]
pub struct Mail {
    /// Its `Message-ID`, without angle brackets; of a mail without a usable one, one that the same mail has again.
    pub id: String,
    /// Whether it came with that id.
    pub has_id: bool,
    /// Who says that they wrote it.
    pub from: Option<Person>,
    /// What the addresses name that it went to.
    pub tokens: Vec<ReplyToken>,
    pub kind: MailKind,
}

/// What is to be made of a mail.
#[derive(Debug)]
pub enum MailKind {
    /// Somebody wrote it.
    Written(Written),
    /// A program wrote it: by which sign that is known.
    Automatic(&'static str),
    /// A mail did not arrive.
    Bounce(Bounce),
}

/// What somebody wrote.
#[derive(Debug, Default)]
pub struct Written {
    /// The text, without the mails before and the signature.
    pub text: String,
    pub files: Vec<SentFile>,
}

/// A file that came with a mail.
#[derive(Debug)]
pub struct SentFile {
    /// What the sender calls it.
    pub name: String,
    pub bytes: Bytes,
}

/// Why a mail cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it has no headers: send the whole mail, as it came")]
    NoHead,
    #[error("its head, or that of a part, is larger than {HEAD_BYTES_MAX} bytes")]
    Head,
    #[error("it has more than {PARTS_MAX} parts")]
    Parts,
    #[error("its parts are nested deeper than {DEPTH_MAX}")]
    Depth,
}

impl Mail {
    /// Reads a mail as it came (RFC 5322). A line before it that names its sender, as mailboxes have (`From …`), is passed over.
    ///
    /// # Errors
    /// When it is none, or larger than mails of people are.
    pub fn read(raw: &[u8]) -> Result<Self, Unreadable> {
        let raw = without_mailbox_line(raw);
        let mail = Part::read(raw)?;
        if !mail.has_head() {
            return Err(Unreadable::NoHead);
        }
        let given = mail.head().and_then(|head| head.message_id());
        let given = given.filter(|id| is_id(id));
        Ok(Self {
            id: given.map_or_else(|| made_id(raw), str::to_owned),
            has_id: given.is_some(),
            from: from(&mail),
            tokens: reply_tokens(&mail),
            kind: kind(&mail),
        })
    }
}

fn without_mailbox_line(raw: &[u8]) -> &[u8] {
    if !raw.starts_with(b"From ") {
        return raw;
    }
    let end = memchr::memchr(b'\n', raw);
    end.map_or(&[], |end| &raw[end + 1..])
}

fn made_id(raw: &[u8]) -> String {
    format!("{}@{NO_ID_DOMAIN}", hex::encode(Sha256::digest(raw)))
}

fn from(mail: &Part<'_>) -> Option<Person> {
    let from = mail.head()?.from()?.first()?;
    let address = short(from.address()?);
    let name = from.name().map(short).filter(|name| !name.is_empty());
    (!address.is_empty()).then_some(Person { name, address })
}

fn short(text: &str) -> String {
    let shown = text.chars().filter(|c| !c.is_control());
    shown
        .take(NAME_CHARS_MAX)
        .collect::<String>()
        .trim()
        .to_owned()
}

fn kind(mail: &Part<'_>) -> MailKind {
    if is_report(mail) {
        return bounce(mail).map_or(MailKind::Automatic("report"), MailKind::Bounce);
    }
    match sign_of_program(mail) {
        Some(sign) => MailKind::Automatic(sign),
        None => MailKind::Written(Written::of(mail)),
    }
}

/// By what it is known that no person wrote a mail.
fn sign_of_program(mail: &Part<'_>) -> Option<&'static str> {
    let first_word = |name: &'static str| {
        let value = mail.values(name).next().unwrap_or_default();
        let word = value.split([';', ' ', '\t', '(']).next();
        word.unwrap_or_default().to_ascii_lowercase()
    };
    let has = |name: &'static str| mail.values(name).next().is_some();
    if !matches!(first_word("Auto-Submitted").as_str(), "" | "no") {
        return Some("auto_submitted");
    }
    if matches!(
        first_word("Precedence").as_str(),
        "bulk" | "junk" | "auto_reply"
    ) {
        return Some("precedence");
    }
    if has("X-Autoreply") || has("X-Autorespond") {
        return Some("autoreply");
    }
    let mut paths = mail.values("Return-Path");
    paths
        .any(|path| path == "<>")
        .then_some("empty_return_path")
}

impl Written {
    fn of(mail: &Part<'_>) -> Self {
        let mut found = Found::default();
        found.walk(mail);
        let text = found.texts.join("\n\n");
        Self {
            text: without_history(&text),
            files: found.files,
        }
    }
}

/// What is found in the parts of a mail, in their order.
#[derive(Default)]
struct Found {
    texts: Vec<String>,
    files: Vec<SentFile>,
}

impl Found {
    fn walk(&mut self, part: &Part<'_>) {
        if part.is("multipart", "alternative") {
            return self.choose(part);
        }
        if !part.parts.is_empty() {
            return part.parts.iter().for_each(|part| self.walk(part));
        }
        match readable(part) {
            Some(text) => self
                .texts
                .extend(Some(text).filter(|text| !text.trim().is_empty())),
            None => self.files.push(file(part, self.files.len())),
        }
    }

    /// Of several forms of the same the plainest that says something, and all that is no text.
    fn choose(&mut self, part: &Part<'_>) {
        let mut texts: Vec<Vec<String>> = Vec::new();
        for form in &part.parts {
            let mut found = Self::default();
            found.walk(form);
            self.files.append(&mut found.files);
            texts.push(found.texts);
        }
        let first = texts.into_iter().find(|texts| !texts.is_empty());
        self.texts.extend(first.unwrap_or_default());
    }
}

/// The text of a part that is read; `None` for a file.
fn readable(part: &Part<'_>) -> Option<String> {
    if part.is_attached() {
        return None;
    }
    if part.is("text", "html") {
        return Some(page::text_of(&part.text()));
    }
    if !part.is("text", "plain") {
        return None;
    }
    let text = part.text().replace("\r\n", "\n").replace('\r', "\n");
    let format = part.attribute("format").unwrap_or_default();
    Some(if format.eq_ignore_ascii_case("flowed") {
        let joins_words = part.attribute("delsp").unwrap_or_default();
        flowed(&text, joins_words.eq_ignore_ascii_case("yes"))
    } else {
        text
    })
}

/// Puts lines together that the client of the sender broke (RFC 3676).
fn flowed(text: &str, joins_words: bool) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.split('\n') {
        // What begins like a quote was given a space before it.
        let line = line.strip_prefix(' ').unwrap_or(line);
        let goes_on = line.ends_with(' ') && line != "-- " && !line.starts_with('>');
        match (goes_on, joins_words) {
            (true, true) => joined.push_str(&line[..line.len() - 1]),
            (true, false) => joined.push_str(line),
            (false, _) => {
                joined.push_str(line);
                joined.push('\n');
            }
        }
    }
    joined
}

fn file(part: &Part<'_>, before: usize) -> SentFile {
    let name = part.name().map(Cow::from);
    let is_mail = part.is("message", "rfc822") || part.is("message", "global");
    let ending = if is_mail { ".eml" } else { "" };
    let name = name.unwrap_or_else(|| format!("attachment-{}{ending}", before + 1).into());
    SentFile {
        name: name.into_owned(),
        bytes: part.bytes().into_owned().into(),
    }
}

#[cfg(test)]
mod tests;
