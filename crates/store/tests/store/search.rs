//! Searching: what is found, what is not, and that it follows every write.

mod blocks;
mod building;
mod property;

use std::time::Duration;

use serde_json::json;
use store::search::{SEARCH_WORDS_MAX, WORD_CHARS_MAX};
use store::{Error, ObjectId, Result, Search, Snapshot};

use crate::fixture::{Fixture, refused};
use crate::schema::{Note, OTHER_PROJECT, PROJECT, Person, Team};

on_both_engines!(
    each_word_begins_a_word,
    all_searched_texts_are_looked_through,
    a_search_follows_every_write,
    what_is_deleted_by_a_column_is_not_found,
    a_refused_unit_leaves_nothing_to_find,
    many_changes_in_one_unit_end_as_the_last,
    other_projects_are_not_searched,
    the_newest_come_first,
    hostile_terms_are_only_words,
    a_search_without_a_word_finds_nothing,
    a_search_has_a_most_of_words,
    of_long_words_the_start_counts,
);

pub fn search(text: &str, limit: u32) -> Search {
    Search {
        text: text.into(),
        limit,
        deadline: Duration::from_secs(10),
    }
}

/// The names of the people that a search finds, in its order.
fn names(snapshot: &Snapshot<'_>, text: &str, limit: u32) -> Result<Vec<String>> {
    let rows = snapshot.search::<Person>(&search(text, limit))?;
    let name = |row: &store::RawRow| Ok(row.parse::<Person>()?.name.unwrap_or_default());
    rows.iter().map(name).collect()
}

async fn found_in(fixture: &Fixture, project: ObjectId, text: &str) -> Vec<String> {
    let text = text.to_owned();
    let read = fixture
        .store
        .read(project, move |snapshot| names(snapshot, &text, 100));
    read.await.unwrap()
}

async fn found(fixture: &Fixture, text: &str) -> Vec<String> {
    found_in(fixture, PROJECT, text).await
}

async fn each_word_begins_a_word(fixture: &Fixture) {
    for name in ["Ada Lovelace", "Zoë Straße", "Łukasz Müller-Lüdenscheidt"] {
        fixture.insert(Person::named(name)).await;
    }
    for (text, expected) in [
        ("ada", vec!["Ada Lovelace"]),
        ("a", vec!["Ada Lovelace"]),
        ("LOVE ad", vec!["Ada Lovelace"]),
        ("ada lovelaces", vec![]),
        ("da", vec![]),
        ("ada zoe", vec![]),
        ("zoe", vec!["Zoë Straße"]),
        ("ZOE\u{308} strasse", vec!["Zoë Straße"]),
        ("stras", vec!["Zoë Straße"]),
        ("lukasz muller", vec!["Łukasz Müller-Lüdenscheidt"]),
        ("ludensch", vec!["Łukasz Müller-Lüdenscheidt"]),
        ("l", vec!["Łukasz Müller-Lüdenscheidt", "Ada Lovelace"]),
    ] {
        assert_eq!(found(fixture, text).await, expected, "{text}");
    }
}

async fn all_searched_texts_are_looked_through(fixture: &Fixture) {
    let person = Person {
        name: Some("Ada".into()),
        user_id: Some("team/1_a".into()),
        email: Some("ada@mail.example.com".into()),
        custom_data: json!({"role": "owner", "seats": 7})
            .as_object()
            .unwrap()
            .clone(),
        ..Person::default()
    };
    fixture.insert(person).await;
    for text in [
        "ada@mail",
        "ada@mail.exa",
        "example.com",
        "@example",
        "team/1_a",
        "owner",
        "own com 1",
    ] {
        assert_eq!(found(fixture, text).await, ["Ada"], "{text}");
    }
    for text in ["7", "role", "mailexample", "ada@exb"] {
        assert!(found(fixture, text).await.is_empty(), "{text}");
    }
}

