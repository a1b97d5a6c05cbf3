//! Documents to test with: people with identity keys, notes that lie beside their person, teams that people belong to.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use store::{
    Collection, Column, ColumnKind, Dictionary, Document, Identity, Index, Kind, Migration, Millis,
    ObjectId, Reference, Registered, Schema, Step, Value,
};

pub const PROJECT: ObjectId = ObjectId::from_bytes([1; 12]);
pub const OTHER_PROJECT: ObjectId = ObjectId::from_bytes([2; 12]);

/// A key that must find its person.
pub const USER_ID: Kind = Kind(1);
/// A key that finds the first person who has it.
pub const EMAIL: Kind = Kind(2);

pub static SCHEMA: Schema = Schema {
    // Notes stand before what they depend on, so that no test passes by the order alone.
    documents: &[
        Registered::of::<Note>(),
        Registered::of::<Person>(),
        Registered::of::<Team>(),
    ],
    migrations: &[Migration {
        version: 1,
        steps: &[
            Step::Create(&NOTES),
            Step::Create(&PEOPLE),
            Step::Create(&TEAMS),
            Step::AddSearch(&Registered::of::<Person>()),
            Step::AddDeclared(&Registered::of::<Person>()),
            Step::AddFeed(&Registered::of::<Person>()),
        ],
    }],
    dictionary: DICTIONARY,
};

pub const DICTIONARY: Dictionary =
    Dictionary(br#"{"name":"","visits":0,"score":null,"userId":"","email":""}"#);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Person {
    pub name: Option<String>,
    pub visits: i64,
    pub score: Option<f64>,
    pub born: Option<Millis>,
    pub active: Option<bool>,
    pub team: Option<ObjectId>,
    pub user_id: Option<String>,
    pub email: Option<String>,
    /// Whom the user id finds instead.
    pub heir: Option<ObjectId>,
    /// Known since, when it is not since the insert.
    pub since: Option<Millis>,
    pub stamped: Option<Millis>,
    pub custom_data: serde_json::Map<String, serde_json::Value>,
}

pub const fn column(name: &'static str, path: &'static str, kind: ColumnKind) -> Column {
    Column { name, path, kind }
}

pub static PEOPLE: Collection = Collection {
    table: "person",
    columns: &[
        column("name", "name", ColumnKind::Text),
        column("visits", "visits", ColumnKind::Int),
        column("score", "score", ColumnKind::Real),
        column("born", "born", ColumnKind::Instant),
        column("active", "active", ColumnKind::Bool),
        column("team", "team", ColumnKind::Id),
    ],
    indexes: &[
        Index {
            name: "person_name",
            columns: &["name"],
            not_null: None,
        },
        Index {
            name: "person_born",
            columns: &["born"],
            not_null: Some("born"),
        },
    ],
    cluster: &[],
    references: &[Reference {
        column: "team",
        table: "team",
    }],
};

impl Person {
    pub fn named(name: &str) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }

    pub fn with_user_id(user_id: &str) -> Self {
        Self {
            user_id: Some(user_id.into()),
            ..Self::default()
        }
    }
}

impl Document for Person {
    const COLLECTION: &'static Collection = &PEOPLE;
    const SEARCH: Option<&'static str> = Some("person_search");
    const DECLARED: Option<&'static str> = Some("person_index");
    const FEED: Option<&'static str> = Some("person_feed");

    fn searched(&self) -> Vec<Cow<'_, str>> {
        let known = [&self.name, &self.user_id, &self.email]
            .into_iter()
            .flatten();
        let custom = self.custom_data.values().filter_map(|value| value.as_str());
        known
            .map(String::as_str)
            .chain(custom)
            .map(Cow::Borrowed)
            .collect()
    }

    fn promoted(&self) -> Vec<Value> {
        vec![
            self.name.as_deref().into(),
            self.visits.into(),
            self.score.map_or(Value::Null, Value::Real),
            self.born.into(),
            self.active.into(),
            self.team.into(),
        ]
    }

    fn identities(&self) -> Vec<Identity> {
        let user_id = self.user_id.iter().map(|key| Identity {
            kind: USER_ID,
            key: key.clone(),
            owner: self.heir,
            required: true,
        });
        let email = self.email.iter().map(|key| Identity {
            kind: EMAIL,
            key: key.clone(),
            owner: None,
            required: false,
        });
        user_id.chain(email).collect()
    }

    fn created_at(&self) -> Option<Millis> {
        self.since
    }

    fn stamp(&mut self, updated_at: Millis) {
        self.stamped = Some(updated_at);
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    pub person: ObjectId,
    pub topic: String,
    pub text: String,
}

/// The notes of a person lie together. Their ids need not differ between people.
pub static NOTES: Collection = Collection {
    table: "note",
    columns: &[
        column("person", "person", ColumnKind::Id),
        column("topic", "topic", ColumnKind::Text),
    ],
    indexes: &[Index {
        name: "note_topic",
        columns: &["topic"],
        not_null: None,
    }],
    cluster: &["person"],
    references: &[Reference {
        column: "person",
        table: "person",
    }],
};

impl Note {
    pub fn about(person: ObjectId, topic: &str) -> Self {
        Self {
            person,
            topic: topic.into(),
            text: format!("what there is to say about {topic}"),
        }
    }
}

impl Document for Note {
    const COLLECTION: &'static Collection = &NOTES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.person.into(), self.topic.as_str().into()]
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Team {
    pub title: String,
}

pub static TEAMS: Collection = Collection {
    table: "team",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Team {
    const COLLECTION: &'static Collection = &TEAMS;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }
}
