//! Each operation on sessions and on their memory takes what the contract describes, answers what it promises, and does what its name says.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::contract_document;
use crate::import::finished;
use crate::import::services::server::{Reply, Service};
use crate::import::services::{app as app_of_services, contacts};
use crate::support::{Answer, Call, TestApp, encoded};
use crate::warmup::in_memory;

/// Lookups of billing services, which are not of sessions alone.
const BILLING: [&str; 4] = [
    "FindSessionChargebeeInfo",
    "FindSessionLemonSqueezyInfo",
    "FindSessionShopifyInfo",
    "FindSessionStripeInfo",
];

/// The operations of the contract, and which of them were called.
struct Promise<'a> {
    app: &'a TestApp,
    document: Value,
    kept: &'a RefCell<BTreeSet<String>>,
}

impl<'a> Promise<'a> {
    fn new(app: &'a TestApp, kept: &'a RefCell<BTreeSet<String>>) -> Self {
        Self {
            app,
            document: contract_document(),
            kept,
        }
    }

    fn operation(&self, id: &str) -> &Value {
        let operations = self.document["operations"].as_array().unwrap();
        let operation = operations.iter().find(|known| known["operationId"] == id);
        operation.unwrap_or_else(|| panic!("the contract has no {id}"))
    }

    fn validator(&self, schema: &Value) -> Validator {
        let mut schema = schema.clone();
        schema["schemas"] = self.document["schemas"].clone();
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft4);
        options.build(&schema).unwrap()
    }

    /// Calls an operation by its name. `values` fill in the parts of its path; a body is one that the contract describes, and so is the answer.
    async fn call(&self, id: &str, values: &[&str], query: &str, body: Option<Value>) -> Answer {
        let operation = self.operation(id);
        let mut path = operation["path"].as_str().unwrap().to_owned();
        for value in values {
            let (before, rest) = path.split_once('{').unwrap();
            let (_, after) = rest.split_once('}').unwrap();
            path = format!("{before}{}{after}", encoded(value));
        }
        let mut call = Call::new(
            operation["method"].as_str().unwrap(),
            &format!("{path}{query}"),
        );
        let described = &operation["requestBody"]["schema"];
        assert_eq!(
            body.is_some(),
            !described.is_null(),
            "{id} takes another body"
        );
        if let Some(body) = &body {
            let faults: Vec<_> = self
                .validator(described)
                .iter_errors(body)
                .map(|fault| fault.to_string())
                .collect();
            assert!(
                faults.is_empty(),
                "the body of {id} is not that of the contract: {faults:?}"
            );
            call = call.json(body);
        }
        let answer = self.app.send(self.app.owner(call)).await;
        let promised = operation["responses"].get(answer.status.to_string());
        let promised = promised
            .unwrap_or_else(|| panic!("{id} answered {}: {}", answer.status, answer.text()));
        if promised.is_null() {
            assert!(answer.body.is_empty(), "{id} has no body");
        } else {
            let shown = answer.json();
            let faults: Vec<_> = self
                .validator(promised)
                .iter_errors(&shown)
                .map(|fault| fault.to_string())
                .collect();
            assert!(faults.is_empty(), "{id}: {faults:?}\n{shown}");
        }
        self.kept.borrow_mut().insert(id.to_owned());
        answer
    }

    async fn get(&self, id: &str, values: &[&str], query: &str) -> Value {
        self.call(id, values, query, None).await.json()
    }
}

/// All that the contract says can be given of a session.
fn everything() -> Value {
    json!({
        "userId": "u/1", "email": "ada@example.com", "name": "Ada", "phone": "+4315331234", "avatar": "https://example.com/a.png",
        "value": 12.5, "sla": 2, "plan": "pro", "companyId": "acme", "companyName": "ACME", "lang": "de", "platform": "web",
        "deviceType": "desktop", "tags": ["vip"], "blocked": false, "emailOnly": true, "unsubscribed": false, "sessions": 3,
        "countFeedbackReports": 2, "countFeedbackComments": 4, "facebookId": "fb", "instagramId": "ig", "instagramUsername": "ada",
        "telegramChatId": "tg", "telegramUsername": "ada", "gleapId": "brought-1", "gleapHash": "secret_1",
        "firstActivity": "2026-01-31T08:05:00.123Z", "lastActivity": "2026-02-01T08:05:00.123Z", "lastHeardFrom": "2026-02-02T08:05:00.123Z",
        "lastFeedbackReport": "2026-02-03T08:05:00.123Z", "lastPageView": {"page": "/a", "date": "2026-02-01T08:05:00.123Z"},
        "location": {"country": "Austria", "city": "Vienna"}, "customData": {"seats": 3, "deep": {"a": [1]}},
        "eventData": {"paid": {"count": 2, "firstAt": "2026-01-31T08:05:00.123Z", "lastAt": "2026-02-01T08:05:00.123Z"}},
    })
}

