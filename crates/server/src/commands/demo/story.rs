//! What the people of the demo do, in the order in which they do it.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use store::Millis;

use super::cast::{Person, pick};
use super::talk::{Talk, talk};
use super::topics::{TOPICS, Topic};

/// The pages of the product that the demo's people use.
const PAGES: [&str; 8] = [
    "/",
    "/pricing",
    "/dashboard",
    "/invoices",
    "/invoices/new",
    "/settings/team",
    "/settings/billing",
    "/reports",
];
/// What they do there, and how likely it is in a visit, in percent.
const DEEDS: [(&str, u32); 6] = [
    ("invoice_created", 45),
    ("invoice_paid", 30),
    ("teammate_invited", 12),
    ("report_exported", 15),
    ("plan_viewed", 20),
    ("integration_connected", 6),
];
const SECOND_MS: i64 = 1000;
/// The most pages and deeds of a visit.
const EVENTS_MAX: u32 = 9;

/// One visit of one person.
#[derive(Debug, Clone)]
pub struct Visit {
    /// When it begins.
    pub at: Millis,
    /// Whose it is: the place in the cast.
    pub person: usize,
    /// Whether it is the first.
    pub first: bool,
    /// What is done, as clients send it.
    pub events: Vec<Value>,
    /// When the last of it is done.
    pub until: Millis,
    /// What is reported at its end.
    pub report: Option<Report>,
}

/// Something that is reported.
#[derive(Debug, Clone)]
pub struct Report {
    /// As clients send it.
    pub body: Value,
    /// What is said about it.
    pub talk: Talk,
}

/// All visits, the earliest first, with `reports` reports among them, about which people talk until `until`.
#[must_use]
pub fn visits(cast: &[Person], reports: u32, until: Millis, seed: u64) -> Vec<Visit> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut visits: Vec<Visit> = cast
        .iter()
        .enumerate()
        .flat_map(|(place, person)| {
            person
                .visits
                .iter()
                .enumerate()
                .map(move |(n, at)| (place, n == 0, *at))
        })
        .map(|(person, first, at)| {
            let (events, until) = events(at, cast[person].account.is_some(), &mut dice);
            Visit {
                at,
                person,
                first,
                events,
                until,
                report: None,
            }
        })
        .collect();
    visits.sort_by_key(|visit| (visit.at, visit.person));
    give_reports(&mut visits, reports, until, &mut dice);
    visits
}

fn events(start: Millis, is_known: bool, dice: &mut StdRng) -> (Vec<Value>, Millis) {
    let mut at = start;
    let mut events = vec![event("sessionStarted", at, None)];
    for _ in 0..dice.random_range(1..EVENTS_MAX) {
        at = Millis(at.0 + dice.random_range(SECOND_MS..40 * SECOND_MS));
        let page = json!({"page": format!("https://app.example.com{}", pick(&PAGES, dice))});
        events.push(event("pageView", at, Some(page)));
    }
    for (name, percent) in DEEDS {
        if is_known && dice.random_range(0..100) < percent {
            at = Millis(at.0 + dice.random_range(SECOND_MS..60 * SECOND_MS));
            let data = json!({"amount": dice.random_range(5..900), "currency": "EUR"});
            events.push(event(name, at, name.starts_with("invoice").then_some(data)));
        }
    }
    (events, at)
}

fn event(name: &str, at: Millis, data: Option<Value>) -> Value {
    let mut event = json!({"name": name, "date": at.to_string()});
    if let Some(data) = data {
        event["data"] = data;
    }
    event
}

/// Reports are spread evenly over the visits.
fn give_reports(visits: &mut [Visit], reports: u32, until: Millis, dice: &mut StdRng) {
    let reports = (reports as usize).min(visits.len());
    for n in 0..reports {
        let (first, end) = (visits.len() * n / reports, visits.len() * (n + 1) / reports);
        let visit = &mut visits[dice.random_range(first..end)];
        let topic = &TOPICS[dice.random_range(0..TOPICS.len())];
        visit.report = Some(Report {
            body: body(topic, dice),
            talk: talk(n, topic, visit.until, until, dice),
        });
    }
}

fn body(topic: &Topic, dice: &mut StdRng) -> Value {
    json!({
        "type": topic.kind,
        "priority": topic.priority,
        "formData": {"description": topic.text},
        "metaData": {"currentUrl": format!("https://app.example.com{}", pick(&PAGES, dice)), "appVersion": "4.2.0"},
        "consoleLog": [
            {"log": "app started", "date": "", "priority": "INFO"},
            {"log": "request took longer than a second", "date": "", "priority": "WARNING"},
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::super::cast::cast;
    use super::*;

    fn story(reports: u32) -> Vec<Visit> {
        let until = Millis(1_790_000_000_000);
        let cast = cast(60, Millis(until.0 - 90 * 86_400_000), until, 5);
        visits(&cast, reports, until, 5)
    }

    #[test]
    fn it_is_told_in_order_and_is_the_same_each_time() {
        let visits = story(10);
        assert!(visits.is_sorted_by_key(|visit| visit.at));
        assert_eq!(format!("{visits:?}"), format!("{:?}", story(10)));
    }

    #[test]
    fn it_has_the_reports_that_were_asked_for() {
        let reports = |asked| {
            story(asked)
                .iter()
                .filter(|visit| visit.report.is_some())
                .count()
        };
        assert_eq!([reports(0), reports(1), reports(25)], [0, 1, 25]);
        assert_eq!(reports(100_000), story(0).len(), "one a visit at the most");
    }

    #[test]
    fn most_reports_are_talked_about_after_they_were_made_and_before_the_end() {
        let visits = story(20);
        let reports = visits
            .iter()
            .filter_map(|visit| visit.report.as_ref().map(|report| (visit.until, report)));
        let mut answered = 0;
        for (reported, report) in reports {
            answered += usize::from(!report.talk.lines.is_empty());
            let inside = |at: Millis| reported < at && at.0 < 1_790_000_000_000;
            assert!(report.talk.lines.iter().all(|line| inside(line.at)));
        }
        assert!((12..=18).contains(&answered), "{answered}");
    }

    #[test]
    fn the_first_visit_of_each_is_marked() {
        let visits = story(0);
        let mut seen = std::collections::HashSet::new();
        assert!(
            visits
                .iter()
                .all(|visit| visit.first == seen.insert(visit.person))
        );
    }
}
