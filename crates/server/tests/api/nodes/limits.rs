//! Limits of requests hold for all nodes together.

use server::auth::roles::Role;

use super::minute;
use crate::support::{Accounts, Call, TestApp};

/// Calls both nodes in turn until both refuse; returns how many were allowed.
async fn allowed(nodes: [&TestApp; 2], call: impl Fn() -> Call) -> usize {
    let (mut allowed, mut refused) = (0, [false; 2]);
    for n in (0..).map(|n| n % 2) {
        let answer = nodes[n].send(call()).await;
        refused[n] = answer.status == 429;
        allowed += usize::from(!refused[n]);
        if refused == [true; 2] {
            let wait: u64 = answer.headers["retry-after"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!((1..=60).contains(&wait));
            break;
        }
    }
    allowed
}

/// Each node by itself would allow 60, and more is used than is told by less than a batch of 3 for each.
#[tokio::test]
async fn a_credential_has_one_limit_on_all_nodes() {
    let options = [("limits.v3_requests_per_minute", "60")];
    let one = TestApp::with(&options).await;
    let Some(two) = one.node(&options).await else {
        return;
    };
    // When a minute ends meanwhile, what is allowed begins anew.
    for _ in 0..5 {
        let key = Accounts::key(&one.app, one.project(), Role::Owner, None).await;
        let (project, before) = (one.project(), minute(&one));
        let call = || {
            Call::get("/v3/sessions")
                .bearer(&key.token)
                .project(project)
        };
        let allowed = allowed([&one, &two], call).await;
        if minute(&one) == before {
            assert!((60..=64).contains(&allowed), "{allowed}");
            return;
        }
    }
    panic!("a minute ended each time");
}

/// The smallest limits are told of each use, so they are exact.
#[tokio::test]
async fn attempts_to_sign_in_are_counted_on_all_nodes() {
    let options = [("limits.logins_per_minute", "6")];
    let one = TestApp::with(&options).await;
    let Some(two) = one.node(&options).await else {
        return;
    };
    for round in 0..5 {
        let before = minute(&one);
        let body =
            serde_json::json!({"email": format!("{round}@example.com"), "password": "wrong"});
        let call = || Call::post("/v3/auth/login").json(&body);
        let allowed = allowed([&one, &two], call).await;
        if minute(&one) == before {
            assert_eq!(allowed, 6);
            return;
        }
    }
    panic!("a minute ended each time");
}

#[tokio::test]
async fn what_was_counted_is_forgotten() {
    let one = TestApp::new().await;
    if !one.app.store.is_shared() {
        return;
    }
    one.app.store.count([1; 16], 5).await.unwrap();
    let counted = one.app.store.count([1; 16], 2).await.unwrap().unwrap();
    assert!([2, 7].contains(&counted.number), "{counted:?}");
    assert!(counted.rest.as_secs() < 60);
    super::run(&one, "UPDATE hark_count SET minute = minute - 2");
    one.app.store.forget_counts().await.unwrap();
    assert_eq!(
        super::run(&one, "SELECT count(*)::text FROM hark_count"),
        ["0"]
    );
}
