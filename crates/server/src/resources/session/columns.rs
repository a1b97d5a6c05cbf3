//! Sessions as a table: the columns of an export, and what the cells of an import mean. What is exported is read back as it was.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// What stands in the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, as it is; dates too.
    Text,
    /// A number.
    Number,
    /// `true` or `false`; `1`, `0`, `yes` and `no` are read too.
    Flag,
    /// Labels: a JSON array, or labels separated by commas.
    Labels,
    /// JSON.
    Json,
    /// JSON where the text is JSON, otherwise text: custom attributes.
    Free,
    /// Shown, and left alone by an import.
    ReadOnly,
}

/// Custom attributes have a column each, named with this in front.
pub const CUSTOM: &str = "customData.";

/// The standard fields, in the order of the columns. Of these [`SECRET`] is left out unless it is asked for.
pub const STANDARD: [(&str, Kind); 43] = [
    ("id", Kind::Text),
    ("userId", Kind::Text),
    ("gleapId", Kind::Text),
    (SECRET, Kind::Text),
    ("name", Kind::Text),
    ("email", Kind::Text),
    ("phone", Kind::Text),
    ("avatar", Kind::Text),
    ("value", Kind::Number),
    ("sla", Kind::Number),
    ("plan", Kind::Text),
    ("companyId", Kind::Text),
    ("companyName", Kind::Text),
    ("lang", Kind::Text),
    ("platform", Kind::Text),
    ("deviceType", Kind::Text),
    ("tags", Kind::Labels),
    ("blocked", Kind::Flag),
    ("emailOnly", Kind::Flag),
    ("unsubscribed", Kind::Flag),
    ("unsubscribedAt", Kind::Text),
    ("unsubscribeReason", Kind::Text),
    ("createdAt", Kind::Text),
    ("updatedAt", Kind::ReadOnly),
    ("firstActivity", Kind::Text),
    ("lastActivity", Kind::Text),
    ("lastHeardFrom", Kind::Text),
    ("lastFeedbackReport", Kind::Text),
    ("sessions", Kind::Number),
    ("countFeedbackReports", Kind::Number),
    ("countFeedbackComments", Kind::Number),
    ("lastPageView", Kind::Json),
    ("location", Kind::Json),
    ("facebookId", Kind::Text),
    ("instagramId", Kind::Text),
    ("instagramUsername", Kind::Text),
    ("telegramChatId", Kind::Text),
    ("telegramUsername", Kind::Text),
    ("eventData", Kind::Json),
    ("checklistTasks", Kind::Json),
    ("outboundHistory", Kind::Json),
    ("memory", Kind::Json),
    ("customData", Kind::Json),
];

/// Who holds it acts for the session, so a table that is passed on should not have it.
pub const SECRET: &str = "gleapHash";

/// What a column of this name means; `None` when no field is called so.
#[must_use]
pub fn kind(name: &str) -> Option<Kind> {
    if name
        .strip_prefix(CUSTOM)
        .is_some_and(|attribute| !attribute.is_empty())
    {
        return Some(Kind::Free);
    }
    match name {
        "_id" => Some(Kind::Text),
        "project" | "organisation" => Some(Kind::ReadOnly),
        _ => {
            let known = STANDARD.iter().find(|(known, _)| *known == name);
            known.map(|(_, kind)| *kind)
        }
    }
}

/// The cell that shows a value of a session.
#[must_use]
pub fn cell(kind: Kind, value: &RawValue) -> String {
    let text = match serde_json::from_str::<String>(value.get()) {
        // An attribute whose text would be read as something else is shown in quotes.
        Ok(text) if kind == Kind::Free && (text.is_empty() || as_json(&text).is_some()) => {
            value.get().to_owned()
        }
        Ok(text) => text,
        Err(_) => value.get().to_owned(),
    };
    harmless(text)
}

/// The JSON that a cell means; `None` for an empty one, which says nothing.
#[must_use]
pub fn meaning(kind: Kind, cell: &str) -> Option<Box<RawValue>> {
    let cell = original(cell);
    if cell.is_empty() || kind == Kind::ReadOnly {
        return None;
    }
    let read = match kind {
        Kind::Text => None,
        Kind::Flag => flag(cell),
        Kind::Labels => as_json(cell)
            .filter(|json| json.get().starts_with('['))
            .or_else(|| Some(labels(cell))),
        _ => as_json(cell),
    };
    read.or_else(|| serde_json::value::to_raw_value(cell).ok())
}

