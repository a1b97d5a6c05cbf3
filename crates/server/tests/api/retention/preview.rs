//! What rules would let go.

use serde_json::json;
use server::resources::project::retention::document::RetentionRules;
use server::resources::project::retention::preview::count;

use super::{DAY_MS, get, is_there, preview, tracked};
use crate::merge::guest;
use crate::support::TestApp;
use crate::tickets::ticket;

#[tokio::test]
async fn a_preview_counts_and_changes_nothing() {
    let app = TestApp::new().await;
    let seen = app.clock.at(0);
    let (id, session) = guest(&app).await;
    app.sdk_events(&session, json!([{"name": "opened"}])).await;
    let (waiting, _) = guest(&app).await;
    ticket(&app, json!({"session": waiting})).await;
    tracked(&app, "u", &[-9 * DAY_MS, -8 * DAY_MS, -DAY_MS]).await;
    app.clock.advance_ms(2 * DAY_MS);
    let both = preview(&app, json!({"eventsDays": 5, "guestsUnseenDays": 1})).await;
    let told = json!({
        "events": {"count": 2, "before": app.clock.at(-5 * DAY_MS), "oldest": app.clock.at(-11 * DAY_MS), "newest": app.clock.at(-10 * DAY_MS)},
        "guests": {"count": 1, "before": app.clock.at(-DAY_MS), "oldest": seen, "newest": seen},
        "complete": true,
    });
    assert_eq!(both, told);
    let none = preview(&app, json!({})).await;
    assert_eq!(
        none,
        json!({"events": {"count": 0}, "guests": {"count": 0}, "complete": true})
    );
    assert_eq!(get(&app).await, json!({}));
    assert!(is_there(&app, &id).await);
}

#[tokio::test]
async fn a_preview_counts_up_to_a_limit() {
    let app = TestApp::new().await;
    for _ in 0..3 {
        guest(&app).await;
    }
    tracked(&app, "a", &[-9, -8]).await;
    tracked(&app, "b", &[-7]).await;
    app.clock.advance_ms(2 * DAY_MS);
    let rules = RetentionRules {
        events_days: Some(1),
        guests_unseen_days: Some(1),
    };
    for (most, counted, complete) in [(2, 2, false), (3, 3, true), (4, 3, true)] {
        let told = count(&app.app, app.project(), rules, most).await.unwrap();
        let counts = (told.events.count, told.guests.count, told.complete);
        assert_eq!(counts, (counted, counted, complete), "{most}");
    }
}
