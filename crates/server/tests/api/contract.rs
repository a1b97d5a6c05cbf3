//! What the server offers against what the contract promises.

mod schema_names;
mod sessions;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::http::not_implemented::{CONTRACT, MISSING, Operation, contract, missing};

use crate::support::{Call, Description, TestApp};

/// How many operations of the contract are not served. Lower it in the change that serves one more; never raise it.
const MISSING_COUNT: usize = 140;

/// The fields that the contract requires of every session.
const REQUIRED: [&str; 14] = [
    "_id",
    "blocked",
    "countFeedbackComments",
    "countFeedbackReports",
    "createdAt",
    "emailOnly",
    "firstActivity",
    "lang",
    "memory",
    "sessions",
    "tags",
    "unsubscribed",
    "updatedAt",
    "value",
];

/// The contract as a document, since [`contract`] knows no schemas.
fn contract_document() -> Value {
    serde_json::from_str(CONTRACT).unwrap()
}

fn contract_schema(id: &str) -> Value {
    let document = contract_document();
    let operations = document["operations"].as_array().unwrap();
    let operation = operations.iter().find(|known| known["operationId"] == id);
    operation.unwrap()["responses"]["200"].clone()
}

fn served_schema(id: &str) -> Value {
    let document = &Description::get().document;
    let items = document["paths"].as_object().unwrap().values();
    let mut operations = items.flat_map(|item| item.as_object().unwrap().values());
    let operation = operations.find(|known| known["operationId"] == id).unwrap();
    operation["responses"]["200"]["content"]["application/json"]["schema"].clone()
}

/// Follows a `$ref` within its document.
fn resolved(document: &Value, schema: &Value) -> Value {
    match schema["$ref"].as_str() {
        Some(pointer) => resolved(document, document.pointer(&pointer[1..]).unwrap()),
        None => schema.clone(),
    }
}

#[tokio::test]
async fn every_operation_is_served_or_missing_and_never_both() {
    let _app = TestApp::new().await;
    let description = Description::get();
    let served = |operation: &Operation| {
        description
            .operations
            .iter()
            .find(|known| known.method == operation.method && known.path == operation.path)
    };
    let missing: BTreeSet<_> = missing()
        .into_iter()
        .map(|known| known.operation_id)
        .collect();
    let all = contract();
    assert_eq!(all.len(), 231);
    for operation in &all {
        let id = &operation.operation_id;
        match (served(operation), missing.contains(id)) {
            (Some(served), false) => assert_eq!(&served.id, id),
            (None, true) => {}
            (Some(_), true) => panic!("{id} is served: delete its line of openapi/missing.txt"),
            (None, false) => panic!("{id} is neither served nor in openapi/missing.txt"),
        }
    }
}

#[test]
fn the_list_of_missing_operations_only_shrinks() {
    let count = missing().len();
    assert!(
        count >= MISSING_COUNT,
        "more is served than before: set MISSING_COUNT of this test to {count}"
    );
    assert!(
        count <= MISSING_COUNT,
        "openapi/missing.txt grew from {MISSING_COUNT} to {count}: what was served must stay"
    );
    let lines: Vec<_> = MISSING
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(
        lines.len(),
        count,
        "a line names no operation of the contract"
    );
    assert!(lines.is_sorted(), "openapi/missing.txt is not sorted");
}

