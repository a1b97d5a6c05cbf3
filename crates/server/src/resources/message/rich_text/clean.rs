//! Making a document of what was sent. What is not known is left out, and the text within it is kept; what stands where an editor would
//! not bear it is moved to where it would.

use std::borrow::Cow;

use serde_json::Value;
use url::Url;

use super::{Attrs, Kind, Mark, Node, from_plain};
use crate::sdk::bugs::fields::URL_BYTES_MAX;

/// Characters of text in a document.
pub const TEXT_CHARS_MAX: usize = 50_000;
/// Parts of a document that are looked at, lines of plain text included.
pub const NODES_MAX: usize = 10_000;
/// How deep they may be nested.
pub const DEPTH_MAX: usize = 32;
/// Characters of a name or a title within a document; of longer ones the beginning is kept.
const LABEL_CHARS_MAX: usize = 200;
/// The largest first number of a list.
const START_MAX: u64 = 1_000_000;

/// Why a document is refused. The text goes on after the name of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("has more than {TEXT_CHARS_MAX} characters: send it in several messages, or as a file")]
    Chars,
    #[error("has more than {NODES_MAX} parts: send it in several messages, or as a file")]
    Nodes,
    #[error("is nested deeper than {DEPTH_MAX} parts: flatten its lists and quotes")]
    Depth,
    #[error("must be a text, or a document of TipTap: {{\"type\": \"doc\", \"content\": […]}}")]
    Shape,
}

/// The document that was meant: of a text, of a whole document, of a part of one or of a list of parts.
///
/// # Errors
/// [`Fault`] when it is too large, or neither.
pub fn read(sent: &Value) -> Result<Node, Fault> {
    let mut cleaner = Cleaner::default();
    let parts = match sent {
        Value::String(text) => return of_text(text),
        Value::Array(parts) => parts.as_slice(),
        Value::Object(_) => std::slice::from_ref(sent),
        _ => return Err(Fault::Shape),
    };
    let mut content = cleaner.blocks(parts, 0)?;
    if content.is_empty() {
        content.push(Node::new(Kind::Paragraph, Vec::new()));
    }
    Ok(Node::new(Kind::Doc, content))
}

fn of_text(text: &str) -> Result<Node, Fault> {
    let text = printable(text);
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Fault::Chars);
    }
    if text.split('\n').count() > NODES_MAX {
        return Err(Fault::Nodes);
    }
    Ok(from_plain(text.trim()))
}

/// Counts what was looked at.
#[derive(Default)]
struct Cleaner {
    nodes: usize,
    chars: usize,
}

impl Cleaner {
    /// What stands on lines of its own.
    fn blocks(&mut self, sent: &[Value], depth: usize) -> Result<Vec<Node>, Fault> {
        let mut blocks = Vec::new();
        let mut line = Vec::new();
        for value in sent {
            let (kind, inner) = self.enter(value, depth)?;
            if kind.is_some_and(Kind::is_inline) {
                line.extend(self.inline(kind, value, inner, depth)?);
                continue;
            }
            end_line(&mut line, &mut blocks);
            match kind {
                Some(Kind::Paragraph | Kind::Heading) => {
                    let content = self.line(inner, depth + 1)?;
                    blocks.push(with(kind, level(kind, value), content));
                }
                Some(Kind::BulletList | Kind::OrderedList) => {
                    let items = self.items(inner, depth + 1)?;
                    if !items.is_empty() {
                        blocks.push(with(kind, start(kind, value), items));
                    }
                }
                Some(Kind::Blockquote) => {
                    let content = or_paragraph(self.blocks(inner, depth + 1)?);
                    blocks.push(Node::new(Kind::Blockquote, content));
                }
                Some(Kind::CodeBlock) => blocks.push(self.code(value, inner, depth + 1)?),
                Some(Kind::HorizontalRule) => {
                    blocks.push(Node::new(Kind::HorizontalRule, Vec::new()));
                }
                Some(Kind::Image) => blocks.extend(image(value)),
                _ => blocks.extend(self.blocks(inner, depth + 1)?),
            }
        }
        end_line(&mut line, &mut blocks);
        Ok(blocks)
    }

