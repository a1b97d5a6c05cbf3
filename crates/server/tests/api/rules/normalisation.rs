//! However an address is written, it is the same address: for writing, reading, importing and merging.

use serde_json::{Value, json};

use super::{by_id, id, import_rows, listed, searched, upsert};
use crate::blocked::block;
use crate::merge::{guest, post, put, user};
use crate::support::{Call, TestApp, encoded};

/// Ways to write one email address.
const EMAILS: [&str; 5] = [
    "Ada.Lovelace@Example.com",
    "ada.lovelace@example.com",
    "ADA.LOVELACE@EXAMPLE.COM",
    "  ada.lovelace@example.com ",
    "Ada.LOVELACE@example.COM",
];

/// Ways to write one phone number.
const PHONES: [&str; 6] = [
    "+43 1 5331234",
    "+4315331234",
    "0043 1 5331234",
    "+43 (1) 533-12-34",
    "+43.1.533.1234",
    " +43 1 533 1234 ",
];

/// Every call that takes an email address takes it in any case, and means the same session.
#[tokio::test]
async fn case_makes_no_other_email_address() {
    for shown in EMAILS {
        let app = TestApp::new().await;
        let made = user(&app, json!({"userId": "u", "email": shown})).await;
        for (round, other) in EMAILS.into_iter().enumerate() {
            let found = upsert(&app, json!({"email": other, "value": round})).await;
            assert_eq!(id(&found), made, "{shown} as {other}: upsert");
            app.identify(json!({"userId": "u", "email": shown}))
                .await
                .ok();
            let line = import_rows(&app, json!([{"email": other, "plan": "pro"}])).await;
            assert!(line[0].ends_with(&made), "{shown} as {other}: import");
            app.identify(json!({"userId": "u", "email": shown}))
                .await
                .ok();
            assert_eq!(
                listed(&app, "email", other).await,
                [&*made],
                "{shown} as {other}: list"
            );
            assert_eq!(listed(&app, "email!", other).await, [] as [&str; 0]);
            assert_eq!(
                searched(&app, other).await,
                [&*made],
                "{shown} as {other}: search"
            );
            let export = format!("/v3/sessions/export?format=ndjson&email={}", encoded(other));
            assert_eq!(app.get(&export).await.text().lines().count(), 1, "{other}");
            let contacts = json!({"sessions": [{"email": other}]});
            let found = post(&app, "/v3/sessions/unsubscribe", contacts).await.ok();
            assert_eq!(found["found"], 1, "{shown} as {other}: unsubscribe");
            let tickets = format!("/v3/tickets/by-session-query?email={}", encoded(other));
            assert_eq!(app.get(&tickets).await.status, 200, "{other}");
        }
        assert_eq!(app.sessions().await.len(), 1);
        let email = app.session("u").await["email"].clone();
        assert_eq!(email, shown, "it is shown as it was given");
    }
}

/// Letters that look alike are one address, however many signs they are made of.
#[tokio::test]
async fn composed_and_decomposed_letters_are_one_address() {
    let app = TestApp::new().await;
    let (composed, decomposed) = ("z\u{f6}e@example.com", "Zo\u{308}e@example.com");
    let made = upsert(&app, json!({"email": composed})).await;
    assert_eq!(
        id(&upsert(&app, json!({"email": decomposed})).await),
        id(&made)
    );
    assert_eq!(searched(&app, composed).await, [id(&made)]);
    assert_eq!(listed(&app, "email", composed).await, [id(&made)]);
    assert_eq!(app.sessions().await.len(), 1);
}

/// A phone number is taken as people write it, shown so, and compared as what it dials.
#[tokio::test]
async fn a_phone_number_may_be_written_as_people_do() {
    for shown in PHONES {
        let app = TestApp::new().await;
        let line = import_rows(&app, json!([{"phone": shown, "name": "Ada"}]))
            .await
            .remove(0);
        let made = line.rsplit(' ').next().unwrap();
        assert_eq!(by_id(&app, made).await["phone"], shown);
        for other in PHONES {
            let line = import_rows(&app, json!([{"phone": other}])).await.remove(0);
            assert!(line.ends_with(made), "{shown} as {other}: {line}");
            import_rows(&app, json!([{"phone": shown}])).await;
            assert_eq!(searched(&app, other).await, [made], "{shown} as {other}");
            assert_eq!(
                listed(&app, "phone", other).await,
                [made],
                "{shown} as {other}"
            );
        }
        assert_eq!(app.sessions().await.len(), 1);
        // Whoever else says it is told that it is taken, however it is written.
        for (number, other) in PHONES.into_iter().enumerate() {
            let body = json!({"userId": format!("u{number}"), "phone": other});
            let answer = app.identify(body).await;
            assert_eq!(answer.header("hark-not-identifying"), "phone", "{other}");
        }
    }
}

