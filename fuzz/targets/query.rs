//! Query strings of `GET /v3/sessions`: read, asked of a document, and put into SQL.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use server::http::list_query::{LIMIT_MAX, ListQuery};
use server::resources::session::document::SESSIONS;
use store::filter::{Dialect, Sql, compile, matches};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "userId": "u", "value": 12.5, "createdAt": "2026-01-31T08:05:00.123Z", "tags": ["a", "b"], "blocked": false,
        "customData": {"a": 1, "b": {"c": null}, "d": "2026-01-31", "e": [1, "x", {"f": true}]},
    })
});

fuzz_target!(|raw: &str| {
    let Ok(query) = ListQuery::parse(raw, &[]) else {
        return;
    };
    assert!((1..=LIMIT_MAX).contains(&query.limit));
    std::hint::black_box(matches(&query.filter, &DOCUMENT));
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let mut sql = Sql::default();
        compile(&query.filter, &SESSIONS, &[], dialect, "t", &mut sql);
        assert!(!sql.text.contains(['\0', ';']), "{}", sql.text);
    }
});
