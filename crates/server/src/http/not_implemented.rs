//! Operations of the contract that are not served yet: routed, guarded like the others, and answered with 501.

use std::collections::BTreeMap;

use axum::Router;
use axum::routing::{MethodFilter, MethodRouter, on};
use serde::Deserialize;

use super::error::ApiError;
use crate::app::SharedApp;
use crate::auth::{AnyMember, Member, SignedIn};

/// The operations that are not served, one a line.
pub const MISSING: &str = include_str!("../../../../openapi/missing.txt");
/// The contract: facts about each operation.
pub const CONTRACT: &str = include_str!("../../../../openapi/gleap-v3.json");

/// An operation of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as it is served, with `{parameters}`.
    pub path: String,
    /// Its name in the contract.
    pub operation_id: String,
    /// Whether it takes a bearer token.
    pub token: bool,
    /// `required` when it takes the `project` header.
    #[serde(default)]
    pub project: Option<String>,
}

/// All operations of the contract.
///
/// # Panics
/// When the contract compiled in is no JSON, which a test shows.
#[must_use]
pub fn contract() -> Vec<Operation> {
    #[derive(Deserialize)]
    struct Contract {
        operations: Vec<Operation>,
    }
    serde_json::from_str::<Contract>(CONTRACT)
        .expect("the contract compiled in is valid")
        .operations
}

/// Those of them that are not served.
#[must_use]
pub fn missing() -> Vec<Operation> {
    let lines: Vec<_> = MISSING
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let is_missing = |operation: &Operation| {
        lines.contains(
            &format!(
                "{} {} {}",
                operation.method, operation.path, operation.operation_id
            )
            .as_str(),
        )
    };
    contract().into_iter().filter(is_missing).collect()
}

/// Their routes.
pub fn routes() -> Router<SharedApp> {
    let mut by_path = BTreeMap::<String, MethodRouter<SharedApp>>::new();
    for operation in missing() {
        let Ok(method) = operation
            .method
            .parse::<axum::http::Method>()
            .map_err(drop)
            .and_then(|method| MethodFilter::try_from(method).map_err(drop))
        else {
            continue;
        };
        let handler = match (operation.token, operation.project.is_some()) {
            (true, true) => on(method, |_: Member<AnyMember>| refuse()),
            (true, false) => on(method, |_: SignedIn| refuse()),
            (false, _) => on(method, refuse),
        };
        let path = by_path.remove(&operation.path).unwrap_or_default();
        by_path.insert(operation.path, path.merge(handler));
    }
    by_path
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(&path, methods)
        })
}

async fn refuse() -> ApiError {
    ApiError::not_implemented(
        "This operation of the API is not built yet. `openapi/missing.txt` lists all that are not.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_line_is_an_operation_of_the_contract() {
        let lines = MISSING
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .count();
        assert_eq!(missing().len(), lines);
    }
}
