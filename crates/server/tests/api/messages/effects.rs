//! What a message does to its ticket and its session.

use serde_json::{Value, json};
use server::auth::roles::Role;

use super::{change, conversation, delete, hear, say, send, texts, ticket_of};
use crate::live::{guest as live_guest, texts as pushed};
use crate::merge::guest;
use crate::support::{Call, Socket, TestApp};
use crate::tickets::{call, now, path, ticket, update};
use crate::webhooks::receiver::Receiver;
use crate::webhooks::{hook, server};

/// What a client without a socket is told.
async fn ping(app: &TestApp, client: &Value) -> Value {
    app.sdk("/sessions/ping", Some(client), json!({"ws": false}))
        .await
        .ok()
}

async fn set_unread(app: &TestApp, session: &str, unread: u64) {
    let path = format!("/v3/sessions/{session}/unread");
    call(app, "PUT", &path, json!({"unread": unread}))
        .await
        .ok();
}

#[tokio::test]
async fn a_reply_is_told_to_the_session() {
    let app = TestApp::new().await;
    let (id, client) = guest(&app).await;
    let made = ticket(&app, json!({"session": id, "notificationsUnread": true})).await;
    app.clock.advance_seconds(5);
    let said = say(&app, &made, "Hello <img src=x onerror=alert(1)>").await;
    let after = now(&app, &made).await;
    assert_eq!(after["latestComment"], said);
    assert_eq!(
        json!([
            after["hasAgentReply"],
            after["noHumanInteraction"],
            after["notificationsUnread"],
            after["sessionNotificationsUnread"],
            after["lastNotification"]
        ]),
        json!([true, false, false, true, app.clock.at(0)])
    );
    let list = app.get("/v3/tickets").await.ok();
    assert_eq!(list["tickets"][0]["latestComment"], said);
    let told = ping(&app, &client).await;
    assert_eq!(told["u"], 1);
    let action = &told["a"][0];
    assert_eq!(
        json!([
            action["actionType"],
            action["outbound"],
            action["format"],
            action["sound"]
        ]),
        json!(["notification", said["id"], "", null])
    );
    assert_eq!(action["data"]["text"], "Hello ‹img src=x onerror=alert(1)›");
    assert_eq!(
        action["data"]["conversation"]["shareToken"],
        made["shareToken"]
    );
    let nobody = json!({"name": "", "profileImageUrl": ""});
    assert_eq!(action["data"]["sender"], nobody, "a program has no name");
    let (_, token) = app.member("ada@example.com", Role::Agent).await;
    let as_member = |call: Call| app.send(call.bearer(&token).project(app.project()));
    let me = as_member(Call::get("/v3/users/me")).await.ok();
    let body = json!({"ticket": made["id"], "comment": "Hi"});
    as_member(Call::post("/v3/messages").json(&body)).await.ok();
    let told = ping(&app, &client).await;
    assert_eq!(told["a"][0]["data"]["sender"]["name"], me["firstName"]);
    let session = app.get(&format!("/v3/sessions/{id}")).await.ok();
    assert_eq!(session["countFeedbackComments"], 0);
    assert!(session.get("lastHeardFrom").is_none());
}

#[tokio::test]
async fn an_open_page_hears_it_at_once() {
    let app = TestApp::new().await;
    let (session, credential) = live_guest(&app, "Ada Lovelace").await;
    let made = ticket(&app, json!({"session": session})).await;
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    socket.frame().await;
    app.app.live.ready(app.project(), session);
    let body = json!({"ticket": made["id"], "comment": "Hi {{name}}", "fallbackUser": {"username": "Shop", "imageUrl": "https://example.com/p.png"}});
    send(&app, body).await.ok();
    let frame = socket.frame().await;
    assert_eq!(
        (pushed(&frame), &frame["data"]["u"]),
        (vec!["Hi Ada"], &json!(1))
    );
    assert_eq!(
        frame["data"]["a"][0]["data"]["sender"],
        json!({"name": "Shop", "profileImageUrl": "https://example.com/p.png"})
    );
}

