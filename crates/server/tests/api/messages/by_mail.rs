//! What a session has not seen goes to its address.

use serde_json::{Value, json};
use server::resources::session::unsubscribe_page::link;

use super::{change, delete, hear, say, send};
use crate::support::{Call, SmtpServer, Taken, TestApp};
use crate::tickets::{call, ticket};

const DELAY_SECONDS: i64 = 120;

struct Mailed {
    app: TestApp,
    smtp: SmtpServer,
    ticket: Value,
    session: String,
}

impl Mailed {
    async fn start() -> Self {
        let smtp = SmtpServer::start().await;
        let port = smtp.port();
        let options = [
            ("smtp.host", "127.0.0.1"),
            ("smtp.port", port.as_str()),
            ("smtp.tls", "none"),
            ("smtp.from", "Hark <hark@example.com>"),
        ];
        let app = TestApp::with(&options).await;
        let body = json!({"userId": "u", "email": "u@example.com", "name": "Ada"});
        let made = app.identify(body).await.ok();
        let session = made["sessionId"].as_str().unwrap().to_owned();
        let body =
            json!({"session": session, "title": "Broken <b>button</b>\r\nBcc: eve@example.com"});
        let ticket = ticket(&app, body).await;
        Self {
            app,
            smtp,
            ticket,
            session,
        }
    }

    /// So much later, what is due then is done.
    async fn after(&self, seconds: i64) -> Vec<Taken> {
        self.app.clock.advance_seconds(seconds);
        while self.app.run_jobs().await > 0 {}
        self.smtp.taken()
    }

    async fn message(&self, message: &Value) -> Value {
        let all = super::conversation(&self.app, &self.ticket).await;
        let found = all.into_iter().find(|one| one["id"] == message["id"]);
        found.unwrap()
    }
}

#[tokio::test]
async fn what_is_not_seen_is_mailed_once() {
    let mailed = Mailed::start().await;
    let first = say(
        &mailed.app,
        &mailed.ticket,
        "Try <script>alert(1)</script> again",
    )
    .await;
    assert!(mailed.after(DELAY_SECONDS - 1).await.is_empty());
    let second = say(&mailed.app, &mailed.ticket, "And tell us").await;
    let note = json!({"ticket": mailed.ticket["id"], "comment": "between us", "isNote": true});
    send(&mailed.app, note).await.ok();
    let taken = mailed.after(1).await;
    assert_eq!(taken.len(), 1);
    let mail = &taken[0];
    assert_eq!(mail.to, ["u@example.com"]);
    let subject = mail.header("Subject").unwrap();
    assert!(
        subject.contains("Broken <b>button</b>  Bcc: eve@example.com"),
        "{subject}"
    );
    assert_eq!(mail.header("Bcc"), None);
    let text = mail.part("text/plain").unwrap();
    assert!(
        text.contains("Try <script>alert(1)</script> again"),
        "{text}"
    );
    assert!(
        text.contains("And tell us") && !text.contains("between us"),
        "{text}"
    );
    let html = mail.part("text/html").unwrap();
    assert!(
        html.contains("Try &lt;script&gt;") && !html.contains("<script"),
        "{html}"
    );
    assert!(!html.contains("<b>button"), "{html}");
    assert_eq!(mailed.after(10 * DELAY_SECONDS).await.len(), 1, "once");
    for message in [&first, &second] {
        let message = mailed.message(message).await;
        assert_eq!(message["status"], "sent");
        let history = message["statusHistory"].as_array().unwrap();
        let statuses: Vec<_> = history.iter().map(|change| &change["status"]).collect();
        assert_eq!(statuses, ["queued", "sent"]);
        let id = message["emailId"].as_str().unwrap();
        assert_eq!(mail.header("Message-ID").unwrap(), format!("<{id}>"));
    }
}

#[tokio::test]
async fn mails_of_a_conversation_hang_together() {
    let mailed = Mailed::start().await;
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        say(&mailed.app, &mailed.ticket, text).await;
        let taken = mailed.after(DELAY_SECONDS).await;
        ids.push(taken.last().unwrap().header("Message-ID").unwrap());
    }
    let taken = mailed.smtp.taken();
    let root = taken[0].header("In-Reply-To").unwrap();
    let id = mailed.ticket["id"].as_str().unwrap();
    assert_eq!(root, format!("<ticket-{id}@example.com>"));
    assert_eq!(taken[2].header("In-Reply-To").unwrap(), ids[1]);
    let references = taken[2].header("References").unwrap();
    assert_eq!(references, format!("{root} {} {}", ids[0], ids[1]));
    let third = taken[2].part("text/plain").unwrap();
    assert!(third.contains("three") && !third.contains("two"), "{third}");
}

#[tokio::test]
async fn the_link_of_a_mail_unsubscribes() {
    let mailed = Mailed::start().await;
    say(&mailed.app, &mailed.ticket, "hello").await;
    let taken = mailed.after(DELAY_SECONDS).await;
    let header = taken[0].header("List-Unsubscribe").unwrap();
    let one_click = taken[0].header("List-Unsubscribe-Post").unwrap();
    assert_eq!(one_click, "List-Unsubscribe=One-Click");
    let base = mailed.app.app.config.base_url();
    let url = header.trim_matches(['<', '>']);
    let path = url.strip_prefix(&base).unwrap();
    assert_eq!(mailed.app.send(Call::post(path)).await.status, 200);
    assert_eq!(mailed.app.session("u").await["unsubscribed"], true);
    assert!(
        taken[0]
            .part("text/plain")
            .unwrap()
            .contains("/unsubscribe/v1.")
    );
}

