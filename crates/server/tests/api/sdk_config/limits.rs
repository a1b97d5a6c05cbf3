//! Settings at the edge of what is accepted, and the types of whatever is.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use server::accounts::flow_config::values::{ADDRESS_CHARS_MAX, ITEMS_MAX, TRANSLATIONS_MAX};
use server::accounts::flow_config::{BYTES_MAX, FlowConfig};

fn patched(patch: &Value) -> Result<FlowConfig, Vec<String>> {
    FlowConfig::default().patched(patch.as_object().unwrap(), "hark.example.com")
}

#[track_caller]
fn assert_edge(key: &str, good: impl Into<Value>, bad: impl Into<Value>) {
    assert!(patched(&json!({key: good.into()})).is_ok(), "{key}");
    let faults = patched(&json!({key: bad.into()})).unwrap_err();
    assert!(faults[0].starts_with(&format!("`{key}")), "{faults:?}");
    assert_eq!(faults.len(), 1);
}

#[test]
fn numbers_have_bounds() {
    for key in ["borderRadius", "buttonX", "buttonY"] {
        assert_edge(key, 0, -1);
        assert_edge(key, 1000, 1001);
        assert_edge(key, 1, 1.0);
        assert_edge(key, 1, u64::MAX);
    }
    assert_edge("replaysInterval", 1, 0);
    assert_edge("replaysInterval", 60, 61);
}

#[test]
fn texts_have_lengths_and_no_markup() {
    let text = |length: usize| "ü".repeat(length);
    assert_edge("widgetButtonText", text(100), text(101));
    assert_edge("widgetButtonText", "", "a<b");
    assert_edge("widgetButtonText", "\"&'", "a>b");
    assert_edge(
        "networkLogBlacklist",
        json!([text(200)]),
        json!([text(201)]),
    );
    assert_edge("networkLogPropsToIgnore", json!(["x"]), json!([""]));
    assert_edge(
        "staticTranslations",
        json!({"k": text(1000)}),
        json!({"k": text(1001)}),
    );
    assert_edge(
        "staticTranslations",
        json!({text(100): ""}),
        json!({text(101): ""}),
    );
    assert_edge("staticTranslations", json!({"k": ""}), json!({"": "v"}));
}

