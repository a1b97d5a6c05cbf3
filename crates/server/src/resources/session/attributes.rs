//! The attributes that clients set: standard ones by name, all others as custom data (decisions, Attributes; wire note §7.2).

use indexmap::IndexMap;
use serde_json::Number;
use serde_json::value::RawValue;
use store::Millis;

use super::document::{PageView, Session};

/// How much custom data a session may hold.
#[derive(Debug, Clone, Copy)]
pub struct AttributeLimits {
    /// Keys.
    pub keys_max: usize,
    /// Bytes of one value, as JSON.
    pub value_bytes_max: usize,
    /// Bytes of all keys and values together.
    pub total_bytes_max: usize,
}

/// A field that was not acceptable, and why.
pub type Refused = Vec<String>;

/// A standard attribute that is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextField {
    Name,
    Email,
    Phone,
    Avatar,
    Plan,
    CompanyId,
    CompanyName,
    Lang,
    Platform,
    DeviceType,
}

/// A standard attribute is at most this many bytes.
const TEXT_BYTES_MAX: usize = 8 * 1024;

/// Keys that belong to the protocol and never become custom data (wire note §7.2).
const PROTOCOL_KEYS: &[&str] = &[
    "userId",
    "userHash",
    "gleapId",
    "gleapHash",
    "sdkVersion",
    "type",
    "ws",
];

/// Attributes as a client gave them. `None` inside removes the attribute.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    texts: Vec<(TextField, Option<String>)>,
    value: Option<Option<Number>>,
    sla: Option<Option<Number>>,
    created_at: Option<Millis>,
    last_page_view: Option<PageView>,
    custom: IndexMap<String, Option<Box<RawValue>>>,
}

impl Attributes {
    /// Reads a flat body; a nested `customData` is taken as if its keys stood beside it.
    /// Returns what could be read and what could not: admin and REST callers refuse then, SDK callers go on.
    #[must_use]
    pub fn read(body: &IndexMap<String, Box<RawValue>>) -> (Self, Refused) {
        let (mut attributes, mut refused) = (Self::default(), Vec::new());
        for (key, raw) in body {
            if let Err(why) = attributes.read_one(key, raw) {
                refused.push(format!("{key}: {why}"));
            }
        }
        (attributes, refused)
    }

