//! What client SDKs are told of a project: the keys of `flowConfig` (wire note §4.7). Each has one type alone, since a
//! client that meets another leaves out all keys that follow.

pub mod values;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use self::values::{
    ButtonPosition, Colour, Label, List, Needle, Pixels, ReplayInterval, Translations, WebAddress,
};
use crate::http::json;

/// Bytes of all settings of a project as JSON: clients fetch and keep them at every page load.
pub const BYTES_MAX: usize = 65_536;

/// The main colour of a project that chose none.
const COLOUR: &str = "#485BFF";
/// What network logs never show, whatever the project says. Clients compare exactly, and browsers write names of headers
/// in lower case when a page hands them over as an object of theirs.
const SECRET_PROPERTIES: [&str; 8] = [
    "Gleap-Hash",
    "Api-Token",
    "Authorization",
    "Cookie",
    "gleap-hash",
    "api-token",
    "authorization",
    "cookie",
];

/// The settings of client SDKs. What is absent is left to the client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlowConfig {
    /// The main colour: `#` and six hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    pub color: Option<Colour>,
    /// The colour of the button.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    pub button_color: Option<Colour>,
    /// The colour behind everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    pub background_color: Option<Colour>,
    /// The colour of the head.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    pub header_color: Option<Colour>,
    /// The second colour of the head's gradient.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    pub header_color2: Option<Colour>,
    /// The third colour of the head's gradient.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    pub header_color3: Option<Colour>,
    /// How round corners are, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, maximum = 1000)]
    pub border_radius: Option<Pixels>,
    /// The distance of the button from the side, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, maximum = 1000)]
    pub button_x: Option<Pixels>,
    /// The distance of the button from the bottom, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, maximum = 1000)]
    pub button_y: Option<Pixels>,
    /// Where the button is. `BUTTON_NONE` unless it is set: what the button opens is not there yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback_button_position: Option<ButtonPosition>,
    /// The text on the classic button, at most 100 characters, without `<` and `>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 100)]
    pub widget_button_text: Option<Label>,
    /// The address of the picture on the button.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    pub button_logo: Option<WebAddress>,
    /// Whether only identified users see the button.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hide_for_guests: Option<bool>,
    /// Whether web clients record replays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_web_replays: Option<bool>,
    /// Whether clients log network requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_network_logs: Option<bool>,
    /// Whether network logs list images, styles and the like too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_network_resources: Option<bool>,
    /// Whether Android clients send the console log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_console_logs: Option<bool>,
    /// Names of headers and JSON keys that network logs leave out. Credentials are always among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub network_log_props_to_ignore: Option<List<Needle>>,
    /// Requests whose address contains one of these are not logged. This server is always among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub network_log_blacklist: Option<List<Needle>>,
    /// Whether web clients listen to keyboard shortcuts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_shortcuts: Option<bool>,
    /// Whether phones record replays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_replays: Option<bool>,
    /// Seconds between two pictures of a replay of a phone, 1 to 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 60)]
    pub replays_interval: Option<ReplayInterval>,
    /// Whether shaking a phone begins a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation_method_shake: Option<bool>,
    /// Whether taking a screenshot on a phone begins a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation_method_screenshot_gesture: Option<bool>,
    /// Whether phones show the button.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation_method_feedback_button: Option<bool>,
    /// How web clients lay text out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub localization_options: Option<LocalizationOptions>,
    /// Texts in the place of those of the web SDK, by their key such as `next`; at most 500, of 1,000 characters each.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    pub static_translations: Option<Translations>,
    /// Whether the page is not darkened behind the messenger.
    #[serde(rename = "disableBGFade", skip_serializing_if = "Option::is_none")]
    pub disable_bg_fade: Option<bool>,
    /// Whether the messenger has no gradient.
    #[serde(rename = "disableBGGradient", skip_serializing_if = "Option::is_none")]
    pub disable_bg_gradient: Option<bool>,
}

