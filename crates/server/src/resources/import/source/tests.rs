use std::io::Cursor;

use proptest::prelude::*;

use super::*;

fn open(bytes: impl Into<Vec<u8>>, mapping: &str) -> Result<Rows, String> {
    let mapping = Mapping::parse(mapping).unwrap();
    let input = Box::new(Cursor::new(bytes.into()));
    Rows::open(input, None, &mapping).map_err(|error| error.0)
}

/// Line and JSON of each row; what ends the file is the last.
fn rows(bytes: impl Into<Vec<u8>>) -> Vec<(u64, Result<String, String>)> {
    mapped(bytes, "{}")
}

fn mapped(bytes: impl Into<Vec<u8>>, mapping: &str) -> Vec<(u64, Result<String, String>)> {
    let mut rows = match open(bytes, mapping) {
        Ok(rows) => rows,
        Err(fault) => return vec![(0, Err(fault))],
    };
    let mut all = Vec::new();
    loop {
        match rows.next_row() {
            Ok(Some(row)) => {
                let json = row.json.map(|json| String::from_utf8(json).unwrap());
                all.push((row.line, json));
            }
            Ok(None) => return all,
            Err(error) => {
                all.push((0, Err(error.0)));
                return all;
            }
        }
    }
}

fn ok(line: u64, json: &str) -> (u64, Result<String, String>) {
    (line, Ok(json.into()))
}

