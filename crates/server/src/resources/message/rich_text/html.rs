//! Rich text as HTML, for mails. Only tags and attributes that are written out here come to be in it.

use std::fmt::Write;

use super::{Attrs, Kind, Mark, Node};

/// The HTML of a document.
#[must_use]
pub fn html(document: &Node) -> String {
    let mut out = String::new();
    node(document, &mut out);
    out
}

fn node(node: &Node, out: &mut String) {
    match node.kind {
        Kind::Doc => children(node, out),
        Kind::Paragraph => within(node, "p", out),
        Kind::Heading => {
            let tag = format!("h{}", node.attrs.level.unwrap_or(1));
            within(node, &tag, out);
        }
        Kind::BulletList => within(node, "ul", out),
        Kind::OrderedList => {
            match node.attrs.start {
                Some(start) => {
                    let _ = write!(out, "<ol start=\"{start}\">");
                }
                None => out.push_str("<ol>"),
            }
            children(node, out);
            out.push_str("</ol>");
        }
        Kind::ListItem => within(node, "li", out),
        Kind::Blockquote => within(node, "blockquote", out),
        Kind::CodeBlock => {
            out.push_str("<pre><code>");
            for child in &node.content {
                escape(child.text.as_deref().unwrap_or_default(), out);
            }
            out.push_str("</code></pre>");
        }
        Kind::HorizontalRule => out.push_str("<hr>"),
        Kind::Image => image(&node.attrs, out),
        Kind::HardBreak => out.push_str("<br>"),
        Kind::Mention => {
            out.push('@');
            let name = node.attrs.label.as_ref().or(node.attrs.id.as_ref());
            escape(name.map_or("", String::as_str), out);
        }
        Kind::Text => text(node, out),
    }
}

fn children(parent: &Node, out: &mut String) {
    for child in &parent.content {
        node(child, out);
    }
}

fn within(parent: &Node, tag: &str, out: &mut String) {
    let _ = write!(out, "<{tag}>");
    children(parent, out);
    let _ = write!(out, "</{tag}>");
}

fn image(attrs: &Attrs, out: &mut String) {
    out.push_str("<img");
    for (name, value) in [
        ("src", &attrs.src),
        ("alt", &attrs.alt),
        ("title", &attrs.title),
    ] {
        if let Some(value) = value {
            let _ = write!(out, " {name}=\"");
            escape(value, out);
            out.push('"');
        }
    }
    out.push('>');
}

fn text(node: &Node, out: &mut String) {
    for mark in &node.marks {
        match mark {
            Mark::Link { href } => {
                out.push_str("<a rel=\"noopener noreferrer nofollow\" href=\"");
                escape(href, out);
                out.push_str("\">");
            }
            other => {
                let _ = write!(out, "<{}>", tag(other));
            }
        }
    }
    let lines = node.text.as_deref().unwrap_or_default().split('\n');
    for (place, line) in lines.enumerate() {
        if place > 0 {
            out.push_str("<br>");
        }
        escape(line, out);
    }
    for mark in node.marks.iter().rev() {
        let _ = write!(out, "</{}>", tag(mark));
    }
}

fn tag(mark: &Mark) -> &'static str {
    match mark {
        Mark::Bold => "strong",
        Mark::Italic => "em",
        Mark::Underline => "u",
        Mark::Strike => "s",
        Mark::Code => "code",
        Mark::Link { .. } => "a",
    }
}

fn escape(text: &str, out: &mut String) {
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}
