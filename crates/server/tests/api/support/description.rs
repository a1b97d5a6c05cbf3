//! `/openapi.json`, and what it says of every answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use server::http::not_implemented;
use tower::ServiceExt;

use super::Answer;

/// The API description, the same for every server of this build.
static DESCRIPTION: OnceLock<Description> = OnceLock::new();

/// Members whose values are the customer's own, kept as they came.
const CUSTOMERS_OWN: [&str; 7] = [
    "customData",
    "lastData",
    "formData",
    "metaData",
    "events",
    "attributes",
    "form",
];

/// Where references to schemas with a name begin.
const SCHEMAS: &str = "#/components/schemas/";

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

pub struct Description {
    pub document: Value,
    pub operations: Vec<Operation>,
    missing: Vec<not_implemented::Operation>,
    error: LazyValidator,
}

/// Built when the first answer is held to it: there are hundreds of schemas, and a test meets few.
type LazyValidator = LazyLock<Validator, Box<dyn FnOnce() -> Validator + Send>>;

/// What opens an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    Public,
    Basic,
    ApiToken,
    /// The public key of a project.
    SdkKey,
    /// The public key in the query, of a WebSocket.
    SdkKeyInQuery,
    /// A secret of the operator.
    Operator,
    /// A bearer token, with these scopes.
    Bearer(Vec<String>),
}

pub struct Operation {
    pub method: String,
    pub path: String,
    pub id: String,
    /// The parameters that it declares: where they are, and their names.
    pub parameters: Vec<(String, String)>,
    /// Whether it takes a body, of JSON and nothing else.
    pub has_body: bool,
    security: Option<Value>,
    bodies: BTreeMap<u16, Option<LazyValidator>>,
    /// Media types of answers beside JSON.
    other_media: Vec<String>,
}

impl Description {
    pub async fn read(router: &Router) {
        if DESCRIPTION.get().is_some() {
            return;
        }
        let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
        let answer = Answer::read(router.clone().oneshot(request).await.unwrap()).await;
        assert_eq!(answer.header("content-type"), "application/json");
        DESCRIPTION.get_or_init(|| Self::new(answer.ok()));
    }

    pub fn get() -> &'static Self {
        DESCRIPTION.get().unwrap()
    }

    fn new(document: Value) -> Self {
        let mut closed = document.clone();
        close(&mut closed);
        let schemas = Arc::new(closed["components"]["schemas"].take());
        let error = validator(&schemas, json!({"$ref": format!("{SCHEMAS}ErrorBody")}));
        let mut operations = Vec::new();
        for (path, item) in closed["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(METHODS.contains(&method.as_str()), "{path}: {method}");
                operations.push(Operation::new(&schemas, path, method, operation));
            }
        }
        Self {
            document,
            operations,
            missing: not_implemented::missing(),
            error,
        }
    }

    /// The operation of a request: of the templates that fit its path, the one with the fewest parameters decides.
    pub fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        let served = self.operations.iter().map(|known| &known.path);
        let missing = self.missing.iter().map(|known| &known.path);
        let fitting = served
            .chain(missing)
            .filter(|template| fits(template, path));
        let template = fitting.min_by_key(|template| template.matches('{').count())?;
        let mut operations = self.operations.iter();
        operations.find(|known| known.path == *template && known.method == method.as_str())
    }

    /// Everything that must hold of every answer.
    pub fn check(&self, method: &Method, path: &str, answer: &Answer) {
        let operation = self.operation(method, path);
        let mut faults = general_faults(answer);
        let is_page = operation.is_some_and(|operation| operation.is_page(answer));
        if answer.status >= 400 && !is_page {
            faults.extend(self.error_faults(answer));
        }
        if let Some(operation) = operation {
            faults.extend(operation.faults(answer));
        }
        let status = answer.status;
        let body = String::from_utf8_lossy(&answer.body);
        assert!(
            faults.is_empty(),
            "{method} {path} answered {status}: {faults:#?}\n{body}"
        );
    }

    fn error_faults(&self, answer: &Answer) -> Vec<String> {
        let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
            return vec!["the error is not JSON".into()];
        };
        let status = StatusCode::from_u16(answer.status).unwrap();
        let mut faults: Vec<_> = schema_faults(&self.error, &body);
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                faults.push(what.to_owned());
            }
        };
        expect(body["statusCode"] == answer.status, "statusCode is another");
        expect(
            body["error"].as_str() == status.canonical_reason(),
            "error is not the name of the status",
        );
        expect(
            body["requestId"] == answer.header("x-request-id"),
            "requestId is not that of the header",
        );
        expect(body["message"] != "", "there is no message");
        expect(
            body["errors"]
                .as_array()
                .is_some_and(|list| !list.is_empty()),
            "errors is empty",
        );
        let required = match answer.status {
            401 => "www-authenticate",
            405 => "allow",
            429 | 503 => "retry-after",
            _ => "x-request-id",
        };
        expect(answer.headers.contains_key(required), required);
        faults
    }
}

impl Operation {
    fn new(schemas: &Arc<Value>, path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().cloned();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let bodies = operation["responses"].as_object().unwrap();
        let body = |(status, response): (&String, &Value)| {
            let schema = &response["content"]["application/json"]["schema"];
            let validator = (!schema.is_null()).then(|| validator(schemas, schema.clone()));
            (status.parse().unwrap(), validator)
        };
        Self {
            method: method.to_uppercase(),
            path: path.to_owned(),
            id: text(&operation["operationId"]),
            parameters: parameters
                .unwrap_or_default()
                .iter()
                .map(|parameter| (text(&parameter["in"]), text(&parameter["name"])))
                .collect(),
            has_body: operation["requestBody"]["content"]
                .as_object()
                .is_some_and(|content| content.keys().eq(["application/json"])),
            security: operation.get("security").cloned(),
            bodies: bodies.iter().map(body).collect(),
            other_media: bodies
                .values()
                .filter_map(|response| response["content"].as_object())
                .flat_map(|content| content.keys().cloned())
                .filter(|media| media != "application/json")
                .collect(),
        }
    }

