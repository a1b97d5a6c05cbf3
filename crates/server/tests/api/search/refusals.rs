//! What is no search.

use serde_json::json;

use super::{ask, found, three};
use crate::support::{Call, TestApp, encoded};

#[tokio::test]
async fn a_search_needs_a_term() {
    let app = three().await;
    for raw in [
        "",
        "searchTerm=",
        "searchTerm=%20%09",
        "searchTerm",
        "q=",
        "limit=5",
    ] {
        let answer = ask(&app, raw).await;
        assert_eq!(answer.error(), (422, "invalid_search_term".into()), "{raw}");
        assert_eq!(
            answer.faults(),
            ["searchTerm: is empty: say what to search for"]
        );
    }
}

#[tokio::test]
async fn a_term_has_a_longest_length() {
    let app = three().await;
    let long = "ü".repeat(512);
    assert!(found(&app, &long).await.is_empty());
    let answer = ask(&app, &format!("q={}", encoded(&format!("{long}b")))).await;
    assert_eq!(answer.error(), (422, "invalid_search_term".into()));
    assert_eq!(
        answer.faults(),
        ["searchTerm: has 513 characters: give at most 512"]
    );
}

#[tokio::test]
async fn a_term_has_a_most_of_words() {
    let app = three().await;
    let words = |count: usize| (0..count).map(|n| format!("w{n}+")).collect::<String>();
    assert_eq!(ask(&app, &format!("q={}", words(16))).await.ok(), json!([]));
    let answer = ask(&app, &format!("q={}", words(17))).await;
    assert_eq!(answer.error(), (422, "invalid_search_term".into()));
    assert_eq!(
        answer.faults(),
        ["searchTerm: has more than 16 words: leave some out"]
    );
}

#[tokio::test]
async fn the_parameter_at_fault_is_named() {
    let app = three().await;
    for (raw, parameter) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit%3E=5", "limit"),
        ("plan=pro", "plan"),
        ("skip=1", "skip"),
        ("sort=email", "sort"),
        ("searchTerm%3E=b", "searchTerm"),
        ("!q", "q"),
        ("q=%00", "q"),
        ("q=a%00b", "q"),
        ("q=%FF", "q"),
    ] {
        let answer = ask(&app, &format!("searchTerm=ada&{raw}")).await;
        assert_eq!(answer.error(), (400, "invalid_query".into()), "{raw}");
        let named = format!("query parameter `{parameter}`: ");
        assert!(
            answer.faults()[0].starts_with(&named),
            "{raw}: {:?}",
            answer.faults()
        );
    }
    // As in lists, these choose nothing here.
    assert_eq!(
        ask(&app, "q=lovelace&fields=name&populate=x").await.ok()[0]["userId"],
        "a-1"
    );
}

#[tokio::test]
async fn hostile_terms_are_only_text() {
    let app = three().await;
    for term in [
        "\"",
        "'",
        "*",
        "()",
        ":*",
        "zz:",
        "\\",
        "--",
        "%",
        "&",
        "<->",
        "^",
        "{}",
        "\" OR \"\" = \"",
        "' OR 1=1 --",
        "NEAR(x y)",
        "x AND y",
        "NOT",
        "words:x",
        "session_search",
        "\u{202e}",
        "\u{feff}",
    ] {
        let answer = ask(&app, &format!("searchTerm={}", encoded(term))).await;
        assert_eq!(answer.ok(), json!([]), "{term}");
    }
    for term in [
        "lovelace*",
        "\"lovelace\"",
        "lovelace OR",
        "(lovelace)",
        "^lovelace",
        "'lovelace':*",
    ] {
        let expected: &[&str] = if term.ends_with("OR") { &[] } else { &["a-1"] };
        assert_eq!(found(&app, term).await, expected, "{term}");
    }
    let long = ask(&app, &format!("q={}", "a".repeat(10_000))).await;
    assert!([400, 414].contains(&long.status), "{}", long.text());
}

#[tokio::test]
async fn a_search_needs_the_right_to_read() {
    let app = TestApp::new().await;
    let stranger = app.send(Call::get("/v3/sessions/search?q=a")).await;
    assert_eq!(stranger.status, 401);
    let foreign = Call::get("/v3/sessions/search?q=a")
        .bearer(&app.accounts.owner_key)
        .project(app.accounts.foreign.id);
    assert_eq!(app.send(foreign).await.status, 403);
}
