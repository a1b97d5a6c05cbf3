//! `POST /v3/tickets/{ticketId}/send-transcript`.

use serde_json::{Value, json};
use server::resources::ticket::transcript::{BYTES_MAX, EMAILS_MAX, MESSAGES_MAX};

use super::{call, path, session, ticket};
use crate::messages::{hear, say, send};
use crate::support::{Answer, Call, SmtpServer, TestApp};

async fn server() -> (TestApp, SmtpServer) {
    let smtp = SmtpServer::start().await;
    let port = smtp.port();
    let options = [
        ("smtp.host", "127.0.0.1"),
        ("smtp.port", &*port),
        ("smtp.tls", "none"),
        ("smtp.from", "Hark <hark@example.com>"),
    ];
    (TestApp::with(&options).await, smtp)
}

async fn transcript(app: &TestApp, ticket: &Value, emails: Value) -> Answer {
    call(
        app,
        "POST",
        &path(ticket, "/send-transcript"),
        json!({"emails": emails}),
    )
    .await
}

/// The parts of the only mail to an address: subject, text and HTML.
fn mail(smtp: &SmtpServer, to: &str) -> (String, String, String) {
    let all = smtp.taken();
    let mut own = all.iter().filter(|mail| mail.to == [to]);
    let mail = own.next().unwrap();
    assert!(own.next().is_none());
    let part = |kind: &str| mail.part(kind).unwrap().replace("\r\n", "\n");
    let subject = mail.header("Subject").unwrap();
    (subject, part("text/plain"), part("text/html"))
}

#[tokio::test]
async fn what_was_said_is_sent_and_notes_are_not() {
    let (app, smtp) = server().await;
    let id = session(&app, "u").await;
    let made = ticket(
        &app,
        json!({"session": id, "title": "<b>No</b> sound\r\nBcc: eve@example.com"}),
    )
    .await;
    hear(&app, &made, &id, "It is silent <script>alert(1)</script>").await;
    let rich = json!({"type": "doc", "content": [{"type": "paragraph", "content": [
        {"type": "text", "text": "Try "},
        {"type": "text", "text": "this", "marks": [{"type": "link", "attrs": {"href": "https://example.com/?a=\"><img src=x>"}}]},
    ]}]});
    let file = json!({"name": "<i>log.txt", "url": "https://example.com/log.txt"});
    send(
        &app,
        json!({"ticket": made["id"], "comment": rich, "attachments": [file]}),
    )
    .await
    .ok();
    send(
        &app,
        json!({"ticket": made["id"], "comment": "they are angry", "isNote": true}),
    )
    .await
    .ok();
    send(&app, json!({"ticket": made["id"], "comment": "from a program", "bot": true, "fallbackUser": {"username": "<u>Shop"}})).await.ok();
    let sent = transcript(
        &app,
        &made,
        json!(["ada@example.com", " bob@example.com ", "ada@example.com"]),
    )
    .await;
    assert_eq!(sent.ok(), json!({"success": true}));
    app.run_jobs().await;
    for to in ["ada@example.com", "bob@example.com"] {
        let (subject, text, html) = mail(&smtp, to);
        assert_eq!(
            subject,
            "What was said: <b>No</b> sound  Bcc: eve@example.com"
        );
        let said = [
            "It is silent <script>alert(1)</script>",
            "Try this",
            "<i>log.txt: https://example.com/log.txt",
            "from a program",
        ];
        let places: Vec<_> = said
            .iter()
            .map(|said| text.find(said).unwrap_or_else(|| panic!("{said}: {text}")))
            .collect();
        assert!(places.is_sorted(), "{text}");
        for both in [&text, &html] {
            assert!(!both.contains("angry"), "{both}");
        }
        assert!(
            html.contains("It is silent &lt;script&gt;alert(1)&lt;/script&gt;"),
            "{html}"
        );
        assert!(
            html.contains("href=\"https://example.com/?a=%22%3E%3Cimg%20src=x%3E\">this</a>"),
            "{html}"
        );
        for bad in ["<script", "<img", "<i>", "<u>", "<b>No"] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
    }
    let audit = app.get(&path(&made, "/audit-export")).await.ok();
    let last = audit["changes"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        json!([last["type"], last["fields"]["emails"]["to"]]),
        json!(["transcript_sent", ["ada@example.com", "bob@example.com"]])
    );
}

