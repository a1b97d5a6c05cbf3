//! `/admin/companies/{companyId}` (wire note §4.14).

use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp, encoded};

async fn call(app: &TestApp, method: &str, id: &str, body: Value) -> Answer {
    let call = Call::new(method, &format!("/admin/companies/{}", encoded(id)));
    let call = if body.is_null() {
        call
    } else {
        call.json(&body)
    };
    app.send(app.server(call)).await
}

#[tokio::test]
async fn a_company_is_made_changed_and_deleted() {
    let app = TestApp::new().await;
    let body = json!({
        "name": "Example Ltd", "plan": "pro", "domain": "example.com", "value": 1200.5, "sla": 2,
        "address": {"line1": "Main street 1", "city": "Vienna", "postalCode": "1010", "country": "AT"},
        "customData": {"seats": 30, "list": [1, 2]},
    });
    let made = call(&app, "PUT", "acme/1", body.clone()).await.ok();
    for key in [
        "name",
        "plan",
        "domain",
        "value",
        "sla",
        "address",
        "customData",
    ] {
        assert_eq!(made[key], body[key], "{key}");
    }
    assert_eq!(
        (&made["companyId"], &made["createdAt"]),
        (&json!("acme/1"), &json!(app.clock.at(0)))
    );
    assert_eq!(call(&app, "GET", "acme/1", Value::Null).await.ok(), made);
    app.clock.advance_seconds(1);
    let body = json!({"plan": null, "customData": {"list": null, "tier": "gold"}, "address": {"city": "Graz"}});
    let changed = call(&app, "PUT", "acme/1", body).await.ok();
    assert_eq!(
        json!([
            changed["name"],
            changed.get("plan"),
            changed["customData"],
            changed["address"],
            changed["updatedAt"]
        ]),
        json!(["Example Ltd", null, {"seats": 30, "tier": "gold"}, {"city": "Graz"}, app.clock.at(0)])
    );
    assert_eq!(
        call(&app, "DELETE", "acme/1", Value::Null).await.status,
        204
    );
    for method in ["GET", "DELETE"] {
        assert_eq!(
            call(&app, method, "acme/1", Value::Null).await.error(),
            (404, "company_not_found".into())
        );
    }
}

#[tokio::test]
async fn sessions_are_linked_by_its_id() {
    let app = TestApp::new().await;
    call(&app, "PUT", "acme", json!({"name": "Example Ltd"}))
        .await
        .ok();
    app.identify(json!({"userId": "u", "company": {"id": "acme", "name": "Example Ltd"}}))
        .await
        .ok();
    app.identify(json!({"userId": "v", "companyId": "other"}))
        .await
        .ok();
    let found = app.get("/v3/sessions?companyId=acme").await.ok();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["userId"], "u");
    call(&app, "DELETE", "acme", Value::Null).await;
    assert_eq!(app.session("u").await["companyId"], "acme");
}

#[tokio::test]
async fn companies_of_other_projects_are_others() {
    let app = TestApp::new().await;
    call(&app, "PUT", "acme", json!({"name": "First"}))
        .await
        .ok();
    let sister = |call: Call| call.api_token(&app.accounts.sister.api_token);
    let answer = app.send(sister(Call::get("/admin/companies/acme"))).await;
    assert_eq!(answer.status, 404);
    let put = Call::put("/admin/companies/acme").json(&json!({"name": "Second"}));
    app.send(sister(put)).await.ok();
    assert_eq!(
        call(&app, "GET", "acme", Value::Null).await.ok()["name"],
        "First"
    );
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_kept() {
    let app = TestApp::with(&[("limits.attribute_keys_max", "2")]).await;
    for (body, field) in [
        (json!({"name": 5}), "name"),
        (json!({"value": "much"}), "value"),
        (json!({"address": "Vienna"}), "address"),
        (json!({"customData": [1]}), "customData"),
        (json!({"name": "x".repeat(1001)}), "name"),
        (
            json!({"address": {"city": "x".repeat(1001)}}),
            "address.city",
        ),
        (json!({"customData": {"a": 1, "b": 2, "c": 3}}), "c"),
    ] {
        let answer = call(&app, "PUT", "acme", body).await;
        assert_eq!(answer.status, 422, "{field}");
        assert!(answer.faults()[0].contains(field), "{:?}", answer.faults());
    }
    assert_eq!(call(&app, "GET", "acme", Value::Null).await.status, 404);
    let long = "é".repeat(1000);
    assert_eq!(
        call(&app, "PUT", &"é".repeat(256), json!({"name": long}))
            .await
            .ok()["name"],
        long
    );
    assert_eq!(
        call(&app, "PUT", &"é".repeat(257), json!({})).await.error(),
        (400, "invalid_id".into())
    );
}
