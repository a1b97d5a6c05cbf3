//! Names of schemas are global in the description: of two types with one name, the last that is registered would stand for both, and
//! nobody would say so. So the names are looked for in the sources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{Description, TestApp};

/// All source files below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The names of the schemas that a source derives.
fn names(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, derive) in source.match_indices("#[derive(") {
        let (traits, rest) = source[at + derive.len()..].split_once(")]").unwrap();
        let is_schema = |one: &str| one.trim().rsplit("::").next() == Some("ToSchema");
        if traits.split(',').any(is_schema) {
            names.push(rest.lines().find_map(name).unwrap());
        }
    }
    names
}

/// What a line gives a type as its name: its declaration, or another name that is given before that.
fn name(line: &str) -> Option<String> {
    let line = line.trim_start();
    let line = line.strip_prefix("pub").unwrap_or(line);
    let line = match line.split_once(") ") {
        Some((_, rest)) if line.starts_with('(') => rest,
        _ => line.trim_start(),
    };
    let starts = ["#[schema(as = ", "struct ", "enum "];
    let name = starts.iter().find_map(|start| line.strip_prefix(start))?;
    let end = name.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    Some(name[..end.unwrap_or(name.len())].to_owned())
}

/// By name the files that have a schema of it.
fn schemas() -> BTreeMap<String, Vec<PathBuf>> {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let mut all: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        for name in names(&std::fs::read_to_string(&file).unwrap()) {
            all.entry(name).or_default().push(file.clone());
        }
    }
    all
}

#[test]
fn no_two_schemas_have_one_name() {
    let mut doubles = schemas();
    doubles.retain(|_, files| files.len() > 1);
    assert!(
        doubles.is_empty(),
        "give one of each another name: {doubles:#?}"
    );
}

#[tokio::test]
async fn every_schema_of_the_description_is_found_in_the_sources() {
    let _app = TestApp::new().await;
    let known = schemas();
    let described = &Description::get().document["components"]["schemas"];
    for name in described.as_object().unwrap().keys() {
        assert!(
            known.contains_key(name),
            "{name} has a name that the sources do not show"
        );
    }
}

#[test]
fn types_are_found_however_they_are_written() {
    let source = "
        #[derive(Debug, ToSchema)]
        #[derive(Clone)]
        struct A {}
        /// Text.
        #[derive(
            Debug,
            ToSchema,
        )]
        #[serde(rename_all = \"camelCase\")]
        /// A struct of words.
        pub(super) struct B<T>(pub(crate) T);
        #[derive(Debug)]
        pub struct C;
        #[derive(ToSchema)]
        #[schema(as = Other)]
        pub enum D { E }";
    assert_eq!(names(source), ["A", "B", "Other"]);
}
