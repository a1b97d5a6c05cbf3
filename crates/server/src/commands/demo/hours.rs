//! When people work: on weekdays, by day.

use rand::RngExt;
use rand::rngs::StdRng;
use store::Millis;

const HOUR_MS: i64 = 3_600_000;
/// A day in milliseconds.
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;
/// How many visits there are in each hour of a day (UTC), compared with each other.
const WEIGHTS: [u32; 24] = [
    1, 1, 1, 1, 2, 4, 8, 16, 26, 30, 28, 22, 18, 24, 28, 26, 20, 14, 10, 9, 8, 6, 3, 2,
];
/// Of so many visits on a weekend one stays there; the others move to the Friday before.
const WEEKEND_STAYS: u32 = 4;

/// The day of `instant`, at an hour at which people work.
pub fn at_work(instant: Millis, dice: &mut StdRng) -> Millis {
    let mut day = instant.0.div_euclid(DAY_MS);
    let weekday = (day + 3).rem_euclid(7); // 1970-01-01 was a Thursday; Monday is 0
    if weekday > 4 && dice.random_range(0..WEEKEND_STAYS) > 0 {
        day -= weekday - 4;
    }
    Millis(day * DAY_MS + i64::from(hour(dice)) * HOUR_MS + dice.random_range(0..HOUR_MS))
}

fn hour(dice: &mut StdRng) -> u32 {
    let mut drawn = dice.random_range(0..WEIGHTS.iter().sum());
    for (hour, weight) in (0..).zip(WEIGHTS) {
        if drawn < weight {
            return hour;
        }
        drawn -= weight;
    }
    0
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn most_work_is_done_on_weekdays_by_day() {
        let mut dice = StdRng::seed_from_u64(3);
        let instants: Vec<_> = (0..2000)
            .map(|n| at_work(Millis(1_790_000_000_000 + n * 7 * HOUR_MS), &mut dice))
            .collect();
        let hour = |at: &Millis| at.0.rem_euclid(DAY_MS) / HOUR_MS;
        let by_day = instants
            .iter()
            .filter(|at| (7..18).contains(&hour(at)))
            .count();
        assert!(by_day > 1300, "{by_day}");
        let weekend = |at: &Millis| (at.0.div_euclid(DAY_MS) + 3).rem_euclid(7) > 4;
        let free = instants.iter().filter(|at| weekend(at)).count();
        assert!((50..300).contains(&free), "{free}");
    }
}
