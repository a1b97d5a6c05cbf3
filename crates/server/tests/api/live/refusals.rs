//! Who is let in.

use super::{guest, join, nothing_new};
use crate::support::{Call, Credential, Live, Runs, Socket, TestApp};

async fn refusal(live: &Live, uri: &str) -> u16 {
    match Socket::open(live, uri, Runs::InPage).await {
        Ok(_) => 101,
        Err(status) => status,
    }
}

#[tokio::test]
async fn both_paths_let_a_session_in() {
    let app = TestApp::new().await;
    let (_, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    for path in ["/ws", "/"] {
        for runs in [Runs::InPage, Runs::InApp] {
            let mut socket = Socket::open(&live, &credential.at(path), runs)
                .await
                .unwrap();
            assert_eq!(socket.frame().await, nothing_new());
        }
    }
}

#[tokio::test]
async fn the_order_of_the_query_does_not_matter_nor_what_else_is_in_it() {
    let app = TestApp::new().await;
    let (_, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let Credential {
        gleap_id,
        gleap_hash,
        sdk_key,
    } = &credential;
    let uri = format!("/ws?x&apiKey={sdk_key}&y=&gleapHash={gleap_hash}&gleapId={gleap_id}");
    assert_eq!(refusal(&live, &uri).await, 101);
}

#[tokio::test]
async fn words_for_nothing_open_nothing() {
    let app = TestApp::new().await;
    let (_, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    for nothing in ["", "null", "undefined"] {
        let mut other = credential.clone();
        other.gleap_id = nothing.into();
        assert_eq!(refusal(&live, &other.at("/ws")).await, 401);
        other = credential.clone();
        other.gleap_hash = nothing.into();
        assert_eq!(refusal(&live, &other.at("/")).await, 401);
        other = credential.clone();
        other.sdk_key = nothing.into();
        assert_eq!(refusal(&live, &other.at("/ws")).await, 401);
    }
    for uri in ["/ws", "/", "/ws?", "/ws?gleapId&gleapHash&apiKey"] {
        assert_eq!(refusal(&live, uri).await, 401, "{uri}");
    }
}

#[tokio::test]
async fn wrong_and_foreign_credentials_open_nothing() {
    let app = TestApp::new().await;
    let (_, credential) = guest(&app, "Ada").await;
    let (_, other) = guest(&app, "Grace").await;
    let live = app.live().await;
    let wrong = |change: &dyn Fn(&mut Credential)| {
        let mut wrong = credential.clone();
        change(&mut wrong);
        wrong.at("/ws")
    };
    let accounts = &app.accounts;
    for (what, uri) in [
        ("an unknown id", wrong(&|it| it.gleap_id.push('x'))),
        ("a wrong hash", wrong(&|it| it.gleap_hash.push('x'))),
        (
            "another's hash",
            wrong(&|it| it.gleap_hash = other.gleap_hash.clone()),
        ),
        ("an unknown key", wrong(&|it| it.sdk_key.push('x'))),
        (
            "the key of another project",
            wrong(&|it| it.sdk_key = accounts.sister.sdk_key.clone()),
        ),
        (
            "the key of a foreign project",
            wrong(&|it| it.sdk_key = accounts.foreign.sdk_key.clone()),
        ),
        (
            "a secret token as key",
            wrong(&|it| it.sdk_key = accounts.first.api_token.clone()),
        ),
    ] {
        assert_eq!(refusal(&live, &uri).await, 401, "{what}");
    }
    assert_eq!(refusal(&live, &credential.at("/ws")).await, 101);
}

#[tokio::test]
async fn the_credential_of_a_merged_guest_opens_the_user() {
    let app = TestApp::new().await;
    let (gone, old) = guest(&app, "Guest").await;
    let (survivor, _) = guest(&app, "User").await;
    join(&app, survivor, gone).await;
    let live = app.live().await;
    let mut socket = Socket::page(&live, &old).await;
    assert_eq!(socket.frame().await, nothing_new());
    super::set_unread(&app, survivor, 4).await;
    assert_eq!(socket.frame().await["data"]["u"], 4);
    let mut forged = old.clone();
    forged.gleap_hash.push('x');
    assert_eq!(refusal(&live, &forged.at("/ws")).await, 401);
}

#[tokio::test]
async fn what_is_no_upgrade_is_told_so() {
    let app = TestApp::new().await;
    let (_, credential) = guest(&app, "Ada").await;
    for path in ["/ws", "/"] {
        for uri in [path.to_owned(), credential.at(path)] {
            let answer = app.send(Call::get(&uri)).await;
            assert_eq!(answer.error(), (426, "upgrade_required".into()));
            assert_eq!(answer.header("upgrade"), "websocket");
        }
        let post = app.send(Call::post(path)).await;
        assert_eq!(post.status, 405);
    }
    let live = app.live().await;
    let request = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n";
    assert_eq!(
        live.send(request).await.error(),
        (426, "upgrade_required".into())
    );
}
