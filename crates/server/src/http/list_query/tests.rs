use proptest::prelude::*;
use serde_json::json;
use store::filter::{RangeOp, matches};
use store::{Millis, ObjectId};

use super::*;

fn parse(raw: &str) -> ListQuery {
    ListQuery::parse(raw, &["searchTerm"]).unwrap()
}

fn refusal(raw: &str) -> BadQuery {
    ListQuery::parse(raw, &[]).unwrap_err()
}

fn path(text: &str) -> FieldPath {
    FieldPath::parse(text).unwrap()
}

fn text(text: &str) -> Scalar {
    Scalar::Text(text.into())
}

/// Which of the documents, by number, a query finds.
fn found(raw: &str, documents: &[serde_json::Value]) -> Vec<usize> {
    let filter = parse(raw).filter;
    (0..documents.len())
        .filter(|n| matches(&filter, &documents[*n]))
        .collect()
}

#[test]
fn an_empty_query_asks_for_the_first_page_of_all() {
    assert_eq!(parse(""), ListQuery::default());
    assert_eq!(
        parse("&&filter=%7B%7D&searchTerm=x&fields=name&populate=session"),
        ListQuery::default()
    );
}

#[test]
fn pages_and_order() {
    let query =
        parse("limit=50&skip=100&sort=-createdAt,customData.plan&withCount=true&cursor=abc%3D");
    let sort = [("createdAt", true), ("customData.plan", false)].map(|(path, descending)| Sort {
        path: path.into(),
        descending,
    });
    assert_eq!(query.sort, sort);
    assert_eq!(
        (
            query.limit,
            query.skip,
            query.with_count,
            query.cursor.as_deref()
        ),
        (50, 100, true, Some("abc="))
    );
    assert!(parse("withCount").with_count && !parse("withCount=false").with_count);
}

#[test]
fn values_have_every_type_that_they_may_have() {
    let id = "65500000010203040506070f";
    for (value, typed) in [
        ("5", Some(Scalar::Int(5))),
        ("-0.5", Some(Scalar::Real(-0.5))),
        ("true", Some(Scalar::Bool(true))),
        ("null", Some(Scalar::Null)),
        (
            "2026-01-31",
            Millis::parse("2026-01-31").map(Scalar::Instant),
        ),
        (
            "2026-01-31T10:00:00+02:00",
            Millis::parse("2026-01-31T08:00:00Z").map(Scalar::Instant),
        ),
        (id, id.parse::<ObjectId>().ok().map(Scalar::Id)),
    ] {
        let encoded = value.replace('+', "%2B");
        let expected = Filter::In(path("x"), typed.into_iter().chain([text(value)]).collect());
        assert_eq!(parse(&format!("x={encoded}")).filter, expected, "{value}");
    }
    for plain in ["OPEN", "", "007", "1e999", "\"5\"", "[5]", "nan", "inf"] {
        assert_eq!(
            parse(&format!("x={plain}")).filter,
            Filter::Eq(path("x"), text(plain)),
            "{plain}"
        );
    }
}

#[test]
fn commas_and_repetition_are_any_of() {
    let expected = Filter::In(path("type"), vec![text("BUG"), text("IDEA")]);
    for raw in [
        "type=BUG,IDEA",
        "type=BUG%2CIDEA",
        "type=BUG&type=IDEA",
        "type[]=BUG&type[]=IDEA",
    ] {
        assert_eq!(parse(raw).filter, expected, "{raw}");
    }
    assert_eq!(parse("type!=BUG&type!=IDEA").filter, not(expected.clone()));
    assert_eq!(parse("type!=BUG,IDEA").filter, not(expected));
}