    fn read_one(&mut self, key: &str, raw: &RawValue) -> Result<(), &'static str> {
        if let Some(field) = TextField::named(key) {
            self.set_text(field, text(raw)?);
            return Ok(());
        }
        match key {
            "value" => self.value = Some(number(raw)?),
            "sla" => self.sla = Some(number(raw)?),
            "createdAt" => {
                self.created_at = text(raw)?
                    .map(|text| Millis::parse(&text).ok_or(NO_DATE))
                    .transpose()?
            }
            "lastPageView" => self.last_page_view = page_view(raw)?,
            "company" => return self.read_company(raw),
            "customData" => return self.read_custom_data(raw),
            _ if PROTOCOL_KEYS.contains(&key) => {}
            _ => drop(self.custom.insert(key.to_owned(), custom_value(raw)?)),
        }
        Ok(())
    }

    /// Of a field that is given in two ways the later one counts.
    fn set_text(&mut self, field: TextField, value: Option<String>) {
        self.texts.retain(|(known, _)| *known != field);
        self.texts.push((field, value));
    }

    /// `company: {id, name}` of newer clients; without an id it says nothing.
    fn read_company(&mut self, raw: &RawValue) -> Result<(), &'static str> {
        let company: IndexMap<String, Box<RawValue>> =
            serde_json::from_str(raw.get()).map_err(|_| "must be {id, name}")?;
        let part = |key: &str| company.get(key).map_or(Ok(None), |raw| text(raw));
        if let Some(id) = part("id")?
            .map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty())
        {
            self.set_text(TextField::CompanyId, Some(id));
            if let Some(name) = part("name")? {
                self.set_text(TextField::CompanyName, Some(name.trim().to_owned()));
            }
        }
        Ok(())
    }

    fn read_custom_data(&mut self, raw: &RawValue) -> Result<(), &'static str> {
        if raw.get() == "null" {
            return Ok(());
        }
        let nested: IndexMap<String, Box<RawValue>> =
            serde_json::from_str(raw.get()).map_err(|_| "must be an object")?;
        for (key, raw) in nested {
            self.custom.insert(key, custom_value(&raw)?);
        }
        Ok(())
    }

    /// The email address, when one is given.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        let given = self
            .texts
            .iter()
            .find(|(field, _)| *field == TextField::Email);
        given.and_then(|(_, email)| email.as_deref())
    }

    /// Writes the attributes into a session, keeping what fits in the limits.
    /// Returns whether anything changed, and what did not fit.
    pub fn apply(&self, session: &mut Session, limits: AttributeLimits) -> (bool, Refused) {
        let mut changed = false;
        for (field, value) in &self.texts {
            changed |= field.set(session, value.clone());
        }
        if let Some(value) = &self.value {
            changed |= replace(
                &mut session.value,
                value.clone().unwrap_or_else(|| Number::from(0)),
            );
        }
        if let Some(sla) = &self.sla {
            changed |= replace(&mut session.sla, sla.clone());
        }
        if let Some(created_at) = self.created_at {
            changed |= replace(&mut session.created_at, created_at);
        }
        if let Some(view) = &self.last_page_view {
            changed |= replace(&mut session.last_page_view, Some(view.clone()));
        }
        let (custom_changed, refused) = self.apply_custom(&mut session.custom_data, limits);
        (changed | custom_changed, refused)
    }

    /// The same for custom data alone, of whatever has some.
    pub fn apply_custom(
        &self,
        custom: &mut IndexMap<String, Box<RawValue>>,
        limits: AttributeLimits,
    ) -> (bool, Refused) {
        let (mut changed, mut refused) = (false, Vec::new());
        let mut total: usize = custom
            .iter()
            .map(|(key, value)| key.len() + value.get().len())
            .sum();
        for (key, value) in &self.custom {
            let before = custom.get(key).map(|value| key.len() + value.get().len());
            let Some(value) = value else {
                changed |= custom.shift_remove(key).is_some();
                total -= before.unwrap_or(0);
                continue;
            };
            let after = total - before.unwrap_or(0) + key.len() + value.get().len();
            if let Some(why) = beyond(
                limits,
                value,
                after,
                custom.len() + usize::from(before.is_none()),
            ) {
                refused.push(format!("{key}: {why}"));
            } else if custom.get(key).is_none_or(|old| old.get() != value.get()) {
                custom.insert(key.clone(), value.clone());
                (changed, total) = (true, after);
            }
        }
        (changed, refused)
    }
}

fn beyond(
    limits: AttributeLimits,
    value: &RawValue,
    total_bytes: usize,
    keys: usize,
) -> Option<String> {
    if value.get().len() > limits.value_bytes_max {
        return Some(format!(
            "is {} bytes, more than the {} that an attribute may have",
            value.get().len(),
            limits.value_bytes_max
        ));
    }
    if keys > limits.keys_max {
        return Some(format!(
            "is one too many: a session has at most {} custom attributes; remove some by setting them to null",
            limits.keys_max
        ));
    }
    (total_bytes > limits.total_bytes_max).then(|| {
        format!(
            "does not fit: the custom attributes of a session have at most {} bytes together",
            limits.total_bytes_max
        )
    })
}

fn replace<T: PartialEq>(place: &mut T, value: T) -> bool {
    let changed = *place != value;
    *place = value;
    changed
}

const NO_DATE: &str = "must be a date like 2026-01-31T08:05:00.123Z";

