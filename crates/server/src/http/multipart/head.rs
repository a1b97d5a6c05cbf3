//! The boundary of a body, and the names in the head of a part, however they are written.

use std::borrow::Cow;

use super::Part;

/// Characters of a boundary; the standard has 70.
const BOUNDARY_CHARS_MAX: usize = 200;

/// The boundary that a content type names.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let boundary = parameter(parameters, "boundary")?;
    (1..=BOUNDARY_CHARS_MAX)
        .contains(&boundary.len())
        .then_some(boundary)
}

/// The head at the start of `buffer`, and its length with the empty line that ends it; `None` when that is not there yet.
pub(super) fn split(buffer: &[u8]) -> Option<(&[u8], usize)> {
    let mut start = 0;
    while let Some(length) = memchr::memchr(b'\n', &buffer[start..]) {
        let line = &buffer[start..start + length];
        let next = start + length + 1;
        if matches!(line, b"" | b"\r") {
            return Some((&buffer[..start], next));
        }
        start = next;
    }
    None
}

/// The names that a head has; the last line that has any decides.
pub(super) fn names(head: &[u8]) -> Part {
    let head = String::from_utf8_lossy(head);
    let mut part = Part::default();
    for line in head.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.trim().eq_ignore_ascii_case("content-disposition") {
            part.name = parameter(value, "name").unwrap_or_default();
            part.file_name = parameter(value, "filename").unwrap_or_default();
        }
    }
    part
}

/// The value of a parameter in a list such as `form-data;name=file; filename="a b.png"`, quoted or not.
fn parameter(list: &str, wanted: &str) -> Option<String> {
    let mut rest = list;
    while !rest.is_empty() {
        let (key, after_key) = until(rest, &['=', ';']);
        let Some(value) = after_key.strip_prefix('=') else {
            rest = after_key.strip_prefix(';').unwrap_or_default();
            continue;
        };
        let (value, after_value) = match value.trim_start().strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (plain, after) = until(value, &[';']);
                (Cow::Borrowed(plain.trim()), after)
            }
        };
        if key.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.into_owned());
        }
        rest = until(after_value, &[';'])
            .1
            .strip_prefix(';')
            .unwrap_or_default();
    }
    None
}

fn until<'t>(text: &'t str, ends: &[char]) -> (&'t str, &'t str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// The text up to the closing quote, and what follows it. Only a quote is escaped: browsers of old send backslashes as they are.
fn unquoted(text: &str) -> (Cow<'_, str>, &str) {
    let mut from = 0;
    while let Some(at) = text[from..].find('"').map(|at| from + at) {
        if !text[..at].ends_with('\\') {
            return (text[..at].replace("\\\"", "\"").into(), &text[at + 1..]);
        }
        from = at + 1;
    }
    (text.into(), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_are_read_however_they_are_written() {
        for (content_type, expected) in [
            ("multipart/form-data;boundary=abc", "abc"),
            ("multipart/form-data; boundary=\"a b;c\"", "a b;c"),
            (
                "Multipart/Form-Data; charset=utf-8; Boundary=--=_'()+,./:? ",
                "--=_'()+,./:?",
            ),
            ("multipart/mixed; boundary=BBBOUNDARY; x=y", "BBBOUNDARY"),
        ] {
            assert_eq!(
                boundary(content_type).as_deref(),
                Some(expected),
                "{content_type}"
            );
        }
        for none in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "text/plain; boundary=a",
            "",
        ] {
            assert_eq!(boundary(none), None, "{none}");
        }
    }

    #[test]
    fn a_boundary_has_a_longest_length() {
        let of = |length| format!("multipart/form-data; boundary={}", "b".repeat(length));
        assert!(boundary(&of(BOUNDARY_CHARS_MAX)).is_some());
        assert!(boundary(&of(BOUNDARY_CHARS_MAX + 1)).is_none());
    }

    #[test]
    fn names_are_read_however_they_are_written() {
        for (line, name, file_name) in [
            (
                "Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"",
                "file",
                "a.png",
            ),
            (
                "Content-Disposition:form-data;name=\"file\";filename=\"a;b.png\"",
                "file",
                "a;b.png",
            ),
            (
                "content-disposition: form-data; name=file; filename=my screen shot.jpeg",
                "file",
                "my screen shot.jpeg",
            ),
            (
                "Content-Disposition: form-data; filename=\"a \\\"b\\\".png\"; name=file",
                "file",
                "a \"b\".png",
            ),
            (
                "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\fake\\a.png\"",
                "file",
                "C:\\fake\\a.png",
            ),
            (
                "Content-Disposition: form-data; name=file; filename=\"open",
                "file",
                "open",
            ),
            ("Content-Type: null", "", ""),
        ] {
            let head = format!("X: y\r\n{line}\r\n");
            let part = names(head.as_bytes());
            assert_eq!((&*part.name, &*part.file_name), (name, file_name), "{line}");
        }
    }
}