/// What a spreadsheet would take for a formula gets a `'` in front, which makes it text. Texts that have one there already get
/// another, so that [`original`] finds them all.
pub fn harmless(text: String) -> String {
    if is_formula(text.trim_start_matches('\'')) {
        format!("'{text}")
    } else {
        text
    }
}

/// The text that [`harmless`] was given.
fn original(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The text as JSON, when it is some that the API would take.
fn as_json(text: &str) -> Option<Box<RawValue>> {
    let begins_like_json = text
        .trim_ascii_start()
        .starts_with(|c: char| matches!(c, '{' | '[' | '"' | '-' | '0'..='9' | 't' | 'f' | 'n'));
    if !begins_like_json || crate::http::json::check(text.as_bytes()).is_err() {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn flag(cell: &str) -> Option<Box<RawValue>> {
    let yes = match cell.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => true,
        "false" | "0" | "no" => false,
        _ => return None,
    };
    serde_json::value::to_raw_value(&yes).ok()
}

fn labels(cell: &str) -> Box<RawValue> {
    let labels: Vec<Cow<'_, str>> = cell
        .split(',')
        .map(str::trim)
        .filter(|label| !label.is_empty())
        .map(Cow::from)
        .collect();
    serde_json::value::to_raw_value(&labels).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(kind: Kind, json: &str) -> String {
        cell(kind, &RawValue::from_string(json.into()).unwrap())
    }

    fn read(kind: Kind, cell: &str) -> Option<String> {
        meaning(kind, cell).map(|value| value.get().to_owned())
    }

    #[test]
    fn formulas_are_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''@"] {
            let json = serde_json::to_string(text).unwrap();
            let shown = shown(Kind::Text, &json);
            assert_eq!(shown, format!("'{text}"));
            assert_eq!(read(Kind::Text, &shown), Some(json));
        }
        for text in ["'", "'x", "a=1", " =1", "x-1"] {
            assert_eq!(
                shown(Kind::Text, &serde_json::to_string(text).unwrap()),
                text
            );
            assert_eq!(read(Kind::Text, text), serde_json::to_string(text).ok());
        }
        assert_eq!(shown(Kind::Number, "-5"), "'-5");
        assert_eq!(read(Kind::Number, "'-5").as_deref(), Some("-5"));
        assert_eq!(read(Kind::Number, "-5").as_deref(), Some("-5"));
    }

    #[test]
    fn an_attribute_keeps_its_type() {
        for (json, expected) in [
            ("5", "5"),
            ("\"5\"", "\"5\""),
            ("true", "true"),
            ("\"true\"", "\"true\""),
            ("\"TRUE\"", "TRUE"),
            ("\"\"", "\"\""),
            ("\"01\"", "01"),
            ("{\"a\":1}", "{\"a\":1}"),
            ("\"{\"", "{"),
            ("\"null\"", "\"null\""),
            ("12345678901234567890123", "12345678901234567890123"),
        ] {
            assert_eq!(shown(Kind::Free, json), expected);
            assert_eq!(read(Kind::Free, expected).as_deref(), Some(json));
        }
    }

    #[test]
    fn cells_of_people_are_read() {
        for (kind, cell, expected) in [
            (Kind::Text, "5", Some("\"5\"")),
            (Kind::Text, "", None),
            (Kind::ReadOnly, "x", None),
            (Kind::Flag, "TRUE", Some("true")),
            (Kind::Flag, "no", Some("false")),
            (Kind::Flag, "perhaps", Some("\"perhaps\"")),
            (Kind::Labels, "a, b,,", Some("[\"a\",\"b\"]")),
            (Kind::Labels, "[\"a,b\"]", Some("[\"a,b\"]")),
            (Kind::Json, "{", Some("\"{\"")),
            (Kind::Free, "1e999", Some("\"1e999\"")),
        ] {
            assert_eq!(read(kind, cell).as_deref(), expected, "{cell}");
        }
    }

    #[test]
    fn columns_are_known_by_name() {
        for (name, expected) in [
            ("userId", Some(Kind::Text)),
            ("_id", Some(Kind::Text)),
            ("project", Some(Kind::ReadOnly)),
            ("customData.a.b", Some(Kind::Free)),
            ("customData.", None),
            ("seats", None),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "['=+@\t\r\"{}0-9a-z\\-]{0,6}|\\PC{0,20}", free: bool) {
            let kind = if free { Kind::Free } else { Kind::Text };
            let json = serde_json::to_string(&text).unwrap();
            let cell = shown(kind, &json);
            prop_assert!(!is_formula(&cell));
            let expected = (free || !text.is_empty()).then_some(json);
            prop_assert_eq!(read(kind, &cell), expected);
        }
    }
}