#[test]
fn operators_stand_in_the_key_encoded_or_not() {
    let range = |op, value| Filter::Range {
        field: path("value"),
        op,
        value: Scalar::Int(value),
    };
    for (sign, op) in [
        (">", RangeOp::Gt),
        ("<", RangeOp::Lt),
        (">=", RangeOp::Ge),
        ("<=", RangeOp::Le),
    ] {
        let encoded = sign.replace('>', "%3E").replace('<', "%3C");
        for sign in [sign, &encoded, &encoded.replace('=', "%3D")] {
            assert_eq!(
                parse(&format!("value{sign}5")).filter,
                range(op, 5),
                "{sign}"
            );
        }
    }
    assert_eq!(parse("value%3E%3D=5").filter, range(RangeOp::Ge, 5));
    assert_eq!(
        parse("value%21%3D=OPEN").filter,
        not(Filter::Eq(path("value"), text("OPEN")))
    );
    assert_eq!(
        parse("name==a").filter,
        Filter::Eq(path("name"), text("=a"))
    );
}

#[test]
fn names_alone_ask_for_presence() {
    assert_eq!(parse("email").filter, Filter::Exists(path("email")));
    assert_eq!(parse("!email").filter, not(Filter::Exists(path("email"))));
    assert_eq!(parse("%21email").filter, not(Filter::Exists(path("email"))));
}

#[test]
fn dates_bound_instants_and_bare_dates() {
    let documents = [
        "2026-01-30T23:59:59.999Z",
        "2026-01-31T00:00:00.000Z",
        "2026-01-30",
        "2026-01-31",
        "2026-02-01",
    ]
    .map(|at| json!({ "at": at }));
    assert_eq!(found("at>=2026-01-31", &documents), [1, 3, 4]);
    assert_eq!(found("at<2026-01-31", &documents), [0, 2]);
    assert_eq!(found("at>2026-01-31", &documents), [4]);
    assert_eq!(found("at<=2026-01-31", &documents), [0, 1, 2, 3]);
    assert_eq!(
        found("at>=2026-01-31T01:00:00+01:00", &documents),
        [1, 4],
        "`+` arrives as a space"
    );
    assert_eq!(
        found(
            "at>=2026-01-30T00:00:00.000Z&at<=2026-01-30T23:59:59.999Z",
            &documents
        ),
        [0]
    );
}

#[test]
fn filters_are_json() {
    let documents = [
        json!({ "status": "OPEN", "value": 5 }),
        json!({ "status": "DONE", "value": 50, "tags": ["vip"] }),
        json!({ "value": "5" }),
    ];
    for (filter, expected) in [
        (json!({ "status": "OPEN" }), vec![0]),
        (json!({ "value": 5 }), vec![0]),
        (json!({ "value": "5" }), vec![2]),
        (json!({ "value": { "$gt": 1, "$lt": 10 } }), vec![0]),
        (
            json!({ "$or": [{ "tags": "vip" }, { "status": { "$exists": false } }] }),
            vec![1, 2],
        ),
        (
            json!({ "$and": [{ "value": { "$gte": 5 } }, { "value": { "$lte": 5 } }] }),
            vec![0],
        ),
        (
            json!({ "$nor": [{ "status": "OPEN" }, { "status": "DONE" }] }),
            vec![2],
        ),
        (json!({ "status": { "$in": ["OPEN", null] } }), vec![0, 2]),
        (json!({ "status": { "$nin": ["OPEN"] } }), vec![1, 2]),
        (
            json!({ "status": { "$ne": "OPEN" }, "value": { "$not": { "$gt": 10 } } }),
            vec![2],
        ),
        (
            json!({ "$not": { "status": { "$eq": "OPEN" } } }),
            vec![1, 2],
        ),
    ] {
        assert_eq!(
            found(&format!("filter={filter}"), &documents),
            expected,
            "{filter}"
        );
    }
    assert_eq!(
        found(
            "status=OPEN,DONE&filter={\"value\":{\"$gt\":10}}",
            &documents
        ),
        [1]
    );
}

