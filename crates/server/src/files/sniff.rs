//! What a file is, by its first bytes. What the client says of it is not asked: a browser would run a page or a script.

/// Bytes that are looked at.
pub const HEAD_BYTES: usize = 512;

/// What nobody knows what it is.
pub const UNKNOWN: &str = "application/octet-stream";

/// The media type of a file that begins with `head`.
#[must_use]
pub fn content_type(head: &[u8]) -> &'static str {
    match head {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "image/webp",
        [0x1a, 0x45, 0xdf, 0xa3, rest @ ..] => matroska(rest),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => film(brand),
        [b'%', b'P', b'D', b'F', b'-', ..] => "application/pdf",
        text if is_plain_text(text) => "text/plain; charset=utf-8",
        _ => UNKNOWN,
    }
}

/// Whether a browser may show it in place: pictures and films, which cannot do anything.
#[must_use]
pub fn is_shown(content_type: &str) -> bool {
    content_type.starts_with("image/") || content_type.starts_with("video/")
}

fn matroska(rest: &[u8]) -> &'static str {
    let head = &rest[..rest.len().min(64)];
    if memchr::memmem::find(head, b"webm").is_some() {
        "video/webm"
    } else {
        UNKNOWN
    }
}

fn film(brand: &[u8]) -> &'static str {
    match brand {
        [b'q', b't', b' ', b' ', ..] => "video/quicktime",
        [b'i', b's', b'o', _, ..]
        | [b'm', b'p', b'4', _, ..]
        | [b'a', b'v', b'c', b'1', ..]
        | [b'M', b'4', b'V', _, ..]
        | [b'M', b'S', b'N', b'V', ..]
        | [b'd', b'a', b's', b'h', ..]
        | [b'3', b'g', ..] => "video/mp4",
        _ => UNKNOWN,
    }
}

/// UTF-8 without control characters, and no markup, which some program might take for a page.
fn is_plain_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) if error.error_len().is_none() && head.len() >= HEAD_BYTES => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    !text.is_empty()
        && !start.starts_with('<')
        && !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n' | '\x0c' | '\x1b'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_files_are_known() {
        for (head, kind) in [
            (&b"\x89PNG\r\n\x1a\n\0\0"[..], "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a\x01", "image/gif"),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", "image/webp"),
            (
                b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm",
                "video/webm",
            ),
            (b"\0\0\0\x18ftypmp42\0\0", "video/mp4"),
            (b"\0\0\0\x18ftypisom\0\0", "video/mp4"),
            (b"\0\0\0\x14ftypqt  \0\0", "video/quicktime"),
            (b"%PDF-1.7\n", "application/pdf"),
            ("a line\nümlaut".as_bytes(), "text/plain; charset=utf-8"),
        ] {
            assert_eq!(content_type(head), kind, "{head:?}");
        }
    }

    #[test]
    fn what_could_do_something_is_unknown() {
        for head in [
            &b"<!DOCTYPE html><script>"[..],
            b"\xef\xbb\xbf \n<svg onload=alert(1)>",
            b"<?xml version=\"1.0\"?>",
            b"\x1a\x45\xdf\xa3matroska",
            b"\0\0\0\x18ftypheic",
            b"MZ\x90\0",
            b"\x7fELF",
            b"a\0b",
            b"\xff\xfe<\0h\0",
            b"",
        ] {
            assert_eq!(content_type(head), UNKNOWN, "{head:?}");
        }
    }

    #[test]
    fn only_pictures_and_films_are_shown_in_place() {
        assert!(is_shown("image/png") && is_shown("video/mp4"));
        for kind in ["text/plain; charset=utf-8", "application/pdf", UNKNOWN] {
            assert!(!is_shown(kind), "{kind}");
        }
    }

    #[test]
    fn a_character_may_be_cut_at_the_end_of_the_head() {
        let text = "ü".repeat(HEAD_BYTES);
        assert_eq!(
            content_type(&text.as_bytes()[1..]),
            UNKNOWN,
            "it begins within a character"
        );
        let cut = [b"x", &text.as_bytes()[..HEAD_BYTES - 1]].concat();
        assert_eq!(content_type(&cut), "text/plain; charset=utf-8");
        assert_eq!(content_type(&cut[..HEAD_BYTES - 2]), UNKNOWN);
    }
}
