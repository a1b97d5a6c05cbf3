//! Text that is safe wherever a client puts it.
//!
//! Web clients insert texts of notifications as HTML, and apps show them as they are (wire note §5.1). One session may be open in
//! both at once, so there is one form for all: the signs of which markup is made are replaced by those that print instead of them.

use axum::http::Uri;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What clients replace by the name of the user themselves, unfiltered.
const NAME: &str = "{{name}}";

/// What ends an attribute of HTML, or begins something else there.
const UNSAFE_IN_URL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'\'')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'\\');

/// A text in which nothing is markup.
pub(super) fn text(raw: &str) -> String {
    let kept = |sign: &char| !sign.is_control() || *sign == '\n';
    raw.chars().filter(kept).map(printable).collect()
}

fn printable(sign: char) -> char {
    match sign {
        '<' => '‹',
        '>' => '›',
        '"' => '”',
        '\'' => '’',
        '`' => '‘',
        other => other,
    }
}

/// A text with the first name of the user in place of each `{{name}}`. None is left for clients to replace.
pub(super) fn with_name(raw: &str, full_name: Option<&str>) -> String {
    let first = full_name.and_then(|name| name.split_whitespace().next());
    let first = text(first.unwrap_or_default()).replace(['{', '}'], "");
    let mut filled = text(raw).replace(NAME, &first);
    // Where there is no name to put in, what stands around may come together as one more.
    while filled.contains(NAME) {
        filled = filled.replace(NAME, "");
    }
    filled
}

/// The address of a picture; `None` for one that is not of the web.
pub(super) fn picture(raw: &str) -> Option<String> {
    let raw = raw.trim();
    let encoded = utf8_percent_encode(raw, UNSAFE_IN_URL).to_string();
    let uri: Uri = encoded.parse().ok()?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    (is_web && uri.host().is_some_and(|host| !host.is_empty())).then_some(encoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARKUP: [char; 5] = ['<', '>', '"', '\'', '`'];

    #[test]
    fn plain_text_stays_as_it_is() {
        for plain in ["Hi Ada, 3 > 2 is no news", "Grüße\n🙂 & more {{x}}", ""] {
            let expected = plain.replace('>', "›");
            assert_eq!(text(plain), expected);
        }
    }

    #[test]
    fn markup_becomes_signs() {
        assert_eq!(
            text("<img src=\"x\" onerror='a`b'>\u{0}\u{7f}\t"),
            "‹img src=”x” onerror=’a‘b’›"
        );
    }

    #[test]
    fn the_name_is_filled_in() {
        assert_eq!(with_name("Hi {{name}}!", Some("Ada Lovelace")), "Hi Ada!");
        assert_eq!(with_name("Hi {{name}}!", None), "Hi !");
        assert_eq!(
            with_name("Hi {{name}}!", Some("<b>Ada</b>")),
            "Hi ‹b›Ada‹/b›!"
        );
        assert_eq!(with_name("{{name}}", Some("{{name}}<i>")), "name‹i›");
        assert_eq!(with_name("{{na{{name}}me}}", None), "");
    }

    #[test]
    fn pictures_are_of_the_web() {
        let good = "https://example.com/p.png?a=1&b=2";
        assert_eq!(picture(good).as_deref(), Some(good));
        let bad = "https://example.com/\" onerror=\"alert(1)";
        let safe = "https://example.com/%22%20onerror=%22alert(1)";
        assert_eq!(picture(bad).as_deref(), Some(safe));
        for bad in [
            "",
            "p.png",
            "//example.com/p.png",
            "javascript:alert(1)",
            "data:image/svg+xml,<svg>",
            "file:///etc/passwd",
            "https://",
        ] {
            assert_eq!(picture(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_markup(raw in "(\\PC|[<>\"'`{}\n\\x00]|\\{\\{name\\}\\}){0,40}", name in proptest::option::of("(\\PC|[<>\"'`{} ]){0,20}")) {
            let safe = with_name(&raw, name.as_deref());
            prop_assert!(!safe.contains(MARKUP), "{safe}");
            prop_assert!(!safe.contains(NAME), "{safe}");
            prop_assert!(!safe.chars().any(|sign| sign.is_control() && sign != '\n'));
            prop_assert_eq!(text(&safe), safe.clone(), "again changes nothing");
        }

        #[test]
        fn no_picture_breaks_out(raw in "https://example\\.com/(\\PC|[<>\"'` \\\\]){0,40}") {
            if let Some(safe) = picture(&raw) {
                prop_assert!(!safe.contains(MARKUP) && !safe.contains([' ', '\\']), "{safe}");
                prop_assert!(safe.starts_with("https://example.com/"));
            }
        }
    }
}
