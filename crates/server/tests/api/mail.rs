//! Mails: from the unit of work that asks for one to the mail server of the operator.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::value::to_raw_value;
use server::jobs::queue::{self, Kind};
use server::mail::{self, Email, End, Outcome, Person, Then};
use store::Tx;

use crate::support::{SmtpServer, TestApp};

const HOUR_MS: i64 = 3_600_000;

/// A server that sends its mail to another on loopback, and what it heard of its mails.
struct Sending {
    app: TestApp,
    smtp: SmtpServer,
    heard: Arc<Mutex<Vec<Outcome>>>,
}

impl Sending {
    async fn start(more: &[(&'static str, &str)]) -> Self {
        let smtp = SmtpServer::start().await;
        let port = smtp.port();
        let mut options = vec![
            ("smtp.host", "127.0.0.1"),
            ("smtp.port", &port),
            ("smtp.tls", "none"),
            ("smtp.from", "Hark <hark@example.com>"),
        ];
        options.extend(more);
        let heard = Arc::<Mutex<Vec<Outcome>>>::default();
        let mut kinds = queue::kinds();
        kinds.push(listener(&heard));
        let app = TestApp::with_jobs(&options, kinds).await;
        Self { app, smtp, heard }
    }

    async fn ask(&self, email: Email) {
        let unit = move |tx: &mut Tx<'_>| mail::enqueue(tx, &email);
        let asked: store::Result<_> = self.app.write(unit).await;
        asked.unwrap();
    }

    fn ends(&self) -> Vec<End> {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|outcome| outcome.end).collect()
    }
}

/// A kind of jobs that only remembers what became of mails.
fn listener(heard: &Arc<Mutex<Vec<Outcome>>>) -> Kind {
    let heard = Arc::clone(heard);
    let limit = Duration::from_secs(60);
    Kind::new("heard", 1, limit, &[], move |_, job| {
        let outcome = job.payload::<Outcome>();
        std::future::ready(outcome.map(|outcome| heard.lock().unwrap().push(outcome)))
    })
}

fn mail() -> Email {
    Email {
        html: Some("<p>Grüße &amp; more</p>".into()),
        then: Some(Then {
            kind: "heard".into(),
            about: to_raw_value("m1").unwrap(),
        }),
        ..Email::new(
            Person::at("ada@example.com"),
            "Grüße".into(),
            "Grüße\n.\n. and more".into(),
        )
    }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let sending = Sending::start(&[("smtp.user", "u"), ("smtp.password", "p")]).await;
    sending.ask(mail()).await;
    sending.app.run_jobs().await;
    let taken = sending.smtp.taken();
    assert_eq!(taken.len(), 1);
    let mail = &taken[0];
    assert_eq!(mail.from, "hark@example.com");
    assert_eq!(mail.to, ["ada@example.com"]);
    assert_eq!(mail.header("Subject").unwrap(), "Grüße");
    assert_eq!(mail.header("From").unwrap(), "Hark <hark@example.com>");
    let text = mail.part("text/plain").unwrap().replace("\r\n", "\n");
    assert_eq!(text.trim_end(), "Grüße\n.\n. and more");
    let html = mail.part("text/html").unwrap();
    assert_eq!(html.trim_end(), "<p>Grüße &amp; more</p>");
    let heard = sending.heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].end, heard[0].about.get()), (End::Sent, "\"m1\""));
}