    /// Whether the answer is a page for people, as the operation says that it gives: those have no error in JSON.
    fn is_page(&self, answer: &Answer) -> bool {
        let is_html = answer.header("content-type").starts_with("text/html");
        is_html && self.other_media.iter().any(|media| media == "text/html")
    }

    pub fn takes(&self, place: &str, name: &str) -> bool {
        self.parameters
            .iter()
            .any(|(known_place, known)| known_place == place && known == name)
    }

    /// What opens it, as the description says.
    pub fn guard(&self) -> Guard {
        let schemes = self.security.as_ref().and_then(Value::as_array);
        let Some(schemes) = schemes.filter(|schemes| !schemes.is_empty()) else {
            return Guard::Public;
        };
        let [scheme] = schemes.as_slice() else {
            panic!("{}: more than one way in", self.id)
        };
        let Some((name, scopes)) = scheme.as_object().unwrap().iter().next() else {
            return Guard::Public;
        };
        match name.as_str() {
            "basic" => Guard::Basic,
            "apiToken" => Guard::ApiToken,
            "sdkKey" => Guard::SdkKey,
            "sdkKeyInQuery" => Guard::SdkKeyInQuery,
            "inboundMail" => Guard::Operator,
            "jwt" => Guard::Bearer(serde_json::from_value(scopes.clone()).unwrap()),
            other => panic!("{}: unknown scheme {other}", self.id),
        }
    }

    /// Whether the description says anything of what opens it.
    pub fn names_its_guard(&self) -> bool {
        self.security.is_some()
    }

    /// Whether it may answer with this media type, which is not JSON.
    fn gives(&self, media: &str) -> bool {
        let essence = media.split(';').next().unwrap_or_default();
        self.other_media.iter().any(|known| known == essence)
    }

    fn faults(&self, answer: &Answer) -> Vec<String> {
        let Some(validator) = self.bodies.get(&answer.status) else {
            return vec![format!("{} does not declare this status", self.id)];
        };
        match validator {
            None if answer.header("content-type") == "application/json" => {
                vec![format!("{} declares no JSON for this status", self.id)]
            }
            None => Vec::new(),
            Some(_) if self.gives(answer.header("content-type")) => Vec::new(),
            Some(validator) => match serde_json::from_slice::<Value>(&answer.body) {
                Err(error) => vec![format!("the body is not JSON: {error}")],
                Ok(body) => {
                    let mut faults = schema_faults(validator, &body);
                    find_nulls(&body, "", &mut faults);
                    faults
                }
            },
        }
    }
}

fn general_faults(answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    if answer.header("x-request-id").is_empty() {
        faults.push("X-Request-Id is not there".into());
    }
    if answer.header("access-control-allow-origin") != "*" {
        faults.push("the headers of CORS are not there".into());
    }
    let is_json = answer.header("content-type") == "application/json";
    if is_json && answer.body.contains(&b'\n') {
        faults.push("the JSON has more than one line".into());
    }
    if matches!(answer.status, 204 | 304) && !answer.body.is_empty() {
        faults.push("this status has no body".into());
    }
    faults
}

fn schema_faults(validator: &Validator, body: &Value) -> Vec<String> {
    validator
        .iter_errors(body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn find_nulls(value: &Value, path: &str, faults: &mut Vec<String>) {
    match value {
        Value::Null => faults.push(format!("{path} is null")),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_nulls(item, &format!("{path}/{index}"), faults);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                if !CUSTOMERS_OWN.contains(&key.as_str()) {
                    find_nulls(member, &format!("{path}/{key}"), faults);
                }
            }
        }
        _ => {}
    }
}

fn validator(schemas: &Arc<Value>, schema: Value) -> LazyValidator {
    let schemas = Arc::clone(schemas);
    LazyLock::new(Box::new(move || {
        let mut named = BTreeSet::new();
        find_names(&schema, &schemas, &mut named);
        let used: Map<String, Value> = named
            .into_iter()
            .map(|name| (name.clone(), schemas[&name].clone()))
            .collect();
        let mut whole = schema;
        whole["components"] = json!({ "schemas": used });
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .build(&whole)
            .unwrap()
    }))
}

/// The names of all schemas that a schema refers to, itself or by others.
fn find_names(schema: &Value, schemas: &Value, named: &mut BTreeSet<String>) {
    match schema {
        Value::Array(items) => items
            .iter()
            .for_each(|item| find_names(item, schemas, named)),
        Value::Object(members) => members
            .values()
            .for_each(|member| find_names(member, schemas, named)),
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(SCHEMAS)
                && named.insert(name.to_owned())
            {
                find_names(&schemas[name], schemas, named);
            }
        }
        _ => {}
    }
}

/// Objects with named members have no others: what is not described is not answered.
fn close(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(members) => {
            members.values_mut().for_each(close);
            let named = members.get("properties").is_some_and(Value::is_object);
            if named && members.get("type").is_some_and(|kind| kind == "object") {
                members
                    .entry("additionalProperties")
                    .or_insert(Value::Bool(false));
            }
        }
        _ => {}
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part == segment => {}
            (Some(part), Some(segment)) if part.starts_with('{') && !segment.is_empty() => {}
            _ => return false,
        }
    }
}
