//! Bodies of several files, read part by part as they arrive.
//!
//! Phones write them in ways that no strict reader takes (wire note §4.10): no space after `;`, names without quotes,
//! `Content-Type: null`. Of the head of a part only the names are read here, however they are written.

mod head;
#[cfg(test)]
mod tests;

use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

use self::head::{boundary, names};
use super::error::ApiError;
use super::json::Incoming;

/// Bytes of the head of one part.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Spaces that may stand after a boundary.
const PADDING_MAX: usize = 64;

/// A body in parts. Call [`next_part`](Self::next_part), then [`chunk`](Self::chunk) until that gives nothing.
pub struct Multipart {
    body: Incoming,
    bytes_max: usize,
    ended: bool,
    buffer: BytesMut,
    /// A line break, two dashes and the boundary.
    delimiter: Vec<u8>,
    place: Place,
}

/// What comes next in the buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Data of a part, or what stands before the first one.
    Data,
    /// The head of a part.
    Head,
    /// What stands after the last part.
    End,
}

/// What its head says of a part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// The name of the field.
    pub name: String,
    /// The name of the file, as it was sent; empty when there was none.
    pub file_name: String,
}

/// What follows a delimiter.
enum After {
    /// Another part, after so many bytes.
    Part(usize),
    Nothing,
    /// It was no delimiter, but data that begins like one.
    Data,
    /// More bytes will tell.
    Unknown,
}

impl Multipart {
    /// Reads the body of `request`, of which all parts together have at most `bytes_max` bytes.
    ///
    /// # Errors
    /// 415 when it is not in parts, 413 when it says that it is larger.
    pub fn new(request: Request, bytes_max: usize) -> Result<Self, ApiError> {
        let headers = request.headers();
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let boundary = text(CONTENT_TYPE).and_then(boundary).ok_or_else(|| {
            ApiError::unsupported_media(
                "The body must be files in parts: send it with `Content-Type: multipart/form-data; boundary=…`.",
            )
        })?;
        let announced = text(CONTENT_LENGTH).and_then(|value| value.parse::<usize>().ok());
        if announced.is_some_and(|length| length > bytes_max) {
            return Err(too_large(bytes_max));
        }
        Ok(Self {
            delimiter: [b"\r\n--", boundary.as_bytes()].concat(),
            body: Incoming::of(request, bytes_max)?,
            bytes_max,
            ended: false,
            // The first boundary stands at the start of a line too.
            buffer: BytesMut::from(&b"\r\n"[..]),
            place: Place::Data,
        })
    }

    /// The next part; what is left of the one before is passed over.
    ///
    /// # Errors
    /// 400 when the body is malformed or breaks off, 408 when it stalls, 413 when it is too large.
    pub async fn next_part(&mut self) -> Result<Option<Part>, ApiError> {
        while self.chunk().await?.is_some() {}
        if self.place == Place::End {
            self.pass_over_the_rest().await?;
            return Ok(None);
        }
        loop {
            if let Some((head, length)) = head::split(&self.buffer) {
                let part = names(head);
                self.buffer.advance(length);
                self.place = Place::Data;
                return Ok(Some(part));
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                return Err(malformed("the head of a part is longer than 16 KiB"));
            }
            if !self.read_more().await? {
                return Err(malformed("it ends in the head of a part"));
            }
        }
    }

    /// The next bytes of the part; `None` at its end.
    ///
    /// # Errors
    /// As [`next_part`](Self::next_part).
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ApiError> {
        while self.place == Place::Data {
            match self.take_data()? {
                Some(data) if !data.is_empty() => return Ok(Some(data)),
                Some(_) => {}
                None => {
                    self.ended = !self.read_more().await?;
                }
            }
        }
        Ok(None)
    }

    /// Data that is surely of this part, perhaps none, and past its end when that is there; `None` when more must be read.
    fn take_data(&mut self) -> Result<Option<Bytes>, ApiError> {
        let Some(at) = memmem::find(&self.buffer, &self.delimiter) else {
            if self.ended {
                return Err(malformed("its last boundary is missing"));
            }
            let safe = self.buffer.len().saturating_sub(self.delimiter.len());
            return Ok((safe > 0).then(|| self.buffer.split_to(safe).freeze()));
        };
        let end = at + self.delimiter.len();
        match after(&self.buffer[end..], self.ended) {
            After::Data => Ok(Some(self.buffer.split_to(end).freeze())),
            After::Unknown if at > 0 => Ok(Some(self.buffer.split_to(at).freeze())),
            After::Unknown => Ok(None),
            After::Nothing => Ok(Some(self.leave(at, end, Place::End))),
            After::Part(length) => Ok(Some(self.leave(at, end + length, Place::Head))),
        }
    }

    fn leave(&mut self, at: usize, end: usize, place: Place) -> Bytes {
        let data = self.buffer.split_to(at).freeze();
        self.buffer.advance(end - at);
        self.place = place;
        data
    }

    /// Returns whether there was more.
    async fn read_more(&mut self) -> Result<bool, ApiError> {
        let frame = self.body.next().await.map_err(|error| match error.code() {
            "body_too_large" => too_large(self.bytes_max),
            _ => error,
        })?;
        if let Some(bytes) = &frame {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(frame.is_some())
    }

    /// So that the connection can be used again.
    async fn pass_over_the_rest(&mut self) -> Result<(), ApiError> {
        while !self.ended && self.read_more().await? {
            self.buffer.clear();
        }
        self.ended = true;
        Ok(())
    }
}

/// What follows a delimiter. At the end of the body it is the last one, whatever its last dashes are.
fn after(rest: &[u8], ended: bool) -> After {
    let padding = rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    match rest[padding..] {
        _ if padding > PADDING_MAX => After::Data,
        [b'-', b'-', ..] if padding == 0 => After::Nothing,
        [b'\r', b'\n', ..] => After::Part(padding + 2),
        [b'\n', ..] => After::Part(padding + 1),
        [] | [b'\r'] | [b'-'] if ended => After::Nothing,
        [] | [b'\r'] => After::Unknown,
        [b'-'] if padding == 0 => After::Unknown,
        _ => After::Data,
    }
}

fn malformed(fault: &str) -> ApiError {
    ApiError::bad_request(
        "multipart_malformed",
        format!("The body cannot be read in parts: {fault}."),
    )
}

fn too_large(max: usize) -> ApiError {
    let message = format!(
        "The upload is larger than {max} bytes (files.upload_bytes_max): send fewer files at once."
    );
    ApiError::too_large("upload_too_large", message)
}
