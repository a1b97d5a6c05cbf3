//! How long a project keeps what it knows, and how far the letting go is.

use serde::{Deserialize, Serialize};
use store::{Collection, Document, Millis, ObjectId, Snapshot, Tx, Value};
use utoipa::ToSchema;

/// The shortest time that something is kept, in days.
pub const DAYS_MIN: i64 = 1;
/// The longest time that can be asked for, in days. What has no rule is kept for ever.
pub const DAYS_MAX: i64 = 3_650;
/// How long after a change of the rules they are first followed, in milliseconds: a slip can be taken back.
pub const FIRST_RUN_AFTER_MS: i64 = 3_600_000;
/// How long after the begin of a run the next one is due, in milliseconds.
pub const RUN_EVERY_MS: i64 = DAY_MS;

const DAY_MS: i64 = 86_400_000;

/// How long a project keeps events and guests. What is left out is kept for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RetentionRules {
    /// Events that are older than so many days are removed: 1 to 3650.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3650)]
    pub events_days: Option<i64>,
    /// Guests (sessions without a `userId`) that were not seen for so many days are erased: 1 to 3650.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3650)]
    pub guests_unseen_days: Option<i64>,
}

impl RetentionRules {
    /// What is wrong with which rule.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let days = [
            ("eventsDays", self.events_days),
            ("guestsUnseenDays", self.guests_unseen_days),
        ];
        let beyond = |(_, days): &(&str, Option<i64>)| {
            days.is_some_and(|days| !(DAYS_MIN..=DAYS_MAX).contains(&days))
        };
        let told = |(name, _): (&str, Option<i64>)| {
            format!(
                "{name}: must be {DAYS_MIN} to {DAYS_MAX} days; leave it out to keep them for ever"
            )
        };
        days.into_iter().filter(beyond).map(told).collect()
    }

    /// Whether anything is let go.
    #[must_use]
    pub fn let_go(&self) -> bool {
        self.events_days.is_some() || self.guests_unseen_days.is_some()
    }

    /// Events from before this go.
    #[must_use]
    pub fn events_before(&self, now: Millis) -> Option<Millis> {
        before(now, self.events_days)
    }

    /// Guests that were last seen before this go.
    #[must_use]
    pub fn guests_before(&self, now: Millis) -> Option<Millis> {
        before(now, self.guests_unseen_days)
    }
}

fn before(now: Millis, days: Option<i64>) -> Option<Millis> {
    days.map(|days| Millis(now.0 - days * DAY_MS))
}

/// What a project set, and what came of it; its id is that of the project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Retention {
    /// What holds.
    pub rules: RetentionRules,
    /// When the rules are followed next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Millis>,
    /// The run that has begun and is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RetentionRun>,
    /// What the latest finished run did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<RetentionDone>,
}

/// How far a run is. It is written with each part of the work, so that a run which was cut off goes on from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetentionRun {
    /// When it began: ages are those of this instant.
    pub started_at: Millis,
    /// What it is about now.
    pub stage: Stage,
    /// The session up to which this stage is done.
    pub after: ObjectId,
    /// Events that were removed so far.
    pub events: u64,
    /// Guests that were erased so far.
    pub guests: u64,
}

/// What a run does, in this order: the events of guests go with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Guests,
    Events,
}

impl RetentionRun {
    /// A run that begins.
    #[must_use]
    pub fn begin(now: Millis) -> Self {
        Self {
            started_at: now,
            stage: Stage::Guests,
            after: ObjectId::ZERO,
            events: 0,
            guests: 0,
        }
    }
}

/// What a finished run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetentionDone {
    /// When it was finished.
    #[schema(value_type = String, format = DateTime)]
    pub date: Millis,
    /// Events that were removed, beside those of the guests.
    pub events: u64,
    /// Guests that were erased.
    pub guests: u64,
}

/// The table of rules: one row for each project that ever set some.
pub static RETENTIONS: Collection = Collection {
    table: "retention",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Retention {
    const COLLECTION: &'static Collection = &RETENTIONS;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }
}

/// What the project set.
///
/// # Errors
/// Those of the store.
pub fn of(snapshot: &Snapshot<'_>) -> store::Result<Retention> {
    let row = snapshot.get::<Retention>(snapshot.project())?;
    Ok(row.map(|row| row.doc).unwrap_or_default())
}

/// Sets the rules; returns what holds now, and whether that is another than before. A run under others ends, and the new ones are followed an hour
/// from now; the same again change nothing.
///
/// # Errors
/// Those of the store.
pub fn set(tx: &mut Tx<'_>, rules: RetentionRules) -> store::Result<(Retention, bool)> {
    let id = tx.project();
    let known = tx.get_for_update::<Retention>(id)?;
    let mut own = known
        .as_ref()
        .map(|row| row.doc.clone())
        .unwrap_or_default();
    if own.rules == rules {
        return Ok((own, false));
    }
    own.rules = rules;
    own.run = None;
    own.next_at = rules
        .let_go()
        .then(|| Millis(tx.now().0 + FIRST_RUN_AFTER_MS));
    match known {
        Some(mut row) => {
            row.doc = own.clone();
            tx.put(&mut row)?;
        }
        // Where units run at once, two may be the first: the second is run again.
        None if tx.append(id, &own)? => {}
        None => return Err(tx.raced()),
    }
    Ok((own, true))
}
