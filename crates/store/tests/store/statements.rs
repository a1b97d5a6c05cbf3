//! What must be true of every statement of the store, read from its source: on a cluster that is distributed by project,
//! a statement that does not name its project is slow, refused, or wrong.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::fixture::Fixture;

/// These look at all projects on purpose, on one machine and while nobody is served.
const ACROSS_PROJECTS: &[&str] = &[
    "copy/part.rs",
    "copy/side.rs",
    "copy/transfer.rs",
    "doctor.rs",
    "migrate.rs",
    "walk.rs",
    "search/examine.rs",
    "search/tables.rs",
    "declared/examine.rs",
    "declared/tables.rs",
    "feed/examine.rs",
    "feed/tables.rs",
];

/// What nodes share lies with the coordinator, in tables that are not distributed.
const OF_THE_COORDINATOR: &[&str] = &[
    "postgres/citus.rs",
    "postgres/owners.rs",
    "postgres/shared.rs",
];

/// Names what it looks for.
const RULES: &str = "src/rules.rs";

/// Statements that read no row of a document and no identity key.
const NO_DOCUMENTS: &[&str] = &[
    "SELECT count(*) FROM sqlite_schema",
    "VACUUM INTO ?1",
    "CREATE TABLE IF NOT EXISTS hark_schema (version BIGINT NOT NULL)",
    "SELECT version FROM hark_schema",
    "DELETE FROM hark_schema",
    "INSERT INTO hark_schema (version) VALUES ($1)",
    "SELECT pg_notify($1, $2)",
    "SELECT CAST(current_setting($1) AS BIGINT)",
    "SELECT count(*) FROM pg_database WHERE datname = current_database() AND pg_encoding_to_char(encoding) = 'UTF8'",
    "EXISTS (SELECT 1 FROM ", // the values inside a row that was already chosen
    // What stands in these is a statement of its own, or goes on with its table.
    "SELECT count(*) FROM (",
    "SELECT count(*) FROM (SELECT 1 AS one",
    " FROM (",
    // Each word of an index begins with its project.
    "INSERT INTO {name}_words (rowid, words) VALUES ($1, $2)",
    "INSERT INTO {name}_words ({name}_words, rowid, words) VALUES ('delete', $1, $2)",
    "SELECT count(*) FROM (SELECT 1 FROM {name}_words WHERE {name}_words MATCH $1 LIMIT $2) counted",
];

const VERBS: &[&str] = &[
    "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "VACUUM", "PRAGMA",
];

/// A string of the source.
struct Literal {
    file: PathBuf,
    text: String,
}

#[test]
fn every_statement_names_its_project() {
    let mut seen = 0;
    for literal in literals() {
        let exempt = (ACROSS_PROJECTS.iter().chain(OF_THE_COORDINATOR))
            .any(|file| literal.file.ends_with(file));
        if exempt || NO_DOCUMENTS.contains(&literal.text.as_str()) || !names_a_table(&literal.text)
        {
            continue;
        }
        seen += 1;
        assert!(
            names_project(&literal.text),
            "{}: {}",
            literal.file.display(),
            literal.text
        );
    }
    assert!(seen >= 10, "the statements were found: {seen}");
}

#[test]
fn the_list_of_exceptions_has_nothing_left_over() {
    let literals = literals();
    for exception in NO_DOCUMENTS {
        assert!(
            literals.iter().any(|literal| literal.text == *exception),
            "{exception}"
        );
    }
    for file in ACROSS_PROJECTS.iter().chain(OF_THE_COORDINATOR) {
        assert!(
            literals.iter().any(|literal| literal.file.ends_with(file)),
            "{file}"
        );
    }
}

#[test]
fn nothing_is_left_to_the_engine_that_nodes_would_do_apart() {
    for literal in literals() {
        let exempt = OF_THE_COORDINATOR.iter().chain([&RULES]);
        if { exempt }.any(|file| literal.file.ends_with(file)) {
            continue;
        }
        let text = literal.text.to_lowercase();
        for word in [
            "now()",
            "'now'",
            "current_time",
            "current_date",
            "clock_timestamp",
            "random",
            "uuid",
            "trigger",
            "serial",
            "autoincrement",
            "generated",
            " unique",
            "nextval",
            "truncate table",
        ] {
            assert!(
                !text.contains(word),
                "{}: {word} in {text}",
                literal.file.display()
            );
        }
    }
}

#[test]
fn statements_go_out_one_at_a_time() {
    for literal in literals() {
        let first = literal.text.split([' ', '(']).next().unwrap_or_default();
        if VERBS.contains(&first) {
            assert!(
                !literal.text.contains(';'),
                "{}: {}",
                literal.file.display(),
                literal.text
            );
        }
    }
}

