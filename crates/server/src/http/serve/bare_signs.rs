//! The bytes `<`, `>` and `"` of a URL that was not percent-encoded, as in `?createdAt>=2026-01-31`: this is how lists are
//! documented and how clients send it that encode nothing. The HTTP library refuses such a request, so they are
//! encoded as it comes in.
//!
//! That happens only where a request is certain to begin: at the start of a connection, and after requests that came whole
//! and had no body. Whatever else comes ends it for the connection, since no byte of a body may ever be taken for a URL.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use memchr::{memchr, memchr_iter, memchr3};
use tokio::io::{AsyncRead, ReadBuf};

/// The bytes, and what they are encoded as.
const SIGNS: [(u8, &[u8; 3]); 3] = [(b'<', b"%3C"), (b'>', b"%3E"), (b'"', b"%22")];

/// Headers after which bytes come that are no request.
const BODY_HEADERS: [&[u8]; 3] = [b"content-length:", b"transfer-encoding:", b"upgrade:"];

/// What is known of a connection.
pub struct BareSigns {
    /// Whether the next byte is the first of a request.
    at_request: bool,
    /// What was encoded and did not fit into the buffer of the reader.
    held: Vec<u8>,
}

impl Default for BareSigns {
    fn default() -> Self {
        Self {
            at_request: true,
            held: Vec::new(),
        }
    }
}

impl BareSigns {
    /// Reads from `stream` with the signs of URLs encoded.
    pub fn poll_read(
        &mut self,
        stream: Pin<&mut impl AsyncRead>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.held.is_empty() {
            let before = buffer.filled().len();
            ready!(stream.poll_read(context, buffer))?;
            let Some(encoded) = self.encode(&buffer.filled()[before..]) else {
                return Poll::Ready(Ok(()));
            };
            buffer.set_filled(before);
            self.held = encoded;
        }
        let fitting = self.held.len().min(buffer.remaining());
        buffer.put_slice(&self.held[..fitting]);
        self.held.drain(..fitting);
        Poll::Ready(Ok(()))
    }

    /// What was read, encoded; `None` when it can stay as it is.
    fn encode(&mut self, read: &[u8]) -> Option<Vec<u8>> {
        if !self.at_request {
            return None;
        }
        self.at_request = is_whole(read);
        let (line, rest) = read.split_at(memchr(b'\n', read)?);
        memchr3(b'<', b'>', b'"', line)?;
        let mut encoded = Vec::with_capacity(read.len() + 32);
        for byte in line {
            match sign(*byte) {
                Some(text) => encoded.extend_from_slice(text),
                None => encoded.push(*byte),
            }
        }
        encoded.extend_from_slice(rest);
        Some(encoded)
    }
}

fn sign(byte: u8) -> Option<&'static [u8; 3]> {
    let found = SIGNS.iter().find(|(sign, _)| *sign == byte);
    found.map(|(_, text)| *text)
}

/// Whether these bytes, which begin with a request, are whole requests without bodies.
fn is_whole(read: &[u8]) -> bool {
    let announces_body = |end: usize| {
        let line = &read[end + 1..];
        let starts = |name: &&[u8]| {
            line.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        BODY_HEADERS.iter().any(starts)
    };
    read.ends_with(b"\r\n\r\n") && !memchr_iter(b'\n', read).any(announces_body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt;

    use super::*;

    const LIST: &[u8] = b"GET /v3/sessions?a>=1&b<2&filter={\"c\":3} HTTP/1.1\r\nX: <>\"\r\n\r\n";
    const ENCODED: &[u8] =
        b"GET /v3/sessions?a%3E=1&b%3C2&filter={%22c%22:3} HTTP/1.1\r\nX: <>\"\r\n\r\n";

    /// What comes of pieces that are read one after another.
    fn read(pieces: &[&[u8]]) -> Vec<u8> {
        let mut signs = BareSigns::default();
        let seen = |piece: &&[u8]| signs.encode(piece).unwrap_or_else(|| piece.to_vec());
        pieces.iter().flat_map(seen).collect()
    }

    #[test]
    fn signs_of_a_url_are_encoded() {
        assert_eq!(read(&[LIST]), ENCODED);
        assert_eq!(read(&[LIST, LIST]), [ENCODED, ENCODED].concat());
        assert!(read(&[b"GET / HTTP/1.1\r\n\r\n", LIST]).ends_with(ENCODED));
    }

    #[test]
    fn what_may_be_a_body_is_left_alone() {
        for head in [
            "POST / HTTP/1.1\r\nContent-Length: 60\r\n\r\n",
            "GET / HTTP/1.1\r\ncontent-length: 60\r\n\r\n",
            "GET / HTTP/1.1\nCONTENT-LENGTH:60\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 60\r\n\r\n",
            "GET / HTTP/1.1\r\nX: half a head",
            "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        ] {
            let seen = read(&[head.as_bytes(), LIST, LIST]);
            assert_eq!(seen, [head.as_bytes(), LIST, LIST].concat(), "{head:?}");
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_is_held() {
        struct Small(BareSigns, &'static [u8]);
        impl AsyncRead for Small {
            fn poll_read(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
                buffer: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                let Self(signs, stream) = &mut *self;
                signs.poll_read(Pin::new(stream), context, buffer)
            }
        }
        let mut small = Small(BareSigns::default(), LIST);
        let mut seen = vec![0; LIST.len()];
        small.read_exact(&mut seen).await.unwrap();
        small.read_to_end(&mut seen).await.unwrap();
        assert_eq!(seen, ENCODED);
    }

    proptest! {
        /// Bytes without a sign in their first line pass unchanged, however they are cut.
        #[test]
        fn other_bytes_pass(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in any::<prop::sample::Index>()) {
            let mut bytes = bytes;
            bytes.retain(|byte| sign(*byte).is_none());
            let (first, second) = bytes.split_at(cut.index(bytes.len() + 1));
            prop_assert_eq!(read(&[first, second]), bytes.clone());
        }
    }
}