/// How web clients lay text out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalizationOptions {
    /// Whether text runs from right to left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtl: Option<bool>,
}

impl FlowConfig {
    /// What clients are told: these settings, the defaults, and what protects secrets and keeps the requests to this
    /// server, at `host`, out of network logs.
    #[must_use]
    pub fn effective(&self, host: &str) -> Self {
        let own = self.clone();
        Self {
            color: own
                .color
                .or_else(|| Colour::try_from(COLOUR.to_owned()).ok()),
            feedback_button_position: own.feedback_button_position.or(Some(ButtonPosition::None)),
            network_log_props_to_ignore: Some(
                List::protecting(&SECRET_PROPERTIES).and(own.network_log_props_to_ignore),
            ),
            network_log_blacklist: Some(List::protecting(&[host]).and(own.network_log_blacklist)),
            ..own
        }
    }

    /// The settings after a JSON Merge Patch (RFC 7396): what it names is set, and `null` takes a setting back.
    ///
    /// What is always told to clients is not kept, so that the answer of a `GET` may be sent back as it is.
    ///
    /// # Errors
    /// Every fault, each naming its key.
    pub fn patched(&self, patch: &Map<String, Value>, host: &str) -> Result<Self, Vec<String>> {
        let mut settings = serde_json::to_value(self).unwrap_or_default();
        merge(&mut settings, patch);
        let (mut kept, mut faults) = (Map::new(), Vec::new());
        for (key, mut value) in object(settings) {
            without_protected(&key, &mut value, host);
            match fault(&key, &value) {
                Some(fault) => faults.push(fault),
                None => drop(kept.insert(key, value)),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let bytes = serde_json::to_vec(&kept).unwrap_or_default();
        if bytes.len() > BYTES_MAX {
            return Err(vec![format!(
                "the settings: {} bytes in all are more than {BYTES_MAX}: shorten `staticTranslations`",
                bytes.len()
            )]);
        }
        serde_json::from_slice(&bytes).map_err(|error| vec![error.to_string()])
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Sets in `target` what a JSON Merge Patch (RFC 7396) names; `null` takes away.
pub fn merge(target: &mut Value, patch: &Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else {
        return;
    };
    for (key, value) in patch {
        match value {
            Value::Null => drop(members.shift_remove(key)),
            Value::Object(inner) => merge(members.entry(key).or_insert(Value::Null), inner),
            other => drop(members.insert(key.clone(), other.clone())),
        }
    }
}

fn without_protected(key: &str, value: &mut Value, host: &str) {
    let protected: &[&str] = match key {
        "networkLogPropsToIgnore" => &SECRET_PROPERTIES,
        "networkLogBlacklist" => &[host],
        _ => return,
    };
    if let Value::Array(items) = value {
        items.retain(|item| !item.as_str().is_some_and(|text| protected.contains(&text)));
    }
}

/// What is wrong with one setting.
fn fault(key: &str, value: &Value) -> Option<String> {
    let alone = Value::Object(Map::from_iter([(key.to_owned(), value.clone())]));
    let bytes = alone.to_string();
    if let Some((path, wrong)) = json::fault::<FlowConfig>(bytes.as_bytes()) {
        return Some(format!("`{path}`: {wrong}"));
    }
    let kept = serde_json::from_value::<FlowConfig>(alone.clone()).ok()?;
    let unknown = unknown_key(&alone, &serde_json::to_value(kept).ok()?)?;
    Some(format!(
        "`{unknown}`: not a setting of client SDKs; `FlowConfig` in /openapi.json lists those that are"
    ))
}

/// The path of the first key that was given and not understood.
fn unknown_key(given: &Value, kept: &Value) -> Option<String> {
    let mut members = given.as_object()?.iter();
    members.find_map(|(key, value)| match kept.get(key) {
        None => Some(key.clone()),
        Some(kept) => unknown_key(value, kept).map(|inner| format!("{key}.{inner}")),
    })
}

#[cfg(test)]
mod tests;