#[test]
fn refusals_name_the_parameter() {
    for (raw, parameter) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit>5", "limit"),
        ("skip=-1", "skip"),
        ("withCount=yes", "withCount"),
        ("sort=a..b", "sort"),
        ("sort=a,b,c,d,e,f,g,h,i", "sort"),
        ("a!b=5", "a!b"),
        ("value>=", "value"),
        ("a..b=5", "a..b"),
        ("$where=1", "$where"),
        ("a=%00", "a"),
        ("a=%ff", "a"),
        ("filter=5", "filter"),
        ("filter={", "filter"),
        ("filter={\"a\":{\"$regex\":\"^x\"}}", "filter"),
        ("filter={\"a\":{\"$near\":1}}", "filter"),
        ("filter={\"$where\":\"1\"}", "filter"),
        ("filter={\"a\":{\"b\":1}}", "filter"),
        ("filter={\"a\":{}}", "filter"),
        ("filter={\"a\":[1]}", "filter"),
        ("filter={\"a\":{\"$in\":1}}", "filter"),
        ("filter={\"a\":{\"$gt\":null}}", "filter"),
        ("filter={\"a\":{\"$exists\":1}}", "filter"),
        ("filter={\"$or\":[]}", "filter"),
        ("filter={\"a\":\"\\u0000\"}", "filter"),
    ] {
        let refused = refusal(raw);
        assert_eq!(refused.parameter, parameter, "{raw}");
        assert!(
            refused.to_string().contains(&refused.message) && refused.message.len() > 10,
            "{raw}"
        );
    }
    assert!(
        refusal("filter={\"a\":{\"$regex\":\"^x\"}}")
            .message
            .contains("regular expression")
    );
}

#[test]
fn limits_hold_at_their_edge() {
    let edge = |most: usize, raw: &dyn Fn(usize) -> String| {
        assert!(ListQuery::parse(&raw(most), &[]).is_ok(), "{most}");
        assert!(ListQuery::parse(&raw(most + 1), &[]).is_err(), "{most} + 1");
    };
    edge(QUERY_BYTES_MAX, &|bytes| {
        format!("a={}", "x".repeat(bytes - 2))
    });
    edge(LIMIT_MAX as usize, &|limit| format!("limit={limit}"));
    edge(CONDITIONS_MAX, &|count| {
        (0..count).map(|n| format!("a{n}=x&")).collect()
    });
    edge(CONDITIONS_MAX, &|count| {
        format!(
            "filter={}",
            json!({ "$or": vec![json!({ "a": 1 }); count] })
        )
    });
    edge(VALUES_MAX, &|count| {
        format!("a={}", vec!["x"; count].join(","))
    });
    edge(VALUES_MAX, &|count| {
        format!("filter={}", json!({ "a": { "$in": vec![1; count] } }))
    });
    edge(DEPTH_MAX, &|depth| {
        format!(
            "filter={}",
            (0..depth).fold(json!({ "a": 1 }), |inner, _| json!({ "$and": [inner] }))
        )
    });
    edge(DEPTH_MAX, &|depth| {
        format!(
            "filter={}",
            json!({ "a": (0..depth).fold(json!({ "$eq": 1 }), |inner, _| json!({ "$not": inner })) })
        )
    });
    edge(SORT_KEYS_MAX, &|count| {
        format!("sort={}", vec!["a"; count].join(","))
    });
}

proptest! {
    #[test]
    fn no_input_panics(raw in prop_oneof![".{0,80}", "([a-z$.!<>=&,%+\\[\\]{}\":0-9-]|limit=|filter=|sort=|%[0-9A-F]{2}|[$](or|not|in|gt)){0,40}"]) {
        let _ = ListQuery::parse(&raw, &["q"]);
    }

    #[test]
    fn no_filter_panics(filter in "[{]\"([a-z]|[$](or|and|not|in|gt|exists|eq))\":([{\\[]?\"[$]?(or|not|in|a)\":){0,3}(1|null|\"x\"|\\[1,\"\"\\]|[{][}])[}\\]]{0,4}") {
        let _ = ListQuery::parse(&format!("filter={filter}"), &[]);
    }

    #[test]
    fn encoding_changes_nothing(key in "[a-z]{1,5}([.][a-z]{1,5})?", sign in "=|!=|>=|<=|>|<", value in "[a-zA-Z0-9 äß@.:-]{1,12}") {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let plain = ListQuery::parse(&format!("{key}{sign}{value}"), &[]);
        prop_assert_eq!(&plain, &ListQuery::parse(&encode(&format!("{key}{sign}{value}")), &[]));
        prop_assert_eq!(&plain, &ListQuery::parse(&format!("{key}{sign}{}", encode(&value)), &[]));
        prop_assert!(plain.is_ok());
    }
}
