//! Documents and filters that meet often: both take their values from the same small pools.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use super::super::{FieldPath, Filter, RangeOp, Scalar};
use crate::{Collection, Column, ColumnKind, DeclaredIndex, IndexState, Millis, ObjectId, Value};

pub const THINGS: Collection = Collection {
    table: "thing",
    columns: &[
        Column {
            name: "name",
            path: "name",
            kind: ColumnKind::Text,
        },
        Column {
            name: "visits",
            path: "visits",
            kind: ColumnKind::Int,
        },
        Column {
            name: "score",
            path: "score",
            kind: ColumnKind::Real,
        },
        Column {
            name: "seen_at",
            path: "seenAt",
            kind: ColumnKind::Instant,
        },
        Column {
            name: "active",
            path: "active",
            kind: ColumnKind::Bool,
        },
        Column {
            name: "owner",
            path: "owner.id",
            kind: ColumnKind::Id,
        },
    ],
    indexes: &[],
    cluster: &[],
    references: &[],
};

/// The paths that an index is declared for.
pub const INDEXED: [&str; 2] = ["customData.a", "customData.it is [0] of $"];

pub fn indexes(state: IndexState) -> Vec<DeclaredIndex> {
    let attributes = (1..).zip(INDEXED);
    // What is not complete has no rows here.
    let number = |n| {
        if state == IndexState::Ready {
            n
        } else {
            n + 100
        }
    };
    attributes
        .map(|(n, path)| DeclaredIndex::for_test("thing_index", number(n), path, state))
        .collect()
}

const PATHS: &[&str] = &[
    "name",
    "visits",
    "score",
    "seenAt",
    "active",
    "owner.id",
    "_id",
    "id",
    "createdAt",
    "updatedAt",
    "customData.a",
    "customData.a.b",
    "customData.a.0",
    "customData.it is [0] of $",
    "customData.it is [0] of $.ß",
    "customData",
    "missing",
];

#[derive(Debug, Clone, Default)]
pub struct Thing {
    pub id: ObjectId,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub name: Option<String>,
    pub visits: Option<i64>,
    pub score: Option<f64>,
    pub seen_at: Option<Millis>,
    pub active: Option<bool>,
    pub owner: Option<ObjectId>,
    pub custom_data: Json,
}

impl Thing {
    /// Without promoted values: who looks for them in the document finds none.
    pub fn stored(&self) -> String {
        json!({ "customData": self.custom_data }).to_string()
    }

    pub fn columns(&self) -> Vec<Value> {
        let name = self.name.as_deref().into();
        let score = self.score.map_or(Value::Null, Value::Real);
        vec![
            self.id.into(),
            self.created_at.into(),
            self.updated_at.into(),
            name,
            self.visits.into(),
            score,
            self.seen_at.into(),
            self.active.into(),
            self.owner.into(),
        ]
    }

    pub fn shown(&self) -> Json {
        let mut shown = json!({
            "_id": self.id, "id": self.id, "createdAt": self.created_at, "updatedAt": self.updated_at, "name": self.name,
            "visits": self.visits, "score": self.score, "seenAt": self.seen_at, "active": self.active,
            "owner": { "id": self.owner }, "customData": self.custom_data,
        });
        shown
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        shown
    }
}

pub fn thing() -> impl Strategy<Value = Thing> {
    let row = (id(), instant(), instant());
    let promoted = (
        option(text()),
        option(int()),
        option(real()),
        option(instant()),
        option(any::<bool>()),
        option(id()),
    );
    (row, promoted, custom_data()).prop_map(|(row, promoted, custom_data)| Thing {
        id: row.0,
        created_at: row.1,
        updated_at: row.2,
        name: promoted.0,
        visits: promoted.1,
        score: promoted.2,
        seen_at: promoted.3,
        active: promoted.4,
        owner: promoted.5,
        custom_data,
    })
}

