//! An invitation: somebody with an address may become a member. It is made by those who run a project, and opened by the address: by
//! signing in to the account that has it, or by the secret of the mail that goes there.

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Identity, Index, Millis, ObjectId, Query, Row,
    Snapshot, Sort, Tx, Value,
};
use utoipa::ToSchema;

use super::member::{Member, insert_member, membership_key};
use super::project::Project;
use super::{SCOPE, key};
use crate::app::App;
use crate::auth::roles::Role;
use crate::identity;
use crate::resources::project::audit_log::document::{Action, Auditor};

/// Invitations of one project, or one organisation, that wait at once.
pub const WAITING_MAX: u32 = 200;
/// A mail is sent again no sooner than after so many milliseconds.
pub const MAIL_PAUSE_MS: i64 = 60_000;
/// Projects of an organisation that are read at once.
const PROJECTS_MAX: u32 = 1_000;
/// Invitations that are forgotten in one unit of work.
const FORGOTTEN_PER_UNIT: u32 = 500;

/// Somebody who may become a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// The address, as it was given.
    pub email: String,
    /// The same as it is compared.
    pub email_key: String,
    /// Of what.
    #[serde(rename = "type")]
    pub kind: InvitationKind,
    /// The organisation, or that of the project.
    pub organisation: ObjectId,
    /// Absent when it is to all projects of the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<ObjectId>,
    /// As what.
    pub role: Role,
    /// Who asks.
    pub invited_by: ObjectId,
    /// When it ends by itself.
    pub expires_at: Millis,
    /// When a mail was last asked for.
    pub mailed_at: Millis,
    /// The hash of the secret of the latest mail. Absent until that is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_hash: Option<String>,
}

/// What an invitation is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InvitationKind {
    /// All projects of an organisation.
    Organisation,
    /// One project.
    Project,
}

const fn column(name: &'static str, path: &'static str, kind: ColumnKind) -> Column {
    Column { name, path, kind }
}

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index {
        name,
        columns,
        not_null: None,
    }
}

/// The table of invitations.
pub static INVITATIONS: Collection = Collection {
    table: "invitation",
    columns: &[
        column("email_key", "emailKey", ColumnKind::Text),
        column("organisation", "organisation", ColumnKind::Id),
        column("to_project", "project", ColumnKind::Id),
        column("expires_at", "expiresAt", ColumnKind::Instant),
    ],
    indexes: &[
        index("invitation_by_email", &["email_key"]),
        index("invitation_by_target", &["organisation", "to_project"]),
        index("invitation_by_end", &["expires_at"]),
    ],
    cluster: &[],
    references: &[],
};

impl Document for Invitation {
    const COLLECTION: &'static Collection = &INVITATIONS;

    fn promoted(&self) -> Vec<Value> {
        vec![
            self.email_key.as_str().into(),
            self.organisation.into(),
            self.project.into(),
            self.expires_at.into(),
        ]
    }

    fn identities(&self) -> Vec<Identity> {
        let token = self.token_hash.iter();
        let token = token.map(|hash| key(identity::INVITATION_TOKEN, hash));
        token
            .chain([key(identity::INVITATION, &self.key())])
            .collect()
    }
}

impl Invitation {
    /// An address is invited to something once.
    fn key(&self) -> String {
        let target = self.project.unwrap_or(self.organisation);
        format!("{target}:{}", self.email_key)
    }

    /// Whether it still holds.
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        self.expires_at > now
    }
}

/// Invites somebody. Who is invited already stays so, under the new terms. Returns the invitation, and whether a mail is due.
///
/// # Errors
/// [`store::Error::Full`] when too many wait.
pub fn invite(tx: &mut Tx<'_>, new: &Invitation) -> store::Result<(Row<Invitation>, bool)> {
    let Some(mut row) = tx.find_for_update::<Invitation>(identity::INVITATION, &new.key())? else {
        let waiting =
            tx.count::<Invitation>(&to(new.organisation, new.project), WAITING_MAX.into())?;
        if waiting >= WAITING_MAX.into() {
            return Err(store::Error::Full("too many invitations wait".into()));
        }
        let row = tx.insert(tx.new_id(), new.clone())?;
        tx.claim(identity::INVITATION, &new.key(), row.id)?;
        return Ok((row, true));
    };
    let is_due = tx.now().0 - row.doc.mailed_at.0 >= MAIL_PAUSE_MS || !row.doc.is_open(tx.now());
    row.doc = Invitation {
        mailed_at: if is_due { tx.now() } else { row.doc.mailed_at },
        token_hash: row.doc.token_hash.take(),
        ..new.clone()
    };
    tx.put(&mut row)?;
    Ok((row, is_due))
}

