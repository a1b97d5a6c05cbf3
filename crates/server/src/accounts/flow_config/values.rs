//! The types of settings. What cannot be a setting cannot be made one.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Entries of a list.
pub const ITEMS_MAX: usize = 100;
/// Texts in the place of those of the SDK.
pub const TRANSLATIONS_MAX: usize = 500;
/// Characters of a web address.
pub const ADDRESS_CHARS_MAX: usize = 2048;

/// A colour: `#` and six hexadecimal digits, the one form that every client reads alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Colour(String);

impl TryFrom<String> for Colour {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.strip_prefix('#').unwrap_or_default();
        if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text))
        } else {
            Err("write the colour as # and six hexadecimal digits, such as \"#485BFF\"")
        }
    }
}

/// A whole number between bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct Whole<const LEAST: i64, const MOST: i64>(i64);

/// A distance on the screen.
pub type Pixels = Whole<0, 1000>;
/// Seconds between the pictures of a replay. Phones divide a minute by it: 0 would crash the app.
pub type ReplayInterval = Whole<1, 60>;

impl<const LEAST: i64, const MOST: i64> TryFrom<i64> for Whole<LEAST, MOST> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        if (LEAST..=MOST).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("choose a whole number from {LEAST} to {MOST}"))
        }
    }
}

/// Text of so many characters. Clients put texts into pages as they are, so that none may hold markup.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Text<const LEAST: usize, const MOST: usize>(String);

/// What stands on a button.
pub type Label = Text<0, 100>;
/// A name, or a part of an address, that is looked for; an empty one would be found everywhere.
pub type Needle = Text<1, 200>;
/// The name of a text of the SDK.
pub type TranslationKey = Text<1, 100>;
/// A text in the place of one of the SDK.
pub type Translation = Text<0, 1000>;

impl<const LEAST: usize, const MOST: usize> TryFrom<String> for Text<LEAST, MOST> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.contains(['<', '>']) {
            Err("leave < and > out: clients put the text into pages as it is".into())
        } else if (LEAST..=MOST).contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err(format!("write {LEAST} to {MOST} characters"))
        }
    }
}

/// The address of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct WebAddress(String);

impl TryFrom<String> for WebAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_web = text.starts_with("https://") || text.starts_with("http://");
        // Clients write it between quotes into a page.
        let is_plain = |c: char| c.is_ascii_graphic() && !"\"'<>`\\".contains(c);
        if is_web && text.len() <= ADDRESS_CHARS_MAX && text.chars().all(is_plain) {
            Ok(Self(text))
        } else {
            Err(format!(
                "write an address of at most {ADDRESS_CHARS_MAX} characters that begins with https://, without quotes and spaces"
            ))
        }
    }
}

/// A list of at most [`ITEMS_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<T>", bound(deserialize = "T: Deserialize<'de>"))]
pub struct List<T>(Vec<T>);

impl<T> TryFrom<Vec<T>> for List<T> {
    type Error = String;

    fn try_from(items: Vec<T>) -> Result<Self, String> {
        if items.len() <= ITEMS_MAX {
            Ok(Self(items))
        } else {
            Err(format!("list at most {ITEMS_MAX}"))
        }
    }
}

impl List<Needle> {
    /// What is on the list whatever a project says.
    pub(super) fn protecting(texts: &[&str]) -> Self {
        Self(texts.iter().map(|text| Text((*text).to_owned())).collect())
    }

    /// The list with what is on another and not yet on this one.
    pub(super) fn and(mut self, other: Option<Self>) -> Self {
        for item in other.into_iter().flat_map(|list| list.0) {
            if !self.0.contains(&item) {
                self.0.push(item);
            }
        }
        self
    }
}

/// Texts in the place of those of the SDK, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "IndexMap<TranslationKey, Translation>")]
pub struct Translations(IndexMap<TranslationKey, Translation>);

impl TryFrom<IndexMap<TranslationKey, Translation>> for Translations {
    type Error = String;

    fn try_from(texts: IndexMap<TranslationKey, Translation>) -> Result<Self, String> {
        if texts.len() <= TRANSLATIONS_MAX {
            Ok(Self(texts))
        } else {
            Err(format!("give at most {TRANSLATIONS_MAX} texts"))
        }
    }
}

/// Where the button is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ButtonPosition {
    #[serde(rename = "BOTTOM_RIGHT")]
    BottomRight,
    #[serde(rename = "BOTTOM_LEFT")]
    BottomLeft,
    #[serde(rename = "BUTTON_CLASSIC")]
    Classic,
    #[serde(rename = "BUTTON_CLASSIC_LEFT")]
    ClassicLeft,
    #[serde(rename = "BUTTON_CLASSIC_BOTTOM")]
    ClassicBottom,
    /// Nowhere.
    #[serde(rename = "BUTTON_NONE")]
    None,
}