#[test]
fn lists_and_all_settings_together_have_sizes() {
    let list = |length: usize| json!(vec!["x"; length]);
    assert_edge("networkLogBlacklist", list(ITEMS_MAX), list(ITEMS_MAX + 1));
    let texts = |length: usize| {
        let texts: Map<_, _> = (0..length).map(|n| (n.to_string(), json!("t"))).collect();
        Value::Object(texts)
    };
    assert_edge(
        "staticTranslations",
        texts(TRANSLATIONS_MAX),
        texts(TRANSLATIONS_MAX + 1),
    );

    let of_bytes = |bytes: usize| {
        let mut texts: Map<_, _> = (0..64)
            .map(|n| (format!("{n:02}"), json!("x".repeat(1000))))
            .collect();
        let rest = bytes - json!({"staticTranslations": texts}).to_string().len();
        texts.insert("r".into(), json!("x".repeat(rest - r#","r":"""#.len())));
        let patch = json!({"staticTranslations": texts});
        assert_eq!(patch.to_string().len(), bytes);
        patch
    };
    assert!(patched(&of_bytes(BYTES_MAX)).is_ok());
    let faults = patched(&of_bytes(BYTES_MAX + 1)).unwrap_err();
    assert!(faults[0].contains("65537 bytes"), "{faults:?}");
}

#[test]
fn colours_have_one_form() {
    assert_edge("color", "#0aF9bC", "#0aF");
    for bad in [
        "0aF9bC",
        "#0aF9bCFF",
        "#0aF9bG",
        "red",
        "#",
        "",
        "rgb(0,0,0)",
        "#12345ü",
    ] {
        assert_edge("headerColor2", "#000000", bad);
    }
}

#[test]
fn addresses_of_pictures_stay_between_their_quotes() {
    let long = |length: usize| format!("https://{}", "x".repeat(length - 8));
    assert_edge(
        "buttonLogo",
        long(ADDRESS_CHARS_MAX),
        long(ADDRESS_CHARS_MAX + 1),
    );
    for bad in [
        "",
        "/a.png",
        "data:image/png;base64,AA",
        "https://x/\" onerror=\"",
        "https://x/ y",
        "https://x/<",
        "https://x/\n",
        "HTTPS://x",
    ] {
        assert_edge("buttonLogo", "http://x/a.png?b=%20", bad);
    }
}

/// The types that phones ask for, by key. Another type makes them leave out all keys that follow.
fn has_its_type(key: &str, value: &Value) -> bool {
    let is_texts = |value: &Value| {
        value
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_string))
    };
    match key {
        "borderRadius" | "buttonX" | "buttonY" => value.is_u64(),
        "replaysInterval" => value.as_u64().is_some_and(|interval| interval >= 1),
        "networkLogPropsToIgnore" | "networkLogBlacklist" => is_texts(value),
        "localizationOptions" => value
            .as_object()
            .is_some_and(|options| options.values().all(Value::is_boolean)),
        "staticTranslations" => value
            .as_object()
            .is_some_and(|texts| texts.values().all(Value::is_string)),
        "color"
        | "buttonColor"
        | "backgroundColor"
        | "headerColor"
        | "headerColor2"
        | "headerColor3"
        | "feedbackButtonPosition"
        | "widgetButtonText"
        | "buttonLogo" => value.is_string(),
        _ => value.is_boolean() && KEYS.contains(&key),
    }
}

const KEYS: [&str; 29] = [
    "color",
    "buttonColor",
    "backgroundColor",
    "headerColor",
    "headerColor2",
    "headerColor3",
    "borderRadius",
    "buttonX",
    "buttonY",
    "feedbackButtonPosition",
    "widgetButtonText",
    "buttonLogo",
    "hideForGuests",
    "enableWebReplays",
    "enableNetworkLogs",
    "sendNetworkResources",
    "enableConsoleLogs",
    "networkLogPropsToIgnore",
    "networkLogBlacklist",
    "enableShortcuts",
    "enableReplays",
    "replaysInterval",
    "activationMethodShake",
    "activationMethodScreenshotGesture",
    "activationMethodFeedbackButton",
    "localizationOptions",
    "staticTranslations",
    "disableBGFade",
    "disableBGGradient",
];

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-5_i64..1005).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z<#]{0,7}".prop_map(Value::from),
        "#[0-9a-f]{6}".prop_map(Value::from),
        "https://[a-z]{1,9}".prop_map(Value::from),
        Just(json!("BOTTOM_LEFT")),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("rtl|next|x", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_accepted_has_the_types_of_the_clients(
        patches in prop::collection::vec(prop::collection::hash_map(prop::sample::select(&KEYS), any_value(), 0..4), 1..4),
    ) {
        let mut settings = FlowConfig::default();
        for patch in patches {
            let patch: Map<_, _> = patch.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            let Ok(next) = settings.patched(&patch, "hark.example.com") else { continue };
            settings = next;
            let told = serde_json::to_value(settings.effective("hark.example.com")).unwrap();
            for (key, value) in told.as_object().unwrap() {
                prop_assert!(has_its_type(key, value), "{key}: {value}");
            }
            // What is told may be sent back, and what is kept can be read again.
            let again = settings.patched(told.as_object().unwrap(), "hark.example.com").unwrap();
            prop_assert_eq!(again.effective("hark.example.com"), settings.effective("hark.example.com"));
            let kept: FlowConfig = serde_json::from_value(serde_json::to_value(&settings).unwrap()).unwrap();
            prop_assert_eq!(&kept, &settings);
        }
    }
}
