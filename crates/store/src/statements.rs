//! The SQL of each collection, written once. Every statement names its project; both engines take the same text.
//!
//! SQLite numbers the parameters `$1`, `$2` … by where they first stand in the text, so they always stand in order.

use std::collections::HashMap;

use crate::Collection;

/// The statements over one collection.
#[derive(Debug)]
pub(crate) struct Statements {
    /// `$1` project, `$2` id.
    pub get: String,
    /// `get`, and no other writer may touch the row until the commit (PostgreSQL; SQLite has one writer).
    pub get_for_update: String,
    /// `$1` project, `$2` kind, `$3` key.
    pub find: String,
    /// `get`, without the document when its version is `$1`, and the number of writes of the project `$2`: `$3` project, `$4` id.
    pub get_unless: String,
    /// `find`, without the document when its id is `$1` and its version `$2`, and the number of writes of the project `$3`: `$4` project,
    /// `$5` kind, `$6` key.
    pub find_unless: String,
    /// `$1` project, `$2` kind, `$3` first key, `$4` beyond the last, `$5` how many.
    pub find_beginning: String,
    /// `find`, locked as by `get_for_update`.
    pub find_for_update: String,
    /// `$1` project, `$2` id, version, created, updated, json, then the promoted columns.
    pub insert: String,
    /// As `insert`; a row with the same primary key is left as it is.
    pub append: String,
    /// `$1` new version, `$2` created, `$3` updated, `$4` json, then the promoted columns, then project, id and old version.
    pub update: String,
    /// `$1` project, `$2` id.
    pub delete: String,
}

/// The columns of a row as every read returns them.
pub(crate) const ROW: &str = "t.id, t.version, t.created_at, t.updated_at, t.doc";

impl Statements {
    fn new(collection: &Collection) -> Self {
        let table = collection.table;
        let names: String = collection
            .columns
            .iter()
            .map(|column| format!(", {}", column.name))
            .collect();
        let values = |from: usize| {
            (0..collection.columns.len())
                .map(|n| format!(", ${}", n + from))
                .collect::<String>()
        };
        let sets: String = collection
            .columns
            .iter()
            .enumerate()
            .map(|(n, column)| format!(", {} = ${}", column.name, n + 5))
            .collect();
        let key = collection.columns.len() + 5;
        let get = format!("SELECT {ROW} FROM {table} t WHERE t.project = $1 AND t.id = $2");
        let find = format!(
            "SELECT {ROW} FROM identity i JOIN {table} t ON t.project = i.project AND t.id = i.owner \
                 WHERE i.project = $1 AND i.kind = $2 AND i.key = $3"
        );
        let head = "t.id, t.version, t.created_at, t.updated_at";
        let writes = |project: usize| {
            format!("COALESCE((SELECT number FROM hark_writes WHERE project = ${project}), 0)")
        };
        let get_unless = format!(
            "SELECT {head}, CASE WHEN t.version = $1 THEN NULL ELSE t.doc END, {} \
                 FROM {table} t WHERE t.project = $3 AND t.id = $4",
            writes(2)
        );
        let find_unless = format!(
            "SELECT {head}, CASE WHEN t.id = $1 AND t.version = $2 THEN NULL ELSE t.doc END, {} \
                 FROM identity i JOIN {table} t ON t.project = i.project AND t.id = i.owner \
                 WHERE i.project = $4 AND i.kind = $5 AND i.key = $6",
            writes(3)
        );
        let insert = format!(
            "INSERT INTO {table} (project, id, version, created_at, updated_at, doc{names}) VALUES ($1, $2, $3, $4, $5, $6{})",
            values(7)
        );
        Self {
            get_unless,
            find_unless,
            get_for_update: format!("{get} FOR UPDATE"),
            find_for_update: format!("{find} FOR UPDATE OF t"),
            find_beginning: format!(
                "SELECT {ROW} FROM identity i JOIN {table} t ON t.project = i.project AND t.id = i.owner \
                 WHERE i.project = $1 AND i.kind = $2 AND i.key >= $3 AND i.key < $4 ORDER BY i.key LIMIT $5"
            ),
            find,
            append: format!("{insert} ON CONFLICT DO NOTHING"),
            update: format!(
                "UPDATE {table} SET version = $1, created_at = $2, updated_at = $3, doc = $4{sets} \
                 WHERE project = ${key} AND id = ${} AND version = ${}",
                key + 1,
                key + 2
            ),
            delete: format!("DELETE FROM {table} WHERE project = $1 AND id = $2"),
            get,
            insert,
        }
    }
}

/// The statements of all collections of a schema, by table.
#[derive(Debug)]
pub(crate) struct StatementBook(HashMap<&'static str, Statements>);

impl StatementBook {
    pub fn new(collections: impl Iterator<Item = &'static Collection>) -> Self {
        Self(
            collections
                .map(|collection| (collection.table, Statements::new(collection)))
                .collect(),
        )
    }

    /// # Panics
    /// When the collection is not part of the schema, which the first test of any code that uses it shows.
    pub fn of(&self, collection: &Collection) -> &Statements {
        &self.0[collection.table]
    }
}
