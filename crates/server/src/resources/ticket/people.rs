//! The members that tickets show. Kept in memory until any account changes.

use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::UnitWeighter;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use store::{Change, ObjectId};
use utoipa::ToSchema;

use crate::accounts::{SCOPE, member};
use crate::app::App;
use crate::cache::CommitCache;

/// Projects whose members are kept in memory.
const PROJECTS_KEPT_MAX: usize = 1_000;

/// A member as a ticket shows it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The id of the user.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    pub _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The address; absent of somebody who is no member any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_image_url: Option<String>,
}

/// The members of a project by id, as JSON.
pub type Team = Arc<HashMap<ObjectId, Box<RawValue>>>;

/// The teams that are in memory.
pub struct People(CommitCache<ObjectId, Team, UnitWeighter>);

impl Default for People {
    fn default() -> Self {
        let size = PROJECTS_KEPT_MAX;
        Self(CommitCache::new(size, size as u64, UnitWeighter))
    }
}

impl People {
    /// Forgets all when an account changed.
    pub fn committed(&self, changes: &[Change]) {
        let concerns_accounts = |change: &Change| match change {
            Change::Document { project, .. } | Change::Identity { project, .. } => {
                *project == SCOPE
            }
        };
        if changes.iter().any(concerns_accounts) {
            self.clear();
        }
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.0.clear();
    }

    /// The members of a project.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(&self, app: &App, project: ObjectId) -> store::Result<Team> {
        if let Some(team) = self.0.get(&project) {
            return Ok(team);
        }
        let ticket = self.0.ticket();
        let read = app.store.read(SCOPE, move |snapshot| {
            let people = member::people(snapshot, project)?;
            let shown = people.into_iter().map(|(user, _)| {
                let last_name = user.doc.profile.last_name;
                let person = Person {
                    _id: user.id,
                    id: user.id,
                    email: user.doc.email,
                    first_name: Some(user.doc.name),
                    last_name: Some(last_name).filter(|name| !name.is_empty()),
                    profile_image_url: user.doc.profile.profile_image_url,
                };
                Ok((user.id, to_raw_value(&person)?))
            });
            shown.collect::<store::Result<HashMap<_, _>>>()
        });
        let team = Arc::new(read.await?);
        self.0.keep(ticket, project, Arc::clone(&team));
        Ok(team)
    }
}

/// Somebody who is no member.
///
/// # Errors
/// None that happen.
pub fn stranger(id: ObjectId) -> serde_json::Result<Box<RawValue>> {
    to_raw_value(&Person {
        _id: id,
        id,
        email: None,
        first_name: None,
        last_name: None,
        profile_image_url: None,
    })
}
