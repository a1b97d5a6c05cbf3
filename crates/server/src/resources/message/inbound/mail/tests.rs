use lettre::Address;
use proptest::prelude::*;
use store::ObjectId;

use super::super::part::{DEPTH_MAX, HEAD_BYTES_MAX, PARTS_MAX};
use super::*;

fn read(lines: &[&str]) -> Mail {
    Mail::read(lines.join("\r\n").as_bytes()).unwrap()
}

/// What somebody wrote.
#[track_caller]
fn written(lines: &[&str]) -> Written {
    match read(lines).kind {
        MailKind::Written(written) => written,
        other => panic!("{other:?}"),
    }
}

fn address() -> (ReplyToken, String) {
    let [project, ticket, session] = [1, 2, 3].map(|n| ObjectId::from_parts(n, [7; 8]));
    let token = ReplyToken::new(b"key", project, ticket, session);
    let base: Address = "reply@support.example.com".parse().unwrap();
    let address = token.address(&base);
    (token, address)
}

#[test]
fn a_plain_mail_is_read() {
    let (token, address) = address();
    let mail = read(&[
        "From: =?utf-8?q?J=C3=B6rg?= <Joerg@example.com>",
        &format!("To: {}", address.to_uppercase()),
        "Message-ID: <a.1@mail.example.com>",
        "Content-Type: text/plain; charset=iso-8859-1",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "Gr=FC=DFe",
    ]);
    assert_eq!(mail.id, "a.1@mail.example.com");
    let from = mail.from.unwrap();
    assert_eq!(
        (from.name.as_deref(), from.address.as_str()),
        (Some("Jörg"), "Joerg@example.com")
    );
    assert_eq!(mail.tokens, [token]);
    let MailKind::Written(written) = mail.kind else {
        panic!("it is written")
    };
    assert_eq!(written.text, "Grüße");
}

#[test]
fn the_address_is_found_wherever_mail_systems_note_it() {
    let (token, address) = address();
    for name in ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"] {
        let header = format!("{name}: Support\r\n <{address}>");
        let mail = read(&["From: ada@example.com", &header, "", "x"]);
        assert_eq!(mail.tokens, std::slice::from_ref(&token), "{name}");
    }
    let mail = read(&[
        "From: ada@example.com",
        &format!("Subject: {address}"),
        "",
        "x",
    ]);
    assert_eq!(mail.tokens, []);
}

#[test]
fn of_several_forms_the_plain_one_is_read_and_files_are_kept() {
    let written = written(&[
        "From: ada@example.com",
        "Content-Type: multipart/mixed; boundary=\"a b\"",
        "",
        "This is a mail in parts.",
        "--a b",
        "Content-Type: multipart/alternative; boundary=c",
        "",
        "--c",
        "Content-Type: text/plain; charset=utf-8; format=flowed",
        "",
        "Hello ",
        "you",
        "",
        "> quoted",
        "--c",
        "Content-Type: text/html",
        "",
        "<p>Hello <b>you</b></p>",
        "--c--",
        "--a b",
        "Content-Type: application/pdf; name=\"bill.pdf\"",
        "Content-Disposition: attachment; filename=\"bill.pdf\"",
        "Content-Transfer-Encoding: base64",
        "",
        "JVBERi0x",
        "LjcK",
        "--a b",
        "Content-Type: message/rfc822",
        "",
        "Subject: Another",
        "",
        "Text of another",
        "--a b--",
        "after",
    ]);
    assert_eq!(written.text, "Hello you");
    let files: Vec<_> = written
        .files
        .iter()
        .map(|file| (file.name.as_str(), &*file.bytes))
        .collect();
    assert_eq!(files[0], ("bill.pdf", &b"%PDF-1.7\n"[..]));
    assert_eq!(files[1].0, "attachment-2.eml");
    assert_eq!(files[1].1, b"Subject: Another\r\n\r\nText of another");
    assert_eq!(files.len(), 2);
}

#[test]
fn a_page_is_read_when_there_is_nothing_plainer() {
    let page = "<html><body><div>Yes</div><div>it does</div><div class=\"gmail_quote\">Before</div></body></html>";
    let written = written(&[
        "From: ada@example.com",
        "Content-Type: multipart/alternative; boundary=c",
        "",
        "--c",
        "Content-Type: text/plain",
        "",
        " ",
        "--c",
        "Content-Type: text/html; charset=utf-8",
        "",
        page,
        "--c--",
    ]);
    assert_eq!(written.text, "Yes\nit does");
    assert!(written.files.is_empty());
}

#[test]
fn a_mail_that_broke_off_is_read_as_far_as_it_came() {
    let written = written(&[
        "From: ada@example.com",
        "Content-Type: multipart/mixed; boundary=c",
        "",
        "--c",
        "",
        "Hello",
    ]);
    assert_eq!(written.text, "Hello");
}

#[test]
fn what_programs_write_is_known_by_its_head() {
    for (header, sign) in [
        ("Auto-Submitted: auto-replied (vacation)", "auto_submitted"),
        ("auto-submitted: Auto-Generated", "auto_submitted"),
        ("Precedence: bulk", "precedence"),
        ("Precedence: Junk", "precedence"),
        ("X-Autoreply: yes", "autoreply"),
        ("X-Autorespond: away", "autoreply"),
        ("Return-Path: <>", "empty_return_path"),
        (
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
            "report",
        ),
    ] {
        let mail = read(&["From: ada@example.com", header, "", "I am away"]);
        assert!(
            matches!(mail.kind, MailKind::Automatic(known) if known == sign),
            "{header}"
        );
    }
    for header in [
        "Auto-Submitted: no",
        "Precedence: first-class",
        "Return-Path: <ada@example.com>",
        "Subject: Auto-Submitted: auto-replied",
    ] {
        assert_eq!(
            written(&["From: ada@example.com", header, "", "Hi"]).text,
            "Hi",
            "{header}"
        );
    }
}