    /// What stands in a line.
    fn line(&mut self, sent: &[Value], depth: usize) -> Result<Vec<Node>, Fault> {
        let mut line = Vec::new();
        for value in sent {
            let (kind, inner) = self.enter(value, depth)?;
            line.extend(self.inline(kind, value, inner, depth)?);
        }
        Ok(line)
    }

    fn inline(
        &mut self,
        kind: Option<Kind>,
        value: &Value,
        inner: &[Value],
        depth: usize,
    ) -> Result<Vec<Node>, Fault> {
        let one = match kind {
            Some(Kind::Text) => self
                .text(value)?
                .map(|text| Node::text(text, marks(&value["marks"]))),
            Some(Kind::HardBreak) => Some(Node::new(Kind::HardBreak, Vec::new())),
            Some(Kind::Mention) => self.mention(value)?,
            Some(Kind::Image) => image(value),
            _ => return self.line(inner, depth + 1),
        };
        Ok(one.into_iter().collect())
    }

    fn items(&mut self, sent: &[Value], depth: usize) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        for value in sent {
            let is_item = value["type"] == "listItem";
            let content = if is_item {
                let (_, inner) = self.enter(value, depth)?;
                self.blocks(inner, depth + 1)?
            } else {
                self.blocks(std::slice::from_ref(value), depth + 1)?
            };
            if is_item || !content.is_empty() {
                items.push(Node::new(Kind::ListItem, or_paragraph(content)));
            }
        }
        Ok(items)
    }

    /// Code has no looks of its own.
    fn code(&mut self, value: &Value, inner: &[Value], depth: usize) -> Result<Node, Fault> {
        let mut text = String::new();
        for node in self.line(inner, depth)? {
            match node.kind {
                Kind::HardBreak => text.push('\n'),
                _ => text.push_str(&node.text.unwrap_or_default()),
            }
        }
        let content = (!text.is_empty()).then(|| Node::text(text, Vec::new()));
        let language = attr(value, "language").filter(|name| is_language(name));
        let attrs = Attrs {
            language,
            ..Attrs::default()
        };
        Ok(with(
            Some(Kind::CodeBlock),
            attrs,
            content.into_iter().collect(),
        ))
    }

    fn text(&mut self, value: &Value) -> Result<Option<String>, Fault> {
        let text = printable(value["text"].as_str().unwrap_or_default());
        self.count(&text)?;
        Ok(Some(text.into_owned()).filter(|text| !text.is_empty()))
    }

    fn mention(&mut self, value: &Value) -> Result<Option<Node>, Fault> {
        let (id, label) = (attr(value, "id"), attr(value, "label"));
        self.count(id.as_deref().unwrap_or_default())?;
        self.count(label.as_deref().unwrap_or_default())?;
        let attrs = Attrs {
            id,
            label,
            ..Attrs::default()
        };
        let is_known = attrs.id.is_some() || attrs.label.is_some();
        Ok(is_known.then(|| with(Some(Kind::Mention), attrs, Vec::new())))
    }

    /// Counts a part; returns what it is, as far as that is known, and what is in it.
    fn enter<'v>(
        &mut self,
        value: &'v Value,
        depth: usize,
    ) -> Result<(Option<Kind>, &'v [Value]), Fault> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(Fault::Nodes);
        }
        if depth >= DEPTH_MAX {
            return Err(Fault::Depth);
        }
        let kind = value["type"].as_str().and_then(Kind::named);
        let inner = value["content"].as_array().map_or(&[][..], Vec::as_slice);
        Ok((kind, inner))
    }

    fn count(&mut self, text: &str) -> Result<(), Fault> {
        self.chars += text.chars().count();
        if self.chars > TEXT_CHARS_MAX {
            return Err(Fault::Chars);
        }
        Ok(())
    }
}

