//! What the rules would let go now: counted, and nothing is changed.

use std::time::{Duration, Instant};

use serde::Serialize;
use store::{Millis, ObjectId};
use utoipa::ToSchema;

use super::document::RetentionRules;
use super::select::{self, Seen};
use crate::app::App;
use crate::resources::ticket::settings;

/// Events, and guests, that are counted at the most.
pub const COUNTED_MAX: u64 = 100_000;
/// How long it is counted at the most.
const COUNTING_MAX: Duration = Duration::from_secs(4);

/// What the rules would let go now.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct RetentionPreview {
    /// Events, those of the guests that would go among them.
    pub events: RetentionCount,
    /// Guests.
    pub guests: RetentionCount,
    /// Whether all were counted. Otherwise there are at least so many: it is counted for 4 seconds, and up to 100,000 of each.
    pub complete: bool,
}

/// How much of a kind would go.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct RetentionCount {
    /// How many.
    pub count: u64,
    /// What is from before this goes: the date of an event, the instant at which a guest was last seen. Absent without a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub before: Option<Millis>,
    /// The earliest of those that were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub oldest: Option<Millis>,
    /// The latest of those that were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub newest: Option<Millis>,
}

impl RetentionCount {
    fn add(&mut self, count: u64, oldest: Millis, newest: Millis) {
        self.count += count;
        self.oldest = Some(self.oldest.map_or(oldest, |own| own.min(oldest)));
        self.newest = self.newest.max(Some(newest));
    }
}

/// How far it is counted.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    most: u64,
    started: Instant,
}

impl Bounds {
    fn in_time(self) -> bool {
        self.started.elapsed() < COUNTING_MAX
    }
}

/// Counts what the rules would let go now, up to `most` of each kind.
///
/// # Errors
/// Those of the store.
pub async fn count(
    app: &App,
    project: ObjectId,
    rules: RetentionRules,
    most: u64,
) -> store::Result<RetentionPreview> {
    let (started, now) = (Instant::now(), app.now());
    let bounds = Bounds { most, started };
    let mut preview = RetentionPreview {
        complete: true,
        ..RetentionPreview::default()
    };
    if let Some(before) = rules.guests_before(now) {
        preview.guests.before = Some(before);
        preview.complete &= guests(app, project, &mut preview.guests, bounds).await?;
    }
    if let Some(before) = rules.events_before(now) {
        preview.events.before = Some(before);
        preview.complete &= events(app, project, &mut preview.events, bounds).await?;
    }
    Ok(preview)
}

/// Returns whether all were counted.
async fn guests(
    app: &App,
    project: ObjectId,
    counted: &mut RetentionCount,
    bounds: Bounds,
) -> store::Result<bool> {
    let (mut after, before) = (ObjectId::ZERO, counted.before.unwrap_or_default());
    loop {
        let read = app.store.read(project, move |snapshot| {
            let Seen { found, next } = select::guests(snapshot, after, before)?;
            let settings = settings::of(snapshot)?;
            let mut going = Vec::with_capacity(found.len());
            for (id, seen) in found {
                if !select::has_open_ticket(snapshot, id, &settings)? {
                    going.push(seen);
                }
            }
            Ok::<_, store::Error>((going, next))
        });
        let (going, next) = read.await?;
        for seen in going {
            if counted.count == bounds.most {
                return Ok(false);
            }
            counted.add(1, seen, seen);
        }
        match next {
            Some(next) if bounds.in_time() => after = next,
            next => return Ok(next.is_none()),
        }
    }
}

/// Returns whether all were counted.
async fn events(
    app: &App,
    project: ObjectId,
    counted: &mut RetentionCount,
    bounds: Bounds,
) -> store::Result<bool> {
    let (mut after, before) = (ObjectId::ZERO, counted.before.unwrap_or_default());
    loop {
        // One more than may be told, so that it shows whether there are more.
        let most = bounds.most + 1 - counted.count;
        let read = app.store.read(project, move |snapshot| {
            let Seen { found, next } = select::with_old_events(snapshot, after, before)?;
            let (mut left, mut sums) = (most, Vec::with_capacity(found.len()));
            for (id, oldest) in found {
                let (count, newest) = select::count_events(snapshot, id, before, left)?;
                sums.push((count, oldest, newest.unwrap_or(oldest)));
                left -= count;
                if left == 0 {
                    break;
                }
            }
            Ok::<_, store::Error>((sums, next))
        });
        let (sums, next) = read.await?;
        for (count, oldest, newest) in sums {
            counted.add(count, oldest, newest);
        }
        if counted.count > bounds.most {
            counted.count = bounds.most;
            return Ok(false);
        }
        match next {
            Some(next) if bounds.in_time() => after = next,
            next => return Ok(next.is_none()),
        }
    }
}
