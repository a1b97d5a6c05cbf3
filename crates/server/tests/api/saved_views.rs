//! Lists that a team keeps under a name.

use serde_json::{Value, json};
use server::auth::roles::Role;
use server::resources::project::saved_views::document::{
    ADDRESS_BYTES_MAX, NAME_CHARS_MAX, SAVED_VIEWS_MAX,
};

use crate::support::{Answer, Call, TestApp};

fn path(app: &TestApp) -> String {
    format!("/v3/projects/{}/views", app.project())
}

fn view(name: &str) -> Value {
    json!({"name": name, "listed": "sessions", "address": "sort=-lastActivity"})
}

async fn save(app: &TestApp, body: &Value) -> Answer {
    app.send(app.owner(Call::post(&path(app)).json(body))).await
}

#[tokio::test]
async fn a_view_is_saved_for_all_changed_and_deleted() {
    let app = TestApp::new().await;
    assert_eq!(app.get(&path(&app)).await.ok(), json!([]));
    let made = save(&app, &view(" Busy ")).await.ok();
    assert_eq!(
        json!([made["name"], made["listed"], made["address"]]),
        json!(["Busy", "sessions", "sort=-lastActivity"])
    );
    let second = json!({"name": "Busy", "listed": "tickets", "address": "view=mine"});
    let second = save(&app, &second).await.ok();
    let (_, viewer) = app.member("viewer@example.com", Role::Viewer).await;
    let seen = Call::get(&path(&app))
        .bearer(&viewer)
        .project(app.project());
    assert_eq!(app.send(seen).await.ok(), json!([made, second]));

    app.clock.advance_seconds(1);
    let one = format!("{}/{}", path(&app), made["id"].as_str().unwrap());
    let changed = json!({"name": "Quiet", "listed": "sessions", "address": "sort=lastActivity"});
    let changed = app.owner(Call::put(&one).json(&changed));
    let changed = app.send(changed).await.ok();
    assert_eq!(
        json!([
            changed["id"],
            changed["name"],
            changed["createdAt"],
            changed["updatedAt"]
        ]),
        json!([made["id"], "Quiet", made["createdAt"], app.clock.at(0)])
    );
    assert_eq!(app.send(app.owner(Call::delete(&one))).await.status, 204);
    assert_eq!(app.get(&path(&app)).await.ok(), json!([second]));
    for call in [Call::delete(&one), Call::put(&one).json(&view("Other"))] {
        let answer = app.send(app.owner(call)).await;
        assert_eq!(answer.error(), (404, "view_not_found".into()));
    }
    app.assert_sound();
}

#[tokio::test]
async fn names_of_one_list_are_different() {
    let app = TestApp::new().await;
    save(&app, &view("Busy")).await.ok();
    let other = save(&app, &view("Other")).await.ok();
    let taken = (409, "name_taken".to_owned());
    assert_eq!(save(&app, &view("Busy")).await.error(), taken);
    let other = format!("{}/{}", path(&app), other["id"].as_str().unwrap());
    let same = app.owner(Call::put(&other).json(&view("Other")));
    assert_eq!(app.send(same).await.status, 200);
    let busy = app.owner(Call::put(&other).json(&view("Busy")));
    assert_eq!(app.send(busy).await.error(), taken);
}

#[tokio::test]
async fn what_is_too_long_or_too_many_is_refused() {
    let app = TestApp::new().await;
    let of = |name: String, address: String| json!({"name": name, "listed": "tickets", "address": address});
    let longest = of("n".repeat(NAME_CHARS_MAX), "a".repeat(ADDRESS_BYTES_MAX));
    save(&app, &longest).await.ok();
    let longer = of(
        "n".repeat(NAME_CHARS_MAX + 1),
        "a".repeat(ADDRESS_BYTES_MAX + 1),
    );
    let answer = save(&app, &longer).await;
    assert_eq!(answer.error(), (422, "invalid_field".into()));
    let faults = answer.faults();
    assert!(faults[0].starts_with("name: ") && faults[1].starts_with("address: "));
    let blank = save(&app, &view("  ")).await;
    assert!(blank.faults()[0].starts_with("name: "));
    let unknown = json!({"name": "n", "listed": "people", "address": ""});
    assert_eq!(save(&app, &unknown).await.status, 422);

    for n in 1..SAVED_VIEWS_MAX {
        save(&app, &view(&format!("View {n}"))).await.ok();
    }
    let answer = save(&app, &view("One more")).await;
    assert_eq!(answer.error(), (409, "too_many_views".into()));
}

#[tokio::test]
async fn those_who_look_on_save_nothing() {
    let app = TestApp::new().await;
    let (_, viewer) = app.member("viewer@example.com", Role::Viewer).await;
    let call = Call::post(&path(&app)).json(&view("Mine"));
    let answer = app.send(call.bearer(&viewer).project(app.project())).await;
    assert_eq!(answer.status, 403);
    let (_, agent) = app.member("agent@example.com", Role::Agent).await;
    let call = Call::post(&path(&app)).json(&view("Mine"));
    let answer = app.send(call.bearer(&agent).project(app.project())).await;
    assert_eq!(answer.status, 200);
    let elsewhere = "/v3/projects/6650f0c2a1b2c3d4e5f60718/views";
    assert_eq!(app.get(elsewhere).await.status, 404);
}