/// A report as Postfix writes it.
fn report(action: &str) -> Mail {
    let (_, address) = address();
    let reply_to = format!("Reply-To: {address}");
    let action = format!("Action: {action}");
    read(&[
        "From: MAILER-DAEMON@mail.example.com",
        "To: hark@example.com",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=\"r\"",
        "",
        "--r",
        "",
        "I could not deliver it.",
        "--r",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mail.example.com",
        "",
        "Final-Recipient: rfc822; ada@example.com",
        &action,
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 no such",
        "    user here",
        "--r",
        "Content-Type: text/rfc822-headers",
        "",
        "From: hark@example.com",
        &reply_to,
        "Message-ID: <m1@example.com>",
        "--r--",
    ])
}

#[test]
fn a_mail_that_came_back_names_the_one_that_went_out() {
    let (token, _) = address();
    let MailKind::Bounce(bounce) = report("failed").kind else {
        panic!("it is a bounce")
    };
    let reason = "5.1.1 550 5.1.1 no such    user here";
    let expected = Bounce {
        id: "m1@example.com".into(),
        reason: reason.into(),
        tokens: vec![token],
    };
    assert_eq!(bounce, expected);
    for other in ["delayed", "relayed", "delivered"] {
        assert!(
            matches!(report(other).kind, MailKind::Automatic("report")),
            "{other}"
        );
    }
}

#[test]
fn a_mail_without_an_id_has_always_the_same() {
    let mails = ["x", "x", "y"].map(|text| read(&["From: ada@example.com", "", text]));
    assert!(!mails[0].has_id && is_id(&mails[0].id));
    assert_eq!(mails[0].id, mails[1].id);
    assert_ne!(mails[0].id, mails[2].id);
    let odd = read(&["From: ada@example.com", "Message-ID: <a b>", "", "x"]);
    assert!(!odd.has_id);
}

#[test]
fn the_line_of_a_mailbox_is_passed_over() {
    let mail = read(&[
        "From ada@example.com Mon Mar  2 12:00:00 2026",
        "From: ada@example.com",
        "",
        "Hi",
    ]);
    assert_eq!(mail.from.unwrap().address, "ada@example.com");
}

#[test]
fn what_is_no_mail_is_refused() {
    for bytes in [
        &b""[..],
        b"hello",
        b"{\"json\": 1}",
        b"\r\n\r\nbody",
        b"\0\xff\0",
    ] {
        assert_eq!(
            Mail::read(bytes).unwrap_err(),
            Unreadable::NoHead,
            "{bytes:?}"
        );
    }
}

#[test]
fn heads_have_a_longest_length() {
    let head = |bytes: usize| {
        let start = "Subject: ";
        let padding = "x".repeat(bytes - start.len());
        Mail::read(format!("{start}{padding}\n\nx").as_bytes()).map(drop)
    };
    assert_eq!(head(HEAD_BYTES_MAX), Ok(()));
    assert_eq!(head(HEAD_BYTES_MAX + 1), Err(Unreadable::Head));
}

#[test]
fn parts_have_a_largest_number() {
    let parts = |count: usize| {
        let head = "From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n";
        let mail = format!("{head}{}--b--", "--b\n\nx\n".repeat(count));
        Mail::read(mail.as_bytes()).map(drop)
    };
    // The mail itself is one.
    assert_eq!(parts(PARTS_MAX - 1), Ok(()));
    assert_eq!(parts(PARTS_MAX), Err(Unreadable::Parts));
}

#[test]
fn parts_have_a_deepest_nesting() {
    let nested = |depth: usize| {
        let mut mail = "From: a@example.com\n".to_owned();
        for level in 0..depth {
            mail += &format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
        }
        Mail::read(format!("{mail}\nx").as_bytes()).map(drop)
    };
    assert_eq!(nested(DEPTH_MAX), Ok(()));
    assert_eq!(nested(DEPTH_MAX + 1), Err(Unreadable::Depth));
}

/// A mail in a mail in a mail, in the clear and encoded.
#[test]
fn mails_within_mails_stay_files_however_deep() {
    let inner = "Content-Type: message/rfc822\n\n".repeat(200_000);
    let plain = format!("From: a@example.com\n{inner}");
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &inner);
    let encoded = format!(
        "From: a@example.com\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{encoded}"
    );
    for mail in [plain, encoded] {
        let MailKind::Written(written) = Mail::read(mail.as_bytes()).unwrap().kind else {
            panic!("it is written")
        };
        assert_eq!(written.files.len(), 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_may_come(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Mail::read(&bytes);
    }

    #[test]
    fn anything_like_a_mail_may_come(lines in prop::collection::vec(prop_oneof![
        Just("From: a@example.com".to_owned()),
        Just("Content-Type: multipart/mixed; boundary=b".to_owned()),
        Just("Content-Type: multipart/report; boundary=b".to_owned()),
        Just("Content-Type: message/delivery-status".to_owned()),
        Just("Content-Type: text/html; charset=utf-16".to_owned()),
        Just("Content-Transfer-Encoding: base64".to_owned()),
        Just("Content-Transfer-Encoding: quoted-printable".to_owned()),
        Just("--b".to_owned()),
        Just("--b--".to_owned()),
        Just(String::new()),
        Just("=C3=\tYWJj".to_owned()),
        "\\PC{0,20}",
    ], 0..30)) {
        let mail = format!("From: a@example.com\n{}", lines.join("\n"));
        if let Ok(mail) = Mail::read(mail.as_bytes()) {
            prop_assert!(is_id(&mail.id));
        }
    }
}
