//! Importers of other services, against a server that speaks as they do.

pub mod server;

use serde_json::{Value, json};

use self::server::{Reply, Service};
use super::{counts, finished};
use crate::support::{Answer, Call, TestApp, TestClock};
use store::Clock;

/// Servers that fetch from the service of a test.
pub async fn app(service: &Service) -> TestApp {
    let address = service.address();
    TestApp::with(&[
        ("importers.hubspot", &address),
        ("importers.zendesk", &format!("{address}/")),
        ("importers.retry_pause_ms", "1"),
        ("outgoing.allow_private", "true"),
    ])
    .await
}

pub async fn start(app: &TestApp, name: &str, body: Value) -> Answer {
    let call = Call::post(&format!("/v3/sessions/importer/{name}")).json(&body);
    app.send(app.owner(call)).await
}

async fn import(app: &TestApp, name: &str, body: Value) -> Value {
    let started = start(app, name, body).await.ok();
    assert_eq!(started[0]["status"], "queued");
    assert_eq!(started.as_array().unwrap().len(), 1);
    finished(app, started[0]["id"].as_str().unwrap()).await
}

fn contact(id: u32) -> Value {
    json!({
        "type": "contact", "id": format!("ic-{id}"), "external_id": format!("u{id}"), "role": "user",
        "email": format!("u{id}@example.com"), "phone": null, "name": format!("User {id}"), "avatar": null,
        "signed_up_at": 1_700_000_000, "created_at": 1_700_000_500, "last_seen_at": null,
        "unsubscribed_from_emails": id == 2, "custom_attributes": {"seats": id, "none": null},
        "location": {"type": "location", "country": "Austria", "country_code": "AUT", "city": null},
    })
}

pub fn contacts(ids: &[u32], next: Option<&str>) -> Reply {
    let data: Vec<_> = ids.iter().map(|id| contact(*id)).collect();
    let mut pages = json!({"type": "pages", "page": 1, "per_page": 150, "total_pages": 2});
    if let Some(next) = next {
        pages["next"] = json!({"page": 2, "starting_after": next});
    }
    Reply::json(json!({"type": "list", "data": data, "total_count": 3, "pages": pages}))
}

#[tokio::test]
async fn contacts_of_intercom_are_fetched_page_by_page() {
    let lead = json!({"id": "ic-9", "role": "lead", "external_id": null, "email": "", "phone": null, "custom_attributes": {}});
    let mut last = contacts(&[3], None);
    last.body["data"].as_array_mut().unwrap().push(lead);
    let service = Service::start(vec![contacts(&[1, 2], Some("WzE=+/")), last]).await;
    let app = app(&service).await;
    let body = json!({"endpoint": service.address(), "apiKey": "secret-token"});
    let done = import(&app, "intercom", body).await;
    assert_eq!(
        (&done["status"], &done["source"]),
        (&json!("done"), &json!("intercom"))
    );
    assert_eq!(counts(&done), [4, 3, 0, 0, 1]);
    let asked = service.asked();
    assert_eq!(asked[0].uri, "/contacts?per_page=150");
    assert_eq!(
        asked[1].uri,
        "/contacts?per_page=150&starting_after=WzE%3D%2B%2F"
    );
    assert!(
        asked
            .iter()
            .all(|request| request.authorization == "Bearer secret-token")
    );
    let session = app.session("u2").await;
    assert_eq!(session["createdAt"], "2023-11-14T22:13:20.000Z");
    assert_eq!(session["unsubscribed"], true);
    assert_eq!(
        session["location"],
        json!({"country": "Austria", "countryCode": "AUT"})
    );
    assert_eq!(
        session["customData"],
        json!({"seats": 2, "intercomId": "ic-2"})
    );
}

#[tokio::test]
async fn contacts_of_hubspot_are_fetched_page_by_page() {
    let contact = |id: u32, phone: Option<&str>| {
        json!({
            "id": id.to_string(), "archived": false, "createdAt": "2024-01-01T00:00:00Z",
            "properties": {
                "firstname": "Ada", "lastname": null, "email": format!("h{id}@example.com"), "phone": phone, "company": "ACME",
                "createdate": "2024-01-01T00:00:00.123Z", "lifecyclestage": "lead", "hs_language": "de", "hs_email_optout": "true",
            },
        })
    };
    let first = json!({"results": [contact(1, Some("+43 660 1234567"))], "paging": {"next": {"after": "1", "link": "https://evil.example.com"}}});
    let second = json!({"results": [contact(2, None), {"id": "3", "properties": {}}]});
    let service = Service::start(vec![Reply::json(first), Reply::json(second)]).await;
    let app = app(&service).await;
    let done = import(&app, "hubspot", json!({"apiKey": "t"})).await;
    assert_eq!(counts(&done), [3, 2, 0, 0, 1]);
    let asked = service.asked();
    assert!(
        asked[0]
            .uri
            .starts_with("/crm/v3/objects/contacts?limit=100&properties=email%2C")
    );
    assert!(asked[1].uri.ends_with("&after=1"));
    let found = app.get("/v3/sessions?email=h1@example.com").await.ok();
    let session = &found[0];
    assert_eq!(
        json!([
            session["name"],
            session["phone"],
            session["companyName"],
            session["lang"],
            session["unsubscribed"],
            session["createdAt"]
        ]),
        json!([
            "Ada",
            "+43 660 1234567",
            "ACME",
            "de",
            true,
            "2024-01-01T00:00:00.123Z"
        ])
    );
    assert_eq!(
        session["customData"],
        json!({"hubspotId": "1", "lifecycleStage": "lead"})
    );
}

