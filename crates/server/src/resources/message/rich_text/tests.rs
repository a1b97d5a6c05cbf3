use proptest::prelude::*;
use serde_json::{Value, json};

use super::clean::{DEPTH_MAX, NODES_MAX, TEXT_CHARS_MAX};
use super::*;

fn cleaned(sent: &Value) -> Value {
    serde_json::to_value(read(sent).unwrap()).unwrap()
}

fn doc(content: &Value) -> Value {
    json!({"type": "doc", "content": content})
}

fn paragraph(text: &str) -> Value {
    json!({"type": "paragraph", "content": [{"type": "text", "text": text}]})
}

#[test]
fn a_text_becomes_a_paragraph_for_each_line() {
    let expected = doc(&json!([
        paragraph("a"),
        {"type": "paragraph"},
        paragraph("<b>b</b>"),
    ]));
    assert_eq!(cleaned(&json!("a\r\n\n<b>b</b>\u{0}\n")), expected);
}

#[test]
fn what_is_known_stays_as_it_is() {
    let sent = doc(&json!([
        {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Title"}]},
        {"type": "paragraph", "content": [
            {"type": "text", "text": "bold", "marks": [{"type": "bold"}, {"type": "italic"}]},
            {"type": "hardBreak"},
            {"type": "mention", "attrs": {"id": "1", "label": "Ada"}},
            {"type": "text", "text": " here", "marks": [{"type": "link", "attrs": {"href": "https://example.com/a?b=c"}}]},
        ]},
        {"type": "bulletList", "content": [
            {"type": "listItem", "content": [paragraph("one"), {"type": "orderedList", "attrs": {"start": 3}, "content": [
                {"type": "listItem", "content": [paragraph("three")]},
            ]}]},
        ]},
        {"type": "blockquote", "content": [paragraph("said")]},
        {"type": "codeBlock", "attrs": {"language": "rust"}, "content": [{"type": "text", "text": "a\nb"}]},
        {"type": "horizontalRule"},
        {"type": "image", "attrs": {"src": "https://example.com/p.png", "alt": "a picture"}},
    ]));
    assert_eq!(cleaned(&sent), sent);
    let document = read(&sent).unwrap();
    assert_eq!(
        plain(&document),
        "Title\nbold\n@Ada here\n- one\n  3. three\n> said\na\nb\n---\n[a picture]"
    );
    assert_eq!(
        html(&document),
        "<h2>Title</h2><p><strong><em>bold</em></strong><br>@Ada<a rel=\"noopener noreferrer nofollow\" href=\"https://example.com/a?b=c\"> here</a></p>\
         <ul><li><p>one</p><ol start=\"3\"><li><p>three</p></li></ol></li></ul><blockquote><p>said</p></blockquote>\
         <pre><code>a\nb</code></pre><hr><img src=\"https://example.com/p.png\" alt=\"a picture\">"
    );
}

#[test]
fn what_is_not_known_is_left_out_and_its_text_kept() {
    let sent = doc(&json!([
        {"type": "iframe", "attrs": {"src": "https://example.com"}, "content": [paragraph("in a frame")]},
        {"type": "text", "text": "bare", "marks": [{"type": "textStyle", "attrs": {"style": "x"}}]},
        {"type": "script", "text": "alert(1)"},
        {"type": "paragraph", "attrs": {"onclick": "alert(1)", "class": "x"}, "onclick": "alert(1)", "content": [
            {"type": "table", "content": [{"type": "text", "text": "cell"}]},
            {"type": "image", "attrs": {"src": "javascript:alert(1)"}},
        ]},
        {"type": "bulletList", "content": [{"type": "text", "text": "no item"}]},
        {"type": "listItem", "content": [paragraph("no list")]},
        7,
        null,
    ]));
    let expected = doc(&json!([
        paragraph("in a frame"),
        paragraph("bare"),
        paragraph("cell"),
        {"type": "bulletList", "content": [{"type": "listItem", "content": [paragraph("no item")]}]},
        paragraph("no list"),
    ]));
    assert_eq!(cleaned(&sent), expected);
}

#[test]
fn parts_of_documents_will_do_and_other_things_will_not() {
    assert_eq!(cleaned(&paragraph("a")), doc(&json!([paragraph("a")])));
    let both = json!([paragraph("a"), {"type": "text", "text": "b"}]);
    assert_eq!(
        cleaned(&both),
        doc(&json!([paragraph("a"), paragraph("b")]))
    );
    assert_eq!(cleaned(&json!({})), doc(&json!([{"type": "paragraph"}])));
    for sent in [json!(7), json!(true), json!(null)] {
        assert_eq!(read(&sent), Err(Fault::Shape));
    }
}

#[test]
fn links_lead_to_the_web_or_to_a_mail() {
    let href = |href: &str| {
        let link = json!({"type": "text", "text": "x", "marks": [{"type": "link", "attrs": {"href": href}}]});
        let mark = cleaned(&link)["content"][0]["content"][0]["marks"][0].clone();
        mark["attrs"]["href"].as_str().map(str::to_owned)
    };
    for (sent, kept) in [
        ("https://example.com", "https://example.com/"),
        ("HTTP://EXAMPLE.com/a b", "http://example.com/a%20b"),
        ("mailto:ada@example.com", "mailto:ada@example.com"),
        (
            "https://example.com/ä'\"<>",
            "https://example.com/%C3%A4%27%22%3C%3E",
        ),
    ] {
        assert_eq!(href(sent).as_deref(), Some(kept));
    }
    for bad in [
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        " JavaScript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.com",
        "/a",
        "mailto:a\"onclick=",
        "",
    ] {
        assert_eq!(href(bad), None, "{bad}");
    }
    let long = |bytes: usize| format!("https://example.com/{}", "x".repeat(bytes - 20));
    assert!(href(&long(2048)).is_some());
    assert_eq!(href(&long(2049)), None);
}

#[test]
fn limits_hold_at_their_edge() {
    let text = |chars: usize| "ä".repeat(chars);
    for sent in [
        json!(text(TEXT_CHARS_MAX)),
        paragraph(&text(TEXT_CHARS_MAX)),
    ] {
        assert!(read(&sent).is_ok());
    }
    for sent in [
        json!(text(TEXT_CHARS_MAX + 1)),
        paragraph(&text(TEXT_CHARS_MAX + 1)),
    ] {
        assert_eq!(read(&sent), Err(Fault::Chars));
    }
    let breaks = |count: usize| json!(vec![json!({"type": "hardBreak"}); count]);
    assert!(read(&breaks(NODES_MAX)).is_ok());
    assert_eq!(read(&breaks(NODES_MAX + 1)), Err(Fault::Nodes));
    assert!(read(&json!(format!("a{}a", "\n".repeat(NODES_MAX - 1)))).is_ok());
    let lines = json!(format!("a{}a", "\n".repeat(NODES_MAX)));
    assert_eq!(read(&lines), Err(Fault::Nodes));
    let nested = |depth: usize| {
        (0..depth).fold(
            json!({"type": "text", "text": "x"}),
            |inner, _| json!({"type": "blockquote", "content": [inner]}),
        )
    };
    assert!(read(&nested(DEPTH_MAX - 1)).is_ok());
    assert_eq!(read(&nested(DEPTH_MAX)), Err(Fault::Depth));
}

const KINDS: [&str; 16] = [
    "doc",
    "paragraph",
    "heading",
    "bulletList",
    "orderedList",
    "listItem",
    "blockquote",
    "codeBlock",
    "horizontalRule",
    "image",
    "text",
    "hardBreak",
    "mention",
    "script",
    "iframe",
    "<b onclick=x>",
];
const MARKS: [&str; 8] = [
    "bold",
    "italic",
    "underline",
    "strike",
    "code",
    "link",
    "textStyle",
    "<i>",
];
const HREFS: [&str; 6] = [
    "https://example.com/?a=\"><script>",
    "javascript:alert(1)",
    "mailto:a@example.com",
    "data:text/html,x",
    "http://example.com/'x'",
    "\u{1}javascript:alert(1)",
];

fn words() -> impl Strategy<Value = String> {
    "(\\PC|[<>&\"'`\\n\\r\\t ]|<script>|</p>|javascript:|\\x00){0,12}"
}

fn anything() -> impl Strategy<Value = Value> {
    let href = prop_oneof![
        proptest::sample::select(HREFS.to_vec()).prop_map(str::to_owned),
        words()
    ];
    let attrs = (href, words(), 0..9u64).prop_map(|(href, word, number)| {
        json!({"href": href, "src": href, "alt": word, "title": word, "id": word, "label": word, "language": word, "level": number, "start": number, "onload": word, "style": word})
    })
    .boxed();
    let mark = (proptest::sample::select(MARKS.to_vec()), attrs.clone())
        .prop_map(|(kind, attrs)| json!({"type": kind, "attrs": attrs}));
    let marks = proptest::collection::vec(mark, 0..4);
    let part = (
        proptest::sample::select(KINDS.to_vec()),
        attrs,
        words(),
        marks,
    )
        .boxed();
    let leaf = prop_oneof![
        8 => part.clone().prop_map(|(kind, attrs, text, marks)| json!({"type": kind, "attrs": attrs, "text": text, "marks": marks})),
        1 => words().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        (part.clone(), proptest::collection::vec(inner, 0..5)).prop_map(|((kind, attrs, text, marks), content)| {
            json!({"type": kind, "attrs": attrs, "text": text, "marks": marks, "content": content})
        })
    })
}

