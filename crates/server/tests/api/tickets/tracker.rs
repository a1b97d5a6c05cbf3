//! `/v3/tickets/tracker-tickets`.

use serde_json::json;

use super::{call, now, ticket, update};
use crate::support::TestApp;

#[tokio::test]
async fn closing_a_tracker_closes_what_it_stands_for() {
    let app = TestApp::new().await;
    let (a, b, other) = (
        ticket(&app, json!({})).await,
        ticket(&app, json!({})).await,
        ticket(&app, json!({})).await,
    );
    let body = json!({"title": "Outage", "description": "Mail is down", "linkedTicketIds": [a["id"], b["id"]], "customerName": "Ada", "customerEmail": "ada@example.com"});
    let tracker = call(&app, "POST", "/v3/tickets/tracker-tickets", body)
        .await
        .ok();
    assert_eq!(
        json!([
            tracker["trackerTicket"],
            tracker["type"],
            tracker["formData"],
            tracker["linkedTickets"],
            tracker["session"]["name"]
        ]),
        json!([true, "BUG", {"description": "Mail is down"}, [a["id"], b["id"]], "Ada"])
    );
    let bigger = call(
        &app,
        "POST",
        "/v3/tickets/tracker-tickets",
        json!({"linkedTicketIds": [tracker["id"]]}),
    )
    .await
    .ok();
    update(&app, &bigger, json!({"status": "DONE"})).await.ok();
    assert_eq!(
        now(&app, &tracker).await["status"],
        "OPEN",
        "a tracker is closed by hand"
    );
    update(&app, &tracker, json!({"status": "DONE"})).await.ok();
    for (ticket, status) in [(&a, "DONE"), (&b, "DONE"), (&other, "OPEN")] {
        assert_eq!(now(&app, ticket).await["status"], status);
    }
    update(&app, &a, json!({"status": "OPEN"})).await.ok();
    update(&app, &tracker, json!({"title": "x"})).await.ok();
    assert_eq!(now(&app, &a).await["status"], "OPEN", "only closing closes");
}

#[tokio::test]
async fn trackers_are_found() {
    let app = TestApp::new().await;
    ticket(&app, json!({"title": "Mail is down"})).await;
    for n in 1..=21 {
        let title = format!("Outage {n}");
        call(
            &app,
            "POST",
            "/v3/tickets/tracker-tickets",
            json!({"title": title}),
        )
        .await
        .ok();
    }
    let find = async |query: &str| {
        app.get(&format!("/v3/tickets/tracker-tickets{query}"))
            .await
            .ok()
    };
    let first = find("").await;
    assert_eq!(
        json!([
            first["count"],
            first["totalCount"],
            first["tickets"][0]["title"]
        ]),
        json!([20, 21, "Outage 21"])
    );
    let second = find("?page=2").await;
    assert_eq!(
        json!([second["count"], second["tickets"][0]["title"]]),
        json!([1, "Outage 1"])
    );
    let found = find("?searchTerm=outage%207").await;
    let titles = json!([found["tickets"][0]["title"], found["tickets"][1]["title"]]);
    assert_eq!(
        titles,
        json!(["Outage 7", "Outage 6"]),
        "the other has the number 7"
    );
    assert_eq!(found["totalCount"], 2);
    assert_eq!(find("?searchTerm=mail").await["count"], 0);
    assert_eq!(
        app.get("/v3/tickets/tracker-tickets?page=0").await.status,
        400
    );
}
