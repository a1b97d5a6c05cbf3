use axum::body::Body;
use std::convert::Infallible;

use futures_util::stream;
use proptest::prelude::*;

use super::*;

const MIB: usize = 1 << 20;

fn request(boundary: &str, chunks: Vec<Vec<u8>>) -> Request {
    let chunks = chunks.into_iter().map(Ok::<_, Infallible>);
    Request::post("/")
        .header(
            "content-type",
            format!("multipart/form-data;boundary={boundary}"),
        )
        .body(Body::from_stream(stream::iter(chunks)))
        .unwrap()
}

async fn parts(request: Request) -> Result<Vec<(String, Vec<u8>)>, ApiError> {
    let mut multipart = Multipart::new(request, MIB)?;
    let mut parts = Vec::new();
    while let Some(part) = multipart.next_part().await? {
        let mut data = Vec::new();
        while let Some(chunk) = multipart.chunk().await? {
            assert!(!chunk.is_empty());
            data.extend_from_slice(&chunk);
        }
        parts.push((part.file_name, data));
    }
    Ok(parts)
}

async fn read(body: &str) -> Result<Vec<(String, Vec<u8>)>, ApiError> {
    parts(request("B", vec![body.as_bytes().to_vec()])).await
}

fn part(name: &str, data: &str) -> (String, Vec<u8>) {
    (name.into(), data.into())
}

#[tokio::test]
async fn parts_come_in_their_order() {
    let body = "preamble\r\n--B\r\nContent-Disposition: form-data; name=file; filename=a b\r\nContent-Type: null\r\n\r\none\r\n\
                --B  \r\ncontent-disposition:form-data;name=\"file\";filename=\"c\"\r\n\r\n\r\n--B--\r\nepilogue";
    let expected = [part("a b", "one"), part("c", "")];
    assert_eq!(read(body).await.unwrap(), expected);
}

#[tokio::test]
async fn data_may_look_like_a_boundary() {
    let data = "\r\n--Bx\r\n--\r\n-B--\n--B--";
    let body = format!("--B\r\nContent-Disposition: form-data\r\n\r\n{data}\r\n--B--");
    assert_eq!(read(&body).await.unwrap(), [part("", data)]);
}

#[tokio::test]
async fn so_many_spaces_may_follow_a_boundary() {
    let of = |spaces: usize| format!("--B{}\r\n\r\none\r\n--B--", " ".repeat(spaces));
    assert_eq!(read(&of(PADDING_MAX)).await.unwrap(), [part("", "one")]);
    // With more it is no boundary, so that the last one is the first.
    assert_eq!(read(&of(PADDING_MAX + 1)).await.unwrap(), []);
}

#[tokio::test]
async fn a_body_without_parts_has_none() {
    for body in ["--B--", "--B--\r\n", "x\r\n--B"] {
        assert_eq!(read(body).await.unwrap(), [], "{body:?}");
    }
}

#[tokio::test]
async fn what_breaks_off_is_refused() {
    for body in [
        "",
        "nothing",
        "--B\r\nContent-Disposition: form-data",
        "--B\r\n\r\ndata",
        "--B\r\n\r\ndata\r\n--",
    ] {
        let error = read(body).await.unwrap_err();
        assert_eq!(error.code(), "multipart_malformed", "{body:?}");
    }
}

#[tokio::test]
async fn the_head_of_a_part_has_a_largest_size() {
    let of = |length: usize| {
        format!(
            "--B\r\nX: {}\r\n\r\ndata\r\n--B--",
            "x".repeat(length - "X: \r\n\r\n".len())
        )
    };
    assert_eq!(read(&of(HEAD_BYTES_MAX)).await.unwrap().len(), 1);
    // It is told when so much arrived without an end of the head.
    let endless = format!("--B\r\n{}", "x".repeat(HEAD_BYTES_MAX + 1));
    assert_eq!(
        read(&endless).await.unwrap_err().code(),
        "multipart_malformed"
    );
}

#[tokio::test]
async fn all_parts_together_have_a_largest_size() {
    let head = "--B\r\n\r\n";
    let of = |length: usize| format!("{head}{}\r\n--B--", "x".repeat(length - head.len() - 7));
    assert_eq!(read(&of(MIB)).await.unwrap().len(), 1);
    let error = read(&of(MIB + 1)).await.unwrap_err();
    assert_eq!(error.code(), "upload_too_large");
    assert!(
        error.message().contains("files.upload_bytes_max"),
        "{error}"
    );
}

/// Bytes that are hard to tell from a boundary.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r\n--a:b".to_vec()),
        Just(b"\r\n--a:".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"--".to_vec()),
        Just(b"x".to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| {
        let bytes = pieces.concat();
        // A whole delimiter ends the part: it is no data.
        let is_data = memmem::find(&[&bytes, &b"\r\n"[..]].concat(), b"\r\n--a:b").is_none();
        if is_data { bytes } else { Vec::new() }
    })
}

fn split(bytes: &[u8], sizes: &[usize]) -> Vec<Vec<u8>> {
    let (mut rest, mut chunks) = (bytes, Vec::new());
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = sizes.next().map_or(1, |size| (*size).min(rest.len()));
        let (chunk, more) = rest.split_at(size);
        chunks.push(chunk.to_vec());
        rest = more;
    }
    chunks
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

proptest! {
    #[test]
    fn any_parts_are_read_back_however_they_arrive(
        files in prop::collection::vec(data(), 0..5),
        sizes in prop::collection::vec(1_usize..40, 1..5),
    ) {
        let mut body = Vec::new();
        for (number, data) in files.iter().enumerate() {
            let head = format!("--a:b\r\nContent-Disposition:form-data;filename={number}\r\n\r\n");
            body.extend_from_slice(&[head.as_bytes(), data, b"\r\n"].concat());
        }
        body.extend_from_slice(b"--a:b--\r\n");
        let read = block_on(parts(request("a:b", split(&body, &sizes)))).unwrap();
        let expected: Vec<_> = files.into_iter().enumerate().map(|(number, data)| (number.to_string(), data)).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), pieces in data()) {
        let body = [&b"--a:b\r\n"[..], &bytes, &pieces].concat();
        if let Err(error) = block_on(parts(request("a:b", split(&body, &[7])))) {
            prop_assert_eq!(error.code(), "multipart_malformed");
        }
    }
}