#[tokio::test]
async fn a_mail_server_that_has_no_time_is_asked_again() {
    let sending = Sending::start(&[]).await;
    sending.smtp.answer("RCPT", "450 try later");
    sending.smtp.answer(".", "451 full");
    sending.ask(mail()).await;
    sending.app.run_jobs().await;
    sending.app.clock.advance_seconds(10 * 60);
    sending.app.run_jobs().await;
    assert!(sending.smtp.taken().is_empty() && sending.ends().is_empty());
    sending.app.clock.advance_seconds(10 * 60);
    sending.app.run_jobs().await;
    assert_eq!(sending.smtp.taken().len(), 1);
    assert_eq!(sending.ends(), [End::Sent]);
    assert_eq!(sending.smtp.connections(), 3);
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_not_tried_again() {
    let sending = Sending::start(&[]).await;
    sending.smtp.answer("RCPT", "550 5.1.1 no such user here");
    sending.ask(mail()).await;
    sending.app.run_jobs().await;
    sending.app.clock.advance_ms(100 * HOUR_MS);
    sending.app.run_jobs().await;
    assert_eq!(sending.smtp.connections(), 1);
    let heard = sending.heard.lock().unwrap().clone();
    assert_eq!(heard[0].end, End::Refused);
    let reason = heard[0].reason.as_deref().unwrap();
    assert!(reason.contains("no such user"), "{reason}");
}

#[tokio::test]
async fn a_wrong_credential_is_no_bounce() {
    let sending = Sending::start(&[("smtp.user", "u"), ("smtp.password", "p")]).await;
    sending.smtp.answer("AUTH", "535 wrong");
    sending.ask(mail()).await;
    sending.app.run_jobs().await;
    assert!(sending.ends().is_empty());
    sending.app.clock.advance_ms(HOUR_MS);
    sending.app.run_jobs().await;
    assert_eq!(sending.ends(), [End::Sent]);
}

#[tokio::test]
async fn a_mail_is_given_up_after_a_day_and_a_half() {
    let sending = Sending::start(&[]).await;
    for _ in 0..10 {
        sending.smtp.answer("MAIL", "421 no");
    }
    sending.ask(mail()).await;
    for hour in 0..60 {
        if hour < 30 {
            assert!(sending.ends().is_empty(), "after {hour} hours");
        }
        sending.app.run_jobs().await;
        sending.app.clock.advance_ms(HOUR_MS);
    }
    assert_eq!(sending.ends(), [End::Failed]);
    assert_eq!(sending.smtp.connections(), 10);
}

#[tokio::test]
async fn an_address_that_is_none_is_a_bounce() {
    let sending = Sending::start(&[]).await;
    let email = Email {
        to: Person::at("ada@example.com\r\nRCPT TO:<eve@example.com>"),
        ..mail()
    };
    sending.ask(email).await;
    sending.app.run_jobs().await;
    assert_eq!(sending.ends(), [End::Refused]);
    assert_eq!(sending.smtp.connections(), 0);
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_where_encryption_is_asked_for() {
    for offers in [true, false] {
        let sending = Sending::start(&[("smtp.tls", "starttls")]).await;
        if offers {
            sending.smtp.offer_starttls();
        }
        sending.ask(mail()).await;
        sending.app.run_jobs().await;
        assert_eq!(sending.smtp.connections(), 1);
        assert!(sending.smtp.taken().is_empty() && sending.ends().is_empty());
    }
}

#[tokio::test]
async fn without_a_mail_server_mails_end_at_once() {
    let sending = Sending::start(&[("smtp.host", "")]).await;
    sending.ask(mail()).await;
    sending.app.run_jobs().await;
    assert_eq!(sending.ends(), [End::Failed]);
    assert_eq!(sending.smtp.connections(), 0);
}

#[tokio::test]
async fn a_test_mail_says_what_is_wrong() {
    let sending = Sending::start(&[]).await;
    let (mail, now) = (&sending.app.app.mail, sending.app.app.now());
    let test = || mail.send_test("ada@example.com", "http://hark.example.com", "test", now);
    test().await.unwrap();
    assert_eq!(
        sending.smtp.taken()[0].header("Message-ID").unwrap(),
        "<test@example.com>"
    );
    sending.smtp.answer("RCPT", "550 not here");
    let error = test().await.unwrap_err().to_string();
    assert!(error.contains("not here"), "{error}");
}
