//! What every call of a client brings: attributes of its session, and the fact that somebody is there.

use indexmap::IndexMap;
use serde_json::value::RawValue;
use store::{Millis, Row, Tx};

use crate::app::SharedApp;
use crate::auth::Visitor;
use crate::resources::session::attributes::{AttributeLimits, Attributes, Refused};
use crate::resources::session::document::Session;
use crate::resources::session::history::{Identifiers, Origin};
use crate::resources::session::identify;
use crate::resources::session::visit::Visit;

/// A call of a client, as far as it concerns its session.
#[derive(Clone)]
pub struct Arrival {
    attributes: Attributes,
    limits: AttributeLimits,
    visit: Visit,
    /// For the identity history.
    pub origin: Origin,
}

impl Arrival {
    /// Reads the attributes of a call. What cannot be an attribute is left out, and told.
    #[must_use]
    pub fn read(
        app: &SharedApp,
        visitor: &Visitor,
        path: &str,
        attributes: &IndexMap<String, Box<RawValue>>,
    ) -> (Self, Refused) {
        let (attributes, refused) = Attributes::read(attributes);
        let arrival = Self {
            attributes,
            limits: app.attribute_limits(),
            visit: Visit {
                app: app.clone(),
                address: visitor.address,
            },
            origin: Origin {
                source: "sdk".into(),
                method: Some("POST".into()),
                original_url: Some(path.into()),
                user_id: None,
                has_api_key: false,
            },
        };
        (arrival, refused)
    }

    /// Changes a session; returns whether it must be written. Attributes beyond the limits are left out (decisions).
    pub fn give(&self, session: &mut Session, now: Millis) -> bool {
        self.give_with(session, now, false)
    }

    /// The same when something else of the session changed already.
    fn give_with(&self, session: &mut Session, now: Millis, changed: bool) -> bool {
        let (gave, _) = self.attributes.apply(session, self.limits);
        let changed = changed | gave;
        changed | self.visit.record(session, now, changed)
    }

    /// Changes a session that is there, after `change`, which says whether it changed anything.
    pub fn update(
        &self,
        tx: &mut Tx<'_>,
        row: &mut Row<Session>,
        change: impl FnOnce(&mut Tx<'_>, &mut Row<Session>) -> store::Result<bool>,
    ) -> store::Result<()> {
        let (before, old_keys) = (Identifiers::of(&row.doc), row.doc.keys());
        let changed = change(tx, row)?;
        if self.give_with(&mut row.doc, tx.now(), changed) {
            identify::save(tx, row, &before, &old_keys, &self.origin)?;
        }
        Ok(())
    }

    /// Changes a new session and inserts it.
    pub fn insert(&self, tx: &mut Tx<'_>, mut session: Session) -> store::Result<Row<Session>> {
        self.give(&mut session, tx.now());
        identify::insert(tx, session, &self.origin)
    }
}
