//! Rich text: the documents of TipTap, of which only what is known here is kept.
//!
//! [`clean`] makes such a document of anything that was sent; everything else reads what it made. So there is one place that decides what a
//! browser or a mail may come to show.

pub mod clean;
mod html;
mod plain;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use clean::{Fault, read};
pub use html::html;
pub use plain::{from_plain, plain};

/// A part of a document, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Attrs::is_empty")]
    pub attrs: Attrs,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content: Vec<Self>,
    /// Of a text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// Of a text: never empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What a part of a document can be. What stands on lines of its own comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    Doc,
    Paragraph,
    Heading,
    BulletList,
    OrderedList,
    ListItem,
    Blockquote,
    CodeBlock,
    HorizontalRule,
    /// Stands alone or in a line.
    Image,
    Text,
    HardBreak,
    Mention,
}

/// What is to be known of a part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attrs {
    /// Of a heading: 1 to 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<u64>,
    /// Of an ordered list: the number of its first item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// Of a block of code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Of an image: its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src: Option<String>,
    /// Of an image: what it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// Of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Of a mention: who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Of a mention: the name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Attrs {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How a text looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "attrs", rename_all = "camelCase")]
pub enum Mark {
    Bold,
    Italic,
    Underline,
    Strike,
    Code,
    Link {
        /// `http`, `https` or `mailto`.
        href: String,
    },
}

impl Node {
    fn new(kind: Kind, content: Vec<Self>) -> Self {
        Self {
            kind,
            attrs: Attrs::default(),
            content,
            marks: Vec::new(),
            text: None,
        }
    }

    fn text(text: String, marks: Vec<Mark>) -> Self {
        Self {
            text: Some(text),
            marks,
            ..Self::new(Kind::Text, Vec::new())
        }
    }
}

impl Kind {
    /// The kind of this name.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "doc" => Self::Doc,
            "paragraph" => Self::Paragraph,
            "heading" => Self::Heading,
            "bulletList" => Self::BulletList,
            "orderedList" => Self::OrderedList,
            "listItem" => Self::ListItem,
            "blockquote" => Self::Blockquote,
            "codeBlock" => Self::CodeBlock,
            "horizontalRule" => Self::HorizontalRule,
            "image" => Self::Image,
            "text" => Self::Text,
            "hardBreak" => Self::HardBreak,
            "mention" => Self::Mention,
            _ => return None,
        })
    }

    /// Whether it stands in a line with others.
    fn is_inline(self) -> bool {
        matches!(self, Self::Text | Self::HardBreak | Self::Mention)
    }
}