#[tokio::test]
async fn what_was_seen_deleted_or_answered_is_not_mailed() {
    let mailed = Mailed::start().await;
    let gone = say(&mailed.app, &mailed.ticket, "gone").await;
    let seen = say(&mailed.app, &mailed.ticket, "seen").await;
    delete(&mailed.app, &gone).await;
    let body = json!({"sessionNotificationsUnread": false});
    change(&mailed.app, &seen, body).await.ok();
    assert!(mailed.after(DELAY_SECONDS).await.is_empty());
    say(&mailed.app, &mailed.ticket, "answered").await;
    hear(&mailed.app, &mailed.ticket, &mailed.session, "Thanks").await;
    assert!(mailed.after(DELAY_SECONDS).await.is_empty());
    let silent = json!({"ticket": mailed.ticket["id"], "comment": "shh", "isNote": true});
    send(&mailed.app, silent).await.ok();
    assert!(mailed.after(DELAY_SECONDS).await.is_empty());
}

#[tokio::test]
async fn who_is_blocked_or_unsubscribed_is_left_alone_but_for_what_was_asked() {
    let mailed = Mailed::start().await;
    let path = format!("/v3/sessions/{}", mailed.session);
    let blocked = |is_blocked: bool| json!({"blocked": is_blocked});
    call(&mailed.app, "PUT", &path, blocked(true)).await.ok();
    say(&mailed.app, &mailed.ticket, "to a blocked one").await;
    assert!(mailed.after(DELAY_SECONDS).await.is_empty());
    call(&mailed.app, "PUT", &path, blocked(false)).await.ok();
    let link = link(
        &mailed.app.app,
        mailed.app.project(),
        mailed.session.parse().unwrap(),
    );
    let base = mailed.app.app.config.base_url();
    let confirm = Call::post(link.strip_prefix(&base).unwrap());
    assert_eq!(mailed.app.send(confirm).await.status, 200);
    // The ticket was made by a member: nobody asked.
    say(&mailed.app, &mailed.ticket, "unasked").await;
    assert!(mailed.after(DELAY_SECONDS).await.is_empty());
    hear(&mailed.app, &mailed.ticket, &mailed.session, "A question").await;
    say(&mailed.app, &mailed.ticket, "the answer").await;
    let taken = mailed.after(DELAY_SECONDS).await;
    assert_eq!(taken.len(), 1);
    assert!(taken[0].part("text/plain").unwrap().contains("the answer"));
}

#[tokio::test]
async fn without_an_address_there_is_no_mail() {
    let mailed = Mailed::start().await;
    let made = mailed.app.identify(json!({"userId": "nobody"})).await.ok();
    let ticket = ticket(&mailed.app, json!({"session": made["sessionId"]})).await;
    say(&mailed.app, &ticket, "hello").await;
    assert!(mailed.after(DELAY_SECONDS).await.is_empty());
}

#[tokio::test]
async fn a_bounce_is_noted_at_the_message() {
    let mailed = Mailed::start().await;
    mailed.smtp.answer("RCPT", "550 5.1.1 no such user here");
    let message = say(&mailed.app, &mailed.ticket, "hello").await;
    assert!(mailed.after(DELAY_SECONDS).await.is_empty());
    let message = mailed.message(&message).await;
    assert_eq!(message["status"], "bounced");
    let reason = message["statusHistory"][1]["reason"].as_str().unwrap();
    assert!(reason.contains("no such user"), "{reason}");
    assert!(
        mailed.after(DELAY_SECONDS).await.is_empty(),
        "not tried again"
    );
}

#[tokio::test]
async fn a_session_that_is_erased_gets_nothing() {
    let mailed = Mailed::start().await;
    say(&mailed.app, &mailed.ticket, "hello").await;
    let path = format!("/v3/sessions/{}", mailed.session);
    let gone = mailed.app.send(mailed.app.owner(Call::delete(&path))).await;
    assert_eq!(gone.status, 204);
    assert!(mailed.after(DELAY_SECONDS).await.is_empty());
}

#[tokio::test]
async fn the_project_sets_the_delay_and_the_language_or_wants_none() {
    let mailed = Mailed::start().await;
    let path = format!("/v3/projects/{}/ticket-settings", mailed.app.project());
    let set = async |settings: Value| {
        let body = json!({"replyMail": settings});
        call(&mailed.app, "PUT", &path, body).await
    };
    let german = set(json!({"afterSeconds": 0, "language": "de-AT"}))
        .await
        .ok();
    let expected = json!({"enabled": true, "afterSeconds": 0, "language": "de-AT"});
    assert_eq!(german["replyMail"], expected);
    say(&mailed.app, &mailed.ticket, "Hallo").await;
    let taken = mailed.after(0).await;
    assert_eq!(taken.len(), 1);
    assert!(
        taken[0]
            .part("text/plain")
            .unwrap()
            .contains("Sie bekommen diese Mail")
    );
    set(json!({"enabled": false})).await.ok();
    say(&mailed.app, &mailed.ticket, "Hallo").await;
    assert_eq!(mailed.after(DELAY_SECONDS).await.len(), 1);
    let longest = 7 * 24 * 3_600;
    set(json!({"afterSeconds": longest})).await.ok();
    for (bad, field) in [
        (
            json!({"afterSeconds": longest + 1}),
            "replyMail.afterSeconds",
        ),
        (json!({"language": "../de"}), "replyMail.language"),
        (json!({"language": ""}), "replyMail.language"),
    ] {
        let answer = set(bad).await;
        assert_eq!(answer.status, 422);
        assert!(
            answer.faults()[0].starts_with(field),
            "{:?}",
            answer.faults()
        );
    }
}
