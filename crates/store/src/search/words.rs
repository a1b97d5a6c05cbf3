//! The one way in which text becomes words, for what is stored and for what is searched.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Of a longer word only so many characters count.
pub const WORD_CHARS_MAX: usize = 64;

/// The words of a text, folded, in their order: runs of letters and digits, without marks, in lower case.
///
/// `Zoë@Example.com` is `zoe`, `example`, `com`; `Straße 7` is `strasse`, `7`.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut chars) = (Vec::new(), String::new(), 0);
    for character in folded(text) {
        if !character.is_alphanumeric() {
            if chars > 0 {
                words.push(std::mem::take(&mut word));
            }
            chars = 0;
            continue;
        }
        if chars < WORD_CHARS_MAX {
            word.push(character);
        }
        chars += 1;
    }
    if chars > 0 {
        words.push(word);
    }
    words
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.nfkd()
        .filter(|character| !is_combining_mark(*character))
        .flat_map(char::to_lowercase)
        .flat_map(spelled)
}

/// Letters whose mark is part of them, as people without the key for them write them.
fn spelled(character: char) -> impl Iterator<Item = char> {
    let (first, second) = match character {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        'ø' => ('o', None),
        'đ' | 'ð' => ('d', None),
        'ł' => ('l', None),
        'ħ' => ('h', None),
        'ŧ' => ('t', None),
        'ı' => ('i', None),
        'ς' => ('σ', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_folded() {
        for (text, expected) in [
            ("", ""),
            ("  -- *\"'()", ""),
            ("Ada Lovelace", "ada lovelace"),
            ("ada@example.com", "ada example com"),
            ("team/1_a-B", "team 1 a b"),
            ("Zoë ZOE\u{308} zoe", "zoe zoe zoe"),
            ("Straße STRASSE STRAẞE", "strasse strasse strasse"),
            (
                "Łódź Ørsted Þór Æsir Œuvre",
                "lodz orsted thor aesir oeuvre",
            ),
            ("İstanbul ISPARTA ısparta", "istanbul isparta isparta"),
            ("ΟΔΟΣ οδος οδός", "οδοσ οδοσ οδοσ"),
            ("ﬁn ①② ｆｕｌｌ", "fin 12 full"),
            ("東京 Москва", "東京 москва"),
            ("a\0b\u{ad}c\nd\te", "a b c d e"),
            ("🙂smile🙂", "smile"),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text:?}");
        }
    }

    #[test]
    fn of_a_long_word_the_start_counts() {
        let [most, longer] = [WORD_CHARS_MAX, WORD_CHARS_MAX + 1].map(|count| "é".repeat(count));
        assert_eq!(words(&most), ["e".repeat(WORD_CHARS_MAX)]);
        assert_eq!(words(&longer), words(&most));
        assert_eq!(words(&format!("{longer} b")).last().unwrap(), "b");
    }

    proptest! {
        #[test]
        fn folding_words_again_changes_nothing(text in "\\PC{0,60}|[a-zß-ÿĀ-ɏ\u{300}-\u{36f}Α-ω ]{0,60}|.{0,60}") {
            let once = words(&text);
            prop_assert_eq!(&words(&once.join(" ")), &once);
        }

        #[test]
        fn words_are_letters_and_digits(text in ".{0,80}") {
            for word in words(&text) {
                prop_assert!(!word.is_empty() && word.chars().count() <= WORD_CHARS_MAX);
                prop_assert!(word.chars().all(char::is_alphanumeric), "{:?}", word);
            }
        }

        #[test]
        fn case_and_form_make_no_difference(text in "[a-zà-öù-ÿ0-9 .@]{0,40}") {
            let expected = words(&text);
            prop_assert_eq!(&words(&text.to_uppercase()), &expected);
            prop_assert_eq!(&words(&text.nfd().collect::<String>()), &expected);
            prop_assert_eq!(&words(&text.nfc().collect::<String>()), &expected);
        }
    }
}
