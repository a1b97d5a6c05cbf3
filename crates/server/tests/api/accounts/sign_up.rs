//! `POST /v3/users`, `/verify` and `/resend`.

use serde_json::{Value, json};
use server::accounts::sign_up::{
    self, ATTEMPTS_MAX, LASTS_MS, MAIL_PAUSE_MS, MAILS_MAX, PER_ADDRESS_MAX,
};

use crate::support::{Answer, Call, Mailing, OWNER, PASSWORD, TestApp};

const NEW: &str = "new@example.com";

async fn open() -> Mailing {
    Mailing::start(&[("accounts.sign_up", "true")]).await
}

async fn post(app: &TestApp, path: &str, body: Value) -> Answer {
    app.send(Call::post(path).json(&body)).await
}

async fn sign_up(app: &TestApp, email: &str, password: &str) -> Value {
    let body = json!({"email": email, "password": password, "name": "Ada"});
    post(app, "/v3/users", body).await.ok()
}

async fn verify(app: &TestApp, email: &str, code: &str) -> Answer {
    let body = json!({"email": email, "code": code});
    post(app, "/v3/users/verify", body).await
}

async fn resend(app: &TestApp, signed_up: &Value) -> Answer {
    post(app, "/v3/users/resend", json!({"id": signed_up["id"]})).await
}

/// The codes that were sent to an address, oldest first.
async fn codes(mailing: &Mailing, email: &str) -> Vec<String> {
    let mails = mailing.mails().await;
    let to = mails.iter().filter(|mail| mail.to == [email]);
    let code = to.filter_map(|mail| {
        let subject = mail.header("Subject").unwrap();
        let (code, _) = subject.split_once(" is your code")?;
        assert!(mail.part("text/plain").unwrap().contains(code));
        Some(code.to_owned())
    });
    code.collect()
}

fn other_than(code: &str) -> &str {
    if code == "000000" { "000001" } else { "000000" }
}

fn is_wrong(answer: &Answer) -> bool {
    answer.error() == (422, "wrong_code".into())
}

#[tokio::test]
async fn a_code_by_mail_makes_the_account() {
    let mailing = open().await;
    let app = &mailing.app;
    let made = sign_up(app, " New@Example.com ", PASSWORD).await;
    let shown = json!([made["email"], made["firstName"], made["confirmed"]]);
    assert_eq!(shown, json!(["New@Example.com", "Ada", false]));
    let login = json!({"email": NEW, "password": PASSWORD});
    assert_eq!(
        post(app, "/v3/auth/login", login).await.status,
        401,
        "not yet"
    );
    let code = codes(&mailing, "New@Example.com").await.remove(0);
    assert_eq!(code.len(), 6);
    assert!(is_wrong(&verify(app, NEW, other_than(&code)).await));
    let signed_in = verify(app, NEW, &format!(" {code} ")).await.ok();
    let token = signed_in["token"].as_str().unwrap();
    let me = app.send(Call::get("/v3/users/me").bearer(token)).await.ok();
    assert_eq!(
        json!([me["email"], me["firstName"], me["confirmed"]]),
        json!(["New@Example.com", "Ada", true])
    );
    let projects = app.send(Call::get("/v3/projects").bearer(token)).await;
    assert_eq!(projects.ok(), json!([]), "it opens nothing");
    app.sign_in(NEW).await;
    assert!(is_wrong(&verify(app, NEW, &code).await), "it is used up");
}

#[tokio::test]
async fn nothing_tells_that_an_address_has_an_account() {
    let mailing = open().await;
    let app = &mailing.app;
    let (known, unknown) = (
        sign_up(app, OWNER, "an other password").await,
        sign_up(app, NEW, "an other password").await,
    );
    let names = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&known), names(&unknown));
    assert_eq!(codes(&mailing, OWNER).await, Vec::<String>::new());
    let told = mailing.latest(OWNER).await;
    assert_eq!(
        told.header("Subject").unwrap(),
        "You have an account already"
    );
    let refusals = [
        verify(app, OWNER, "000000").await,
        verify(app, "nobody@example.com", "000000").await,
        verify(app, "no address", "000000").await,
    ];
    for refused in &refusals {
        assert_eq!(refused.told(), refusals[0].told());
    }
    app.sign_in(OWNER).await; // with its own password still
    app.clock.advance_ms(MAIL_PAUSE_MS);
    let nobody = json!({"id": "6650f0c2a1b2c3d4e5f60718"});
    for answer in [resend(app, &known).await, resend(app, &nobody).await] {
        assert_eq!(answer.ok(), json!(true));
    }
}

