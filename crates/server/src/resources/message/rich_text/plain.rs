//! Rich text as plain text, for searches, notifications and clients that show no more; and plain text as rich text.

use super::{Kind, Node};

/// A document of plain text: a paragraph for each line.
#[must_use]
pub fn from_plain(text: &str) -> Node {
    let paragraph = |line: &str| {
        let text = (!line.is_empty()).then(|| Node::text(line.to_owned(), Vec::new()));
        Node::new(Kind::Paragraph, text.into_iter().collect())
    };
    Node::new(Kind::Doc, text.split('\n').map(paragraph).collect())
}

/// The text of a document, without empty lines around it.
#[must_use]
pub fn plain(document: &Node) -> String {
    let mut lines = Vec::new();
    block(document, &mut lines);
    lines.join("\n").trim().to_owned()
}

fn block(node: &Node, lines: &mut Vec<String>) {
    match node.kind {
        Kind::Doc | Kind::ListItem => blocks(&node.content, lines),
        Kind::Paragraph | Kind::Heading | Kind::CodeBlock => {
            let mut text = String::new();
            for child in &node.content {
                inline(child, &mut text);
            }
            lines.extend(text.split('\n').map(str::to_owned));
        }
        Kind::Blockquote => {
            let mut quoted = Vec::new();
            blocks(&node.content, &mut quoted);
            lines.extend(quoted.iter().map(|line| format!("> {line}")));
        }
        Kind::BulletList => items(node, lines, |_| "- ".into()),
        Kind::OrderedList => {
            let first = node.attrs.start.unwrap_or(1);
            items(node, lines, |place| {
                format!("{}. ", first.saturating_add(place))
            });
        }
        Kind::HorizontalRule => lines.push("---".into()),
        Kind::Image | Kind::Text | Kind::HardBreak | Kind::Mention => {
            let mut text = String::new();
            inline(node, &mut text);
            lines.extend(text.split('\n').map(str::to_owned));
        }
    }
}

fn blocks(nodes: &[Node], lines: &mut Vec<String>) {
    for node in nodes {
        block(node, lines);
    }
}

fn items(list: &Node, lines: &mut Vec<String>, sign: impl Fn(u64) -> String) {
    for (place, item) in list.content.iter().enumerate() {
        let mut own = Vec::new();
        block(item, &mut own);
        let sign = sign(place as u64);
        let indent = " ".repeat(sign.len());
        let mut before = sign;
        for line in own {
            lines.push(format!("{before}{line}"));
            before.clone_from(&indent);
        }
    }
}

fn inline(node: &Node, text: &mut String) {
    match node.kind {
        Kind::HardBreak => text.push('\n'),
        Kind::Mention => {
            text.push('@');
            let name = node.attrs.label.as_ref().or(node.attrs.id.as_ref());
            text.push_str(name.map_or("", String::as_str));
        }
        Kind::Image => {
            text.push('[');
            text.push_str(node.attrs.alt.as_deref().unwrap_or("image"));
            text.push(']');
        }
        _ => text.push_str(node.text.as_deref().unwrap_or_default()),
    }
}