async fn writing(promise: &Promise<'_>) -> String {
    let made = promise
        .call("CreateSession", &[], "", Some(everything()))
        .await
        .json();
    let id = made["id"].as_str().unwrap().to_owned();
    for (field, value) in everything().as_object().unwrap() {
        assert_eq!(made[field], *value, "{field} is kept");
    }
    let change = json!({"plan": "team", "customData": {"seats": 5}});
    promise
        .call("UpdateSession", &[&id], "", Some(change))
        .await;
    let shown = promise.get("GetSession", &[&id], "").await;
    assert_eq!(shown["plan"], "team");
    assert_eq!(shown["customData"], json!({"seats": 5, "deep": {"a": [1]}}));
    assert_eq!(
        promise.get("FindSessionByUserId", &["u/1"], "").await,
        shown
    );
    id
}

async fn finding(promise: &Promise<'_>, id: &str) {
    promise
        .app
        .identify(json!({"userId": "other", "name": "Bob", "plan": "free"}))
        .await
        .ok();
    let ids = |sessions: &Value| {
        let sessions = sessions.as_array().unwrap().iter();
        sessions
            .map(|session| session["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&promise.get("GetSessions", &[], "").await).len(), 2);
    assert_eq!(
        ids(&promise.get("GetSessions", &[], "?plan=team").await),
        [id]
    );
    assert_eq!(
        ids(&promise.get("SearchSessions", &[], "?searchTerm=ada").await),
        [id]
    );
    let exported = promise.get("ExportSessions", &[], "").await;
    assert_eq!(exported[0], promise.get("GetSession", &[id], "").await);
    assert_eq!(ids(&exported).len(), 2);
}

async fn what_it_did(promise: &Promise<'_>, id: &str) {
    let app = promise.app;
    assert_eq!(promise.get("GetSessionEvents", &[id], "").await, json!([]));
    app.track(json!([{"userId": "u/1", "name": "paid", "data": {"amount": 49}}]))
        .await
        .ok();
    let events = promise.get("GetSessionEvents", &[id], "").await;
    assert_eq!(
        json!([events[0]["name"], events[0]["data"]]),
        json!(["paid", {"amount": 49}])
    );
    let activities = promise.get("GetSessionActivities", &[id], "").await;
    let kinds: BTreeSet<_> = activities
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["type"].as_str().unwrap())
        .collect();
    assert!(
        kinds.contains("event") && kinds.contains("attribute_changed"),
        "{kinds:?}"
    );
    let history = promise.get("GetSessionIdentityHistory", &[id], "").await;
    assert_eq!(
        history["history"][0]["changes"]["userId"],
        json!({"to": "u/1"})
    );
    assert_eq!(
        promise.get("GetChecklistsForSession", &[id], "").await,
        json!([])
    );
    let progress = json!({"outboundId": "o1", "status": "active", "completedSteps": ["s1"]});
    let call = Call::put(&format!("/v3/sessions/{id}/checklists/c1")).json(&progress);
    app.send(app.owner(call)).await.ok();
    let checklists = promise.get("GetChecklistsForSession", &[id], "").await;
    assert_eq!(checklists[0]["completedSteps"], json!(["s1"]));
}

async fn memory(promise: &Promise<'_>, id: &str) {
    let entry =
        |name: &str| json!({"name": name, "description": "what they eat", "content": "vegan"});
    for (name, entries) in [("diet/food", 1), ("pets", 2)] {
        let answer = promise
            .call("CreateEntry", &[id], "", Some(entry(name)))
            .await
            .json();
        assert_eq!(answer, json!({"ok": true, "entries": entries}));
    }
    let list = promise.get("Contactmemory_ListEntries", &[id], "").await;
    let names: BTreeSet<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, BTreeSet::from(["diet/food", "pets"]));
    let change = Some(json!({"content": "vegetarian"}));
    promise
        .call("UpdateEntry", &[id, "diet/food"], "", change)
        .await;
    let shown = promise
        .get("Contactmemory_GetEntry", &[id, "diet/food"], "")
        .await;
    assert_eq!(
        json!([shown["content"], shown["description"]]),
        json!(["vegetarian", "what they eat"])
    );
    promise
        .call("DeleteEntry", &[id, "diet/food"], "", None)
        .await;
    let list = promise.get("Contactmemory_ListEntries", &[id], "").await;
    assert_eq!(
        (list.as_array().unwrap().len(), &list[0]["name"]),
        (1, &json!("pets"))
    );
    promise.call("ClearAll", &[id], "", None).await;
    assert_eq!(
        promise.get("Contactmemory_ListEntries", &[id], "").await,
        json!([])
    );
}

async fn subscription(promise: &Promise<'_>, id: &str) {
    let contacts = json!({"sessions": [{"userId": "u/1"}], "reason": "asked"});
    promise
        .call("UnsubscribeSessions", &[], "", Some(contacts))
        .await;
    let shown = promise.get("GetSession", &[id], "").await;
    assert_eq!(
        json!([shown["unsubscribed"], shown["unsubscribeReason"]]),
        json!([true, "asked"])
    );
    let done = promise
        .call("ResubscribeSession", &[id], "", Some(json!({})))
        .await;
    assert_eq!(done.json(), true);
    assert_eq!(
        promise.get("GetSession", &[id], "").await["unsubscribed"],
        false
    );
}

async fn importing(promise: &Promise<'_>) {
    let rows = json!([{"userId": "imported", "name": "Cyd"}]);
    promise.call("ImportSession", &[], "", Some(rows)).await;
    assert_eq!(promise.app.session("imported").await["name"], "Cyd");
}

async fn deleting(promise: &Promise<'_>, id: &str) {
    let answer = promise.call("DeleteSession", &[id], "", None).await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        promise.app.get(&format!("/v3/sessions/{id}")).await.status,
        404
    );
    assert_eq!(promise.app.lookup("u/1").await.status, 404);
}

