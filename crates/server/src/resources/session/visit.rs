//! Visits: what is known of a session because a client of it called (decisions, Counters and times).

use std::net::IpAddr;

use store::Millis;

use super::document::Session;
use crate::app::SharedApp;

/// A call of a client of a session.
#[derive(Clone)]
pub struct Visit {
    /// To find out where the address is, and how long visits last.
    pub app: SharedApp,
    /// Where the call came from.
    pub address: IpAddr,
}

impl Visit {
    /// Counts the visit when it is a new one, finds out where it is, and moves `lastActivity`. A call that changes
    /// nothing else moves it only when that is due. Returns whether the session must be written for this alone.
    pub fn record(&self, session: &mut Session, now: Millis, changed: bool) -> bool {
        let is_new = self.is_new(session, now);
        if is_new {
            session.sessions += 1;
        }
        if (is_new || session.location.is_none())
            && let Some(location) = self.app.geoip.locate(self.address)
        {
            session.location = Some(location);
        }
        let due = is_new || passed(session.last_activity, now, self.app.activity_debounce_ms());
        if due || changed {
            session.last_activity = session.last_activity.max(Some(now));
        }
        due
    }

    /// A visit ends by silence. The first one begins with the first call, whatever a server said of the user before.
    fn is_new(&self, session: &Session, now: Millis) -> bool {
        session.sessions == 0 || passed(session.last_activity, now, self.app.visit_gap_ms())
    }
}

fn passed(since: Option<Millis>, now: Millis, ms: i64) -> bool {
    since.is_none_or(|since| now.0 - since.0 >= ms)
}