#[tokio::test]
async fn a_missing_operation_says_so_to_those_who_may_know() {
    let app = TestApp::new().await;
    for operation in missing() {
        let Operation { method, path, .. } = &operation;
        let call = || Call::new(method, &path.replace(['{', '}'], ""));
        let answer = app.send(app.owner(call())).await;
        assert_eq!(
            answer.error(),
            (501, "not_implemented".into()),
            "{method} {path}"
        );
        let stranger = app.send(call()).await;
        let expected = if operation.token { 401 } else { 501 };
        assert_eq!(stranger.status, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn served_answers_have_what_the_contract_requires() {
    let _app = TestApp::new().await;
    let missing: BTreeSet<_> = missing()
        .into_iter()
        .map(|known| known.operation_id)
        .collect();
    let served = contract().into_iter().map(|known| known.operation_id);
    for id in served.filter(|id| !missing.contains(id)) {
        let mut faults = Vec::new();
        compare(&contract_schema(&id), &served_schema(&id), &id, &mut faults);
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

/// What the contract requires and types, the served schema requires and types too.
fn compare(promised: &Value, served: &Value, at: &str, faults: &mut Vec<String>) {
    let promised = resolved(&contract_document(), promised);
    let served = resolved(&Description::get().document, served);
    if let Some(kind) = promised["type"].as_str()
        && !offers(&served, kind)
    {
        faults.push(format!("{at} is not of type {kind}: {served}"));
        return;
    }
    let names = |schema: &Value| -> BTreeSet<String> {
        let list = schema["required"].as_array().cloned().unwrap_or_default();
        list.iter()
            .map(|name| name.as_str().unwrap().into())
            .collect()
    };
    let known = names(&served);
    for name in names(&promised) {
        if !known.contains(&name) {
            faults.push(format!("{at}.{name} is not always there"));
        }
    }
    for (name, schema) in promised["properties"].as_object().into_iter().flatten() {
        if let Some(own) = served["properties"].get(name) {
            compare(schema, own, &format!("{at}.{name}"), faults);
        }
    }
}

/// Whether a schema allows a type; one alternative that does is enough.
fn offers(schema: &Value, kind: &str) -> bool {
    let schema = resolved(&Description::get().document, schema);
    let alternatives = ["oneOf", "anyOf"]
        .iter()
        .filter_map(|word| schema[word].as_array())
        .flatten();
    let mut kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        kind => vec![kind.clone()],
    }
    .into_iter();
    kinds.any(|own| own == kind || (own == "integer" && kind == "number"))
        || alternatives.into_iter().any(|schema| offers(schema, kind))
}

#[tokio::test]
async fn every_field_of_a_session_is_known() {
    let _app = TestApp::new().await;
    let document = &Description::get().document;
    let own = &document["components"]["schemas"]["SessionBody"]["properties"];
    let promised = contract_schema("FindSessionByUserId");
    let promised = promised["properties"].as_object().unwrap();
    assert_eq!(promised.len(), 45);
    for name in promised.keys() {
        assert!(own.get(name).is_some(), "{name}");
    }
}

#[tokio::test]
async fn the_required_fields_are_there_of_a_session_of_which_nothing_is_known() {
    let app = TestApp::new().await;
    let promised = contract_schema("FindSessionByUserId");
    assert_eq!(promised["required"], json!(REQUIRED));
    app.identify(json!({"userId": "identified"})).await.ok();
    app.track(json!([{"userId": "tracked", "name": "seen"}]))
        .await
        .ok();
    for user in ["identified", "tracked"] {
        let session = app.session(user).await;
        for name in REQUIRED {
            assert!(!session[name].is_null(), "{name} of {user}");
        }
    }
}

#[tokio::test]
async fn every_operation_and_field_is_described() {
    let _app = TestApp::new().await;
    let document = &Description::get().document;
    let mut bare = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for word in ["summary", "description", "operationId"] {
                if operation[word].as_str().is_none_or(str::is_empty) {
                    bare.push(format!("{method} {path}: {word}"));
                }
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["description"].as_str().is_none_or(str::is_empty) {
                    bare.push(format!("{method} {path}: {}", parameter["name"]));
                }
            }
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            if !is_described(schema) {
                bare.push(format!("{name}.{field}"));
            }
        }
    }
    assert!(bare.is_empty(), "{bare:#?}");
    assert_eq!(document["openapi"], "3.1.0");
}

#[tokio::test]
async fn no_field_of_an_answer_may_be_null() {
    let _app = TestApp::new().await;
    let document = &Description::get().document;
    let mut answered = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert!(!operation["responses"].to_string().contains("\"null\""));
            schemas_of(document, &operation["responses"], &mut answered);
        }
    }
    assert!(answered.len() > 10);
    for name in answered {
        let schema = document["components"]["schemas"][&name].to_string();
        assert!(!schema.contains("\"null\""), "{name}: {schema}");
    }
}

/// The names of all schemas that a part of the description leads to.
fn schemas_of(document: &Value, part: &Value, found: &mut BTreeSet<String>) {
    match part {
        Value::Array(items) => items
            .iter()
            .for_each(|item| schemas_of(document, item, found)),
        Value::Object(members) => members
            .values()
            .for_each(|member| schemas_of(document, member, found)),
        Value::String(text) => {
            let name = text.strip_prefix("#/components/schemas/");
            if let Some(name) = name.filter(|name| found.insert((*name).to_owned())) {
                schemas_of(document, &document["components"]["schemas"][name], found);
            }
        }
        _ => {}
    }
}

/// A field that may be absent carries its description beside the reference.
fn is_described(schema: &Value) -> bool {
    let said = |schema: &Value| {
        schema["description"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    };
    let inner = schema["oneOf"].as_array().into_iter().flatten();
    said(schema) || inner.into_iter().any(said)
}

#[tokio::test]
async fn every_error_of_an_operation_is_listed() {
    let _app = TestApp::new().await;
    let document = &Description::get().document;
    for (path, item) in document["paths"].as_object().unwrap() {
        let guarded = ["/v3", "/admin", "/auth"];
        if !guarded.iter().any(|start| path.starts_with(start)) {
            continue;
        }
        for operation in item.as_object().unwrap().values() {
            let responses = operation["responses"].as_object().unwrap();
            for status in [
                "400", "401", "408", "413", "414", "429", "431", "500", "503",
            ] {
                assert!(responses.contains_key(status), "{path}: {status}");
            }
            for (status, response) in responses
                .iter()
                .filter(|(status, _)| status.starts_with('2'))
            {
                let types = [
                    "application/json",
                    "text/event-stream",
                    "text/csv",
                    "application/zip",
                ];
                let content = &response["content"];
                let typed = types.map(|name| content[name]["schema"].is_object());
                assert!(
                    status == "204" || typed.contains(&true),
                    "{path}: {status} is not typed"
                );
            }
        }
    }
}

#[tokio::test]
async fn events_of_a_stream_are_objects_whose_data_is_json() {
    let _app = TestApp::new().await;
    let paths = &Description::get().document["paths"];
    for (path, name) in [
        ("/v3/live", "TeamEvent"),
        ("/v3/sessions/{sessionId}/live", "LiveEvent"),
    ] {
        let content = &paths[path]["get"]["responses"]["200"]["content"];
        let event = &content["text/event-stream"]["schema"];
        assert_eq!(event["required"], json!(["event", "data"]));
        let data = &event["properties"]["data"];
        let schema = format!("#/components/schemas/{name}");
        assert_eq!(
            (&data["type"], &data["contentSchema"]["$ref"]),
            (&json!("string"), &json!(schema))
        );
    }
}
