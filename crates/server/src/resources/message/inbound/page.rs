//! The text of a mail that came as a page, without the mails before that are quoted in it.

use mail_parser::decoders::html::html_to_text;
use memchr::memchr;

/// What the elements have in which mail clients put the mails before.
const HISTORY: [&str; 6] = [
    "gmail_quote",
    "yahoo_quoted",
    "moz-cite-prefix",
    "divrplyfwdmsg",
    "appendonsend",
    "mail-editor-reference-message-container",
];
/// Elements that stand on lines of their own.
const BLOCKS: [&str; 15] = [
    "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr", "p",
];

/// The text of a page. Nothing of its markup is left.
#[must_use]
pub fn text_of(html: &str) -> String {
    html_to_text(&own(html))
}

/// The page without its history, with a line break before what stands on a line of its own.
fn own(html: &str) -> String {
    let mut kept = String::with_capacity(html.len());
    let mut rest = html;
    // How deep within quotes.
    let mut quotes = 0_usize;
    while let Some(open) = memchr(b'<', rest.as_bytes()) {
        let (before, from) = rest.split_at(open);
        if quotes == 0 {
            kept.push_str(before);
        }
        let Some(close) = memchr(b'>', from.as_bytes()) else {
            rest = "";
            break;
        };
        let (tag, after) = from.split_at(close + 1);
        rest = after;
        let (name, is_end) = name(tag);
        match (name.as_str(), is_end) {
            ("blockquote", false) => quotes += 1,
            ("blockquote", true) => quotes = quotes.saturating_sub(1),
            _ if quotes > 0 => {}
            (_, false) if is_history(tag) => {
                rest = "";
                break;
            }
            (name, false) if BLOCKS.contains(&name) => {
                kept.push_str("<br>");
                kept.push_str(tag);
                if name == "li" {
                    kept.push_str("- ");
                }
            }
            _ => kept.push_str(tag),
        }
    }
    if quotes == 0 {
        kept.push_str(rest);
    }
    kept
}

fn name(tag: &str) -> (String, bool) {
    let inner = tag.trim_start_matches('<').trim_start();
    let is_end = inner.starts_with('/');
    let name = inner.trim_start_matches('/');
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next();
    (name.unwrap_or_default().to_ascii_lowercase(), is_end)
}

fn is_history(tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    let has = |name: &str| tag.contains(&format!("{name}=\"")) || tag.contains(&format!("{name}="));
    (has("class") || has("id")) && HISTORY.iter().any(|mark| tag.contains(mark))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_stands_on_lines_of_its_own_does_so() {
        for (html, text) in [
            ("<p>Hello <b>you</b></p><p>Bye</p>", "Hello you\n\nBye"),
            ("<div>one</div><div>two</div>", "one\ntwo"),
            ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
            ("a<br>b<br/>c", "a\nb\nc"),
            (
                "<style>p{}</style><script>alert(1)</script>x &lt;b&gt; &amp; y",
                "x <b> & y",
            ),
            ("no markup", "no markup"),
            ("3 < 4", "3"),
        ] {
            let lines: Vec<_> = text_of(html)
                .lines()
                .map(|line| line.trim().to_owned())
                .collect();
            let shown = lines.join("\n").trim().to_owned();
            assert_eq!(shown.replace("\n\n\n", "\n\n"), text, "{html}");
        }
    }

    #[test]
    fn history_is_left_out() {
        for html in [
            "Answer<blockquote type=cite>Before <blockquote>long before</blockquote> that</blockquote>",
            "Answer<div class=\"gmail_quote\">On Monday we wrote: Before</div>",
            "Answer<DIV ID=\"divRplyFwdMsg\"><b>From:</b> us</DIV>Before",
            "<blockquote>Before</blockquote>Answer",
        ] {
            assert_eq!(text_of(html).trim(), "Answer", "{html}");
        }
    }

    proptest! {
        #[test]
        fn any_page_can_be_read(html in "(<[a-z/]{0,12}>|[<>&;a-zü \n\"=]){0,40}") {
            let text = text_of(&html);
            prop_assert!(text.len() <= html.len() + 8 * html.matches('<').count());
        }
    }
}
