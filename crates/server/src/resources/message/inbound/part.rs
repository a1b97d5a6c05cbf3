//! The parts of a mail (RFC 2045, 2046), split here and decoded by the library.
//!
//! The library splits mails as well, but as deep as they come; anybody may write one that is nested a million times. Here depth and number
//! of parts have an end, and mails within a mail stay what they are: a file.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{HeaderName, Message, MessageParser, MimeHeaders};
use memchr::memchr_iter;

use super::mail::Unreadable;

/// Parts of a mail, at any depth.
pub const PARTS_MAX: usize = 1_000;
/// How deep parts may lie in parts.
pub const DEPTH_MAX: usize = 16;
/// Bytes of the head of a mail, and of the head of a part.
pub const HEAD_BYTES_MAX: usize = 256 << 10;

/// A mail, or a part of one.
pub struct Part<'m> {
    /// Its headers. The library makes no head of nothing.
    head: Option<Message<'m>>,
    /// What comes after its head, as it was sent.
    body: &'m [u8],
    /// Those within it.
    pub parts: Vec<Self>,
}

impl<'m> Part<'m> {
    /// Reads a whole mail.
    ///
    /// # Errors
    /// What is too large or too deep.
    pub fn read(mail: &'m [u8]) -> Result<Self, Unreadable> {
        let mut left = PARTS_MAX;
        Self::of(mail, 0, &mut left)
    }

    /// Reads the head of a mail alone. `None` when it is too large.
    pub fn head_of(mail: &'m [u8]) -> Option<Self> {
        let (head, body) = split(mail).ok()?;
        Some(Self {
            head: MessageParser::default().parse_headers(head),
            body,
            parts: Vec::new(),
        })
    }

    fn of(whole: &'m [u8], depth: usize, left: &mut usize) -> Result<Self, Unreadable> {
        *left = left.checked_sub(1).ok_or(Unreadable::Parts)?;
        let (head, body) = split(whole)?;
        let mut part = Self {
            head: MessageParser::default().parse_headers(head),
            body,
            parts: Vec::new(),
        };
        if let Some(boundary) = part.boundary() {
            if depth == DEPTH_MAX {
                return Err(Unreadable::Depth);
            }
            let inner = within(body, boundary.as_bytes());
            let inner = inner.map(|inner| Self::of(inner, depth + 1, left));
            part.parts = inner.collect::<Result<_, _>>()?;
        }
        Ok(part)
    }

    /// Its headers.
    pub fn head(&self) -> Option<&Message<'m>> {
        self.head.as_ref()
    }

    /// All values of a header, as they were sent.
    pub fn values<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        let headers = self.head.iter().flat_map(Message::headers_raw);
        headers
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// Whether it is of this type, such as `text` and `plain`. What says nothing is text.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        match self.head.as_ref().and_then(MimeHeaders::content_type) {
            None => kind == "text" && subtype == "plain",
            Some(given) => {
                let given_subtype = given.subtype().unwrap_or_default();
                given.ctype().eq_ignore_ascii_case(kind)
                    && given_subtype.eq_ignore_ascii_case(subtype)
            }
        }
    }

    /// An attribute of its type, such as `charset`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.head.as_ref()?.content_type()?.attribute(name)
    }

    /// Whether it is to be kept, and not read.
    pub fn is_attached(&self) -> bool {
        let disposition = self
            .head
            .as_ref()
            .and_then(MimeHeaders::content_disposition);
        disposition.is_some_and(|given| given.is_attachment()) || self.name().is_some()
    }

    /// What it is called.
    pub fn name(&self) -> Option<&str> {
        self.head.as_ref()?.attachment_name()
    }

    /// What it holds. What is wrong in its encoding stays as it was sent.
    pub fn bytes(&self) -> Cow<'m, [u8]> {
        let encoding = self.head.as_ref();
        let encoding = encoding.and_then(MimeHeaders::content_transfer_encoding);
        let encoding = encoding.unwrap_or_default().trim();
        let decoded = if encoding.eq_ignore_ascii_case("base64") {
            base64_decode(self.body)
        } else if encoding.eq_ignore_ascii_case("quoted-printable") {
            quoted_printable_decode(self.body)
        } else {
            None
        };
        decoded.map_or(Cow::Borrowed(self.body), Cow::Owned)
    }

    /// What it says, when it is text.
    pub fn text(&self) -> String {
        let bytes = self.bytes();
        let decoder = self.attribute("charset");
        match decoder.and_then(|name| charset_decoder(name.as_bytes())) {
            Some(decode) => decode(&bytes),
            None => String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    fn boundary(&self) -> Option<String> {
        let head = self.head.as_ref()?;
        let kind = head.content_type()?;
        if !kind.ctype().eq_ignore_ascii_case("multipart") {
            return None;
        }
        let boundary = kind.attribute("boundary")?.trim_end();
        (!boundary.is_empty()).then(|| boundary.to_owned())
    }

    /// Whether the head says anything.
    pub fn has_head(&self) -> bool {
        let headers = self.head.as_ref().map(Message::headers);
        let is_known = |name: &HeaderName<'_>| !matches!(name, HeaderName::Other(_));
        headers.is_some_and(|headers| headers.iter().any(|header| is_known(&header.name)))
    }
}

/// Head and body: an empty line stands between.
fn split(whole: &[u8]) -> Result<(&[u8], &[u8]), Unreadable> {
    let mut start = 0;
    for end in memchr_iter(b'\n', whole).chain([whole.len()]) {
        let line = &whole[start..end];
        if line.trim_ascii().is_empty() {
            let after = whole.get(end + 1..).unwrap_or_default();
            return Ok((&whole[..start], after));
        }
        if end > HEAD_BYTES_MAX {
            return Err(Unreadable::Head);
        }
        start = end + 1;
    }
    Ok((whole, &[]))
}

/// What stands between the lines with a boundary.
fn within<'m>(body: &'m [u8], boundary: &[u8]) -> impl Iterator<Item = &'m [u8]> {
    let mut parts = Vec::new();
    let mut begun: Option<usize> = None;
    let mut start = 0;
    for end in memchr_iter(b'\n', body).chain([body.len()]) {
        let line = body[start..end].trim_ascii_end();
        if let Some(is_last) = delimits(line, boundary) {
            parts.extend(begun.map(|from| chomp(&body[from..start.max(from)])));
            begun = (!is_last).then_some((end + 1).min(body.len()));
            if is_last || parts.len() > PARTS_MAX {
                break;
            }
        }
        start = (end + 1).min(body.len());
    }
    // Of a mail that broke off the last part is as long as it came.
    parts.extend(begun.map(|from| &body[from..]));
    parts.into_iter()
}

/// Whether a line is a delimiter, and the last one.
fn delimits(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// The line break before a delimiter belongs to it.
fn chomp(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}