/// What stands in a line without a paragraph gets one.
fn end_line(line: &mut Vec<Node>, blocks: &mut Vec<Node>) {
    if !line.is_empty() {
        blocks.push(Node::new(Kind::Paragraph, std::mem::take(line)));
    }
}

fn or_paragraph(mut content: Vec<Node>) -> Vec<Node> {
    if content.is_empty() {
        content.push(Node::new(Kind::Paragraph, Vec::new()));
    }
    content
}

fn with(kind: Option<Kind>, attrs: Attrs, content: Vec<Node>) -> Node {
    Node {
        attrs,
        ..Node::new(kind.unwrap_or(Kind::Paragraph), content)
    }
}

fn level(kind: Option<Kind>, value: &Value) -> Attrs {
    let level = value["attrs"]["level"].as_u64().unwrap_or(1).clamp(1, 6);
    Attrs {
        level: (kind == Some(Kind::Heading)).then_some(level),
        ..Attrs::default()
    }
}

fn start(kind: Option<Kind>, value: &Value) -> Attrs {
    let start = value["attrs"]["start"].as_u64();
    Attrs {
        start: start.filter(|start| kind == Some(Kind::OrderedList) && *start <= START_MAX),
        ..Attrs::default()
    }
}

fn image(value: &Value) -> Option<Node> {
    let src = value["attrs"]["src"].as_str().and_then(web_address)?;
    let attrs = Attrs {
        src: Some(src),
        alt: attr(value, "alt"),
        title: attr(value, "title"),
        ..Attrs::default()
    };
    Some(with(Some(Kind::Image), attrs, Vec::new()))
}

/// An attribute that is a text, on one line.
fn attr(value: &Value, name: &str) -> Option<String> {
    let text = value["attrs"][name].as_str()?;
    let kept = text.chars().filter(|sign| !sign.is_control());
    let text: String = kept.take(LABEL_CHARS_MAX).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_language(name: &str) -> bool {
    name.chars()
        .all(|sign| sign.is_ascii_alphanumeric() || "+#.-_".contains(sign))
}

fn marks(sent: &Value) -> Vec<Mark> {
    let mut marks = Vec::new();
    for value in sent.as_array().into_iter().flatten() {
        let mark = match value["type"].as_str() {
            Some("bold") => Some(Mark::Bold),
            Some("italic") => Some(Mark::Italic),
            Some("underline") => Some(Mark::Underline),
            Some("strike") => Some(Mark::Strike),
            Some("code") => Some(Mark::Code),
            Some("link") => value["attrs"]["href"]
                .as_str()
                .and_then(link)
                .map(|href| Mark::Link { href }),
            _ => None,
        };
        // Each once: many of them would make a small text a large page.
        let is_there = |mark: &Mark| {
            let same = |known: &Mark| std::mem::discriminant(known) == std::mem::discriminant(mark);
            marks.iter().any(same)
        };
        if let Some(mark) = mark.filter(|mark| !is_there(mark)) {
            marks.push(mark);
        }
    }
    marks
}

/// An address that may be clicked on.
fn link(text: &str) -> Option<String> {
    address(text, &["http", "https", "mailto"])
}

/// An address that a browser may fetch.
fn web_address(text: &str) -> Option<String> {
    address(text, &["http", "https"])
}

/// The address as a browser reads it, so that nothing hides in how it is written.
fn address(text: &str, schemes: &[&str]) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let address = url.as_str().replace('\'', "%27");
    let is_plain = |sign: char| !sign.is_whitespace() && !sign.is_control();
    let fits = schemes.contains(&url.scheme())
        && address.len() <= URL_BYTES_MAX
        && !address.contains(['<', '>', '"', '`'])
        && address.chars().all(is_plain);
    fits.then_some(address)
}

/// A text without what is not to be seen, and with one sign for the end of a line.
fn printable(text: &str) -> Cow<'_, str> {
    let is_kept = |sign: char| !sign.is_control() || matches!(sign, '\n' | '\t');
    if text.chars().all(is_kept) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|sign| is_kept(*sign)).collect()
}