#[tokio::test]
async fn users_of_zendesk_are_fetched_page_by_page() {
    let user = |id: u32| {
        json!({
            "id": id, "external_id": format!("z{id}"), "name": "Zoë", "email": format!("z{id}@example.com"), "role": "end-user",
            "locale": "en-US", "created_at": "2024-01-01T00:00:00Z", "last_login_at": null, "tags": ["vip"], "suspended": true,
            "organization_id": 77, "user_fields": {"tier": "gold", "none": null}, "photo": {"content_url": "https://example.com/z.png"},
        })
    };
    let page = |id: u32, more: bool| {
        let meta = json!({"has_more": more, "after_cursor": "a=b", "before_cursor": "c"});
        Reply::json(
            json!({"users": [user(id)], "meta": meta, "links": {"next": "https://evil.example.com"}}),
        )
    };
    let service = Service::start(vec![page(1, true), page(2, false)]).await;
    let app = app(&service).await;
    let body = json!({"subdomain": "example", "email": "agent@example.com", "apiToken": "t"});
    let done = import(&app, "zendesk", body).await;
    assert_eq!(counts(&done), [2, 2, 0, 0, 0]);
    let asked = service.asked();
    assert_eq!(
        asked[0].uri,
        "/api/v2/users.json?role=end-user&page%5Bsize%5D=100"
    );
    assert!(asked[1].uri.ends_with("&page%5Bafter%5D=a%3Db"));
    // agent@example.com/token:t
    assert_eq!(
        asked[0].authorization,
        "Basic YWdlbnRAZXhhbXBsZS5jb20vdG9rZW46dA=="
    );
    let session = app.session("z1").await;
    assert_eq!(
        json!([
            session["tags"],
            session["blocked"],
            session["companyId"],
            session["avatar"]
        ]),
        json!([["vip"], true, "77", "https://example.com/z.png"])
    );
    assert_eq!(
        session["customData"],
        json!({"tier": "gold", "zendeskId": 1})
    );
}

#[tokio::test]
async fn a_service_that_is_asked_too_often_is_waited_for() {
    let reset = TestClock::default().now().seconds() + 1;
    let service = Service::start(vec![
        Reply::status(429).header("retry-after", "1"),
        contacts(&[1], Some("next")),
        Reply::status(429).header("x-ratelimit-reset", &reset.to_string()),
        Reply::status(503).header("retry-after", "0"),
        Reply::status(429).header("x-hubspot-ratelimit-interval-milliseconds", "10"),
        contacts(&[2], None),
    ])
    .await;
    let app = app(&service).await;
    let started = std::time::Instant::now();
    let body = json!({"endpoint": service.address(), "apiKey": "t"});
    let done = import(&app, "intercom", body).await;
    assert_eq!(done["created"], 2, "{done}");
    assert!(started.elapsed() >= std::time::Duration::from_secs(2));
    assert_eq!(service.asked().len(), 6);
}

#[tokio::test]
async fn a_service_that_fails_for_a_while_is_asked_again() {
    let service = Service::start(vec![
        Reply::status(500),
        Reply::text("<html>"),
        Reply::text("{\"data\":[{\"id\":"),
        Reply::broken(),
        contacts(&[1], None),
    ])
    .await;
    let app = app(&service).await;
    let body = json!({"endpoint": service.address(), "apiKey": "t"});
    let done = import(&app, "intercom", body).await;
    assert_eq!(done["created"], 1, "{done}");
    assert_eq!(service.asked().len(), 5);
}

