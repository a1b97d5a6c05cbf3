//! The people of the demo: made up, and recognisably so.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use store::Millis;

use super::hours;

const FIRST_NAMES: [&str; 24] = [
    "Alex", "Billie", "Charlie", "Dana", "Eli", "Frankie", "Gale", "Harper", "Indigo", "Jules",
    "Kim", "Lou", "Max", "Noor", "Ollie", "Pat", "Quinn", "Robin", "Sam", "Toni", "Uli", "Val",
    "Wren", "Yuki",
];
const LAST_NAMES: [&str; 6] = [
    "Sample",
    "Example",
    "Placeholder",
    "Demo",
    "Specimen",
    "Test",
];
const COMPANIES: [&str; 16] = [
    "Example Bakery",
    "Sample Logistics",
    "Demo Dental",
    "Placeholder Press",
    "Specimen Labs",
    "Example Energy",
    "Sample Studios",
    "Demo Design",
    "Placeholder Parks",
    "Specimen Sports",
    "Example Eyewear",
    "Sample Sailing",
    "Demo Delivery",
    "Placeholder Paper",
    "Specimen Seeds",
    "Example Estates",
];
const PLANS: [(&str, u32, f64); 4] = [
    ("free", 55, 0.0),
    ("starter", 25, 29.0),
    ("team", 15, 149.0),
    ("enterprise", 5, 990.0),
];
const LANGUAGES: [&str; 6] = ["en", "en", "en", "de", "fr", "es"];
const ROLES: [&str; 4] = ["owner", "admin", "editor", "viewer"];
/// Of a hundred visitors so many sign in.
const KNOWN_PERCENT: u32 = 72;
/// The most visits of one person.
const VISITS_MAX: u32 = 8;

/// What a client says of the machine that it runs on.
#[derive(Debug, Clone, Copy)]
pub struct Device {
    /// `web`, `ios` or `android`.
    pub platform: &'static str,
    /// `desktop`, `mobile` or `tablet`.
    pub kind: &'static str,
}

const DEVICES: [Device; 5] = [
    Device {
        platform: "web",
        kind: "desktop",
    },
    Device {
        platform: "web",
        kind: "desktop",
    },
    Device {
        platform: "web",
        kind: "mobile",
    },
    Device {
        platform: "ios",
        kind: "mobile",
    },
    Device {
        platform: "android",
        kind: "mobile",
    },
];

/// Somebody who signs in.
#[derive(Debug, Clone)]
pub struct Account {
    pub user_id: String,
    pub name: String,
    pub email: String,
    pub plan: &'static str,
    pub value: f64,
    pub company: Option<(String, &'static str)>,
    pub role: &'static str,
    pub seats: u32,
}

/// One end user of the demo.
#[derive(Debug, Clone)]
pub struct Person {
    pub account: Option<Account>,
    pub device: Device,
    pub lang: &'static str,
    /// When they come, the first time and again; in order.
    pub visits: Vec<Millis>,
}

/// `count` people who come between `from` and `until`, more of them later; the same ones for the same `seed`.
#[must_use]
pub fn cast(count: u32, from: Millis, until: Millis, seed: u64) -> Vec<Person> {
    let mut dice = StdRng::seed_from_u64(seed);
    (1..=count)
        .map(|number| person(number, from, until, &mut dice))
        .collect()
}

fn person(number: u32, from: Millis, until: Millis, dice: &mut StdRng) -> Person {
    // The square root makes arrivals grow with time, as those of a product that is found by more and more people.
    let share = dice.random_range(0.0..1.0_f64).sqrt();
    let mut arrives = hours::at_work(between(from, until, share), dice);
    if arrives >= until {
        arrives.0 -= hours::DAY_MS; // the hour is still to come
    }
    let known = dice.random_range(0..100) < KNOWN_PERCENT;
    let more = if known {
        dice.random_range(1..VISITS_MAX)
    } else {
        dice.random_range(0..2)
    };
    let mut visits: Vec<Millis> = (0..more)
        .map(|_| hours::at_work(between(arrives, until, dice.random_range(0.0..1.0)), dice))
        .chain([arrives])
        .filter(|visit| *visit < until)
        .collect();
    visits.sort_unstable();
    Person {
        account: known.then(|| account(number, dice)),
        device: pick(&DEVICES, dice),
        lang: pick(&LANGUAGES, dice),
        visits,
    }
}

fn account(number: u32, dice: &mut StdRng) -> Account {
    let (first, last) = (pick(&FIRST_NAMES, dice), pick(&LAST_NAMES, dice));
    let (plan, value) = plan(dice);
    let company = dice.random_range(0..COMPANIES.len() * 2);
    Account {
        user_id: format!("user-{number:04}"),
        name: format!("{first} {last}"),
        email: format!("{}.{number:04}@example.com", first.to_lowercase()),
        plan,
        value,
        company: COMPANIES
            .get(company)
            .map(|name| (format!("company-{:02}", company + 1), *name)),
        role: pick(&ROLES, dice),
        seats: dice.random_range(1..60),
    }
}

fn plan(dice: &mut StdRng) -> (&'static str, f64) {
    let mut drawn = dice.random_range(0..100);
    for (name, percent, value) in PLANS {
        if drawn < percent {
            return (name, value);
        }
        drawn -= percent;
    }
    ("free", 0.0)
}

fn between(from: Millis, until: Millis, share: f64) -> Millis {
    Millis(from.0 + ((until.0 - from.0) as f64 * share) as i64)
}

/// One of `choices`, each as likely as the others.
pub fn pick<T: Copy>(choices: &[T], dice: &mut StdRng) -> T {
    choices[dice.random_range(0..choices.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;
    const NOW: Millis = Millis(1_790_000_000_000);

    #[test]
    fn the_same_seed_casts_the_same_people() {
        let cast = |seed| format!("{:?}", cast(50, Millis(NOW.0 - 90 * DAY), NOW, seed));
        assert_eq!(cast(1), cast(1));
        assert_ne!(cast(1), cast(2));
    }

    #[test]
    fn everybody_comes_and_nobody_before_the_story_or_after_its_end() {
        let from = Millis(NOW.0 - 90 * DAY);
        for person in cast(500, from, NOW, 7) {
            assert!(!person.visits.is_empty());
            assert!(person.visits.is_sorted());
            // Visits move within their day, so that the first may lie a day earlier.
            assert!(
                person
                    .visits
                    .iter()
                    .all(|at| from.0 - DAY <= at.0 && at.0 < NOW.0)
            );
        }
    }

    #[test]
    fn everybody_is_recognisably_made_up() {
        for account in cast(500, Millis(NOW.0 - 90 * DAY), NOW, 7)
            .into_iter()
            .filter_map(|person| person.account)
        {
            assert!(account.email.ends_with("@example.com"), "{account:?}");
            let last = account.name.split(' ').next_back().unwrap();
            assert!(LAST_NAMES.contains(&last), "{account:?}");
        }
    }
}