pub fn filter() -> impl Strategy<Value = Filter> {
    let op = select(vec![RangeOp::Gt, RangeOp::Ge, RangeOp::Lt, RangeOp::Le]);
    let leaf = prop_oneof![
        1 => Just(Filter::All),
        8 => (path(), scalar()).prop_map(|(path, scalar)| Filter::Eq(path, scalar)),
        8 => (path(), prop::collection::vec(scalar(), 0..5)).prop_map(|(path, scalars)| Filter::In(path, scalars)),
        16 => (path(), op, scalar()).prop_map(|(field, op, value)| Filter::Range { field, op, value }),
        4 => path().prop_map(Filter::Exists),
        8 => (path(), part()).prop_map(|(path, start)| Filter::Prefix(path, start)),
        8 => (path(), part()).prop_map(|(path, part)| Filter::Contains(path, part)),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

fn path() -> impl Strategy<Value = FieldPath> {
    select(PATHS).prop_map(|text| FieldPath::parse(text).unwrap())
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        1 => Just(Scalar::Null),
        1 => any::<bool>().prop_map(Scalar::Bool),
        2 => int().prop_map(Scalar::Int),
        2 => real().prop_map(Scalar::Real),
        3 => text().prop_map(Scalar::Text),
        1 => part().prop_map(Scalar::Text),
        2 => instant().prop_map(Scalar::Instant),
        2 => id().prop_map(Scalar::Id),
    ]
}

fn custom_data() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        int().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        real().prop_map(Json::from),
        text().prop_map(Json::from),
        instant().prop_map(|at| Json::from(at.to_string())),
        id().prop_map(|id| Json::from(id.to_string())),
    ];
    let value = leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::hash_map("[abß]", inner, 0..3)
                .prop_map(|map| Json::from(map.into_iter().collect::<Map<_, _>>())),
        ]
    });
    prop::collection::hash_map(
        select(vec!["a".to_owned(), "it is [0] of $".to_owned()]),
        value,
        0..3,
    )
    .prop_map(|map| Json::from(map.into_iter().collect::<Map<_, _>>()))
}

fn option<T: std::fmt::Debug>(
    strategy: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(0.8, strategy)
}

fn int() -> impl Strategy<Value = i64> {
    const EXACT: i64 = 1 << 53;
    prop_oneof![
        select(vec![
            0,
            1,
            5,
            -5,
            EXACT - 1,
            EXACT,
            EXACT + 1,
            -EXACT,
            -EXACT - 1,
            i64::MAX,
            i64::MIN
        ]),
        any::<i64>(),
        -3..3_i64
    ]
}

fn real() -> impl Strategy<Value = f64> {
    let finite = prop::num::f64::NORMAL
        | prop::num::f64::SUBNORMAL
        | prop::num::f64::ZERO
        | prop::num::f64::NEGATIVE
        | prop::num::f64::POSITIVE;
    prop_oneof![
        select(vec![
            0.0,
            -0.0,
            0.1,
            0.5,
            5.0,
            9_007_199_254_740_992.0,
            9.3e18,
            1e300,
            5e-324,
            f64::MAX,
            f64::MIN
        ]),
        finite
    ]
}

fn instant() -> impl Strategy<Value = Millis> {
    let ends = [
        *Millis::RANGE.start(),
        *Millis::RANGE.end(),
        0,
        -1,
        999,
        1_769_846_700_123,
        1_769_846_700_124,
    ];
    prop_oneof![
        select(ends.to_vec()),
        Millis::RANGE,
        1_769_846_699_000..1_769_846_701_000_i64
    ]
    .prop_map(Millis)
}

fn id() -> impl Strategy<Value = ObjectId> {
    prop_oneof![
        select(vec![
            ObjectId::ZERO,
            ObjectId::from_bytes([255; 12]),
            ObjectId::from_bytes([0xab; 12])
        ]),
        any::<[u8; 12]>().prop_map(ObjectId::from_bytes)
    ]
}

/// Texts without NUL.
fn text() -> impl Strategy<Value = String> {
    let known = [
        "",
        "a",
        "ab",
        "abc",
        "A",
        "é",
        "日本",
        "\u{ffff}",
        "\u{10ffff}",
        "%",
        "_",
        "\"",
        "\\",
        "'",
        "5",
        "true",
        "null",
        "2026-01-31T08:05:00.123Z",
        "2026-01-31T08:05:00.1235Z",
        "2026-99-99T99:99:99.999Z",
        "2026-01-31",
        "abababababababababababab",
        "ABABABABABABABABABABABAB",
    ];
    prop_oneof![
        6 => select(known.to_vec()).prop_map(str::to_owned),
        2 => "[^\0]{0,5}",
        2 => "[ab]{0,3}",
        1 => long_text(),
    ]
}

/// Texts that begin or lie within the ones of [`text`], ids and instants; some with NUL.
fn part() -> impl Strategy<Value = String> {
    let known = [
        "",
        "a",
        "b",
        "2",
        "0",
        "202",
        "2026-01-31T08:05",
        ":05",
        "T",
        ".123",
        "99",
        "Z",
        "ab",
        "aba",
        "abababababababababababab",
        "ff",
        "\u{10ffff}",
        "a\0",
        "本",
    ];
    prop_oneof![3 => select(known.to_vec()).prop_map(str::to_owned), 1 => text()]
}

/// Texts about as long as what stands of them in an index.
fn long_text() -> impl Strategy<Value = String> {
    (254..259_usize, select(vec!["", "a", "b", "\u{10ffff}"]))
        .prop_map(|(bytes, end)| format!("{}{end}", "k".repeat(bytes)))
}
