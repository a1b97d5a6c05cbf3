//! What the people of the demo do, in the order in which they do it.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use store::Millis;

use super::cast::{Person, pick};

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
const REPORTS: [(&str, &str, &str); 12] = [
    ("BUG", "HIGH", "Saving an invoice shows a white page"),
    (
        "BUG",
        "MEDIUM",
        "The total on the invoice is off by a cent when there are two tax rates",
    ),
    ("BUG", "LOW", "The date picker opens behind the dialog"),
    ("BUG", "HIGH", "Export to CSV stops after 1,000 lines"),
    ("BUG", "MEDIUM", "Notifications arrive twice on the phone"),
    (
        "FEATURE_REQUEST",
        "MEDIUM",
        "Please let us filter reports by cost centre",
    ),
    (
        "FEATURE_REQUEST",
        "LOW",
        "A dark mode would be kind to my eyes",
    ),
    (
        "FEATURE_REQUEST",
        "MEDIUM",
        "Could invoices be sent on a schedule?",
    ),
    (
        "INQUIRY",
        "MEDIUM",
        "How do I add a second owner to our account?",
    ),
    ("INQUIRY", "LOW", "Which currencies do you support?"),
    (
        "INQUIRY",
        "HIGH",
        "We were charged twice this month, can you have a look?",
    ),
    (
        "INQUIRY",
        "MEDIUM",
        "Can I move my data from another workspace?",
    ),
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
    pub report: Option<Value>,
}

/// All visits, the earliest first, with `reports` reports among them.
#[must_use]
pub fn visits(cast: &[Person], reports: u32, seed: u64) -> Vec<Visit> {
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
    give_reports(&mut visits, reports, &mut dice);
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
fn give_reports(visits: &mut [Visit], reports: u32, dice: &mut StdRng) {
    let reports = (reports as usize).min(visits.len());
    for n in 0..reports {
        let (from, until) = (visits.len() * n / reports, visits.len() * (n + 1) / reports);
        let visit = dice.random_range(from..until);
        visits[visit].report = Some(report(dice));
    }
}

fn report(dice: &mut StdRng) -> Value {
    let (kind, priority, text) = pick(&REPORTS, dice);
    json!({
        "type": kind,
        "priority": priority,
        "formData": {"description": text},
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
        visits(&cast, reports, 5)
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
