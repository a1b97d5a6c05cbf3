//! What a search finds is what an evaluator in memory says, after any writes.

use std::collections::BTreeMap;
use std::ops::Range;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use store::search::words;
use store::{Error, ObjectId, Result, Tx};

use super::search;
use crate::fixture::Fixture;
use crate::schema::Person;

on_both_engines!(found_is_what_the_evaluator_says);

const CASES: u8 = 60;
/// Documents of a case, told apart by their number.
const DOCUMENTS: u8 = 12;

#[derive(Debug, Clone)]
enum Write {
    /// Inserts the document, or changes it.
    Put(u8, String),
    Delete(u8),
    DeleteNamed(String),
    /// A unit that writes and is refused.
    Refused(u8, String),
}

/// Few words that begin alike, so that terms meet documents.
fn text(words: Range<usize>) -> impl Strategy<Value = String> {
    let word = prop_oneof![
        6 => "[ab]{1,2}",
        6 => "(ada|Ada|ÁDA|adam|zoë|zoe|ZOE|straße|strasse|ﬁn|fin|東京|東)",
        1 => "[a-b@._]{1,5}",
        1 => "\\PC{0,4}",
    ];
    let separator = prop_oneof![Just(" "), Just("-"), Just("@"), Just("\""), Just("*")];
    proptest::collection::vec((word, separator), words).prop_map(|parts| {
        parts
            .into_iter()
            .flat_map(|(word, end)| [word, end.into()])
            .collect()
    })
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        6 => (0..DOCUMENTS, text(0..6)).prop_map(|(n, text)| Write::Put(n, text)),
        2 => (0..DOCUMENTS).prop_map(Write::Delete),
        1 => text(0..6).prop_map(Write::DeleteNamed),
        1 => (0..DOCUMENTS, text(0..6)).prop_map(|(n, text)| Write::Refused(n, text)),
    ]
}

fn id(n: u8) -> ObjectId {
    ObjectId::from_parts(n.into(), [n; 8])
}

fn put(tx: &mut Tx<'_>, n: u8, text: &str) -> Result<()> {
    match tx.get_for_update::<Person>(id(n))? {
        Some(mut row) => {
            row.doc.name = Some(text.to_owned());
            tx.put(&mut row)
        }
        None => tx.insert(id(n), Person::named(text)).map(drop),
    }
}

fn apply(tx: &mut Tx<'_>, write: &Write) -> Result<()> {
    match write {
        Write::Put(n, text) => put(tx, *n, text),
        Write::Delete(n) => tx.delete::<Person>(id(*n)).map(drop),
        Write::DeleteNamed(text) => tx.delete_where::<Person>("name", text.as_str()).map(drop),
        Write::Refused(n, text) => {
            put(tx, *n, text)?;
            tx.delete::<Person>(id(n / 2))?;
            Err(Error::BadQuery("refused".into()))
        }
    }
}

fn remember(texts: &mut BTreeMap<u8, String>, write: &Write) {
    match write {
        Write::Put(n, text) => drop(texts.insert(*n, text.clone())),
        Write::Delete(n) => drop(texts.remove(n)),
        Write::DeleteNamed(text) => texts.retain(|_, known| known != text),
        Write::Refused(..) => {}
    }
}

fn matches(text: &str, term: &str) -> bool {
    let (text, term) = (words(text), words(term));
    let begins = |asked: &String| text.iter().any(|word| word.starts_with(asked.as_str()));
    !term.is_empty() && term.iter().all(begins)
}

async fn found_is_what_the_evaluator_says(fixture: &Fixture) {
    let mut runner = TestRunner::deterministic();
    let case = (
        proptest::collection::vec(write(), 1..25),
        proptest::collection::vec(text(0..3), 1..12),
    );
    let mut hits = 0;
    for number in 0..CASES {
        let project = ObjectId::from_bytes([100 + number; 12]);
        let (writes, terms) = case.new_tree(&mut runner).unwrap().current();
        let mut texts = BTreeMap::new();
        for write in writes {
            remember(&mut texts, &write);
            let is_refused = matches!(write, Write::Refused(..));
            let done = fixture.store.write(project, move |tx| apply(tx, &write));
            assert_eq!(done.await.is_err(), is_refused);
        }
        for term in terms {
            let mut expected: Vec<_> = texts
                .iter()
                .filter(|(_, text)| matches(text, &term))
                .map(|(n, _)| id(*n))
                .collect();
            expected.reverse();
            let asked = search(&term, 100);
            let read = fixture
                .store
                .read(project, move |snapshot| snapshot.search::<Person>(&asked));
            let found: Vec<_> = read.await.unwrap().iter().map(|row| row.id).collect();
            assert_eq!(found, expected, "{term:?} in {texts:?}");
            hits += found.len();
        }
    }
    assert!(hits > 100, "terms meet documents: {hits}");
}
