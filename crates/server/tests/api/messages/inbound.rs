//! Answers to mails come back into the conversation.

mod bounces;
mod files;
mod refusals;

use serde_json::{Value, json};

use super::{conversation, hear, say, texts};
use crate::merge::{guest, merged, put, user};
use crate::support::{Answer, Call, Mailing, Taken, TestApp};
use crate::tickets::{call, now, session, ticket, update};
use crate::webhooks::hook;
use crate::webhooks::receiver::Receiver;

pub const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OPTIONS: [(&str, &str); 3] = [
    ("smtp.reply_to", "reply@support.example.com"),
    ("smtp.inbound_secret", SECRET),
    ("outgoing.allow_private", "true"),
];
const DELAY_SECONDS: i64 = 120;

/// A conversation, of which the session was sent a mail.
struct Answering {
    mailing: Mailing,
    ticket: Value,
    session: String,
    /// The mail.
    mail: Taken,
}

impl Answering {
    async fn start() -> Self {
        Self::with(&[]).await
    }

    async fn with(more: &[(&'static str, &str)]) -> Self {
        let mailing = Mailing::start(&[&OPTIONS[..], more].concat()).await;
        let app = &mailing.app;
        let session = user(app, json!({"userId": "u", "email": "u@example.com"})).await;
        let ticket = ticket(app, json!({"session": session, "title": "Broken"})).await;
        let mail = mailed(&mailing, &ticket, "Try again").await;
        Self {
            mailing,
            ticket,
            session,
            mail,
        }
    }

    fn app(&self) -> &TestApp {
        &self.mailing.app
    }

    /// The address that answers go to.
    fn address(&self) -> String {
        self.mail.header("Reply-To").unwrap()
    }

    /// An answer to the mail.
    fn answer(&self, id: &str, text: &str) -> String {
        answer(&self.address(), id, text)
    }

    async fn ticket(&self) -> Value {
        now(self.app(), &self.ticket).await
    }

    async fn texts(&self) -> Vec<String> {
        texts(self.app(), &self.ticket).await
    }
}

/// A member says something, which is not seen and so mailed; the mail.
async fn mailed(mailing: &Mailing, ticket: &Value, text: &str) -> Taken {
    say(&mailing.app, ticket, text).await;
    mailing.app.clock.advance_seconds(DELAY_SECONDS);
    while mailing.app.run_jobs().await > 0 {}
    mailing.smtp.taken().pop().unwrap()
}

fn answer(to: &str, id: &str, text: &str) -> String {
    format!(
        "From: Ada <u@example.com>\r\nTo: {to}\r\nSubject: Re: Broken\r\nMessage-ID: <{id}>\r\n\r\n{text}\r\n"
    )
}

/// Hands a mail over as the mail system of the operator does.
async fn hand_over(app: &TestApp, mail: impl Into<Vec<u8>>) -> Answer {
    hand_over_to(app, "/inbound-mail", mail).await
}

async fn hand_over_to(app: &TestApp, path: &str, mail: impl Into<Vec<u8>>) -> Answer {
    let call = Call::post(path)
        .bearer(SECRET)
        .header("content-type", "message/rfc822");
    app.send(call.body(mail)).await
}

#[tokio::test]
async fn an_answer_is_a_message_of_the_session() {
    let answering = Answering::start().await;
    let (app, receiver) = (answering.app(), Receiver::start().await);
    hook(app, &receiver, json!({"events": ["message.created"]})).await;
    let closed = json!({"status": "DONE", "archived": true, "notificationsUnread": false});
    update(app, &answering.ticket, closed).await.ok();
    assert_eq!(app.session("u").await["countFeedbackComments"], 0);
    let quoted = "It works now.\r\n\r\nThanks!\r\n\r\nOn Mon, 2 Mar 2026 Hark <hark@example.com> wrote:\r\n> Try again\r\n-- \r\nAda";
    let taken = hand_over(app, answering.answer("a1@mail.example.com", quoted))
        .await
        .ok();
    assert_eq!(taken["outcome"], "taken");
    assert_eq!(taken["ticket"], answering.ticket["id"]);
    let messages = conversation(app, &answering.ticket).await;
    let said = &messages[1];
    assert_eq!(said["id"], taken["message"]);
    assert_eq!(
        json!([
            said["type"],
            said["bot"],
            said["session"]["id"],
            said["data"]["text"],
            said["emailId"],
            said["emailFrom"],
            said.get("fallbackUser")
        ]),
        json!([
            "USER_TEXT",
            false,
            answering.session,
            "It works now.\n\nThanks!",
            "a1@mail.example.com",
            "u@example.com",
            null
        ])
    );
    assert_eq!(
        messages[0]["sessionNotificationsUnread"], false,
        "who writes has seen it"
    );
    let after = answering.ticket().await;
    assert_eq!(
        json!([
            after["status"],
            after["archived"],
            after["notificationsUnread"],
            after["sessionNotificationsUnread"],
            after["latestComment"]["id"]
        ]),
        json!(["OPEN", false, true, false, taken["message"]])
    );
    let session = app.session("u").await;
    assert_eq!(session["countFeedbackComments"], 1);
    assert!(session["lastHeardFrom"].is_string());
    while app.run_jobs().await > 0 {}
    let told = receiver.take();
    let told: Vec<_> = told
        .iter()
        .map(|request| request.json()["data"]["id"].clone())
        .collect();
    assert_eq!(told, [taken["message"].clone()]);
    app.assert_sound();
}

#[tokio::test]
async fn a_mail_is_one_message_however_often_it_comes() {
    let answering = Answering::start().await;
    let mail = answering.answer("a1@mail.example.com", "Once");
    let first = hand_over(answering.app(), mail.clone()).await.ok();
    let again = hand_over(answering.app(), mail.clone()).await.ok();
    assert_eq!(again["outcome"], "repeated");
    assert_eq!(again["message"], first["message"]);
    let calls = (0..8).map(|_| {
        hand_over(
            answering.app(),
            answering.answer("a2@mail.example.com", "Twice"),
        )
    });
    let outcomes = futures_util::future::join_all(calls).await;
    let taken = outcomes
        .iter()
        .filter(|answer| answer.ok()["outcome"] == "taken");
    assert_eq!(taken.count(), 1, "at once");
    assert_eq!(answering.texts().await, ["Try again", "Once", "Twice"]);
}

#[tokio::test]
async fn mails_of_both_sides_hang_together() {
    let answering = Answering::start().await;
    let first = answering.mail.header("Message-ID").unwrap();
    let mail = answering.answer("a1@mail.example.com", "An answer");
    hand_over(answering.app(), mail).await.ok();
    let next = mailed(&answering.mailing, &answering.ticket, "And now?").await;
    assert_eq!(next.header("In-Reply-To").unwrap(), "<a1@mail.example.com>");
    let references = next.header("References").unwrap();
    assert!(
        references.ends_with(&format!("{first} <a1@mail.example.com>")),
        "{references}"
    );
    assert_eq!(next.header("Reply-To"), answering.mail.header("Reply-To"));
    // A mail without an id is nothing that another could answer.
    let mail = format!(
        "From: u@example.com\r\nTo: {}\r\n\r\nno id\r\n",
        answering.address()
    );
    for outcome in ["taken", "repeated"] {
        let answer = hand_over(answering.app(), mail.clone()).await.ok();
        assert_eq!(answer["outcome"], outcome);
    }
    let next = mailed(&answering.mailing, &answering.ticket, "Well?").await;
    assert!(!next.data.contains("mail.invalid"), "{}", next.data);
}

#[tokio::test]
async fn the_address_is_written_only_where_answers_are_taken() {
    let mailing = Mailing::start(&[]).await;
    let session = user(
        &mailing.app,
        json!({"userId": "u", "email": "u@example.com"}),
    )
    .await;
    let ticket = ticket(&mailing.app, json!({"session": session})).await;
    let mail = mailed(&mailing, &ticket, "hello").await;
    assert_eq!(mail.header("Reply-To"), None);
    let answering = Answering::start().await;
    let address = answering.address();
    assert!(
        address.starts_with("reply+") && address.ends_with("@support.example.com"),
        "{address}"
    );
    assert!(
        address.find('@').unwrap() <= 64 && address.to_lowercase() == address,
        "{address}"
    );
}

#[tokio::test]
async fn another_sender_is_taken_and_shown() {
    let answering = Answering::start().await;
    let mail = answering.answer("a1@mail.example.com", "From elsewhere");
    let mail = mail.replace("Ada <u@example.com>", "\"Bob\" <bob@example.com>");
    hand_over(answering.app(), mail).await.ok();
    let folded = answering
        .answer("a2@mail.example.com", "From the same")
        .replace("u@example.com", "U@Example.COM");
    hand_over(answering.app(), folded).await.ok();
    let messages = conversation(answering.app(), &answering.ticket).await;
    let shown = |at: usize| {
        json!([
            messages[at]["session"]["id"],
            messages[at]["emailFrom"],
            messages[at].get("fallbackUser")
        ])
    };
    let other = json!({"username": "Bob (bob@example.com)", "email": "bob@example.com"});
    assert_eq!(
        shown(1),
        json!([answering.session, "bob@example.com", other])
    );
    assert_eq!(shown(2), json!([answering.session, "U@Example.COM", null]));
}

#[tokio::test]
async fn the_recipient_may_be_said_beside_the_mail() {
    let answering = Answering::start().await;
    let address = answering.address().to_uppercase();
    let mail = answer("undisclosed-recipients:;", "a1@mail.example.com", "Blind");
    let refused = hand_over(answering.app(), mail.clone()).await;
    assert_eq!(refused.error(), (404, "reply_address_unknown".into()));
    let path = format!("/inbound-mail?recipient={}", address.replace('+', "%2B"));
    let taken = hand_over_to(answering.app(), &path, mail).await.ok();
    assert_eq!(taken["outcome"], "taken");
}

#[tokio::test]
async fn what_programs_write_and_what_says_nothing_is_ignored() {
    let answering = Answering::start().await;
    let own = answering.mail.header("Message-ID").unwrap();
    for (header, text, reason) in [
        (
            "Auto-Submitted: auto-replied",
            "I am away",
            "auto_submitted",
        ),
        ("Precedence: bulk", "News", "precedence"),
        ("X-Autoreply: yes", "Away", "autoreply"),
        ("Return-Path: <>", "Away", "empty_return_path"),
        ("X-Other: x", "  \r\n", "empty"),
    ] {
        let mail = answering.answer("a1@mail.example.com", text);
        let ignored = hand_over(answering.app(), format!("{header}\r\n{mail}"))
            .await
            .ok();
        assert_eq!(
            (ignored["outcome"].as_str(), ignored["reason"].as_str()),
            (Some("ignored"), Some(reason))
        );
    }
    let loops = answering.answer(own.trim_matches(['<', '>']), "Try again");
    let ignored = hand_over(answering.app(), loops).await.ok();
    assert_eq!(ignored["reason"], "own");
    assert_eq!(answering.texts().await, ["Try again"]);
}

#[tokio::test]
async fn to_a_ticket_that_was_merged_it_is_said_in_the_one_that_goes_on() {
    let answering = Answering::start().await;
    let app = answering.app();
    let other = session(app, "other").await;
    let survivor = ticket(app, json!({"session": other})).await;
    let ids = json!([survivor["id"], answering.ticket["id"]]);
    let merge = json!({"ticketsToMergeIds": ids, "targetTicketId": survivor["id"], "shouldCreateNewTicket": false, "shouldMergeContacts": true, "shouldMergeTasks": false});
    call(app, "PUT", "/v3/tickets/merge", merge).await.ok();
    let mail = answering.answer("a1@mail.example.com", "Still there?");
    let taken = hand_over(app, mail.clone()).await.ok();
    assert_eq!(taken["ticket"], survivor["id"]);
    let messages = conversation(app, &survivor).await;
    let said = messages.last().unwrap();
    assert_eq!(
        json!([said["id"], said["session"]["id"], said["data"]["text"]]),
        json!([taken["message"], answering.session, "Still there?"])
    );
    assert_eq!(hand_over(app, mail).await.ok()["outcome"], "repeated");
}

#[tokio::test]
async fn a_session_that_was_merged_is_answered_for_by_the_survivor() {
    let mailing = Mailing::start(&OPTIONS).await;
    let app = &mailing.app;
    let (id, _) = guest(app).await;
    put(app, &id, json!({"email": "guest@example.com"})).await;
    let made = ticket(app, json!({"session": id})).await;
    let mail = mailed(&mailing, &made, "hello").await;
    let survivor = user(app, json!({"userId": "u"})).await;
    merged(app, &survivor, &id).await;
    let text = answer(
        &mail.header("Reply-To").unwrap(),
        "a1@mail.example.com",
        "Me again",
    );
    let taken = hand_over(app, text).await.ok();
    assert_eq!(taken["outcome"], "taken");
    let messages = conversation(app, &made).await;
    assert_eq!(messages[1]["session"]["id"], survivor);
    app.assert_sound();
}

#[tokio::test]
async fn what_was_said_otherwise_has_no_mail() {
    let answering = Answering::start().await;
    let said = hear(
        answering.app(),
        &answering.ticket,
        &answering.session,
        "in the app",
    )
    .await;
    assert_eq!((said.get("emailId"), said.get("emailFrom")), (None, None));
}