#[tokio::test]
async fn a_code_can_be_tried_so_often() {
    let mailing = open().await;
    let app = &mailing.app;
    let made = sign_up(app, NEW, PASSWORD).await;
    let code = codes(&mailing, NEW).await.remove(0);
    for _ in 0..ATTEMPTS_MAX {
        assert!(is_wrong(&verify(app, NEW, other_than(&code)).await));
    }
    assert!(is_wrong(&verify(app, NEW, &code).await), "one too many");
    app.clock.advance_ms(MAIL_PAUSE_MS);
    resend(app, &made).await.ok();
    let another = codes(&mailing, NEW).await.pop().unwrap();
    assert!(is_wrong(&verify(app, NEW, &code).await) || code == another);
    for _ in 0..ATTEMPTS_MAX - 2 {
        assert!(is_wrong(&verify(app, NEW, other_than(&another)).await));
    }
    verify(app, NEW, &another).await.ok();
}

#[tokio::test]
async fn attempts_at_once_are_counted_too() {
    let mailing = open().await;
    let app = &mailing.app;
    sign_up(app, NEW, PASSWORD).await;
    let code = codes(&mailing, NEW).await.remove(0);
    let wrong = other_than(&code);
    let attempts = (0..ATTEMPTS_MAX).map(|_| verify(app, NEW, wrong));
    futures_util::future::join_all(attempts).await;
    assert!(is_wrong(&verify(app, NEW, &code).await));
}

#[tokio::test]
async fn a_sign_up_ends_after_an_hour() {
    for (late_ms, status) in [(-1, 200), (0, 422)] {
        let mailing = open().await;
        let app = &mailing.app;
        sign_up(app, NEW, PASSWORD).await;
        let code = codes(&mailing, NEW).await.remove(0);
        app.clock.advance_ms(LASTS_MS + late_ms);
        assert_eq!(verify(app, NEW, &code).await.status, status);
        let left = sign_up::sweep(&app.app).await.unwrap();
        assert_eq!(left, u64::from(status == 422));
    }
}

#[tokio::test]
async fn mails_are_sent_once_a_minute_and_five_times() {
    let mailing = open().await;
    let app = &mailing.app;
    let made = sign_up(app, NEW, PASSWORD).await;
    app.run_jobs().await;
    let soon = resend(app, &made).await;
    assert_eq!(soon.error(), (429, "too_many_mails".into()));
    assert_eq!(soon.header("retry-after"), "60");
    for _ in 1..MAILS_MAX {
        app.clock.advance_ms(MAIL_PAUSE_MS - 1);
        assert_eq!(resend(app, &made).await.status, 429);
        app.clock.advance_ms(1);
        resend(app, &made).await.ok();
        app.run_jobs().await;
    }
    app.clock.advance_ms(MAIL_PAUSE_MS);
    assert_eq!(resend(app, &made).await.status, 429);
    assert_eq!(codes(&mailing, NEW).await.len(), MAILS_MAX as usize);
}

#[tokio::test]
async fn a_code_proves_the_sign_up_that_it_was_sent_for() {
    let mailing = open().await;
    let app = &mailing.app;
    let mut made = Vec::new();
    for n in 0..=PER_ADDRESS_MAX {
        made.push(sign_up(app, NEW, &format!("the password {n}")).await);
        app.run_jobs().await;
    }
    let codes = codes(&mailing, NEW).await;
    assert_eq!(codes.len(), PER_ADDRESS_MAX, "of more nothing is said");
    let body = json!({"email": NEW, "code": codes[1], "id": made[0]["id"]});
    let of_another = post(app, "/v3/users/verify", body).await;
    assert!(is_wrong(&of_another) || codes[0] == codes[1]);
    let body = json!({"email": NEW, "code": codes[1], "id": made[1]["id"]});
    post(app, "/v3/users/verify", body).await.ok();
    let login = |n: usize| {
        let body = json!({"email": NEW, "password": format!("the password {n}")});
        post(app, "/v3/auth/login", body)
    };
    assert_eq!([login(0).await.status, login(1).await.status], [401, 200]);
    assert!(
        is_wrong(&verify(app, NEW, &codes[2]).await),
        "the others ended with it"
    );
}

#[tokio::test]
async fn every_fault_is_named() {
    let mailing = open().await;
    let app = &mailing.app;
    let body = json!({"email": "nobody", "password": PASSWORD, "name": "x".repeat(201)});
    let refused = post(app, "/v3/users", body).await;
    assert_eq!(refused.error(), (422, "invalid_account".into()));
    let faults = refused.faults();
    assert!(faults[0].starts_with("email: ") && faults[1].starts_with("name: "));
    for (password, name, status) in [("short", "x", 422), ("long enough", &*"x".repeat(200), 200)] {
        let body = json!({"email": NEW, "password": password, "name": name});
        assert_eq!(post(app, "/v3/users", body).await.status, status);
    }
}

#[tokio::test]
async fn nobody_signs_up_unless_the_operator_wants_it() {
    let app = TestApp::new().await;
    for email in [NEW, OWNER] {
        let body = json!({"email": email, "password": PASSWORD});
        let refused = post(&app, "/v3/users", body).await;
        assert_eq!(refused.error(), (403, "sign_up_closed".into()));
    }
}
