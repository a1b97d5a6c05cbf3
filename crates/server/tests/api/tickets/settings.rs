//! `/v3/projects/{projectId}/ticket-settings`.

use serde_json::{Value, json};

use super::{call, now, ticket, update};
use crate::support::{Answer, TestApp};

fn path(app: &TestApp) -> String {
    format!("/v3/projects/{}/ticket-settings", app.project())
}

async fn set(app: &TestApp, body: Value) -> Answer {
    call(app, "PUT", &path(app), body).await
}

fn keys(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|setting| setting["key"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_project_adds_to_what_is_built_in() {
    let app = TestApp::new().await;
    let before = app.get(&path(&app)).await.ok();
    assert_eq!(keys(&before["statuses"]), ["OPEN", "INPROGRESS", "DONE"]);
    let body = json!({"statuses": [
        {"key": "WONTFIX", "title": "Won't fix", "closed": true}, {"key": "DONE", "title": "Finished", "closed": false},
    ]});
    let set = set(&app, body).await.ok();
    assert_eq!(
        keys(&set["statuses"]),
        ["OPEN", "INPROGRESS", "DONE", "WONTFIX"]
    );
    assert_eq!(
        set["statuses"][2],
        json!({"key": "DONE", "title": "Finished", "closed": true})
    );
    assert_eq!(set["types"], before["types"]);
    let more = self::set(&app, json!({"types": [{"key": "IDEA", "title": "Idea"}]}))
        .await
        .ok();
    assert_eq!(keys(&more["types"]).last(), Some(&"IDEA"));
    assert_eq!(more["statuses"], set["statuses"]);
    assert_eq!(app.get(&path(&app)).await.ok(), more);
}

#[tokio::test]
async fn two_who_set_different_things_at_once_both_have_their_way() {
    let app = TestApp::new().await;
    for round in 0..20 {
        let key = format!("KEY-{round}");
        let lists = ["statuses", "types"];
        let body = |list: &str| json!({list: [{"key": key, "title": "t"}]});
        let (one, two) = tokio::join!(set(&app, body(lists[0])), set(&app, body(lists[1])));
        one.ok();
        two.ok();
        let now = app.get(&path(&app)).await.ok();
        for list in lists {
            assert_eq!(keys(&now[list]).last(), Some(&&key[..]), "{list}");
        }
    }
}

#[tokio::test]
async fn a_tracker_in_a_closed_status_closes_what_it_stands_for() {
    let app = TestApp::new().await;
    let body = json!({"statuses": [{"key": "WONTFIX", "title": "x", "closed": true}, {"key": "WAITING", "title": "y"}]});
    set(&app, body).await.ok();
    let made = ticket(&app, json!({})).await;
    let refused = ticket(&app, json!({"status": "WONTFIX"})).await;
    let body = json!({"linkedTicketIds": [made["id"], refused["id"]]});
    let tracker = call(&app, "POST", "/v3/tickets/tracker-tickets", body)
        .await
        .ok();
    update(&app, &tracker, json!({"status": "WAITING"}))
        .await
        .ok();
    assert_eq!(now(&app, &made).await["status"], "OPEN");
    update(&app, &tracker, json!({"status": "WONTFIX"}))
        .await
        .ok();
    assert_eq!(now(&app, &made).await["status"], "DONE");
    assert_eq!(
        now(&app, &refused).await["status"],
        "WONTFIX",
        "it was closed already"
    );
}

#[tokio::test]
async fn bad_settings_are_named_and_nothing_is_kept() {
    let app = TestApp::new().await;
    let many = |most: usize| {
        (0..most)
            .map(|n| json!({"key": n.to_string(), "title": "t"}))
            .collect::<Vec<_>>()
    };
    for (body, field) in [
        (
            json!({"statuses": [{"key": " a", "title": "t"}]}),
            "statuses[0].key: ",
        ),
        (
            json!({"statuses": [{"key": "a", "title": "x".repeat(101)}]}),
            "statuses[0].title: ",
        ),
        (
            json!({"types": [{"key": "a", "title": "t"}, {"key": "a", "title": "t"}]}),
            "types[1].key: ",
        ),
        (json!({"types": many(51)}), "types: "),
    ] {
        let refused = set(&app, body).await;
        assert_eq!(refused.error(), (422, "invalid_setting".into()), "{field}");
        assert!(
            refused.faults()[0].starts_with(field),
            "{:?}",
            refused.faults()
        );
    }
    assert_eq!(
        app.get(&path(&app)).await.ok()["types"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    set(&app, json!({"types": many(50)})).await.ok();
    let other = format!("/v3/projects/{}/ticket-settings", app.accounts.sister.id);
    assert_eq!(app.get(&other).await.status, 404);
}
