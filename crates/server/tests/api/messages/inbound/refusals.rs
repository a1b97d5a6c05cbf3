//! Mails that are not taken, and who may not bring any.

use serde_json::{Value, json};
use server::resources::message::by_mail::ReplyToken;
use store::ObjectId;

use super::{Answering, OPTIONS, SECRET, answer, call, hand_over, mailed, user};
use crate::reports::client::{rows, stored_files};
use crate::support::{Call, Mailing, TestApp};
use crate::tickets::ticket;

#[tokio::test]
async fn an_address_that_was_altered_finds_nothing() {
    let answering = Answering::start().await;
    let address = answering.address();
    let token = "reply+".len()..address.find('@').unwrap();
    for at in token {
        let mut altered = address.clone().into_bytes();
        altered[at] = if altered[at] == b'a' { b'b' } else { b'a' };
        let altered = String::from_utf8(altered).unwrap();
        let mail = answer(&altered, "a1@mail.example.com", "forged");
        let (status, _) = hand_over(answering.app(), mail).await.error();
        assert!(matches!(status, 404 | 410), "{altered}: {status}");
    }
    assert_eq!(answering.texts().await, ["Try again"]);
}

#[tokio::test]
async fn the_address_of_another_server_project_or_session_finds_nothing() {
    let answering = Answering::start().await;
    let app = answering.app();
    let key = app.app.key.reply_key();
    let base = "reply@support.example.com".parse().unwrap();
    let id = |text: &Value| text.as_str().unwrap().parse::<ObjectId>().unwrap();
    let (own, other) = (app.project(), app.accounts.sister.id);
    let (ticket, session) = (
        id(&answering.ticket["id"]),
        answering.session.parse().unwrap(),
    );
    let true_one = ReplyToken::new(key, own, ticket, session).address(&base);
    assert_eq!(true_one, answering.address());
    for token in [
        ReplyToken::new(&[0; 32], own, ticket, session),
        ReplyToken::new(key, other, ticket, session),
        ReplyToken::new(key, own, ticket, other),
    ] {
        let mail = answer(&token.address(&base), "a1@mail.example.com", "forged");
        let (status, _) = hand_over(app, mail).await.error();
        assert!(matches!(status, 404 | 410), "{status}");
    }
    assert_eq!(answering.texts().await, ["Try again"]);
}

#[tokio::test]
async fn a_ticket_that_was_given_to_another_session_is_not_answered_by_the_first() {
    let answering = Answering::start().await;
    let app = answering.app();
    let other = user(app, json!({"userId": "other"})).await;
    super::update(app, &answering.ticket, json!({"session": other}))
        .await
        .ok();
    let refused = hand_over(app, answering.answer("a1@mail.example.com", "Mine?")).await;
    assert_eq!(refused.error(), (404, "reply_address_unknown".into()));
}

#[tokio::test]
async fn what_is_gone_is_gone() {
    let answering = Answering::start().await;
    let app = answering.app();
    let mail = answering.answer("a1@mail.example.com", "Still there?");
    let with_file = mail.replace(
        "\r\n\r\n",
        "\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n",
    );
    let path = format!("/v3/sessions/{}", answering.session);
    let gone = app.send(app.owner(Call::delete(&path))).await;
    assert_eq!(gone.status, 204);
    for mail in [mail, with_file] {
        let refused = hand_over(app, mail).await;
        assert_eq!(refused.error(), (410, "conversation_gone".into()));
    }
    assert_eq!(
        (rows(app, "message"), rows(app, "file"), stored_files(app)),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn only_the_operator_brings_mails() {
    let answering = Answering::start().await;
    let app = answering.app();
    let mail = answering.answer("a1@mail.example.com", "hello");
    let call = || {
        let call = Call::post("/inbound-mail").header("content-type", "message/rfc822");
        call.body(mail.clone())
    };
    let refused =
        |answer: crate::support::Answer| assert_eq!(answer.error(), (401, "wrong_secret".into()));
    refused(app.send(call()).await);
    for secret in [
        "",
        "x",
        &SECRET[1..],
        &format!("{SECRET}0"),
        &app.accounts.first.api_token,
    ] {
        refused(app.send(call().bearer(secret)).await);
    }
    let basic = call().header("authorization", format!("Basic {SECRET}"));
    refused(app.send(basic).await);
    let folded = call().header("authorization", format!("bearer {SECRET}"));
    assert_eq!(app.send(folded).await.ok()["outcome"], "taken");
}

#[tokio::test]
async fn without_a_secret_nobody_does() {
    let app = TestApp::new().await;
    let off = hand_over(&app, "From: a@example.com\r\n\r\nhello").await;
    assert_eq!(off.error(), (404, "inbound_mail_off".into()));
}

#[tokio::test]
async fn what_is_no_mail_is_refused() {
    let answering = Answering::with(&[("smtp.inbound_bytes_max", "2000")]).await;
    let app = answering.app();
    let send = async |kind: &str, body: Vec<u8>| {
        let call = Call::post("/inbound-mail").bearer(SECRET);
        app.send(call.header("content-type", kind).body(body))
            .await
            .error()
    };
    let unsupported = (415, "unsupported_media_type".to_owned());
    assert_eq!(send("application/json", b"{}".to_vec()).await, unsupported);
    let unreadable = (422, "mail_unreadable".to_owned());
    for body in [&b""[..], b"hello", b"\xff\0\r\n\r\n"] {
        assert_eq!(send("message/rfc822", body.to_vec()).await, unreadable);
    }
    let mut mail = answering.answer("a1@mail.example.com", "x").into_bytes();
    mail.resize(2_000, b'x');
    assert_eq!(send("Message/RFC822; charset=x", mail.clone()).await.0, 200);
    mail.push(b'x');
    assert_eq!(
        send("message/rfc822", mail).await,
        (413, "mail_too_large".into())
    );
}

#[tokio::test]
async fn a_text_that_is_longer_than_messages_are_is_refused() {
    let answering = Answering::start().await;
    let most = server::resources::message::rich_text::clean::TEXT_CHARS_MAX;
    let mail = |chars: usize| answering.answer("a1@mail.example.com", &"x".repeat(chars));
    let refused = hand_over(answering.app(), mail(most + 1)).await;
    assert_eq!(refused.error(), (422, "mail_too_long".into()));
    assert_eq!(
        hand_over(answering.app(), mail(most)).await.ok()["outcome"],
        "taken"
    );
}

#[tokio::test]
async fn a_ticket_without_a_session_has_nobody_to_answer() {
    let mailing = Mailing::start(&OPTIONS).await;
    let app = &mailing.app;
    let session = user(app, json!({"userId": "u", "email": "u@example.com"})).await;
    let made = ticket(app, json!({"session": session})).await;
    let mail = mailed(&mailing, &made, "hello").await;
    let path = format!("/v3/tickets/{}", made["id"].as_str().unwrap());
    call(app, "DELETE", &path, json!({})).await.ok();
    let address = mail.header("Reply-To").unwrap();
    let refused = hand_over(app, answer(&address, "a1@mail.example.com", "hello?")).await;
    assert_eq!(refused.error(), (410, "conversation_gone".into()));
}
