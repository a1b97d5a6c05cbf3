//! The name of a file as it is shown. Nothing is ever opened by it.

/// Characters of a name that are kept.
pub const NAME_CHARS_MAX: usize = 150;

/// A name that is harmless wherever it is shown: the last part of a path, on one line, with letters that can be seen.
#[must_use]
pub fn shown(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_bidirectional(*c))
        .take(NAME_CHARS_MAX)
        .collect();
    let name = name.trim().trim_start_matches('.').trim();
    if name.is_empty() { "file" } else { name }.to_owned()
}

/// Marks that turn the direction of text, with which `exe.png` is shown as something else.
fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The name within a header (RFC 6266): in ASCII, and in full beside it.
#[must_use]
pub fn disposition(kind: &str, name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| match c {
            ' '..='~' if !matches!(c, '"' | '\\' | '%') => c,
            _ => '_',
        })
        .collect();
    let full = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_marks_go() {
        for (sent, name) in [
            ("shot.png", "shot.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\u\\a b.txt", "a b.txt"),
            ("..", "file"),
            ("", "file"),
            ("a/", "file"),
            (".htaccess", "htaccess"),
            ("a\r\nX: y\0.png", "aX: y.png"),
            ("gnp.\u{202e}exe", "gnp.exe"),
            ("Bild ü🙂.png", "Bild ü🙂.png"),
        ] {
            assert_eq!(shown(sent), name, "{sent:?}");
        }
    }

    #[test]
    fn a_name_has_a_longest_length() {
        assert_eq!(
            shown(&"é".repeat(NAME_CHARS_MAX)).chars().count(),
            NAME_CHARS_MAX
        );
        assert_eq!(
            shown(&"é".repeat(NAME_CHARS_MAX + 1)).chars().count(),
            NAME_CHARS_MAX
        );
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(
            disposition("attachment", "a\"; x=\"ü%.png"),
            "attachment; filename=\"a_; x=___.png\"; filename*=UTF-8''a%22%3B%20x%3D%22%C3%BC%25%2Epng"
        );
    }
}