#[tokio::test]
async fn it_is_in_the_language_of_the_session() {
    let (app, smtp) = server().await;
    let guest = app
        .sdk(
            "/sessions",
            None,
            json!({"lang": "de-at", "platform": "web"}),
        )
        .await
        .ok();
    let id = crate::merge::id_of(&app, &guest).await;
    let made = ticket(&app, json!({"session": id})).await;
    transcript(&app, &made, json!(["ada@example.com"]))
        .await
        .ok();
    app.run_jobs().await;
    let (subject, text, _) = mail(&smtp, "ada@example.com");
    assert_eq!(subject, "Ihr Gespräch Nummer 1");
    assert_eq!(text.trim(), "Bisher wurde nichts geschrieben.");
}

#[tokio::test]
async fn of_long_conversations_the_end_is_sent() {
    let (app, smtp) = server().await;
    let many = ticket(&app, json!({"title": "many"})).await;
    for number in 0..=MESSAGES_MAX {
        say(&app, &many, &format!("number {number}.")).await;
    }
    transcript(&app, &many, json!(["many@example.com"]))
        .await
        .ok();
    let large = ticket(&app, json!({"title": "large"})).await;
    let each = 40_000;
    for letter in 0..=(BYTES_MAX / each) {
        say(&app, &large, &format!("{letter}.{}", "x".repeat(each))).await;
    }
    transcript(&app, &large, json!(["large@example.com"]))
        .await
        .ok();
    app.run_jobs().await;
    let (_, text, _) = mail(&smtp, "many@example.com");
    assert!(text.starts_with("Earlier messages are left out."));
    assert!(
        !text.contains("number 0.") && text.contains("number 1.") && text.contains("number 500.")
    );
    let (_, text, _) = mail(&smtp, "large@example.com");
    assert!(text.starts_with("Earlier messages are left out.") && text.len() < BYTES_MAX + each);
    assert!(!text.contains("\n0.x") && text.contains("\n2.x"));
}

#[tokio::test]
async fn what_is_refused() {
    let (app, _smtp) = server().await;
    let made = ticket(&app, json!({})).await;
    let address = |number: usize| format!("a{number}@example.com");
    let addresses = |count: usize| json!((0..count).map(address).collect::<Vec<_>>());
    for (emails, fault) in [
        (json!([]), "emails: must be 1 to 10 addresses"),
        (
            addresses(EMAILS_MAX + 1),
            "emails: must be 1 to 10 addresses",
        ),
        (
            json!(["a@example.com", "nobody"]),
            "emails[1]: must be an email address",
        ),
        (
            json!(["a@example.com\r\nBcc: b@example.com"]),
            "emails[0]: must be an email address",
        ),
        (
            json!(["a@example.com, b@example.com"]),
            "emails[0]: must be an email address",
        ),
    ] {
        let refused = transcript(&app, &made, emails).await;
        assert_eq!(
            (refused.error(), refused.faults()),
            ((422, "invalid_field".into()), vec![fault.to_owned()])
        );
    }
    transcript(&app, &made, addresses(EMAILS_MAX)).await.ok();
    let unknown = json!({"id": "6650f0c2a1b2c3d4e5f60718"});
    assert_eq!(
        transcript(&app, &unknown, addresses(1)).await.error(),
        (404, "ticket_not_found".into())
    );
    let without = TestApp::new().await;
    let made = ticket(&without, json!({})).await;
    assert_eq!(
        transcript(&without, &made, addresses(1)).await.error(),
        (409, "mail_not_set_up".into())
    );
    let sister = app.accounts.sister.id;
    let key =
        crate::support::Accounts::key(&app.app, sister, server::auth::roles::Role::Owner, None)
            .await
            .token;
    let mine = ticket(&app, json!({})).await;
    let call = Call::post(&path(&mine, "/send-transcript")).json(&json!({"emails": addresses(1)}));
    let refused = app.send(call.bearer(&key).project(sister)).await;
    assert_eq!(refused.error(), (404, "ticket_not_found".into()));
}
