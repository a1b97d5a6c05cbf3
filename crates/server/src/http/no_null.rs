//! Fields without a value are absent from answers, never `null`. The description is generated from types that cannot say so.

use std::collections::BTreeSet;

use serde_json::Value;

/// Takes `null` out of the schemas of answers. Those of request bodies keep it: there it removes a value.
pub fn take_out_null(description: &mut Value) {
    let schemas = description["components"]["schemas"].clone();
    let mut sent = BTreeSet::new();
    let paths = description["paths"].as_object().into_iter().flatten();
    for operation in paths.flat_map(|(_, item)| item.as_object().into_iter().flatten()) {
        find_references(&operation.1["requestBody"], &schemas, &mut sent);
    }
    let schemas = description["components"]["schemas"].as_object_mut();
    for (name, schema) in schemas.into_iter().flatten() {
        if !sent.contains(name) {
            clean(schema);
        }
    }
}

/// The names of all schemas that a value refers to, and those that these refer to.
fn find_references(value: &Value, schemas: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| find_references(item, schemas, found)),
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(Value::as_str) {
                let name = name.rsplit('/').next().unwrap_or(name);
                if found.insert(name.to_owned()) {
                    find_references(&schemas[name], schemas, found);
                }
            }
            members
                .values()
                .for_each(|member| find_references(member, schemas, found));
        }
        _ => {}
    }
}

fn clean(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(members) => {
            members.values_mut().for_each(clean);
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [kind] = types.as_slice() {
                    let kind = kind.clone();
                    members.insert("type".into(), kind);
                }
            }
            let null = serde_json::json!({"type": "null"});
            if let Some(Value::Array(alternatives)) = members.get_mut("oneOf") {
                alternatives.retain(|alternative| *alternative != null);
                if let [alone] = alternatives.as_slice() {
                    *schema = alone.clone();
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_lose_it_and_requests_keep_it() {
        let schema = |null: bool| {
            let kind = if null {
                json!(["string", "null"])
            } else {
                json!("string")
            };
            let view = json!({"$ref": "#/components/schemas/View", "description": "Seen."});
            let view = if null {
                json!({"oneOf": [view, {"type": "null"}]})
            } else {
                view
            };
            json!({"type": "object", "properties": {"name": {"type": kind}, "view": view}})
        };
        let described = |null: bool| {
            json!({
                "paths": {"/a": {"post": {"requestBody": {"schema": {"$ref": "#/components/schemas/Asked"}}}}},
                "components": {"schemas": {
                    "Asked": {"items": {"$ref": "#/components/schemas/Part"}},
                    "Part": schema(true),
                    "Answer": schema(null),
                }},
            })
        };
        let mut description = described(true);
        take_out_null(&mut description);
        assert_eq!(description, described(false));
    }
}
