//! What a search for tickets looks through.

use std::borrow::Cow;

use super::document::Ticket;

/// Bytes of a ticket that a search looks through: of longer texts the first, in the order of [`texts`].
pub const SEARCHED_BYTES_MAX: usize = 4 * 1024;

/// The texts of a ticket: its number, title, tags, what was filled in, and the attributes that are text.
#[must_use]
pub fn texts(ticket: &Ticket) -> Vec<Cow<'_, str>> {
    let number = Cow::Owned(ticket.bug_id.to_string());
    let named = ticket.title.iter().chain(&ticket.tags);
    let filled_in = [&ticket.form_data, &ticket.attributes, &ticket.custom_data];
    let filled_in = filled_in.into_iter().flat_map(|members| members.values());
    let filled_in = filled_in.filter_map(|value| serde_json::from_str(value.get()).ok());
    let mut left = SEARCHED_BYTES_MAX;
    let mut texts = Vec::new();
    for mut text in std::iter::once(number)
        .chain(named.map(|text| Cow::Borrowed(text.as_str())))
        .chain(filled_in.map(Cow::<str>::Owned))
    {
        let end = text.floor_char_boundary(left);
        left -= end;
        match &mut text {
            Cow::Borrowed(text) => *text = &text[..end],
            Cow::Owned(text) => text.truncate(end),
        }
        if end > 0 {
            texts.push(text);
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn texts_come_in_their_order_until_there_are_enough() {
        let raw = |json: &str| RawValue::from_string(json.into()).unwrap();
        let long = format!("\"{}\"", "é".repeat(SEARCHED_BYTES_MAX));
        let ticket = Ticket {
            bug_id: 42,
            title: Some("No sound".into()),
            tags: vec!["audio".into()],
            form_data: IndexMap::from([
                ("description".into(), raw(r#""It is si\u006cent""#)),
                ("count".into(), raw("5")),
            ]),
            custom_data: IndexMap::from([("a".into(), raw(&long)), ("b".into(), raw("\"c\""))]),
            ..Ticket::default()
        };
        let texts = texts(&ticket);
        assert_eq!(texts[..4], ["42", "No sound", "audio", "It is silent"]);
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        assert!((SEARCHED_BYTES_MAX - 2..=SEARCHED_BYTES_MAX).contains(&bytes));
        assert!(texts[4].starts_with('é'));
    }
}
