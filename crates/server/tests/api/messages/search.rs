//! `GET /v3/messages/search`.

use serde_json::{Value, json};
use server::resources::message::search::HITS_MAX;

use super::{change, delete, say, send, ticket_of};
use crate::support::TestApp;

async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let answer = app.get(&format!("/v3/messages/search?{query}")).await.ok();
    let hits = answer["hits"].as_array().unwrap();
    let text = |hit: &Value| hit["data"]["text"].as_str().unwrap().to_owned();
    hits.iter().map(text).collect()
}

#[tokio::test]
async fn messages_are_found_by_what_they_say() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "u").await;
    let first = say(&app, &ticket, "The parcel is in Zürich").await;
    app.clock.advance_seconds(1);
    let note = json!({"ticket": ticket["id"], "comment": "parcel lost", "isNote": true, "attachments": [{"name": "invoice.pdf", "url": "https://example.com/i"}]});
    send(&app, note).await.ok();
    assert_eq!(
        found(&app, "searchTerm=PARC").await,
        ["parcel lost", "The parcel is in Zürich"]
    );
    assert_eq!(
        found(&app, "searchTerm=zurich%20parcel").await,
        ["The parcel is in Zürich"]
    );
    assert_eq!(found(&app, "searchTerm=invoice").await, ["parcel lost"]);
    assert_eq!(
        found(&app, "searchTerm=parcel&type=TEXT").await,
        ["The parcel is in Zürich"]
    );
    assert_eq!(found(&app, "searchTerm=arcel").await, [""; 0]);
    change(&app, &first, json!({"comment": "It is in Bern"}))
        .await
        .ok();
    assert_eq!(found(&app, "q=zurich").await, [""; 0]);
    assert_eq!(found(&app, "q=bern").await, ["It is in Bern"]);
    delete(&app, &first).await;
    assert_eq!(found(&app, "q=bern").await, [""; 0]);
}

#[tokio::test]
async fn the_newest_fifty_are_shown_and_terms_have_an_end() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "u").await;
    for number in 0..=HITS_MAX {
        app.clock.advance_ms(1);
        say(&app, &ticket, &format!("word {number}")).await;
    }
    let hits = found(&app, "searchTerm=word").await;
    assert_eq!((hits.len(), hits[0].as_str()), (HITS_MAX, "word 50"));
    for term in ["", "%20", &"x".repeat(513), &vec!["x"; 17].join("%20")] {
        let refused = app
            .get(&format!("/v3/messages/search?searchTerm={term}"))
            .await;
        assert_eq!(refused.error(), (422, "invalid_search_term".into()));
    }
}