#[tokio::test]
async fn what_is_silent_or_said_to_nobody_is_not_told() {
    let app = TestApp::new().await;
    let (id, client) = guest(&app).await;
    let made = ticket(&app, json!({"session": id})).await;
    let silent = json!({"ticket": made["id"], "comment": "a", "sessionNotificationsUnread": false});
    let said = send(&app, silent).await.ok();
    assert_eq!(said["sessionNotificationsUnread"], false);
    let own = ticket(&app, json!({})).await;
    assert_eq!(
        say(&app, &own, "b").await["sessionNotificationsUnread"],
        false
    );
    update(&app, &own, json!({"session": id})).await.ok();
    assert_eq!(ping(&app, &client).await, json!({"a": [], "u": 0}));
}

#[tokio::test]
async fn a_note_stays_with_the_team() {
    let app = TestApp::new().await;
    let (id, client) = guest(&app).await;
    let made = ticket(&app, json!({"session": id})).await;
    let said = say(&app, &made, "Hello").await;
    ping(&app, &client).await;
    app.clock.advance_seconds(5);
    let note = json!({"ticket": made["id"], "comment": "they are angry", "isNote": true});
    let note = send(&app, note).await.ok();
    assert_eq!(note["sessionNotificationsUnread"], false);
    let after = now(&app, &made).await;
    assert_eq!(after["latestComment"]["id"], said["id"]);
    assert_eq!(after["lastNotification"], said["createdAt"]);
    assert_eq!(ping(&app, &client).await, json!({"a": [], "u": 1}));
    let timeline = app.get(&format!("/v3/sessions/{id}/activities")).await;
    assert!(!timeline.text().contains("message"), "{}", timeline.text());
    delete(&app, &said).await;
    assert!(now(&app, &made).await.get("latestComment").is_none());
}

#[tokio::test]
async fn the_session_is_heard() {
    let app = TestApp::new().await;
    let (made, id) = ticket_of(&app, "u").await;
    let settings = json!({"statuses": [{"key": "SOLVED", "title": "Solved", "closed": true}]});
    let settings_path = format!("/v3/projects/{}/ticket-settings", app.project());
    call(&app, "PUT", &settings_path, settings).await.ok();
    let (made, id) = (&made, id.as_str());
    for status in ["DONE", "SOLVED", "INPROGRESS"] {
        let body =
            json!({"status": status, "archived": true, "snoozedUntil": "2100-01-01T00:00:00.000Z"});
        update(&app, made, body).await.ok();
        say(&app, made, "still there?").await;
        assert_eq!(now(&app, made).await["sessionNotificationsUnread"], true);
        app.clock.advance_seconds(5);
        let said = hear(&app, made, id, "It is back").await;
        let after = now(&app, made).await;
        let expected = if status == "INPROGRESS" {
            status
        } else {
            "OPEN"
        };
        assert_eq!(
            json!([
                after["status"],
                after["archived"],
                after["snoozed"],
                after["notificationsUnread"],
                after["sessionNotificationsUnread"]
            ]),
            json!([expected, false, false, true, false])
        );
        assert_eq!(after["latestComment"], said);
    }
    assert!(
        conversation(&app, made)
            .await
            .iter()
            .all(|message| message["sessionNotificationsUnread"] == false)
    );
    let session = app.session("u").await;
    assert_eq!(
        json!([
            session["countFeedbackComments"],
            session["lastHeardFrom"],
            session["countFeedbackReports"]
        ]),
        json!([3, app.clock.at(0), 1])
    );
    let timeline = app
        .get(&format!("/v3/sessions/{id}/activities?limit=1"))
        .await
        .ok();
    assert_eq!(timeline[0]["type"], "message");
    assert_eq!(timeline[0]["data"]["ticket"], made["id"]);
}