#[tokio::test]
async fn every_key_and_index_begins_with_the_project() {
    let fixture = Fixture::sqlite();
    fixture.store.close();
    let file = Connection::open(fixture.file()).unwrap();
    let mut statement = file
        .prepare(
            "SELECT m.name, i.name, (SELECT x.name FROM pragma_index_xinfo(i.name) x WHERE x.seqno = 0) \
             FROM pragma_table_list m JOIN pragma_index_list(m.name) i WHERE m.type = 'table'",
        )
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let rows: Vec<(String, String, String)> = rows.unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 16, "ten keys and six indexes: {rows:?}");
    for (table, index, first) in rows {
        assert_eq!(first, "project", "{index} of {table}");
    }
}

#[test]
fn the_checks_see_what_they_look_for() {
    for bad in [
        "SELECT a FROM {table} t WHERE t.id = $1",
        "SELECT a FROM identity",
        "SELECT a, project FROM {table} WHERE id = $1",
        "SELECT a FROM identity i JOIN {table} t ON t.id = i.owner WHERE i.project = $1",
        "UPDATE {table} SET project = $1",
        "DELETE FROM {} WHERE id = $1",
        "SELECT a FROM {table} t FOR UPDATE OF t",
        "INSERT INTO {table} (id, project) VALUES ($1, $2)",
    ] {
        assert!(names_a_table(bad) && !names_project(bad), "{bad}");
    }
    for good in [
        "SELECT a FROM {table} t WHERE t.project = $1",
        "SELECT a FROM identity i JOIN {table} t ON t.project = i.project WHERE i.project = $1",
        "UPDATE {table} SET a = $1 WHERE id = $2 AND project = $3",
        "INSERT INTO {table} (project, id) VALUES ($1, $2)",
    ] {
        assert!(names_a_table(good) && names_project(good), "{good}");
    }
    assert!(
        !names_a_table("{get} FOR UPDATE OF t"),
        "what it goes on was checked"
    );
    let source = r##"// "a comment" and 'it'
        f('"', "one \"quoted\" \
          and goes on", r#"raw "text""#); let x: &'static str = "two";"##;
    assert_eq!(
        strings(source),
        ["one \"quoted\" and goes on", "raw \"text\"", "two"]
    );
}

fn names_a_table(text: &str) -> bool {
    let is_word = |word: &str| {
        matches!(
            word.trim_start_matches('('),
            "FROM" | "INTO" | "JOIN" | "UPDATE"
        )
    };
    let text = text.replace("FOR UPDATE", "");
    let words: Vec<_> = text.split_whitespace().collect();
    let follows = words.windows(2).any(|pair| is_word(pair[0]));
    follows || (text.ends_with(' ') && words.last().is_some_and(|word| is_word(word)))
}

fn names_project(text: &str) -> bool {
    if let Some((_, into)) = text.split_once("INSERT INTO ") {
        return into
            .split_once(' ')
            .is_some_and(|(_, columns)| columns.starts_with("(project, "));
    }
    let equals = |text: &str| text.contains(".project = ") || text.contains(" project = ");
    let joined = text.split(" JOIN ").skip(1).all(|join| {
        let on = join
            .split_once(" ON ")
            .map(|(_, on)| on.split(" WHERE ").next().unwrap_or_default());
        on.is_some_and(|on| equals(&format!(" {on}")))
    });
    joined
        && text
            .split_once("WHERE")
            .is_some_and(|(_, condition)| equals(condition))
}

/// The strings of all source files, without those of their tests.
fn literals() -> Vec<Literal> {
    let mut literals = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("filter/tests.rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                let source = source
                    .split("#[cfg(test)]\nmod tests {")
                    .next()
                    .unwrap_or_default();
                let found = strings(source).into_iter();
                literals.extend(found.map(|text| Literal {
                    file: path.clone(),
                    text,
                }));
            }
        }
        folders.retain(|folder| !folder.ends_with("filter/tests"));
    }
    assert!(literals.len() > 100, "the source was found");
    literals
}

/// The string literals of Rust source, as the compiler reads them.
fn strings(source: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (before, here) = rest.split_at(at);
        rest = if here.starts_with("//") {
            here.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(rest) = here.strip_prefix("'\"'") {
            rest
        } else if let Some(text) = here.strip_prefix('"') {
            let (text, rest) = if before.ends_with("r#") {
                text.split_once("\"#")
                    .map(|(text, rest)| (text.to_owned(), rest))
                    .unwrap_or_default()
            } else {
                quoted(text)
            };
            strings.push(text);
            rest
        } else {
            &here[1..]
        };
    }
    strings
}

/// The text up to the closing quote, and what follows it.
fn quoted(source: &str) -> (String, &str) {
    let mut text = String::new();
    let mut characters = source.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (text, &source[at + 1..]),
            '\\' => match characters.next() {
                Some((_, '\n')) => {
                    let skipped = source[at + 2..].len() - source[at + 2..].trim_start().len();
                    characters = source.char_indices();
                    characters.nth(source[..at + 2 + skipped].chars().count() - 1);
                }
                Some((_, escaped)) => text.push(escaped),
                None => break,
            },
            character => text.push(character),
        }
    }
    panic!("a string without an end: {source}");
}
