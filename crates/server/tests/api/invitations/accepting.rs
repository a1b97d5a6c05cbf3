//! Coming in.

use serde_json::json;
use server::accounts::invitation::{self, MAIL_PAUSE_MS};
use server::auth::roles::Role;

use super::{PROJECTS, accept, answer, invite, invited, look, path, people, secret};
use crate::support::{Accounts, Call, Mailing, OWNER, PASSWORD, TestApp};

const DAY_MS: i64 = 86_400_000;
const NEW: &str = "new@example.com";

#[tokio::test]
async fn somebody_without_an_account_comes_by_the_mail() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    let made = invited(app, "New@Example.com").await;
    assert_eq!(made["email"], "New@Example.com");
    let expected = json!(["First", "agent", "project", app.project().to_string()]);
    assert_eq!(
        json!([made["name"], made["role"], made["type"], made["project"]]),
        expected
    );
    assert_eq!(made["expiresAt"], app.clock.at(7 * DAY_MS));
    let secret = secret(&mailing, "New@Example.com").await;
    let offer = look(app, &secret).await.ok();
    assert_eq!(
        json!([
            offer["id"],
            offer["email"],
            offer["name"],
            offer["hasAccount"]
        ]),
        json!([made["id"], "New@Example.com", "First", false])
    );
    for (name, password, field) in [(" ", PASSWORD, "name"), ("Ada", "short", "password")] {
        let refused = accept(app, &secret, name, password).await;
        assert_eq!(refused.error(), (422, "invalid_account".into()));
        assert!(refused.faults()[0].starts_with(field), "{}", refused.text());
    }
    let signed_in = accept(app, &secret, " Ada ", PASSWORD).await.ok();
    assert_eq!(signed_in["user"]["firstName"], "Ada");
    let token = signed_in["token"].as_str().unwrap();
    let list = Call::get("/v3/tickets")
        .bearer(token)
        .project(app.project());
    assert_eq!(app.send(list).await.status, 200);
    let expected = [(OWNER, "owner"), ("New@Example.com", "agent")];
    assert_eq!(
        people(app).await,
        expected.map(|(a, b)| (a.into(), b.into()))
    );
    app.sign_in(NEW).await;
    for answer in [
        accept(app, &secret, "Ada", PASSWORD).await,
        look(app, &secret).await,
    ] {
        assert_eq!(
            answer.error(),
            (404, "invitation_not_found".into()),
            "it is used up"
        );
    }
    assert_eq!(app.get(PROJECTS).await.ok(), json!([]));
}

#[tokio::test]
async fn somebody_with_an_account_answers_in_it() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    let sister = app.accounts.sister.id;
    Accounts::member(&app.app, sister, NEW, Role::Viewer).await;
    Accounts::member(&app.app, sister, "other@example.com", Role::Viewer).await;
    let (token, other) = (
        app.sign_in(NEW).await,
        app.sign_in("other@example.com").await,
    );
    let made = invited(app, NEW).await;
    let secret = secret(&mailing, NEW).await;
    assert_eq!(look(app, &secret).await.ok()["hasAccount"], true);
    let by_mail = accept(app, &secret, "Eve", "another password").await;
    assert_eq!(by_mail.error(), (409, "account_exists".into()));
    let mine = |token: String| async move {
        app.send(Call::get("/v3/invitations").bearer(&token))
            .await
            .ok()
    };
    assert_eq!(mine(token.clone()).await, json!([made]));
    assert_eq!(mine(other.clone()).await, json!([]));
    assert_eq!(mine(app.accounts.owner_key.clone()).await, json!([]));
    for stranger in [&other, &app.accounts.owner_key] {
        let refused = answer(app, stranger, &made, true).await;
        assert_eq!(refused.error(), (404, "invitation_not_found".into()));
    }
    assert_eq!(answer(app, &token, &made, true).await.ok(), json!(true));
    assert_eq!(people(app).await[1], (NEW.into(), "agent".into()));
    assert_eq!(answer(app, &token, &made, true).await.status, 404);
    assert_eq!(mine(token).await, json!([]));
}

#[tokio::test]
async fn who_declines_stays_out() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    Accounts::member(&app.app, app.accounts.sister.id, NEW, Role::Viewer).await;
    let token = app.sign_in(NEW).await;
    let made = invited(app, NEW).await;
    assert_eq!(answer(app, &token, &made, false).await.ok(), json!(true));
    assert_eq!(people(app).await.len(), 1);
    assert_eq!(answer(app, &token, &made, true).await.status, 404);
}