/// Every key and value of a cleaned document is one of the list.
fn allowed(node: &Value) {
    for (key, value) in node.as_object().unwrap() {
        match key.as_str() {
            "type" => assert!(Kind::named(value.as_str().unwrap()).is_some(), "{node}"),
            "text" => assert_eq!(node["type"], "text"),
            "content" => value.as_array().unwrap().iter().for_each(allowed),
            "attrs" => {
                for (name, value) in value.as_object().unwrap() {
                    let kind = node["type"].as_str().unwrap();
                    let known = match kind {
                        "heading" => vec!["level"],
                        "orderedList" => vec!["start"],
                        "codeBlock" => vec!["language"],
                        "image" => vec!["src", "alt", "title"],
                        "mention" => vec!["id", "label"],
                        _ => vec![],
                    };
                    assert!(known.contains(&name.as_str()), "{node}");
                    if name == "src" {
                        let src = value.as_str().unwrap();
                        assert!(src.starts_with("http://") || src.starts_with("https://"));
                    }
                }
            }
            "marks" => {
                for mark in value.as_array().unwrap() {
                    let kind = mark["type"].as_str().unwrap();
                    assert!(MARKS[..6].contains(&kind), "{mark}");
                    let keys: Vec<_> = mark.as_object().unwrap().keys().collect();
                    if kind == "link" {
                        assert_eq!(mark["attrs"].as_object().unwrap().len(), 1, "{mark}");
                        let href = mark["attrs"]["href"].as_str().unwrap();
                        let is_web = ["http://", "https://", "mailto:"];
                        assert!(is_web.iter().any(|start| href.starts_with(start)), "{href}");
                    } else {
                        assert_eq!(keys, ["type"]);
                    }
                }
            }
            other => panic!("{other} in {node}"),
        }
    }
}