async fn a_search_follows_every_write(fixture: &Fixture) {
    let id = fixture.insert(Person::named("Ada")).await.id;
    assert_eq!(found(fixture, "ada").await, ["Ada"]);
    let rename = move |name: Option<&'static str>| {
        fixture.write(move |tx| {
            let mut row = tx.get_for_update::<Person>(id)?.expect("it is there");
            row.doc.name = name.map(str::to_owned);
            row.doc.visits += 1;
            tx.put(&mut row)?;
            row.doc.visits += 1;
            tx.put(&mut row)
        })
    };
    for (name, other) in [
        (Some("Grace"), "ada"),
        (None, "grace"),
        (None, "grace"),
        (Some("Ada Grace"), "hopper"),
    ] {
        rename(name).await.unwrap();
        assert!(found(fixture, other).await.is_empty(), "{other}");
        assert_eq!(
            found(fixture, name.unwrap_or("?")).await,
            Vec::from_iter(name)
        );
    }
    let delete = fixture.write(move |tx| tx.delete::<Person>(id));
    assert!(delete.await.unwrap());
    assert!(found(fixture, "ada").await.is_empty());
    let again = fixture.write(move |tx| tx.append(id, &Person::named("Ada again")));
    assert!(again.await.unwrap());
    let once = fixture.write(move |tx| tx.append(id, &Person::named("Not kept")));
    assert!(!once.await.unwrap());
    assert_eq!(found(fixture, "ada").await, ["Ada again"]);
    assert!(found(fixture, "kept").await.is_empty());
}

async fn what_is_deleted_by_a_column_is_not_found(fixture: &Fixture) {
    for name in ["ada", "ada", "ada grace"] {
        fixture.insert(Person::named(name)).await;
    }
    let delete = fixture.write(|tx| tx.delete_where::<Person>("name", "ada"));
    assert_eq!(delete.await.unwrap(), 2);
    assert_eq!(found(fixture, "ada").await, ["ada grace"]);
}

async fn a_refused_unit_leaves_nothing_to_find(fixture: &Fixture) {
    let kept = fixture.insert(Person::named("kept")).await.id;
    let bad = fixture.write(move |tx| {
        tx.insert(tx.new_id(), Person::named("refused"))?;
        tx.delete::<Person>(kept)?;
        Err::<(), _>(Error::BadQuery("no".into()))
    });
    let good = fixture.write(|tx| tx.insert(tx.new_id(), Person::named("good")));
    let (bad, good) = tokio::join!(bad, good);
    refused(bad);
    good.unwrap();
    assert!(found(fixture, "refused").await.is_empty());
    for name in ["kept", "good"] {
        assert_eq!(found(fixture, name).await, [name]);
    }
}

async fn many_changes_in_one_unit_end_as_the_last(fixture: &Fixture) {
    let old = fixture.insert(Person::named("old")).await.id;
    let write = fixture.write(move |tx| {
        let mut row = tx.insert(tx.new_id(), Person::named("first"))?;
        row.doc.name = Some("second".into());
        tx.put(&mut row)?;
        let gone = tx.insert(tx.new_id(), Person::named("gone"))?.id;
        tx.delete::<Person>(gone)?;
        tx.delete::<Person>(old)?;
        tx.insert(old, Person::named("again")).map(drop)
    });
    write.await.unwrap();
    for (text, count) in [
        ("first", 0),
        ("second", 1),
        ("gone", 0),
        ("old", 0),
        ("again", 1),
    ] {
        assert_eq!(found(fixture, text).await.len(), count, "{text}");
    }
}

async fn other_projects_are_not_searched(fixture: &Fixture) {
    fixture.insert(Person::named("ours")).await;
    let theirs = fixture.store.write(OTHER_PROJECT, |tx| {
        tx.insert(tx.new_id(), Person::named("theirs, not ours"))
    });
    theirs.await.unwrap();
    assert_eq!(found(fixture, "ours").await, ["ours"]);
    assert_eq!(
        found_in(fixture, OTHER_PROJECT, "ours").await,
        ["theirs, not ours"]
    );
    let prefix = PROJECT.to_string();
    for text in [
        prefix.as_str(),
        &prefix[..1],
        &format!("{prefix}000000ours"),
        "000000ours",
    ] {
        assert!(found(fixture, text).await.is_empty(), "{text}");
    }
    let third = ObjectId::from_bytes([3; 12]);
    assert!(found_in(fixture, third, "ours").await.is_empty());
    let others = fixture.store.read(PROJECT, |snapshot| {
        let teams = snapshot.search::<Team>(&search("ours", 9))?;
        Ok::<_, Error>((teams, snapshot.search::<Note>(&search("ours", 9))?))
    });
    assert_eq!(
        others.await.unwrap(),
        (vec![], vec![]),
        "what is not searched"
    );
}

