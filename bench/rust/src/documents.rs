//! Session documents. Document `index` depends on the index alone, so every peer gets the same users.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Project that the peers without accounts of their own keep the sessions in.
pub const PROJECT: &str = "65f000000000000000000001";
const ORGANISATION: &str = "65f000000000000000000002";
const SEED: u64 = 42;

const COLOURS: [&str; 8] = [
    "Amber", "Coral", "Crimson", "Indigo", "Ivory", "Olive", "Teal", "Violet",
];
const BIRDS: [&str; 8] = [
    "Bittern", "Curlew", "Dunlin", "Heron", "Kestrel", "Lapwing", "Osprey", "Plover",
];
const PLANS: [&str; 4] = ["business", "enterprise", "starter", "team"];
const TAGS: [&str; 6] = ["beta", "mobile", "partner", "renewal", "trial", "webinar"];
const LANGUAGES: [&str; 4] = ["de", "en", "es", "fr"];
const EVENTS: [&str; 2] = ["login", "search"];
const PLACES: [(&str, &str, &str, &str, f64, f64); 4] = [
    ("Austria", "AT", "Vienna", "Europe/Vienna", 48.2, 16.37),
    ("Germany", "DE", "Berlin", "Europe/Berlin", 52.52, 13.4),
    ("Japan", "JP", "Osaka", "Asia/Tokyo", 34.69, 135.5),
    ("Peru", "PE", "Lima", "America/Lima", -12.05, -77.04),
];

/// User id of document `index`.
pub fn user_id(index: u64) -> String {
    format!("user-{index:07}")
}

/// Document `index` as a customer would import it.
pub fn imported(index: u64) -> Value {
    let rng = &mut Rng::with_seed(SEED ^ index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut document = Map::new();
    for part in [
        identity(index, rng),
        attributes(rng),
        activity(rng),
        history(rng),
        flags(rng),
    ] {
        if let Value::Object(fields) = part {
            document.extend(fields);
        }
    }
    Value::Object(document)
}

/// Document `index` as a server stores and answers it: with the ids that it gave.
pub fn stored(index: u64) -> Value {
    let id = format!("{:024x}", 0x6600_0000_0000_u64 + index);
    let mut document = Map::new();
    document.insert("_id".to_owned(), json!(id));
    document.insert("id".to_owned(), json!(id));
    document.insert("project".to_owned(), json!(PROJECT));
    document.insert("organisation".to_owned(), json!(ORGANISATION));
    if let Value::Object(fields) = imported(index) {
        document.extend(fields);
    }
    document.insert("updatedAt".to_owned(), document["lastActivity"].clone());
    Value::Object(document)
}

fn identity(index: u64, rng: &mut Rng) -> Value {
    let (colour, bird) = (pick(rng, &COLOURS), pick(rng, &BIRDS));
    json!({
        "userId": user_id(index),
        "gleapId": hex(rng, 24),
        "gleapHash": hex(rng, 40),
        "name": format!("{colour} {bird}"),
        "email": format!("{}.{index}@example.com", bird.to_lowercase()),
        "phone": format!("+43664{index:07}"),
    })
}

fn attributes(rng: &mut Rng) -> Value {
    let company = rng.u32(1000..9999);
    json!({
        "avatar": format!("https://example.com/{}.png", hex(rng, 8)),
        "value": rng.u32(0..100_000),
        "sla": rng.u32(0..86_400),
        "plan": pick(rng, &PLANS),
        "companyId": format!("c-{company}"),
        "companyName": format!("Company {company}"),
        "lang": pick(rng, &LANGUAGES),
        "platform": "web",
        "deviceType": "desktop",
        "tags": [pick(rng, &TAGS[..3]), pick(rng, &TAGS[3..])],
        "customData": {
            "seats": rng.u32(1..500),
            "role": pick(rng, &["admin", "member", "owner"]),
        },
    })
}

fn activity(rng: &mut Rng) -> Value {
    let (country, code, city, timezone, latitude, longitude) = PLACES[rng.usize(..PLACES.len())];
    let first = date(rng, 2023);
    json!({
        "location": {
            "country": country, "countryCode": code, "region": city, "city": city,
            "latitude": latitude, "longitude": longitude, "timezone": timezone,
        },
        "lastPageView": {
            "page": format!("https://example.com/app/page/{}", rng.u32(100..1000)),
            "date": date(rng, 2025),
        },
        "createdAt": first,
        "firstActivity": first,
        "lastActivity": date(rng, 2025),
        "lastHeardFrom": date(rng, 2024),
        "lastFeedbackReport": date(rng, 2024),
        "sessions": rng.u32(1..900),
        "countFeedbackReports": rng.u32(0..20),
        "countFeedbackComments": rng.u32(0..60),
    })
}

fn history(rng: &mut Rng) -> Value {
    let events: Map<String, Value> = EVENTS
        .iter()
        .map(|name| ((*name).to_owned(), event_counter(rng)))
        .collect();
    let task = hex(rng, 24);
    let written = date(rng, 2024);
    json!({
        "eventData": events,
        "outboundHistory": [
            { "outbound": hex(rng, 24), "type": "banner", "sentAt": date(rng, 2024) },
        ],
        "checklistTasks": {
            task: { "status": "active", "completedSteps": [], "startedAt": date(rng, 2024) },
        },
        "memory": [{
            "name": "preference",
            "description": "Language",
            "content": format!("Prefers {}.", pick(rng, &["English", "French", "German"])),
            "actor": "admin",
            "createdAt": written,
            "updatedAt": written,
        }],
    })
}

fn flags(rng: &mut Rng) -> Value {
    json!({ "blocked": false, "unsubscribed": rng.u32(0..10) == 0, "emailOnly": false })
}

fn event_counter(rng: &mut Rng) -> Value {
    json!({ "count": rng.u32(1..400), "firstAt": date(rng, 2024), "lastAt": date(rng, 2025) })
}

fn pick<'a>(rng: &mut Rng, values: &[&'a str]) -> &'a str {
    values[rng.usize(..values.len())]
}

fn hex(rng: &mut Rng, digits: usize) -> String {
    (0..digits)
        .map(|_| char::from_digit(rng.u32(..16), 16).expect("below 16"))
        .collect()
}

/// Some moment of the first 28 days of a month of `year`.
fn date(rng: &mut Rng, year: u16) -> String {
    format!(
        "{year}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        rng.u8(1..=12),
        rng.u8(1..=28),
        rng.u8(..24),
        rng.u8(..60),
        rng.u8(..60),
        rng.u16(..1000)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_depends_on_its_index_alone() {
        assert_eq!(imported(7), imported(7));
        assert_ne!(imported(7)["gleapId"], imported(8)["gleapId"]);
        assert_eq!(imported(7)["userId"], "user-0000007");
    }

    #[test]
    fn every_answer_is_1_8_kb_within_3_percent() {
        for index in (0..1_000_000).step_by(97) {
            let length = stored(index).to_string().len();
            assert!((1746..=1854).contains(&length), "{index}: {length} bytes");
        }
    }

    #[test]
    fn no_document_needs_escapes_in_copy() {
        for index in 0..1000 {
            let text = stored(index).to_string();
            assert!(!text.contains('\\') && !text.contains('\t'), "{text}");
        }
    }
}
