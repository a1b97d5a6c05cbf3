//! The two engines and memory give the same answer.

mod engines;
mod strategies;

use std::collections::HashSet;

use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;

use super::*;
use crate::{IndexState, Value};
use engines::{Postgres, Sqlite};
use strategies::{THINGS, Thing};

fn path(text: &str) -> FieldPath {
    FieldPath::parse(text).unwrap()
}

fn text_of(filter: &Filter, dialect: Dialect) -> String {
    let mut sql = Sql::default();
    compile(filter, &THINGS, &[], dialect, "t", &mut sql);
    sql.text
}

#[test]
fn engines_and_memory_agree() {
    let sqlite = Sqlite::open();
    let postgres = Postgres::open();
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = (
        proptest::collection::vec(strategies::thing(), 1..8),
        proptest::collection::vec(strategies::filter(), 1..8),
    );
    let result = runner.run(&strategy, |(mut things, filters)| {
        let mut ids = HashSet::new();
        things.retain(|thing| ids.insert(thing.id));
        sqlite.fill(&things);
        postgres.iter().for_each(|postgres| postgres.fill(&things));
        for (filter, indexes) in filters.iter().flat_map(|filter| {
            let states = [
                IndexState::Ready,
                IndexState::Building,
                IndexState::Dropping,
            ];
            states.map(|state| (filter, strategies::indexes(state)))
        }) {
            let expected: Vec<_> = things
                .iter()
                .map(|thing| Some(matches(filter, &thing.shown())))
                .collect();
            let same = |engine: &str, answer: Vec<Option<bool>>| {
                if answer == expected {
                    Ok(())
                } else {
                    Err(TestCaseError::fail(format!(
                        "{engine}: {answer:?}, memory: {expected:?}: {filter:?} with {indexes:?}"
                    )))
                }
            };
            same("SQLite", sqlite.answer_with(filter, &indexes))?;
            if let Some(postgres) = &postgres {
                same("PostgreSQL", postgres.answer_with(filter, &indexes))?;
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn a_filter_finds_what_it_names() {
    let engine = Sqlite::open();
    let things: Vec<_> = [
        json!("pro"),
        json!(["free", "pro"]),
        json!("free"),
        json!(null),
        json!(7),
    ]
    .map(|plan| Thing {
        custom_data: json!({ "plan": plan }),
        ..Thing::default()
    })
    .into();
    engine.fill(&things);
    let answer = |filter: Filter| {
        engine
            .answer(&filter)
            .into_iter()
            .map(Option::unwrap)
            .collect::<Vec<_>>()
    };
    let plan = || path("customData.plan");
    assert_eq!(
        answer(Filter::Eq(plan(), Scalar::Text("pro".into()))),
        [true, true, false, false, false]
    );
    assert_eq!(
        answer(Filter::Not(Box::new(Filter::Exists(plan())))),
        [false, false, false, true, false]
    );
    assert_eq!(
        answer(Filter::Prefix(plan(), "p".into())),
        [true, true, false, false, false]
    );
    let above = Filter::Range {
        field: plan(),
        op: RangeOp::Gt,
        value: Scalar::Int(6),
    };
    assert_eq!(answer(above), [false, false, false, false, true]);
}

#[test]
fn whole_numbers_compare_as_doubles() {
    const EXACT: i64 = 1 << 53;
    let engine = Sqlite::open();
    let thing = Thing {
        visits: Some(EXACT + 1),
        custom_data: json!({ "a": EXACT + 1 }),
        ..Thing::default()
    };
    engine.fill(std::slice::from_ref(&thing));
    for at in ["visits", "customData.a"] {
        let equal = Filter::Eq(path(at), Scalar::Int(EXACT));
        assert_eq!(engine.answer(&equal), [Some(true)], "{at}");
        assert!(matches(&equal, &thing.shown()), "{at}");
        let less = Filter::Eq(path(at), Scalar::Int(EXACT - 1));
        assert_eq!(engine.answer(&less), [Some(false)], "{at}");
    }
}

#[test]
fn text_meets_instants_in_their_written_form() {
    let engine = Sqlite::open();
    let things = [0, 1, 2].map(|n| Thing {
        created_at: Millis(1_769_846_700_122 + n),
        ..Thing::default()
    });
    engine.fill(&things);
    for text in [
        "2026-01-31T08:05:00.123Z",
        "2026-01-31T08:05:00.1235Z",
        "2026-01-31T08:05:00.123",
        "2026-01-31T10:05:00.123+02:00",
        "2026-01-31T08:05:00.124Z0",
        "2026-01-31",
        "",
        "9",
    ] {
        let created = || path("createdAt");
        let value = || Scalar::Text(text.into());
        let ranges = [RangeOp::Gt, RangeOp::Ge, RangeOp::Lt, RangeOp::Le].map(|op| Filter::Range {
            field: created(),
            op,
            value: value(),
        });
        for filter in ranges.into_iter().chain([Filter::Eq(created(), value())]) {
            let expected = things
                .each_ref()
                .map(|thing| Some(matches(&filter, &thing.shown())));
            assert_eq!(engine.answer(&filter), expected, "{filter:?}");
        }
    }
}

#[test]
fn readings_of_one_value_are_bound_once() {
    let at = Millis(1_769_846_700_123);
    let readings = vec![Scalar::Instant(at), Scalar::Text(at.to_string())];
    let text = text_of(&Filter::In(path("seenAt"), readings), Dialect::Postgres);
    assert_eq!(text, "(t.seen_at IS NOT NULL AND t.seen_at = $1)");
}

#[test]
fn keys_are_no_syntax() {
    let engine = Sqlite::open();
    for key in ["it is [0] of $", "a-b", "#", "*", "ß", "-> x"] {
        engine.fill(&[Thing {
            custom_data: json!({ key: 1 }),
            ..Thing::default()
        }]);
        let filter = Filter::Exists(path(&format!("customData.{key}")));
        assert_eq!(engine.answer(&filter), [Some(true)], "{key}");
    }
}

#[test]
fn indexes_serve_promoted_columns() {
    let engine = Sqlite::open();
    let seen_after = Filter::Range {
        field: path("seenAt"),
        op: RangeOp::Gt,
        value: Scalar::Instant(Millis(0)),
    };
    for (filter, index) in [
        (
            Filter::Eq(path("name"), Scalar::Text("a".into())),
            "thing_name",
        ),
        (
            Filter::In(path("name"), vec![Scalar::Int(5), Scalar::Text("5".into())]),
            "thing_name",
        ),
        (Filter::Prefix(path("name"), "a".into()), "thing_name"),
        (Filter::Eq(path("name"), Scalar::Null), "thing_name"),
        (seen_after, "thing_seen_at"),
    ] {
        let plan = engine.plan(&filter);
        assert!(
            plan.contains(&format!("USING INDEX {index}")),
            "{plan}: {}",
            text_of(&filter, Dialect::Sqlite)
        );
    }
}

/// What is opened of a document costs far more than a look into an index.
#[test]
fn an_index_that_is_ready_answers_for_the_document() {
    let ready = strategies::indexes(IndexState::Ready);
    let building = strategies::indexes(IndexState::Building);
    let filter = Filter::Eq(path("customData.a"), Scalar::Int(5));
    let long = Filter::Eq(path("customData.a"), Scalar::Text("k".repeat(256)));
    for (filter, indexes, opens) in [
        (&filter, &ready, false),
        (&filter, &building, true),
        (&long, &ready, true),
        (&Filter::Not(Box::new(filter.clone())), &ready, false),
        (
            &Filter::Contains(path("customData.a"), "a".into()),
            &ready,
            true,
        ),
    ] {
        assert_eq!(
            opens_documents(filter, &THINGS, indexes),
            opens,
            "{filter:?}"
        );
        let mut sql = Sql::default();
        compile(filter, &THINGS, indexes, Dialect::Sqlite, "t", &mut sql);
        assert_eq!(sql.text.contains("doc_json"), opens, "{}", sql.text);
    }
}

#[test]
fn values_are_bound_in_the_order_of_their_numbers() {
    let filter = Filter::And(vec![
        Filter::Eq(path("name"), Scalar::Text("'; DROP TABLE thing; --".into())),
        Filter::In(
            path("customData.plan"),
            vec![Scalar::Int(5), Scalar::Text("5".into())],
        ),
    ]);
    let mut sql = Sql::default();
    sql.bind(Value::Int(1));
    compile(&filter, &THINGS, &[], Dialect::Sqlite, "t", &mut sql);
    let numbers: Vec<usize> = sql
        .text
        .split('$')
        .skip(1)
        .map(|rest| {
            rest.split(|c: char| !c.is_ascii_digit())
                .next()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert_eq!(numbers, (1..=sql.binds.len()).collect::<Vec<_>>());
    assert!(!sql.text.contains("DROP"));
}