async fn the_newest_come_first(fixture: &Fixture) {
    for n in 1..=9 {
        fixture.insert(Person::named(&format!("p{n}"))).await;
    }
    for (limit, expected) in [
        (0, ""),
        (1, "p9"),
        (3, "p9 p8 p7"),
        (9, "p9 p8 p7 p6 p5 p4 p3 p2 p1"),
    ] {
        let read = fixture
            .store
            .read(PROJECT, move |snapshot| names(snapshot, "p", limit));
        assert_eq!(read.await.unwrap().join(" "), expected);
    }
}

async fn hostile_terms_are_only_words(fixture: &Fixture) {
    let person = Person::named("NEAR AND OR NOT quote");
    fixture.insert(person).await;
    for text in [
        "\"",
        "'",
        "''",
        "\"\"",
        "*",
        "^",
        "(",
        ")",
        "()",
        ":*",
        "&",
        "|",
        "!",
        "<->",
        "\\",
        "\\'",
        "--",
        ";",
        "$1",
        "?1",
        "\0",
        "%",
        "{",
        "}",
        "[",
        "-",
        "+",
        "\u{202e}",
        "' OR '1'='1",
        "\" OR \"1\"=\"1",
        "words:x",
        "rowid:1",
        "x NEAR y",
    ] {
        assert!(found(fixture, text).await.is_empty(), "{text:?}");
    }
    for text in [
        "near",
        "AND",
        "OR",
        "not",
        "\"quote\"",
        "quote*",
        "quote\"",
        "'quote'",
        "near(quote)",
        "quote\0",
        "^quote",
        "-quote:*",
    ] {
        assert_eq!(found(fixture, text).await.len(), 1, "{text:?}");
    }
    let long = "a".repeat(10_000);
    assert!(found(fixture, &long).await.is_empty());
    assert!(found(fixture, &"\"*'".repeat(3_000)).await.is_empty());
}

async fn a_search_without_a_word_finds_nothing(fixture: &Fixture) {
    fixture.insert(Person::named("ada")).await;
    fixture.insert(Person::named("-")).await;
    for text in ["", " ", "-", "\u{300}"] {
        assert!(found(fixture, text).await.is_empty(), "{text:?}");
    }
}

async fn a_search_has_a_most_of_words(fixture: &Fixture) {
    let words = |count: usize| {
        (0..count)
            .map(|n| format!("w{n}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let name = words(SEARCH_WORDS_MAX);
    fixture.insert(Person::named(&name)).await;
    assert_eq!(found(fixture, &name).await, [name]);
    let beyond = search(&words(SEARCH_WORDS_MAX + 1), 9);
    let read = fixture
        .store
        .read(PROJECT, move |snapshot| snapshot.search::<Person>(&beyond));
    assert!(matches!(refused(read.await), Error::BadQuery(_)));
}

async fn of_long_words_the_start_counts(fixture: &Fixture) {
    let name = "é".repeat(WORD_CHARS_MAX + 10);
    fixture.insert(Person::named(&name)).await;
    for characters in [1, WORD_CHARS_MAX, WORD_CHARS_MAX + 1, 500] {
        assert_eq!(
            found(fixture, &"e".repeat(characters)).await.len(),
            1,
            "{characters}"
        );
    }
    let other = format!("{}f", "e".repeat(WORD_CHARS_MAX - 1));
    assert!(found(fixture, &other).await.is_empty());
}
