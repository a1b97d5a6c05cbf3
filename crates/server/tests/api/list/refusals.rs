//! Queries outside the grammar: 400, naming the parameter.

use super::{five, list};
use crate::support::{Call, TestApp};

#[tokio::test]
async fn the_parameter_at_fault_is_named() {
    let app = five().await;
    let many = vec!["x"; 101].join(",");
    let conditions = (0..65)
        .map(|n| format!("x{n}=1"))
        .collect::<Vec<_>>()
        .join("&");
    for (raw, parameter) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=1e3", "limit"),
        ("limit=", "limit"),
        ("limit=ten", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit>=5", "limit"),
        ("limit", "limit"),
        ("skip=-1", "skip"),
        ("skip=4294967296", "skip"),
        ("skip=x", "skip"),
        ("sort!=email", "sort"),
        ("withCount=yes", "withCount"),
        ("filter=", "filter"),
        ("filter=[]", "filter"),
        ("filter={", "filter"),
        ("filter=null", "filter"),
        (r#"filter={"$where":"1"}"#, "filter"),
        (r#"filter={"a":{"$regex":"x"}}"#, "filter"),
        (r#"filter={"a":{"b":1}}"#, "filter"),
        (r#"filter={"$or":[]}"#, "filter"),
        (r#"filter={"$or":5}"#, "filter"),
        (r#"filter={"a":{"$in":5}}"#, "filter"),
        (r#"filter={"a":{"$gt":true}}"#, "filter"),
        (r#"filter={"a":"\u0000"}"#, "filter"),
        ("value>=", "value"),
        ("value>", "value"),
        ("$where=1", "$where"),
        ("a..b=1", "a..b"),
        ("=1", ""),
        (".a=1", ".a"),
        ("a.=1", "a."),
        ("a'b=1", "a'b"),
        ("a\"b=1", "a\"b"),
        (&format!("plan={many}"), "plan"),
        (&conditions, "x64"),
    ] {
        let answer = list(&app, raw).await;
        assert_eq!(answer.error(), (400, "invalid_query".into()), "{raw}");
        let named = format!("query parameter `{parameter}`: ");
        assert!(
            answer.faults()[0].starts_with(&named),
            "{raw}: {:?}",
            answer.faults()
        );
    }
}

#[tokio::test]
async fn an_order_that_is_none_names_those_that_are() {
    let app = five().await;
    for sort in [
        "name",
        "-customData.seats",
        "nothing",
        "--email",
        "email;",
        "email desc",
    ] {
        let answer = list(&app, &format!("sort={sort}")).await;
        assert_eq!(answer.error(), (400, "invalid_query".into()), "{sort}");
    }
    let answer = list(&app, "sort=name").await;
    for order in ["lastActivity", "createdAt", "email"] {
        assert!(answer.text().contains(order), "{}", answer.text());
    }
    assert!(answer.text().contains("sort"), "{}", answer.text());
}

#[tokio::test]
async fn what_is_no_text_is_refused() {
    let app = TestApp::new().await;
    for raw in [
        "plan=%ff",
        "%ff=1",
        "plan=a%00b",
        "%00=1",
        "filter=%c0%af",
        "sort=%00",
        "limit=%00",
        "cursor=%ff",
    ] {
        let answer = app.get(&format!("/v3/sessions?{raw}")).await;
        assert_eq!(answer.error(), (400, "invalid_query".into()), "{raw}");
    }
}

#[tokio::test]
async fn deep_and_large_filters_are_refused() {
    let app = TestApp::new().await;
    let nested = |depth: usize| {
        format!(
            "filter={}{{}}{}",
            r#"{"$not":"#.repeat(depth),
            "}".repeat(depth)
        )
    };
    assert_eq!(list(&app, &nested(8)).await.status, 200);
    assert_eq!(
        list(&app, &nested(9)).await.error(),
        (400, "invalid_query".into())
    );
    // As deep as a URL can be, which no recursion must follow.
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"{"$or":["#, "]}")] {
        let depth = 6000 / (open.len() + close.len());
        let raw = format!("filter={}1{}", open.repeat(depth), close.repeat(depth));
        let path = format!(
            "/v3/sessions?{}",
            raw.replace('"', "%22")
                .replace('{', "%7B")
                .replace('}', "%7D")
        );
        let call = app.owner(Call::get(&path[..path.len().min(8190)]));
        assert!(matches!(app.send(call).await.error(), (400, _)), "{open}");
    }
}

#[tokio::test]
async fn a_list_needs_a_member() {
    let app = TestApp::new().await;
    assert_eq!(
        app.send(Call::get("/v3/sessions?limit=0")).await.status,
        401,
        "who you are comes first"
    );
}
