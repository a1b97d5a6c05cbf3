//! What a search for sessions looks through.

use std::borrow::Cow;

use super::document::Session;

/// Bytes of a session that a search looks through: of longer texts the first, in the order of [`texts`].
pub const SEARCHED_BYTES_MAX: usize = 2 * 1024;
/// Fewer digits than this are no phone number.
const PHONE_DIGITS_MIN: usize = 5;
/// The longest code of a country.
const COUNTRY_DIGITS_MAX: usize = 3;

/// The texts of a session: its phone number, name, email address, user id, company, plan, and the custom attributes that are text.
#[must_use]
pub fn texts(session: &Session) -> Vec<Cow<'_, str>> {
    let phone = session.phone.as_deref().map(phone_words).map(Cow::Owned);
    let standard = [
        &session.name,
        &session.email,
        &session.user_id,
        &session.company_name,
        &session.company_id,
        &session.plan,
    ];
    let standard = standard.into_iter().flatten().map(|text| text.into());
    let custom = session.custom_data.values().filter_map(|value| {
        let json = value.get();
        let text = json.starts_with('"').then(|| serde_json::from_str(json));
        text?.ok().map(Cow::Owned)
    });
    let mut left = SEARCHED_BYTES_MAX;
    let mut texts = Vec::new();
    for text in phone.into_iter().chain(standard).chain(custom) {
        if left == 0 {
            break;
        }
        let text = start(text, left);
        left -= text.len();
        texts.push(text);
    }
    texts
}

/// As much of a text as fits into so many bytes; of a character that does not fit, nothing more.
fn start(text: Cow<'_, str>, bytes: usize) -> Cow<'_, str> {
    let end = text.floor_char_boundary(bytes);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

/// The digits of a phone number as one word, however they are grouped. With the code of a country, whose length only its digits
/// tell, also those after one, two and three: people search for the number as they dial it at home.
fn phone_words(shown: &str) -> String {
    let digits = digits(shown);
    let trimmed = shown.trim_start();
    let is_international = trimmed.starts_with('+') || trimmed.starts_with("00");
    let most = if is_international {
        COUNTRY_DIGITS_MAX
    } else {
        0
    };
    let tails = (0..=most).filter_map(|left_out| digits.get(left_out..));
    let words: Vec<_> = tails
        .map(|tail| tail.trim_start_matches('0'))
        .filter(|tail| tail.len() >= PHONE_DIGITS_MIN)
        .collect();
    words.join(" ")
}

/// The word by which a phone number is found, when a term looks like one.
#[must_use]
pub fn phone_term(term: &str) -> Option<String> {
    let is_part = |part: char| part.is_ascii_digit() || " +-()./".contains(part);
    let digits = digits(term);
    (term.chars().all(is_part) && digits.len() >= PHONE_DIGITS_MIN).then_some(digits)
}

/// Without the zeros in front, which depend on from where one dials.
fn digits(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_digit);
    digits.skip_while(|digit| *digit == '0').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.into()).unwrap()
    }

    #[test]
    fn texts_come_in_their_order() {
        let mut session = Session {
            name: Some("Ada".into()),
            email: Some("ada@example.com".into()),
            phone: Some("+43 1 5331234".into()),
            plan: Some("pro".into()),
            company_id: Some("c-1".into()),
            company_name: Some("Example".into()),
            user_id: Some("user-1".into()),
            avatar: Some("https://example.com/ada.png".into()),
            ..Session::default()
        };
        let custom = [
            ("role", r#""adm\u0069n""#),
            ("seats", "5"),
            ("on", "true"),
            ("in", r#"["a"]"#),
        ];
        for (key, value) in custom {
            session.custom_data.insert(key.into(), raw(value));
        }
        let expected = [
            "4315331234 315331234 15331234 5331234",
            "Ada",
            "ada@example.com",
            "user-1",
            "Example",
            "c-1",
            "pro",
            "admin",
        ];
        assert_eq!(texts(&session), expected);
        assert!(texts(&Session::default()).is_empty());
    }

    #[test]
    fn of_long_texts_the_start_is_looked_through() {
        let session = |name: String| Session {
            name: Some(name),
            plan: Some("pro".into()),
            ..Session::default()
        };
        let name = |bytes: usize| "n".repeat(bytes);
        let lengths = |session: &Session| {
            texts(session)
                .iter()
                .map(|text| text.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            lengths(&session(name(SEARCHED_BYTES_MAX - 3))),
            [SEARCHED_BYTES_MAX - 3, 3]
        );
        assert_eq!(
            lengths(&session(name(SEARCHED_BYTES_MAX - 2))),
            [SEARCHED_BYTES_MAX - 2, 2]
        );
        assert_eq!(
            lengths(&session(name(SEARCHED_BYTES_MAX))),
            [SEARCHED_BYTES_MAX]
        );
        assert_eq!(
            lengths(&session(name(SEARCHED_BYTES_MAX + 1))),
            [SEARCHED_BYTES_MAX]
        );
        let split = format!("n{}", "é".repeat(SEARCHED_BYTES_MAX / 2));
        assert_eq!(texts(&session(split))[0].len(), SEARCHED_BYTES_MAX - 1);
    }

    #[test]
    fn phone_numbers_are_found_by_what_people_dial() {
        for (shown, word) in [
            ("+43 1 5331234", "4315331234 315331234 15331234 5331234"),
            ("0043/1/5331234", "4315331234 315331234 15331234 5331234"),
            ("01 533-1234", "15331234"),
            (
                "+1 (201) 555-0123",
                "12015550123 2015550123 15550123 15550123",
            ),
            ("1234", ""),
            ("+12345", "12345"),
        ] {
            assert_eq!(phone_words(shown), word, "{shown}");
        }
        for (term, word) in [
            ("+43 1 533", Some("431533")),
            ("(01) 533-12", Some("153312")),
            ("0043.1.533", Some("431533")),
            ("1234", None),
            ("12345", Some("12345")),
            ("00001234", None),
            ("12345a", None),
            ("", None),
        ] {
            assert_eq!(phone_term(term).as_deref(), word, "{term}");
        }
    }
}
