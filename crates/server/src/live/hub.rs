//! Who is connected now. Nothing here is kept: what must arrive lies in the database until it was pushed.

use serde_json::value::RawValue;
use store::{Millis, ObjectId};

/// Something that a session did, for those who watch it.
#[derive(Debug, Clone)]
pub struct Activity {
    /// `event`, `identified`, `merged`, `updated`, `report`, `started` …
    pub kind: &'static str,
    /// When.
    pub date: Millis,
    /// More about it, as JSON.
    pub data: Option<Box<RawValue>>,
}

/// The sockets of sessions, and those who watch sessions.
#[derive(Debug, Default)]
pub struct Hub {}

impl Hub {
    /// Tells those who watch a session what it did. Call it after the commit.
    pub fn report(&self, _project: ObjectId, _session: ObjectId, _activity: Activity) {}

    /// An events call of a session arrived: its sockets may get notifications from now on (wire note §4.6).
    pub fn ready(&self, _project: ObjectId, _session: ObjectId) {}

    /// A session was merged: its sockets are those of the survivor from now on.
    pub fn merged(&self, _project: ObjectId, _gone: ObjectId, _survivor: ObjectId) {}

    /// A session was erased: its sockets are closed.
    pub fn erased(&self, _project: ObjectId, _session: ObjectId) {}
}
