//! Bodies of `/admin/identify`: checked, read as attributes, given to a session and written.

#![no_main]

use indexmap::IndexMap;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use server::http::json::check;
use server::resources::session::attributes::{AttributeLimits, Attributes};
use server::resources::session::document::Session;

/// The defaults, so small that inputs reach them.
const LIMITS: AttributeLimits = AttributeLimits {
    keys_max: 8,
    value_bytes_max: 64,
    total_bytes_max: 256,
};

fuzz_target!(|bytes: &[u8]| {
    if check(bytes).is_err() {
        return;
    }
    let Ok(body) = serde_json::from_slice::<IndexMap<String, Box<RawValue>>>(bytes) else {
        return; // valid JSON, but no object
    };
    let (attributes, _) = Attributes::read(&body);
    let mut session = Session::default();
    attributes.apply(&mut session, LIMITS);
    let written = serde_json::to_string(&session).expect("a session is JSON");
    assert!(!written.contains('\n'), "more than one line: {written}");
    let mut read: Session = serde_json::from_str(&written).expect("what is stored can be read");
    assert_eq!(
        serde_json::to_string(&read).expect("a session is JSON"),
        written
    );
    let (changed, _) = attributes.apply(&mut read, LIMITS);
    assert!(!changed, "the same call again changed {written}");
});