/// Forms of one line that its country changed are one number.
#[tokio::test]
async fn national_forms_of_one_line_are_one_number() {
    for (one, other, stranger) in [
        ("+55 11 91234-5678", "+55 11 1234-5678", "+55 21 91234-5678"),
        (
            "+54 9 11 1234-5678",
            "+54 11 1234-5678",
            "+54 9 11 1234-5679",
        ),
    ] {
        for (first, second) in [(one, other), (other, one)] {
            let app = TestApp::new().await;
            let line = import_rows(&app, json!([{"phone": first}])).await.remove(0);
            let made = line.rsplit(' ').next().unwrap();
            let again = import_rows(&app, json!([{"phone": second, "userId": "u"}])).await;
            assert!(again[0].ends_with(made), "{second} is {first}");
            assert_eq!(app.session("u").await["id"], made);
            assert_eq!(searched(&app, first).await, [made], "{first}");
            let another = import_rows(&app, json!([{"phone": stranger}])).await;
            assert!(another[0].contains("created"), "{stranger}");
        }
    }
}

/// A contact that is known by its address becomes the user of that address, in whatever case the user comes.
#[tokio::test]
async fn a_known_contact_becomes_its_user_in_any_case() {
    for (number, email) in EMAILS.into_iter().enumerate() {
        let app = TestApp::new().await;
        let contact = upsert(&app, json!({"email": EMAILS[0], "name": "Ada"})).await;
        let rows = json!([{"userId": format!("u{number}"), "email": email}]);
        import_rows(&app, rows).await;
        let session = app.session(&format!("u{number}")).await;
        assert_eq!(
            (&session["id"], &session["name"]),
            (&contact["id"], &json!("Ada")),
            "{email}"
        );
        assert_eq!(app.sessions().await.len(), 1);
    }
}

/// Every part of the server compares addresses in the same form: what one has written, all others know.
#[tokio::test]
async fn all_that_compare_addresses_do_so_alike() {
    let ways: [&str; 5] = ["identify", "upsert", "change", "import", "client"];
    for way in ways {
        let app = TestApp::new().await;
        let user_id = json!("u");
        let given =
            json!({"userId": user_id, "email": "ADA@Example.com", "phone": "0043 1 5331234"});
        write(&app, way, &given).await;
        let made = app.session("u").await["id"].as_str().unwrap().to_owned();
        let addresses = [("email", "ada@example.com"), ("phone", "+43 1 533 1234")];
        for (field, value) in addresses {
            assert_eq!(searched(&app, value).await, [&*made], "{way}: {field}");
            assert_eq!(listed(&app, field, value).await, [&*made], "{way}: {field}");
        }
        // A list of values that identify nobody compares in that form too.
        block(&app, &addresses).await.ok();
        let other = json!({"userId": "v", "email": "Ada@EXAMPLE.com", "phone": "+43-1-5331234"});
        let answer = app.identify(other).await;
        assert_eq!(
            answer.header("hark-not-identifying"),
            "email, phone",
            "{way}"
        );
        assert_ne!(
            id(&upsert(&app, json!({"email": "ada@example.com"})).await),
            made,
            "{way}"
        );
    }
}

async fn write(app: &TestApp, way: &str, given: &Value) {
    match way {
        "identify" => drop(app.identify(given.clone()).await.ok()),
        "upsert" => drop(upsert(app, given.clone()).await),
        "import" => drop(import_rows(app, json!([given])).await),
        "change" => {
            let made = user(app, json!({"userId": "u"})).await;
            put(app, &made, given.clone()).await;
        }
        _ => {
            let (_, session) = guest(app).await;
            app.sdk_identify(&session, given.clone()).await;
        }
    }
}

/// Keys of different kinds are different keys, even when they read alike.
#[tokio::test]
async fn kinds_of_keys_are_not_mixed_up() {
    let app = TestApp::new().await;
    let by_name = user(&app, json!({"userId": "ada@example.com"})).await;
    let by_mail = user(&app, json!({"userId": "u", "email": "ada@example.com"})).await;
    let by_digits = user(&app, json!({"userId": "+4315331234"})).await;
    let by_phone = user(&app, json!({"userId": "v", "phone": "+4315331234"})).await;
    let by_id = user(&app, json!({"userId": by_mail})).await;
    for (user_id, expected) in [
        ("ada@example.com", &by_name),
        ("+4315331234", &by_digits),
        (&by_mail, &by_id),
    ] {
        assert_eq!(app.session(user_id).await["id"], **expected, "{user_id}");
    }
    assert_eq!(
        id(&upsert(&app, json!({"email": "ADA@example.com"})).await),
        by_mail
    );
    let line = import_rows(&app, json!([{"phone": "+43 1 5331234"}]))
        .await
        .remove(0);
    assert!(line.ends_with(&by_phone), "{line}");
    let erased = app.server(Call::delete(&format!(
        "/admin/contacts/{}",
        encoded("ada@example.com")
    )));
    assert_eq!(app.send(erased).await.status, 204);
    assert_eq!(
        app.session("u").await["id"],
        by_mail,
        "it was another's name"
    );
}