/// Every tag of a page is one of the list, with the attributes that it may have, and every tag is closed.
fn allowed_tags(page: &str) {
    const TAGS: [&str; 22] = [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "blockquote",
        "pre",
        "code",
        "hr",
        "img",
        "br",
        "strong",
        "em",
        "u",
        "s",
        "a",
        "ol",
    ];
    let mut open = Vec::new();
    for piece in page.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "{page}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{page}");
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(TAGS.contains(&name), "{tag}");
        if !["hr", "img", "br"].contains(&name) {
            open.push(name);
        }
        let names: Vec<_> = attributes
            .split('"')
            .step_by(2)
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        let known: &[&str] = match name {
            "a" => &["rel=", "href="],
            "img" => &["src=", "alt=", "title="],
            "ol" => &["start="],
            _ => &[],
        };
        assert!(names.iter().all(|name| known.contains(name)), "{tag}");
    }
    assert!(open.is_empty(), "{page}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_else_passes(sent in proptest::collection::vec(anything(), 0..4)) {
        let sent = Value::Array(sent);
        let document = read(&sent).unwrap();
        let shown = serde_json::to_value(&document).unwrap();
        allowed(&shown);
        allowed_tags(&html(&document));
        prop_assert_eq!(&read(&shown).unwrap(), &document, "again changes nothing");
        let stored: Node = serde_json::from_value(shown).unwrap();
        prop_assert_eq!(&stored, &document, "it is read as it was written");
    }

    #[test]
    fn plain_text_is_stable(sent in proptest::collection::vec(anything(), 0..4), text in words()) {
        let once = plain(&read(&Value::Array(sent)).unwrap());
        prop_assert_eq!(plain(&read(&json!(once.clone())).unwrap()), once);
        let typed = plain(&read(&json!(text)).unwrap());
        prop_assert_eq!(plain(&read(&json!(typed.clone())).unwrap()), typed);
    }
}