#[tokio::test]
async fn the_history_names_messages_and_does_not_repeat_them() {
    let app = TestApp::new().await;
    let (made, id) = ticket_of(&app, "u").await;
    let said = say(&app, &made, "a secret").await;
    let theirs = hear(&app, &made, &id, "another secret").await;
    change(&app, &said, json!({"comment": "none"})).await.ok();
    change(&app, &said, json!({"rating": "positive"}))
        .await
        .ok();
    delete(&app, &theirs).await;
    let audit = app.get(&path(&made, "/audit-export")).await;
    assert!(!audit.text().contains("secret"));
    let me = app.get("/v3/users/me").await.ok()["id"].clone();
    let audit = audit.ok();
    let told: Vec<_> = audit["changes"].as_array().unwrap()[1..]
        .iter()
        .map(|change| {
            json!([
                change["type"],
                change["by"]["id"],
                change["fields"]["message"]["to"]
            ])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!(["message_created", me, said["id"]]),
            json!(["message_created", id, theirs["id"]]),
            json!(["message_updated", me, said["id"]]),
            json!(["message_deleted", me, theirs["id"]]),
        ]
    );
}

#[tokio::test]
async fn what_waits_follows_what_is_changed() {
    let app = TestApp::new().await;
    let (id, client) = guest(&app).await;
    let made = ticket(&app, json!({"session": id})).await;
    let (first, second) = (say(&app, &made, "one").await, say(&app, &made, "two").await);
    change(&app, &first, json!({"comment": "edited"}))
        .await
        .ok();
    delete(&app, &second).await;
    let told = ping(&app, &client).await;
    assert_eq!(told["u"], 1);
    assert_eq!(told["a"].as_array().unwrap().len(), 1);
    assert_eq!(told["a"][0]["data"]["text"], "edited");
    change(&app, &first, json!({"comment": "again"})).await.ok();
    assert_eq!(
        ping(&app, &client).await,
        json!({"a": [], "u": 1}),
        "what was shown is not shown again"
    );
}

#[tokio::test]
async fn who_answers_is_not_told_what_was_said_before() {
    let app = TestApp::new().await;
    let (id, client) = guest(&app).await;
    let made = ticket(&app, json!({"session": id})).await;
    say(&app, &made, "old").await;
    hear(&app, &made, &id, "an answer").await;
    say(&app, &made, "new").await;
    let told = ping(&app, &client).await;
    assert_eq!(
        (&told["u"], told["a"].as_array().unwrap().len()),
        (&json!(1), 1)
    );
    assert_eq!(told["a"][0]["data"]["text"], "new");
}

#[tokio::test]
async fn the_badge_goes_down_when_messages_are_seen() {
    let app = TestApp::new().await;
    let (id, client) = guest(&app).await;
    let (a, b) = (
        ticket(&app, json!({"session": id})).await,
        ticket(&app, json!({"session": id})).await,
    );
    let unread = async || ping(&app, &client).await["u"].as_u64().unwrap();
    let first = say(&app, &a, "1").await;
    say(&app, &a, "2").await;
    say(&app, &b, "3").await;
    assert_eq!(unread().await, 3);
    change(&app, &first, json!({"sessionNotificationsUnread": false}))
        .await
        .ok();
    assert_eq!(unread().await, 2);
    change(&app, &first, json!({"sessionNotificationsUnread": true}))
        .await
        .ok();
    assert_eq!(unread().await, 3);
    let seen = update(&app, &a, json!({"sessionNotificationsUnread": false}))
        .await
        .ok();
    assert_eq!(seen["sessionNotificationsUnread"], false);
    assert_eq!(unread().await, 1);
    set_unread(&app, &id, 5).await;
    assert_eq!(unread().await, 5);
    say(&app, &b, "4").await;
    assert_eq!(unread().await, 6);
    let seen = update(&app, &b, json!({"sessionNotificationsUnread": false}))
        .await
        .ok();
    assert_eq!(seen["latestComment"]["sessionNotificationsUnread"], false);
    assert_eq!(unread().await, 4, "what was set by itself is left");
    say(&app, &b, "5").await;
    set_unread(&app, &id, 0).await;
    assert_eq!(unread().await, 0);
    assert_eq!(now(&app, &b).await["sessionNotificationsUnread"], false);
    let never = update(&app, &b, json!({"sessionNotificationsUnread": true}))
        .await
        .ok();
    assert_eq!(
        never["sessionNotificationsUnread"], false,
        "it follows from the messages"
    );
}