/// Text; numbers and booleans are written out. `null` removes.
fn text(raw: &RawValue) -> Result<Option<String>, &'static str> {
    let text = match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(raw.get()).map_err(|_| "must be text")?,
        Some(b'{' | b'[') => return Err("must be text"),
        Some(b'n') => return Ok(None),
        _ => raw.get().to_owned(),
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err("is longer than 8192 bytes");
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn page_view(raw: &RawValue) -> Result<Option<PageView>, &'static str> {
    let view: Option<PageView> =
        serde_json::from_str(raw.get()).map_err(|_| "must be {page, date}")?;
    if view
        .as_ref()
        .is_some_and(|view| view.page.len() > TEXT_BYTES_MAX)
    {
        return Err("has a page that is longer than 8192 bytes");
    }
    Ok(view)
}

/// A number, or a number written as text.
fn number(raw: &RawValue) -> Result<Option<Number>, &'static str> {
    let Some(text) = text(raw).map_err(|_| "must be a number")? else {
        return Ok(None);
    };
    let number: Number = serde_json::from_str(text.trim()).map_err(|_| "must be a number")?;
    Ok(Some(number))
}

/// A value kept as it was written; `null` removes.
fn custom_value(raw: &RawValue) -> Result<Option<Box<RawValue>>, &'static str> {
    if raw.get() == "null" {
        Ok(None)
    } else {
        compact(raw).map(Some)
    }
}

/// The value without the line breaks and spaces between its parts: answers are one compact line.
///
/// # Errors
/// When it is not JSON.
pub fn compact(raw: &RawValue) -> Result<Box<RawValue>, &'static str> {
    match raw.get().as_bytes().first() {
        Some(b'{' | b'[') if raw.get().contains(char::is_whitespace) => {
            RawValue::from_string(without_space(raw.get())).map_err(|_| "is not valid JSON")
        }
        _ => Ok(raw.to_owned()),
    }
}

/// Takes out the space between the parts of JSON. Texts and numbers stay as they were written.
fn without_space(json: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    let is_kept = |c: &char| {
        let kept = in_text || !matches!(c, ' ' | '\t' | '\n' | '\r');
        in_text ^= *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        kept
    };
    json.chars().filter(is_kept).collect()
}

impl TextField {
    fn named(key: &str) -> Option<Self> {
        Some(match key {
            "name" => Self::Name,
            "email" => Self::Email,
            "phone" => Self::Phone,
            "avatar" => Self::Avatar,
            "plan" => Self::Plan,
            "companyId" => Self::CompanyId,
            "companyName" => Self::CompanyName,
            "lang" => Self::Lang,
            "platform" => Self::Platform,
            "deviceType" => Self::DeviceType,
            _ => return None,
        })
    }