#[test]
fn each_format_is_told_by_how_it_begins() {
    let one = [ok(1, r#"{"userId":"u"}"#)];
    for text in [
        r#"[{"userId":"u"}]"#,
        r#"{"sessions":[{"userId":"u"}]}"#,
        " {\n\"sessions\" : [\n{\"userId\":\"u\"} ] } \n",
        "{\"userId\":\"u\"}\n",
        "\n\n [ {\"userId\":\"u\"} ]",
    ] {
        let told: Vec<_> = rows(text).into_iter().map(|(_, json)| json).collect();
        assert_eq!(told, [one[0].1.clone()], "{text}");
    }
    assert_eq!(rows("userId\nu\n"), [ok(2, r#"{"userId":"u"}"#)]);
    assert_eq!(
        rows("{\n \"userId\":\n \"u\"\n}"),
        [ok(1, "{\n \"userId\":\n \"u\"\n}")]
    );
}

#[test]
fn rows_of_arrays_are_counted() {
    let text = r#"[{"a":"]}\"\\"},{"b":[{}]} , 5,"x",null]"#;
    let expected = [r#"{"a":"]}\"\\"}"#, r#"{"b":[{}]}"#, "5", "\"x\"", "null"];
    let found = rows(text);
    for (number, (line, json)) in found.iter().enumerate() {
        assert_eq!(*line, number as u64 + 1);
        assert_eq!(json.as_deref(), Ok(expected[number]));
    }
    assert_eq!(found.len(), 5);
    assert_eq!(rows("[]"), []);
    assert_eq!(rows("{\"sessions\":[]}"), []);
}

#[test]
fn broken_arrays_end_with_an_error() {
    for text in [
        "[",
        "[{\"a\":1}",
        "[{\"a\":1} {\"b\":2}]",
        "[{\"a\":1}] x",
        "[{\"a\":\"",
        "{\"sessions\":[{\"a\":1}]",
        "{\"sessions\":[],\"more\":1}",
        "{\"a\":1}}",
    ] {
        let input = Box::new(Cursor::new(text.as_bytes().to_vec()));
        let opened = Rows::open(input, Some(Format::Json), &Mapping::default());
        let mut rows = opened.unwrap();
        let error = loop {
            match rows.next_row() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("{text} is no error"),
                Err(error) => break error,
            }
        };
        assert!(!error.0.is_empty(), "{text}");
    }
}

#[test]
fn cells_become_fields() {
    let text = "userId,value,blocked,seats,customData.team,\"a,b\",updatedAt,\r\n\
                u,5,TRUE,3,\"x \"\"y\"\"\",,2026-01-01,\r\n\
                v,,,,,,,\n";
    assert_eq!(
        rows(text),
        [
            ok(
                2,
                r#"{"userId":"u","value":5,"blocked":true,"customData":{"seats":3,"team":"x \"y\""}}"#
            ),
            ok(3, r#"{"userId":"v"}"#),
        ]
    );
}

#[test]
fn lines_are_those_of_the_file() {
    let text = "userId,name\n\nu,\"two\nlines\"\nv,x,y\n\"w\",z\n";
    let found = rows(text);
    assert_eq!(found[0], ok(3, r#"{"userId":"u","name":"two\nlines"}"#));
    assert_eq!(
        found[1],
        (5, Err("has 3 cells, and the first line 2 columns".into()))
    );
    assert_eq!(found[2], ok(6, r#"{"userId":"w","name":"z"}"#));
}

#[test]
fn columns_are_mapped() {
    let text = "E-mail;Seats;Notes\nada@example.com;3;secret\n";
    let mapping = r#"{"E-mail":"email","Seats":"customData.seats","Notes":""}"#;
    assert_eq!(
        mapped(text, mapping),
        [ok(
            2,
            r#"{"email":"ada@example.com","customData":{"seats":3}}"#
        )]
    );
    let unknown = mapped(text, r#"{"Mail":"email"}"#);
    let fault = unknown[0].1.as_ref().unwrap_err();
    assert!(
        fault.contains("\"Mail\"") && fault.contains("E-mail, Seats, Notes"),
        "{fault}"
    );
    let twice = mapped(text, r#"{"E-mail":"email","Notes":"email"}"#);
    assert!(twice[0].1.as_ref().unwrap_err().contains("two columns"));
    assert!(Mapping::parse(r#"{"a":"seats"}"#).is_err());
    assert!(Mapping::parse(r#"{"a":1}"#).is_err());
    assert!(Mapping::parse("[]").is_err());
}

#[test]
fn delimiters_are_told_by_the_first_line() {
    for delimiter in [",", ";", "\t"] {
        let text = ["userId", "\"na,;\tme\"", "plan\nu", "n", "p\n"].join(delimiter);
        assert_eq!(
            rows(text),
            [ok(
                2,
                r#"{"userId":"u","plan":"p","customData":{"na,;\tme":"n"}}"#
            )]
        );
    }
}

#[test]
fn every_encoding_is_read() {
    let text = "userId,name\nu,Zoë Ünal – €\n";
    let expected = [ok(2, r#"{"userId":"u","name":"Zoë Ünal – €"}"#)];
    let utf16 = |mark: bool, big: bool| {
        let mark = if mark { "\u{feff}" } else { "" };
        let units = [mark, text].concat().encode_utf16().collect::<Vec<_>>();
        let bytes = |unit: &u16| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        };
        units.iter().flat_map(bytes).collect::<Vec<u8>>()
    };
    let (windows, _, unmappable) = encoding_rs::WINDOWS_1252.encode(text);
    assert!(!unmappable);
    for bytes in [
        text.as_bytes().to_vec(),
        format!("\u{feff}{text}").into_bytes(),
        utf16(true, false),
        utf16(true, true),
        utf16(false, false),
        utf16(false, true),
        windows.into_owned(),
    ] {
        assert_eq!(rows(bytes), expected);
    }
}

#[test]
fn characters_across_chunks_are_whole() {
    for shift in 0..4 {
        let name = format!("{}{}", "x".repeat(shift), "🙂é".repeat(40_000));
        let text = format!("userId,name\nu,{name}\n");
        assert_eq!(
            rows(text),
            [ok(2, &format!(r#"{{"userId":"u","name":"{name}"}}"#))]
        );
    }
}

#[test]
fn half_a_character_is_an_error() {
    let found = rows(b"\xff\xfeu\0\n\0u\0\n\0\x00".to_vec());
    let last = found.last().unwrap().1.as_ref();
    assert_eq!(last.unwrap_err(), "line 3: the file is not valid UTF-16LE");
}

#[test]
fn a_row_has_a_largest_size() {
    let fits = |filler: usize| format!("{{\"userId\":\"{}\"}}", "x".repeat(filler));
    let around = fits(0).len();
    for end in ["\n", "\r\n", ""] {
        let at_edge = format!("{}{end}", fits(ROW_BYTES_MAX - around));
        assert!(rows(at_edge)[0].1.is_ok());
        let beyond = format!("{}{end}{{\"a\":1}}\n", fits(ROW_BYTES_MAX - around + 1));
        let found = rows(beyond);
        assert!(found[0].1.as_ref().unwrap_err().contains("1048576 bytes"));
        if !end.is_empty() {
            assert_eq!(found[1], ok(2, "{\"a\":1}"), "the next line is read");
        }
    }
    let array = |filler: usize| format!("[{}]", fits(filler));
    assert!(rows(array(ROW_BYTES_MAX - around))[0].1.is_ok());
    assert!(rows(array(ROW_BYTES_MAX - around + 1))[0].1.is_err());
    let table = |filler: usize| format!("userId\n{}\n", "x".repeat(filler));
    assert!(rows(table(ROW_BYTES_MAX))[0].1.is_ok());
    assert!(rows(table(ROW_BYTES_MAX + 1))[0].1.is_err());
}

#[test]
fn a_quote_that_is_not_closed_does_not_fill_the_memory() {
    let text = format!("userId,name\nu,\"{}", "x,\n".repeat(2_000_000));
    let fault = rows(text).pop().unwrap().1.unwrap_err();
    assert!(fault.starts_with("line 2: is longer than"), "{fault}");
    let array = format!("[{{\"userId\":\"{}", "x".repeat(5_000_000));
    assert!(rows(array).pop().unwrap().1.is_err());
}

#[test]
fn a_table_has_a_largest_width() {
    let table = |columns: usize| {
        let names: Vec<_> = (0..columns).map(|n| format!("c{n}")).collect();
        format!("{}\n{}\n", names.join(","), "1,".repeat(columns - 1) + "1")
    };
    assert!(rows(table(COLUMNS_MAX))[0].1.is_ok());
    for columns in [COLUMNS_MAX + 1, 100_000] {
        let fault = rows(table(columns)).pop().unwrap().1.unwrap_err();
        assert!(fault.contains("at most 1000"), "{fault}");
    }
}

#[test]
fn nothing_is_empty() {
    for text in ["", "\n\n", " "] {
        assert!(rows(text).iter().all(|(_, json)| json.is_err()), "{text:?}");
    }
}

proptest! {
    /// Whatever the bytes are, reading them ends, without a panic.
    #[test]
    fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..300), start in "[\\[{\"a,;\n]{0,5}") {
        rows([start.into_bytes(), bytes].concat());
    }
}