#[tokio::test]
async fn an_invitation_ends_after_its_days() {
    let mailing = Mailing::start(&[("accounts.invitation_days", "2")]).await;
    let app = &mailing.app;
    Accounts::member(&app.app, app.accounts.sister.id, NEW, Role::Viewer).await;
    let made = invited(app, NEW).await;
    let secret = secret(&mailing, NEW).await;
    app.clock.advance_ms(2 * DAY_MS - 1);
    look(app, &secret).await.ok();
    app.clock.advance_ms(1);
    let token = app.sign_in(NEW).await;
    let role = Call::put(&format!("{}/role", path(&made))).json(&json!({"role": "viewer"}));
    for gone in [
        look(app, &secret).await,
        accept(app, &secret, "Ada", PASSWORD).await,
        answer(app, &token, &made, true).await,
        app.send(app.owner(role)).await,
    ] {
        assert_eq!(gone.error(), (404, "invitation_not_found".into()));
    }
    assert_eq!(app.get(PROJECTS).await.ok(), json!([]));
    let again = invited(app, NEW).await;
    assert_eq!(again["id"], made["id"], "the same, anew");
    app.clock.advance_ms(2 * DAY_MS);
    assert_eq!(invitation::sweep(&app.app).await.unwrap(), 1);
    assert_eq!(invitation::sweep(&app.app).await.unwrap(), 0);
    assert_ne!(invited(app, NEW).await["id"], made["id"]);
}

#[tokio::test]
async fn inviting_again_sends_another_secret_but_not_at_once() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    let made = invited(app, NEW).await;
    let first = secret(&mailing, NEW).await;
    app.clock.advance_ms(MAIL_PAUSE_MS - 1);
    let body = json!({"emails": [" NEW@example.com", NEW], "role": "viewer"});
    let again = invite(app, body.clone()).await.ok();
    assert_eq!(again.as_array().unwrap().len(), 1);
    assert_eq!(
        json!([again[0]["id"], again[0]["role"]]),
        json!([made["id"], "viewer"])
    );
    assert_eq!(mailing.mails().await.len(), 1);
    app.clock.advance_ms(1);
    invite(app, body).await.ok();
    assert_eq!(mailing.mails().await.len(), 2);
    let second = secret(&mailing, "NEW@example.com").await;
    assert_ne!(first, second);
    assert_eq!(look(app, &first).await.status, 404);
    accept(app, &second, "Ada", PASSWORD).await.ok();
    assert_eq!(people(app).await[1].1, "viewer");
}

#[tokio::test]
async fn of_two_who_accept_at_once_one_makes_the_account() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    invited(app, NEW).await;
    let secret = secret(&mailing, NEW).await;
    let both = tokio::join!(
        accept(app, &secret, "One", PASSWORD),
        accept(app, &secret, "Two", PASSWORD)
    );
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!([404, 409].contains(&statuses[1]), "{statuses:?}");
    assert_eq!(people(app).await.len(), 2);
}

#[tokio::test]
async fn a_secret_is_nowhere_in_the_database() {
    let mailing = Mailing::start(&[]).await;
    let app = &mailing.app;
    mailing.smtp.answer("MAIL", "451 later");
    invited(app, NEW).await;
    app.run_jobs().await;
    app.clock.advance_seconds(120);
    let secret = secret(&mailing, NEW).await;
    assert!(
        secret.starts_with("hark_in_") && secret.len() > 40,
        "{secret}"
    );
    for table in ["invitation", "job"] {
        assert!(!rows_of(app, table).await.contains(&secret[8..]), "{table}");
    }
    assert!(rows_of(app, "invitation").await.contains("tokenHash"));
}

/// All documents of a table of the accounts, as text.
async fn rows_of(app: &TestApp, table: &str) -> String {
    use server::accounts::invitation::Invitation;
    use server::jobs::queue::document::QueuedJob;
    let all = store::Query {
        limit: 1000,
        ..store::Query::default()
    };
    let is_invitations = table == "invitation";
    let read = app
        .app
        .store
        .read(server::accounts::SCOPE, move |snapshot| {
            if is_invitations {
                snapshot.page::<Invitation>(&all)
            } else {
                snapshot.page::<QueuedJob>(&all)
            }
        });
    let rows = read.await.unwrap().rows;
    let texts = rows
        .iter()
        .map(|row| String::from_utf8_lossy(&row.json).into_owned());
    texts.collect()
}

#[tokio::test]
async fn mails_speak_the_language_of_the_server() {
    let mailing = Mailing::start(&[("accounts.language", "de")]).await;
    invited(&mailing.app, NEW).await;
    let subject = mailing.latest(NEW).await.header("Subject").unwrap();
    assert!(subject.ends_with("lädt Sie zu First ein"), "{subject}");
}