/// Gives an invitation the secret of the mail that is about to be sent; the one before opens nothing any more.
///
/// # Errors
/// Those of the store.
pub fn set_token(tx: &mut Tx<'_>, mut row: Row<Invitation>, hash: &str) -> store::Result<()> {
    if let Some(old) = row.doc.token_hash.replace(hash.to_owned()) {
        tx.release(identity::INVITATION_TOKEN, &old, row.id)?;
    }
    tx.claim(identity::INVITATION_TOKEN, hash, row.id)?;
    tx.put(&mut row)
}

/// The projects that an invitation is to.
///
/// # Errors
/// Those of the store.
pub fn projects(snapshot: &Snapshot<'_>, invitation: &Invitation) -> store::Result<Vec<ObjectId>> {
    match invitation.project {
        Some(project) => Ok(vec![project]),
        None => projects_of(snapshot, invitation.organisation),
    }
}

/// Makes a user the member that an invitation says, and ends it. Who is a member already keeps the role. Returns the projects.
///
/// # Errors
/// Those of the store.
pub fn accept(
    tx: &mut Tx<'_>,
    invitation: &Row<Invitation>,
    user: ObjectId,
) -> store::Result<Vec<ObjectId>> {
    let projects = projects(tx, &invitation.doc)?;
    let role = invitation.doc.role;
    for project in &projects {
        let project = *project;
        let key = membership_key(user, project);
        if tx.owner(identity::MEMBERSHIP, &key)?.is_none() {
            insert_member(
                tx,
                Member {
                    user,
                    project,
                    role,
                },
            )?;
            let by = Some(user);
            let details = json!({ "role": role });
            Auditor { project, by }.note(tx, Action::MemberJoined, Some(user), details)?;
        }
    }
    end(tx, invitation)?;
    Ok(projects)
}

/// Ends an invitation.
///
/// # Errors
/// Those of the store.
pub fn end(tx: &mut Tx<'_>, invitation: &Row<Invitation>) -> store::Result<()> {
    let (id, doc) = (invitation.id, &invitation.doc);
    tx.release(identity::INVITATION, &doc.key(), id)?;
    if let Some(hash) = &doc.token_hash {
        tx.release(identity::INVITATION_TOKEN, hash, id)?;
    }
    tx.delete::<Invitation>(id).map(drop)
}

/// The projects of an organisation, oldest first.
///
/// # Errors
/// Those of the store.
pub fn projects_of(
    snapshot: &Snapshot<'_>,
    organisation: ObjectId,
) -> store::Result<Vec<ObjectId>> {
    let query = Query {
        filter: Filter::Eq(FieldPath::known("organisation"), Scalar::Id(organisation)),
        sort: oldest_first(),
        limit: PROJECTS_MAX,
        ..Query::default()
    };
    let rows = snapshot.page::<Project>(&query)?.rows;
    Ok(rows.iter().map(|row| row.id).collect())
}

/// The invitations to a project, or to all of an organisation.
#[must_use]
pub fn to(organisation: ObjectId, project: Option<ObjectId>) -> Query {
    let project = project.map_or(Scalar::Null, Scalar::Id);
    Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("organisation"), Scalar::Id(organisation)),
            Filter::Eq(FieldPath::known("project"), project),
        ]),
        sort: oldest_first(),
        limit: WAITING_MAX,
        ..Query::default()
    }
}

/// The invitations of an address.
#[must_use]
pub fn of_address(email_key: &str) -> Query {
    Query {
        filter: Filter::Eq(
            FieldPath::known("emailKey"),
            Scalar::Text(email_key.to_owned()),
        ),
        sort: oldest_first(),
        limit: 1_000,
        ..Query::default()
    }
}

fn oldest_first() -> Vec<Sort> {
    vec![Sort {
        path: "id".into(),
        descending: false,
    }]
}

/// Forgets invitations that ended by themselves; returns how many.
///
/// # Errors
/// Those of the store.
pub async fn sweep(app: &App) -> anyhow::Result<u64> {
    let mut forgotten = 0;
    loop {
        let count = app.store.write(SCOPE, forget_ended).await?;
        forgotten += count;
        if count < u64::from(FORGOTTEN_PER_UNIT) {
            return Ok(forgotten);
        }
    }
}

fn forget_ended(tx: &mut Tx<'_>) -> store::Result<u64> {
    let ended = Query {
        filter: Filter::Range {
            field: FieldPath::known("expiresAt"),
            op: RangeOp::Le,
            value: Scalar::Instant(tx.now()),
        },
        limit: FORGOTTEN_PER_UNIT,
        ..Query::default()
    };
    let rows = tx.page::<Invitation>(&ended)?.rows;
    for row in &rows {
        if let Some(row) = tx.get_for_update::<Invitation>(row.id)?
            && !row.doc.is_open(tx.now())
        {
            end(tx, &row)?;
        }
    }
    Ok(rows.len() as u64)
}
