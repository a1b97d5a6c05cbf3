//! Documents of several blocks: rare words are found in all of them, common ones in the newest first.

use store::search::words;

use super::{names, search};
use crate::fixture::Fixture;
use crate::schema::{PROJECT, Person};

/// More than a block has.
const MANY: usize = 40_000;
const LIMIT: usize = 50;

fn name(n: usize) -> String {
    let seldom = if n % 911 == 7 { "seldom" } else { "" };
    let (side, old) = (["left", "right"][n % 2], if n < 300 { "old" } else { "" });
    format!("common w{n}x h{} {side} {seldom} {old}", n % 100)
}

async fn fill(fixture: &Fixture, from: usize, to: usize) {
    let fill = fixture.write(move |tx| {
        (from..to).try_for_each(|n| tx.insert(tx.new_id(), Person::named(&name(n))).map(drop))
    });
    fill.await.unwrap();
}

/// What the evaluator says: those that were added last, the newest first.
fn expected(count: usize, term: &str) -> Vec<String> {
    let asked = words(term);
    let all = (0..count).rev().map(name);
    let found = all.filter(|name| {
        let known = words(name);
        asked
            .iter()
            .all(|word| known.iter().any(|known| known.starts_with(word.as_str())))
    });
    found.take(LIMIT).collect()
}

async fn terms_find_what_they_should(fixture: &Fixture, count: usize) {
    let last = format!("com w{}x", count - 1);
    for term in [
        "c",
        "common",
        "w7x",
        "com w7x",
        "w0x left",
        "w0x right",
        "seldom",
        "seldom common",
        "left seldom com",
        "h7 com",
        "h77 left",
        "h77 right common",
        "old",
        "old left common",
        "old seldom",
        "left right",
        "common nobody",
        "nobody",
        &last,
    ] {
        let limit = u32::try_from(LIMIT).unwrap();
        let asked = term.to_owned();
        let read = fixture
            .store
            .read(PROJECT, move |snapshot| names(snapshot, &asked, limit));
        assert_eq!(read.await.unwrap(), expected(count, term), "{term}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_begins_blocks_and_finds_what_is_in_them() {
    let fixture = Fixture::sqlite();
    fill(&fixture, 0, MANY).await;
    terms_find_what_they_should(&fixture, MANY).await;
    let hurried = store::Search {
        deadline: std::time::Duration::ZERO,
        ..search("w7x common", 9)
    };
    let read = fixture
        .store
        .read(PROJECT, move |snapshot| snapshot.search::<Person>(&hurried));
    assert!(matches!(read.await, Err(store::Error::TooExpensive)));
    fixture.store.close();
    let file = rusqlite::Connection::open(fixture.file()).unwrap();
    let blocks = "SELECT count(*) FROM person_search_block";
    let blocks: i64 = file.query_row(blocks, [], |row| row.get(0)).unwrap();
    assert!((2..=4).contains(&blocks), "{blocks}");
}

/// As above, with blocks that are begun by hand: to fill one takes long here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_finds_what_is_in_blocks() {
    let Some(fixture) = Fixture::postgres().await else {
        return;
    };
    let client = fixture.client().await;
    const EACH: usize = 400;
    for block in 1..=6_i64 {
        let from = EACH * (usize::try_from(block).unwrap() - 1);
        fill(&fixture, from, from + EACH).await;
        let begin =
            "INSERT INTO person_search_block (project, block, documents) VALUES ($1, $2, 0)";
        let project = PROJECT.as_bytes().as_slice();
        client.execute(begin, &[&project, &block]).await.unwrap();
    }
    terms_find_what_they_should(&fixture, 6 * EACH).await;
    fixture.end().await;
}
