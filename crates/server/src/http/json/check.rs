//! One pass over the bytes of a body for everything that no type would notice.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::{self, Write};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::http::ApiError;

/// The deepest nesting of arrays and objects.
pub const DEPTH_MAX: usize = 64;

/// The most keys of one object.
pub const KEYS_MAX: usize = 10_000;

/// From here on a set finds repeated keys; below it a scan is faster.
const SCANNED_KEYS_MAX: usize = 32;

/// The most of a path that is told, in characters.
const PATH_CHARS_MAX: usize = 200;

/// Holds JSON to the rules of this server: valid, UTF-8, no NUL in any key or text, no key twice in an object,
/// numbers within an `f64`, at most [`DEPTH_MAX`] levels, and [`KEYS_MAX`] keys in an object.
///
/// # Errors
/// 400 with a code for each rule, naming the path of the field, and line and column of malformed JSON.
pub fn check(bytes: &[u8]) -> Result<(), ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let message = format!(
            "The body is not valid UTF-8: see byte {}.",
            error.valid_up_to()
        );
        ApiError::bad_request("json_invalid_utf8", message)
    })?;
    let mut walk = Walk::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let walked = walk
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    walked.map_err(|error| walk.explain(&error))
}

/// Where the pass is. An error leaves it where it stood, so that the path can be told.
#[derive(Default)]
struct Walk<'de> {
    path: Vec<Step>,
    /// The keys seen in each object that is still open, outermost first.
    names: Vec<Cow<'de, str>>,
    broken: Option<Rule>,
}

enum Step {
    /// The index of the key in `names`.
    Key(usize),
    Index(usize),
}

#[derive(Clone, Copy)]
enum Rule {
    Nul,
    Duplicate,
    Depth,
    Keys,
}

impl<'de> Walk<'de> {
    fn stop<E: de::Error>(&mut self, rule: Rule) -> E {
        self.broken = Some(rule);
        E::custom("rule broken")
    }

    fn enter<E: de::Error>(&mut self, step: Step) -> Result<(), E> {
        if self.path.len() == DEPTH_MAX {
            return Err(self.stop(Rule::Depth));
        }
        self.path.push(step);
        Ok(())
    }

    fn step(&mut self, step: Step) {
        if let Some(last) = self.path.last_mut() {
            *last = step;
        }
    }

    fn key<E: de::Error>(
        &mut self,
        first: usize,
        seen: &mut HashSet<Cow<'de, str>>,
        key: Cow<'de, str>,
    ) -> Result<(), E> {
        let own = &self.names[first..];
        let duplicate = match own.len() {
            0..SCANNED_KEYS_MAX => own.contains(&key),
            SCANNED_KEYS_MAX => {
                seen.extend(own.iter().cloned());
                !seen.insert(key.clone())
            }
            _ => !seen.insert(key.clone()),
        };
        let nul = key.contains('\0');
        self.step(Step::Key(self.names.len()));
        self.names.push(key);
        if duplicate {
            return Err(self.stop(Rule::Duplicate));
        }
        if nul {
            return Err(self.stop(Rule::Nul));
        }
        if self.names.len() - first > KEYS_MAX {
            return Err(self.stop(Rule::Keys));
        }
        Ok(())
    }

    fn explain(&self, error: &serde_json::Error) -> ApiError {
        let field = self.field();
        let (code, message) = match self.broken {
            Some(Rule::Nul) => (
                "json_nul",
                format!("{field} contains the NUL character (\\u0000): remove it."),
            ),
            Some(Rule::Duplicate) => (
                "json_duplicate_key",
                format!("{field} is given twice in one object: send it once."),
            ),
            Some(Rule::Depth) => (
                "json_too_deep",
                format!("{field} is nested deeper than {DEPTH_MAX} levels: flatten it."),
            ),
            Some(Rule::Keys) => (
                "json_too_many_keys",
                format!("{field} is one key too many: an object has at most {KEYS_MAX}."),
            ),
            None if error.to_string().starts_with("number out of range") => (
                "json_number_out_of_range",
                format!("{field} is a number beyond ±1.8e308: send a smaller one, or text."),
            ),
            None => (
                "json_malformed",
                format!("The body is not valid JSON: {error} (in {field})."),
            ),
        };
        ApiError::bad_request(code, message)
    }

    fn field(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Key(name) => {
                    write_key(&mut path, self.names.get(*name).map_or("", |name| name))
                }
                Step::Index(index) => write!(path, "[{index}]"),
            };
            if path.len() > PATH_CHARS_MAX {
                let shown: String = path.chars().take(PATH_CHARS_MAX).collect();
                return format!("`{shown}…`");
            }
        }
        if path.is_empty() {
            "the body".to_owned()
        } else {
            format!("`{path}`")
        }
    }
}

fn write_key(path: &mut String, key: &str) -> fmt::Result {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || "_-$ ".contains(c));
    match (plain, path.is_empty()) {
        (true, true) => path.write_str(key),
        (true, false) => write!(path, ".{key}"),
        (false, _) => write!(path, "[{key:?}]"),
    }
}

impl<'de> DeserializeSeed<'de> for &mut Walk<'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Walk<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text.as_bytes().contains(&0) {
            Err(self.stop(Rule::Nul))
        } else {
            Ok(())
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.enter(Step::Index(0))?;
        let mut next = 1;
        while items.next_element_seed(&mut *self)?.is_some() {
            self.step(Step::Index(next));
            next += 1;
        }
        self.path.pop();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let first = self.names.len();
        let mut seen = HashSet::new();
        self.enter(Step::Key(first))?;
        while let Some(key) = entries.next_key_seed(Key)? {
            self.key(first, &mut seen, key)?;
            entries.next_value_seed(&mut *self)?;
        }
        self.names.truncate(first);
        self.path.pop();
        Ok(())
    }
}

/// Reads a key, borrowing it where it holds no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
