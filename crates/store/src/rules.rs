//! What every statement must keep to, so that a cluster (Citus) can run it on the node that has the project. Debug builds hold each
//! statement to it, so that every test does.

/// What a statement begins with that is meant for all projects: a cluster asks all its nodes. No unit of a request may have one.
pub(crate) const EVERY_PROJECT: &str = "/* every project */ ";

/// Functions whose value differs from call to call. A cluster refuses them where a row is changed.
const VOLATILE: [&str; 5] = [
    "now()",
    "clock_timestamp()",
    "random()",
    "gen_random_uuid()",
    "nextval(",
];

/// Tables that stay with the coordinator, and those of the engines.
const NOT_DISTRIBUTED: [&str; 12] = [
    "hark_",
    "pg_",
    "pragma_",
    "sqlite_",
    "information_schema.",
    "temp.",
    "expected",
    "json_",
    "jsonb_",
    "unnest(",
    "(",
    "found",
];

/// What is wrong with a statement, if something is.
pub(crate) fn fault(sql: &str) -> Option<&'static str> {
    let verb = sql.split_whitespace().next().unwrap_or_default();
    if sql.trim_end().trim_end_matches(';').contains(';') {
        return Some("two statements in one text");
    }
    if sql.to_uppercase().contains("CREATE TRIGGER") {
        return Some("a trigger");
    }
    // FTS5 is of SQLite alone, and has the project in each word.
    if sql.starts_with(EVERY_PROJECT.trim_end()) || sql.contains("_words MATCH ") {
        return None;
    }
    match verb {
        "SELECT" | "WITH" if !tables(sql).any(is_distributed) => None,
        "SELECT" | "WITH" => (!names_project(sql)).then_some("it does not say of which project"),
        "INSERT" => insert_fault(sql),
        "UPDATE" | "DELETE" => change_fault(sql),
        _ => None,
    }
}

fn insert_fault(sql: &str) -> Option<&'static str> {
    let table = sql.split_whitespace().nth(2).unwrap_or_default();
    if !is_distributed(table) || table.contains("_words") {
        return None;
    }
    let columns = sql.split_once('(').map_or("", |(_, columns)| columns);
    if !columns.trim_start().starts_with("project,") {
        return Some("a row without a project");
    }
    let update = sql.split_once("DO UPDATE").map_or("", |(_, update)| update);
    is_volatile(update).then_some("a value that differs from call to call, in an upsert")
}

fn change_fault(sql: &str) -> Option<&'static str> {
    let distributed = sql
        .split_whitespace()
        .find(|word| !matches!(*word, "UPDATE" | "DELETE" | "FROM" | "OR" | "IGNORE"));
    if !is_distributed(distributed.unwrap_or_default()) {
        return None;
    }
    if !names_project(sql) {
        return Some("it does not say of which project");
    }
    is_volatile(sql).then_some("a value that differs from call to call, in a change")
}

fn is_volatile(sql: &str) -> bool {
    VOLATILE.iter().any(|function| sql.contains(function))
}

/// Whether a project is bound: `project = $1`, with or without the name of a table before it.
fn names_project(sql: &str) -> bool {
    sql.contains("project = $")
}

/// What stands behind `FROM` and `JOIN`.
fn tables(sql: &str) -> impl Iterator<Item = &str> {
    let mut words = sql.split_whitespace();
    std::iter::from_fn(move || {
        words.find(|word| matches!(*word, "FROM" | "JOIN"))?;
        words.next()
    })
}

fn is_distributed(table: &str) -> bool {
    !NOT_DISTRIBUTED.iter().any(|start| table.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_of_one_project_are_good() {
        for good in [
            "SELECT doc FROM session t WHERE t.project = $1 AND t.id = $2 FOR UPDATE",
            "INSERT INTO session (project, id) VALUES ($1, $2) ON CONFLICT (project, id) DO UPDATE SET id = excluded.id",
            "UPDATE session SET version = $1 WHERE project = $2",
            "DELETE FROM session AS t WHERE project = $1",
            "SELECT count(*) FROM pg_class WHERE relname = $1",
            "SELECT last_insert_rowid()",
            "/* every project */ SELECT DISTINCT project FROM session",
            "CREATE INDEX i ON session (project, id)",
            "BEGIN",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
    }

    #[test]
    fn what_a_cluster_refuses_is_named() {
        for bad in [
            "SELECT doc FROM session t WHERE t.id = $1",
            "SELECT s.doc FROM identity i JOIN session s ON s.id = i.owner WHERE i.key = $1",
            "SELECT doc FROM session WHERE id = $1 FOR UPDATE",
            "INSERT INTO session (id, project) VALUES ($1, $2)",
            "INSERT INTO session (project, id) VALUES ($1, $2) ON CONFLICT (project, id) DO UPDATE SET at = now()",
            "UPDATE session SET version = $1 WHERE id = $2",
            "UPDATE session SET at = clock_timestamp() WHERE project = $1",
            "DELETE FROM session WHERE id = $1",
            "ALTER TABLE session ADD a BIGINT; ALTER TABLE session ADD b BIGINT",
            "CREATE TRIGGER t AFTER INSERT ON session EXECUTE FUNCTION f()",
        ] {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }
}
