//! Mails that did not arrive, as mail servers tell it in mails of their own.

use serde_json::{Value, json};

use super::{Answering, conversation, hand_over};

/// What a mail server writes of a mail of ours.
fn report(answering: &Answering, action: &str, address: &str, id: &str) -> String {
    let returned = &answering.mail.data;
    let (head, _) = returned.split_once("\r\n\r\n").unwrap();
    let head = head
        .replace(&answering.address(), address)
        .replace(&answering.mail.header("Message-ID").unwrap(), id);
    [
        "Return-Path: <>",
        "From: MAILER-DAEMON@mail.example.com",
        "To: hark@example.com",
        "Auto-Submitted: auto-replied",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=\"r\"",
        "",
        "--r",
        "",
        "This is the mail system.",
        "--r",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mail.example.com",
        "",
        "Final-Recipient: rfc822; u@example.com",
        &format!("Action: {action}"),
        "Status: 5.2.2",
        "Diagnostic-Code: smtp; 552 mailbox full",
        "--r",
        "Content-Type: message/rfc822",
        "",
        &head,
        "",
        "Try again",
        "--r--",
    ]
    .join("\r\n")
}

async fn sent(answering: &Answering) -> Value {
    conversation(answering.app(), &answering.ticket)
        .await
        .remove(0)
}

#[tokio::test]
async fn a_mail_that_came_back_is_noted_at_the_message() {
    let answering = Answering::start().await;
    assert_eq!(sent(&answering).await["status"], "sent");
    let id = answering.mail.header("Message-ID").unwrap();
    let mail = report(&answering, "failed", &answering.address(), &id);
    for _ in 0..2 {
        let noted = hand_over(answering.app(), mail.clone()).await.ok();
        assert_eq!(
            noted,
            json!({"outcome": "bounced", "ticket": answering.ticket["id"]})
        );
    }
    let sent = sent(&answering).await;
    assert_eq!(sent["status"], "bounced");
    let history = sent["statusHistory"].as_array().unwrap();
    assert_eq!(history.len(), 3, "queued, sent, and once bounced");
    assert_eq!(history[2]["reason"], "5.2.2 552 mailbox full");
    assert_eq!(answering.texts().await, ["Try again"], "it says nothing");
}

#[tokio::test]
async fn a_report_of_something_else_is_passed_over() {
    let answering = Answering::start().await;
    let (address, id) = (
        answering.address(),
        answering.mail.header("Message-ID").unwrap(),
    );
    let mut forged = address.clone().into_bytes();
    forged[20] = if forged[20] == b'a' { b'b' } else { b'a' };
    let forged = String::from_utf8(forged).unwrap();
    for (mail, reason) in [
        (report(&answering, "delayed", &address, &id), "report"),
        (report(&answering, "failed", &forged, &id), "unknown_mail"),
        (
            report(&answering, "failed", &address, "<other@example.com>"),
            "unknown_mail",
        ),
    ] {
        let ignored = hand_over(answering.app(), mail).await.ok();
        assert_eq!(ignored, json!({"outcome": "ignored", "reason": reason}));
    }
    assert_eq!(sent(&answering).await["status"], "sent");
}