#[tokio::test]
async fn a_service_that_does_not_come_back_imports_nothing() {
    for (reply, asked, part) in [
        (
            Reply::status(500),
            6,
            "500 Internal Server Error, 6 times in a row",
        ),
        (Reply::status(401), 1, "refused the credential"),
        (Reply::status(403), 1, "refused the credential"),
        (Reply::status(404), 1, "404"),
        (
            Reply::status(302).header("location", "http://127.0.0.1:1/"),
            1,
            "302",
        ),
        (Reply::json(json!({"type": "error.list"})), 1, "no `data`"),
        (Reply::json(json!([])), 1, "no `data`"),
        (contacts(&[2], Some("1")), 1, "the same page twice"),
    ] {
        let service = Service::start(vec![contacts(&[1], Some("1")), reply]).await;
        let app = app(&service).await;
        let body = json!({"endpoint": service.address(), "apiKey": "secret-token"});
        let failed = import(&app, "intercom", body).await;
        assert_eq!(failed["status"], "failed");
        let message = failed["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(part), "{message}");
        assert!(!failed.to_string().contains("secret-token"));
        assert_eq!(service.asked().len(), 1 + asked, "{message}");
        assert_eq!(app.sessions().await.len(), 0);
        assert_eq!(super::files(&app), 0);
    }
}

/// A credential is nowhere in the data folder, also while the import that needs it runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_are_not_stored_so_a_restart_ends_the_import() {
    let waits = Reply::status(429).header("retry-after", "600");
    let service = Service::start(vec![contacts(&[1], Some("1")), waits]).await;
    let mut app = app(&service).await;
    let body = json!({"endpoint": service.address(), "apiKey": "a-very-secret-token"});
    let started = start(&app, "intercom", body).await.ok();
    let id = started[0]["id"].as_str().unwrap();
    while service.asked().len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    for entry in std::fs::read_dir(&app.app.config.data).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = memchr::memmem::find(&bytes, b"a-very-secret-token");
            assert_eq!(found, None, "{}", path.display());
        }
    }
    app.restart();
    let failed = finished(&app, id).await;
    assert_eq!(failed["status"], "failed");
    let message = failed["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("start the import again"), "{message}");
}

#[tokio::test]
async fn an_import_that_waits_can_be_cancelled() {
    let waits = Reply::status(429).header("retry-after", "600");
    let service = Service::start(vec![waits]).await;
    let app = app(&service).await;
    let started = start(&app, "hubspot", json!({"apiKey": "t"})).await.ok();
    while service.asked().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let path = format!("/v3/imports/{}/cancel", started[0]["id"].as_str().unwrap());
    app.send(app.owner(Call::post(&path))).await.ok();
    let import = finished(&app, started[0]["id"].as_str().unwrap()).await;
    assert_eq!(import["status"], "cancelled");
}

#[tokio::test]
async fn private_networks_are_not_reached() {
    let service = Service::start(vec![contacts(&[1], None)]).await;
    let app = TestApp::new().await;
    for endpoint in [
        service.address().as_str(),
        "https://127.0.0.1:9",
        "https://[::1]",
        "https://169.254.169.254",
        "http://api.intercom.io",
        "file:///etc/passwd",
        "https://user:secret@example.com",
        "nonsense",
    ] {
        let body = json!({"endpoint": endpoint, "apiKey": "t"});
        let answer = start(&app, "intercom", body).await;
        assert_eq!(answer.error(), (422, "invalid_field".into()), "{endpoint}");
    }
    // A name shows where it leads only when it is looked up.
    let body = json!({"endpoint": "https://localhost:9", "apiKey": "t"});
    let failed = import(&app, "intercom", body).await;
    let message = failed["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("private network"), "{message}");
    assert!(service.asked().is_empty());
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let app = TestApp::new().await;
    for (name, body, fault) in [
        (
            "intercom",
            json!({"endpoint": "https://api.intercom.io"}),
            "apiKey",
        ),
        (
            "intercom",
            json!({"endpoint": "", "apiKey": "t"}),
            "endpoint",
        ),
        ("hubspot", json!({}), "apiKey"),
        ("hubspot", json!({"apiKey": "x".repeat(2049)}), "apiKey"),
        ("hubspot", json!({"apiKey": "a\nb"}), "apiKey"),
        (
            "zendesk",
            json!({"subdomain": "example.com/", "email": "a@example.com", "apiToken": "t"}),
            "subdomain",
        ),
        (
            "zendesk",
            json!({"subdomain": "x".repeat(64), "email": "a@example.com", "apiToken": "t"}),
            "subdomain",
        ),
        (
            "zendesk",
            json!({"subdomain": "example", "email": 5, "apiToken": "t"}),
            "email",
        ),
    ] {
        let answer = start(&app, name, body).await;
        assert_eq!(answer.error(), (422, "invalid_field".into()), "{name}");
        assert!(answer.faults()[0].contains(fault), "{:?}", answer.faults());
    }
    assert_eq!(app.get("/v3/imports").await.ok(), json!([]));
}
