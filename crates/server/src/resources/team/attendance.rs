//! Which members are at work in a project: when they were last seen there, and whether they take tickets. It is in the database,
//! so that every node knows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use store::filter::{FieldPath, Filter, Scalar};
use store::{Collection, Document, Millis, ObjectId, Query, Row, Snapshot, Tx, Value};

use super::queue;
use crate::accounts::SCOPE;
use crate::accounts::user::User;
use crate::app::App;

/// A member who was seen no longer ago counts as online, in milliseconds.
pub const ONLINE_MS: i64 = 5 * 60_000;
/// It is written no more often than once in so many milliseconds, for each member and project.
pub const NOTE_MS: i64 = 60_000;
/// Members of whom this process remembers when it noted them.
const REMEMBERED_MAX: usize = 10_000;

/// A member in a project; its id is that of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attendance {
    /// Absent of one who never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Millis>,
    /// Whether the member takes tickets: what the user says of itself, copied here where tickets are given away.
    pub available: bool,
}

/// The table of attendance.
pub static ATTENDANCES: Collection = Collection {
    table: "attendance",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Attendance {
    const COLLECTION: &'static Collection = &ATTENDANCES;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }
}

impl Attendance {
    /// Whether the member was seen just now.
    #[must_use]
    pub fn is_online(&self, now: Millis) -> bool {
        self.last_seen
            .is_some_and(|seen| now.0 - seen.0 < ONLINE_MS)
    }
}

/// Whom this process noted, and when, so that a request costs nothing.
#[derive(Default)]
pub struct Noted(Mutex<HashMap<(ObjectId, ObjectId), Millis>>);

impl Noted {
    /// Whether a member is to be noted, which it then counts as.
    fn is_due(&self, member: (ObjectId, ObjectId), now: Millis) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |at: &Millis| (0..NOTE_MS).contains(&(now.0 - at.0));
        if noted.get(&member).is_some_and(is_fresh) {
            return false;
        }
        if noted.len() >= REMEMBERED_MAX {
            noted.retain(|_, at| is_fresh(at));
        }
        noted.insert(member, now);
        true
    }

    fn forget(&self, member: (ObjectId, ObjectId)) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.remove(&member);
    }
}

/// Notes that a person is at work in a project. What cannot be written is written with the next request.
pub async fn note(app: &App, project: ObjectId, user: ObjectId) {
    let now = app.now();
    if !app.noted.is_due((project, user), now) {
        return;
    }
    if let Err(error) = write(app, project, user).await {
        app.noted.forget((project, user));
        tracing::debug!(%project, %user, %error, "it was not noted that a member is at work");
    }
}

async fn write(app: &App, project: ObjectId, user: ObjectId) -> store::Result<()> {
    let read = app.store.read(SCOPE, move |snapshot| {
        let user = snapshot.get::<User>(user)?;
        Ok::<_, store::Error>(user.is_some_and(|user| user.doc.profile.takes_tickets(project)))
    });
    let available = read.await?;
    let unit = move |tx: &mut Tx<'_>| saw(tx, user, available);
    app.store.write(project, unit).await
}

/// A member who comes, or takes tickets again, gets what waits.
fn saw(tx: &mut Tx<'_>, user: ObjectId, available: bool) -> store::Result<()> {
    let now = tx.now();
    let mut row = find_or_make(tx, user)?;
    let before = row.doc.clone();
    // Another node may have noted it just now.
    let is_noted = before.last_seen.is_some_and(|at| now.0 - at.0 < NOTE_MS);
    if is_noted && before.available == available {
        return Ok(());
    }
    row.doc = Attendance {
        last_seen: Some(now),
        available,
    };
    tx.put(&mut row)?;
    if !before.is_online(now) || !before.available {
        queue::wake(tx)?;
    }
    Ok(())
}

/// The member, locked until this unit is committed.
///
/// # Errors
/// Those of the store.
pub(super) fn find_or_make(tx: &mut Tx<'_>, user: ObjectId) -> store::Result<Row<Attendance>> {
    if let Some(row) = tx.get_for_update::<Attendance>(user)? {
        return Ok(row);
    }
    let new = Attendance {
        last_seen: None,
        available: true,
    };
    // Where units run at once, two may be the first: the second finds what the first made.
    tx.append(user, &new)?;
    tx.get_for_update::<Attendance>(user)?
        .ok_or_else(|| tx.raced())
}

/// Sets whether a member takes tickets; what waits is given to one who does again.
///
/// # Errors
/// Those of the store.
pub(super) fn set_available(tx: &mut Tx<'_>, user: ObjectId, available: bool) -> store::Result<()> {
    let mut row = find_or_make(tx, user)?;
    if row.doc.available == available {
        return Ok(());
    }
    row.doc.available = available;
    tx.put(&mut row)?;
    if available { queue::wake(tx) } else { Ok(()) }
}

/// What is known of these members.
///
/// # Errors
/// Those of the store.
pub fn of(
    snapshot: &Snapshot<'_>,
    users: &[ObjectId],
) -> store::Result<HashMap<ObjectId, Attendance>> {
    let mut known = HashMap::new();
    for some in users.chunks(500) {
        let query = Query {
            filter: Filter::In(
                FieldPath::known("id"),
                some.iter().copied().map(Scalar::Id).collect(),
            ),
            limit: 500,
            ..Query::default()
        };
        for row in snapshot.page::<Attendance>(&query)?.rows {
            known.insert(row.id, row.parse()?);
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> ObjectId {
        format!("{n:024x}").parse().unwrap()
    }

    #[test]
    fn a_member_is_due_once_a_minute_in_each_project() {
        let noted = Noted::default();
        let due = |project, user, now| noted.is_due((id(project), id(user)), Millis(now));
        assert!(due(1, 1, 0));
        assert!(!due(1, 1, NOTE_MS - 1));
        assert!(due(2, 1, 1) && due(1, 2, 1));
        assert!(due(1, 1, NOTE_MS));
        noted.forget((id(1), id(1)));
        assert!(due(1, 1, NOTE_MS + 1));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let noted = Noted::default();
        for n in 0..REMEMBERED_MAX {
            noted.is_due((id(n), id(n)), Millis(0));
        }
        noted.is_due((id(REMEMBERED_MAX), id(0)), Millis(NOTE_MS));
        assert_eq!(noted.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_member_is_online_for_five_minutes() {
        let seen = |last_seen| Attendance {
            last_seen,
            available: true,
        };
        assert!(!seen(None).is_online(Millis(0)));
        assert!(seen(Some(Millis(7))).is_online(Millis(7 + ONLINE_MS - 1)));
        assert!(!seen(Some(Millis(7))).is_online(Millis(7 + ONLINE_MS)));
    }
}