#[tokio::test]
async fn webhooks_hear_of_messages() {
    let (app, receiver) = (server().await, Receiver::start().await);
    hook(&app, &receiver, json!({"events": ["message.created"]})).await;
    let (made, id) = ticket_of(&app, "u").await;
    let ours = say(&app, &made, "one").await;
    let theirs = hear(&app, &made, &id, "two").await;
    for _ in 0..3 {
        app.run_jobs().await;
    }
    let requests = receiver.take();
    let payloads: Vec<_> = requests.iter().map(|request| request.json()).collect();
    let told: Vec<_> = payloads
        .iter()
        .map(|payload| &payload["data"]["id"])
        .collect();
    assert_eq!(told, [&ours["id"], &theirs["id"]]);
    let data = &payloads[1]["data"];
    assert_eq!(data["data"], theirs["data"]);
    assert_eq!(data["session"]["userId"], "u");
    assert_eq!(payloads[0]["event"], "message.created");
    let user = payloads[0]["data"]["user"].as_object().unwrap();
    assert_eq!(
        user.keys().collect::<Vec<_>>(),
        ["_id", "id"],
        "members are told by their id alone"
    );
}

#[tokio::test]
async fn conversations_of_merged_tickets_become_one() {
    let app = TestApp::new().await;
    let (a, ada) = ticket_of(&app, "ada").await;
    let (b, bob) = ticket_of(&app, "bob").await;
    let mut expected = Vec::new();
    for (number, ticket) in [&a, &b, &b, &a].into_iter().enumerate() {
        app.clock.advance_seconds(1);
        say(&app, ticket, &number.to_string()).await;
        expected.push(number.to_string());
    }
    hear(&app, &b, &bob, "4").await;
    expected.push("4".into());
    app.clock.advance_seconds(1);
    let last = say(&app, &b, "5").await;
    expected.push("5".into());
    let body = json!({"ticketsToMergeIds": [a["id"], b["id"]], "shouldCreateNewTicket": false, "shouldMergeContacts": true, "shouldMergeTasks": false});
    let kept = call(&app, "PUT", "/v3/tickets/merge", body).await.ok();
    assert_eq!(texts(&app, &a).await, expected);
    assert_eq!(kept["latestComment"]["id"], last["id"]);
    assert_eq!(kept["lastNotification"], last["createdAt"]);
    let indexes: Vec<_> = conversation(&app, &a)
        .await
        .iter()
        .map(|message| message["index"].clone())
        .collect();
    assert_eq!(
        indexes,
        (0..6).map(|index| json!(index)).collect::<Vec<_>>()
    );
    assert!(now(&app, &b).await.get("latestComment").is_none());
    assert_eq!(
        super::counters::badge(&app, &ada).await,
        3,
        "two of its own, and the one that the other had not seen"
    );
    assert_eq!(super::counters::badge(&app, &bob).await, 0);
    let more = hear(&app, &b, &bob, "6").await;
    assert_eq!(
        (&more["ticket"], &more["index"]),
        (&a["id"], &json!(6)),
        "it is said where it goes on"
    );
    expected.push("6".into());
    assert_eq!(texts(&app, &b).await, expected, "and read there");
    assert_eq!(now(&app, &b).await["status"], "DONE");
    assert_eq!(app.session("bob").await["countFeedbackComments"], 2);
}
