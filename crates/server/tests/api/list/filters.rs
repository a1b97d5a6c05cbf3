//! The grammar of conditions, from end to end.

use super::{five, user_ids, users};

#[tokio::test]
async fn conditions_choose_sessions() {
    let app = five().await;
    let day = |n: i64| app.clock.at((n - 5) * 86_400_000);
    let (second, third) = (day(1), day(2));
    let cases: Vec<(String, &str)> = [
        ("userId=a", "a"),
        ("userId=A", ""),
        ("plan=pro", "a"),
        ("plan=pro,free", "ba"),
        ("plan=pro&plan=free", "ba"),
        ("plan[]=pro&plan[]=free", "ba"),
        ("plan!=pro", "edcb"),
        ("plan!=pro,free", "edc"),
        ("email=ada@example.com", "a"),
        ("email", "cba"),
        ("!email", "ed"),
        ("phone", "d"),
        ("phone=+4315331234", "d"),
        ("lang=de", "d"),
        ("lang=en", "ecba"),
        ("value=20", "b"),
        ("value>10", "b"),
        ("value>=10", "ba"),
        ("value<10", "edc"),
        ("value<=10", "edca"),
        ("value>=10&value<20", "a"),
        ("value=-1", "c"),
        ("customData.seats=5", "ca"),
        ("customData.seats>5", "b"),
        ("customData.vip=true", "a"),
        ("customData.vip=false", "b"),
        ("customData.vip!=true", "edcb"),
        ("customData.deep.er=1", "c"),
        ("customData.deep", "c"),
        ("customData", "cba"),
        ("customData.nothing", ""),
        ("!customData.vip", "edc"),
        ("blocked=false", "edcba"),
        ("blocked=true", ""),
        ("fields=email&populate=x", "edcba"),
        ("nothing=here", ""),
        ("filter={}", "edcba"),
        (r#"filter={"plan":"pro"}"#, "a"),
        (
            r#"filter={"$or":[{"plan":"pro"},{"value":{"$gt":15}}]}"#,
            "ba",
        ),
        (r#"filter={"plan":{"$nin":["pro","free"]}}"#, "edc"),
        (r#"filter={"email":{"$exists":false}}"#, "ed"),
        (r#"filter={"$not":{"plan":"pro"}}&value>0"#, "b"),
        (r#"filter={"customData.seats":5}"#, "a"),
    ]
    .into_iter()
    .map(|(raw, expected)| (raw.to_owned(), expected))
    .chain([
        (format!("createdAt>={third}"), "edc"),
        (format!("createdAt>{third}"), "ed"),
        (format!("createdAt<{third}"), "ba"),
        (format!("createdAt={third}"), "c"),
        (format!("createdAt>={second}&createdAt<={third}"), "cb"),
        (format!("lastActivity<{second}"), "a"),
        (format!("createdAt<{}", &second[..10]), "a"),
    ])
    .collect();
    for (raw, expected) in cases {
        assert_eq!(users(&app, &raw).await.concat(), expected, "{raw}");
    }
}

#[tokio::test]
async fn values_may_hold_the_signs_of_the_grammar() {
    let app = five().await;
    for path in [
        "name=%C3%9Cn%C3%AFcode+%26+co+%3D+100%25",
        "name=%c3%9cn%c3%afcode%20%26%20co%20=%20100%25",
    ] {
        let found = app.get(&format!("/v3/sessions?{path}")).await.ok();
        assert_eq!(user_ids(&found), ["e"], "{path}");
    }
}

#[tokio::test]
async fn ids_are_conditions_too() {
    let app = five().await;
    let session = app.session("b").await;
    let id = session["_id"].as_str().unwrap();
    for name in ["_id", "id"] {
        assert_eq!(users(&app, &format!("{name}={id}")).await, ["b"], "{name}");
        assert_eq!(
            users(&app, &format!("{name}>{id}")).await,
            ["e", "d", "c"],
            "{name}"
        );
    }
    let gleap = session["gleapId"].as_str().unwrap();
    assert_eq!(users(&app, &format!("gleapId={gleap}")).await, ["b"]);
}

#[tokio::test]
async fn events_are_conditions_too() {
    let app = five().await;
    let event =
        |user: &str, n: u32| serde_json::json!({"userId": user, "name": "paid", "data": {"n": n}});
    app.track(serde_json::json!([
        event("a", 1),
        event("a", 2),
        event("b", 1)
    ]))
    .await
    .ok();
    assert_eq!(users(&app, "eventData.paid").await, ["b", "a"]);
    assert_eq!(users(&app, "eventData.paid.count>1").await, ["a"]);
    assert_eq!(users(&app, "eventData.paid.lastData.n=2").await, ["a"]);
}