    fn set(self, session: &mut Session, value: Option<String>) -> bool {
        let place = match self {
            Self::Name => &mut session.name,
            Self::Email => &mut session.email,
            Self::Phone => &mut session.phone,
            Self::Avatar => &mut session.avatar,
            Self::Plan => &mut session.plan,
            Self::CompanyId => &mut session.company_id,
            Self::CompanyName => &mut session.company_name,
            Self::Platform => &mut session.platform,
            Self::DeviceType => &mut session.device_type,
            Self::Lang => return replace(&mut session.lang, value.unwrap_or_else(|| "en".into())),
        };
        replace(place, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: AttributeLimits = AttributeLimits {
        keys_max: 3,
        value_bytes_max: 10,
        total_bytes_max: 40,
    };

    fn apply(session: &mut Session, body: &str) -> (bool, Refused) {
        let (attributes, mut refused) = Attributes::read(&serde_json::from_str(body).unwrap());
        let (changed, beyond) = attributes.apply(session, LIMITS);
        refused.extend(beyond);
        (changed, refused)
    }

    fn custom(session: &Session) -> String {
        serde_json::to_string(&session.custom_data).unwrap()
    }

    #[test]
    fn standard_attributes_are_not_custom_data() {
        let mut session = Session::default();
        let body = r#"{"name":"Ada","value":"12.50","sla":7,"companyId":9,"lang":"de","userHash":"x","ws":true,"seats":3}"#;
        assert_eq!(apply(&mut session, body), (true, vec![]));
        assert_eq!(session.name.as_deref(), Some("Ada"));
        assert_eq!(session.value.as_f64(), Some(12.5));
        assert_eq!(session.company_id.as_deref(), Some("9"));
        assert_eq!(session.lang, "de");
        assert_eq!(custom(&session), r#"{"seats":3}"#);
    }

    #[test]
    fn nested_and_flat_custom_data_are_one() {
        let mut session = Session::default();
        apply(&mut session, r#"{"a":1,"customData":{"b":[1, 2],"a":2}}"#);
        assert_eq!(custom(&session), r#"{"a":2,"b":[1,2]}"#);
        assert_eq!(apply(&mut session, r#"{"a":2}"#), (false, vec![]));
        assert_eq!(
            apply(&mut session, r#"{"a":null,"name":null}"#),
            (true, vec![])
        );
        assert_eq!(custom(&session), r#"{"b":[1,2]}"#);
    }

    #[test]
    fn a_company_with_an_id_is_two_attributes() {
        let mut session = Session::default();
        apply(&mut session, r#"{"company":{"id":" acme ","name":"ACME"}}"#);
        assert_eq!(
            (
                session.company_id.as_deref(),
                session.company_name.as_deref()
            ),
            (Some("acme"), Some("ACME"))
        );
        apply(&mut session, r#"{"company":{"name":"Other"}}"#);
        assert_eq!(session.company_name.as_deref(), Some("ACME"));
    }

    #[test]
    fn numbers_are_kept_as_they_were_written() {
        let mut session = Session::default();
        apply(&mut session, r#"{"a":1.0,"b":1e3}"#);
        assert_eq!(custom(&session), r#"{"a":1.0,"b":1e3}"#);
    }

    #[test]
    fn what_is_beyond_a_limit_is_named_and_the_rest_kept() {
        let mut session = Session::default();
        let (_, refused) = apply(
            &mut session,
            r#"{"fits":"12345678","long":"123456789","a":1,"b":2,"c":3}"#,
        );
        assert_eq!(custom(&session), r#"{"fits":"12345678","a":1,"b":2}"#);
        assert!(refused[0].starts_with("long: is 11 bytes"), "{refused:?}");
        assert!(refused[1].starts_with("c: is one too many"), "{refused:?}");
    }

    #[test]
    fn the_sum_of_all_has_an_edge() {
        let mut session = Session::default();
        let at_edge = r#"{"aaa":"12345678","bbb":"12345678","ccc":"123456789"}"#; // 13 + 13 + 14 = 40 would fit, but 11 > 10
        assert_eq!(apply(&mut session, at_edge).1.len(), 1);
        assert_eq!(
            apply(&mut session, r#"{"dddd":"12345678"}"#),
            (true, vec![])
        ); // 26 + 14 = 40
        assert!(
            apply(
                &mut session,
                r#"{"ddddx":null,"aaa":"12345678","dddd":"1"}"#
            )
            .1
            .is_empty()
        );
        let over = apply(&mut session, r#"{"dddd":null,"ddddd":"12345678"}"#); // 26 + 15 = 41
        assert!(over.1[0].contains("at most 40 bytes together"), "{over:?}");
    }

    #[test]
    fn wrong_types_are_named() {
        let (_, refused) = Attributes::read(
            &serde_json::from_str(r#"{"name":{},"value":"much","createdAt":"today","company":1}"#)
                .unwrap(),
        );
        assert_eq!(
            refused,
            [
                "name: must be text",
                "value: must be a number",
                "createdAt: must be a date like 2026-01-31T08:05:00.123Z",
                "company: must be {id, name}"
            ]
        );
    }
}