/// The importers of other services, each against one that has one person.
async fn fetching(kept: &RefCell<BTreeSet<String>>) {
    let hubspot = json!({"id": "1", "archived": false, "createdAt": "2024-01-01T00:00:00Z", "properties": {"email": "h@example.com"}});
    let zendesk = json!({"id": 1, "external_id": "z1", "name": "Zoë", "email": "z@example.com", "role": "end-user"});
    let meta = json!({"has_more": false, "after_cursor": null, "before_cursor": null});
    let service = Service::start(vec![
        contacts(&[1], None),
        Reply::json(json!({"results": [hubspot]})),
        Reply::json(json!({"users": [zendesk], "meta": meta})),
    ])
    .await;
    let app = app_of_services(&service).await;
    let promise = Promise::new(&app, kept);
    for (id, body, found) in [
        (
            "ImportSessionIntercom",
            json!({"endpoint": service.address(), "apiKey": "t"}),
            "u1@example.com",
        ),
        (
            "ImportSessionHubspot",
            json!({"apiKey": "t"}),
            "h@example.com",
        ),
        (
            "ImportSessionZendesk",
            json!({"subdomain": "example", "email": "agent@example.com", "apiToken": "t"}),
            "z@example.com",
        ),
    ] {
        let started = promise.call(id, &[], "", Some(body)).await.json();
        let done = finished(&app, started[0]["id"].as_str().unwrap()).await;
        assert_eq!(done["created"], 1, "{id}: {done}");
        let list = app
            .get(&format!("/v3/sessions?email={}", encoded(found)))
            .await
            .ok();
        assert_eq!(list[0]["email"], found, "{id}");
    }
}

async fn warming_up(kept: &RefCell<BTreeSet<String>>) {
    let mut app = TestApp::new().await;
    app.identify(json!({"userId": "cold"})).await.ok();
    app.restart();
    assert!(in_memory(&app, "cold").is_none());
    let promise = Promise::new(&app, kept);
    promise.call("WarmupSessions", &[], "", None).await;
    while in_memory(&app, "cold").is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn every_operation_on_sessions_does_what_the_contract_says() {
    let app = TestApp::new().await;
    let kept = RefCell::default();
    let promise = Promise::new(&app, &kept);
    let id = writing(&promise).await;
    finding(&promise, &id).await;
    what_it_did(&promise, &id).await;
    memory(&promise, &id).await;
    subscription(&promise, &id).await;
    importing(&promise).await;
    deleting(&promise, &id).await;
    fetching(&kept).await;
    warming_up(&kept).await;
    let operations = promise.document["operations"].as_array().unwrap();
    let is_ours = |operation: &&Value| {
        let tags = operation["tags"].as_array().unwrap();
        tags.iter()
            .any(|tag| tag == "Session" || tag == "ContactMemory")
    };
    let promised: BTreeSet<_> = operations
        .iter()
        .filter(is_ours)
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        .filter(|id| !BILLING.contains(&id.as_str()))
        .collect();
    assert_eq!(promised.len(), 25);
    assert_eq!(kept.into_inner(), promised);
}
