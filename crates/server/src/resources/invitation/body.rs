//! Invitations on the wire.

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Millis, ObjectId, Row, Snapshot, Tx};
use utoipa::ToSchema;

use super::mail as invitation_mail;
use crate::accounts::invitation::{self, Invitation, InvitationKind, WAITING_MAX};
use crate::accounts::member::membership_key;
use crate::accounts::organisation::Organisation;
use crate::accounts::project::Project;
use crate::app::App;
use crate::auth::roles::Role;
use crate::http::error::ApiError;
use crate::resources::project::audit_log::document::{Action, Auditor};
use crate::{identity, mail};

/// Addresses of one call.
pub const EMAILS_MAX: usize = 50;

const DAY_MS: i64 = 86_400_000;

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitationBody {
    /// The id of the invitation.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    id: ObjectId,
    /// Who is invited.
    email: String,
    /// The name of the project or organisation.
    name: String,
    /// As what.
    role: Role,
    /// To what.
    r#type: InvitationKind,
    /// The organisation, or that of the project.
    #[schema(value_type = String)]
    organisation: ObjectId,
    /// The project; absent when it is to all of the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    project: Option<ObjectId>,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Millis,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Millis,
    /// The latest change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Millis,
}

impl InvitationBody {
    pub(super) fn of(snapshot: &Snapshot<'_>, row: Row<Invitation>) -> store::Result<Self> {
        Ok(Self {
            _id: row.id,
            id: row.id,
            name: name(snapshot, &row.doc)?,
            email: row.doc.email,
            role: row.doc.role,
            r#type: row.doc.kind,
            organisation: row.doc.organisation,
            project: row.doc.project,
            expires_at: row.doc.expires_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// What an invitation is to, by its name.
///
/// # Errors
/// Those of the store.
pub(super) fn name(snapshot: &Snapshot<'_>, invitation: &Invitation) -> store::Result<String> {
    Ok(match invitation.project {
        Some(project) => snapshot.get::<Project>(project)?.map(|row| row.doc.name),
        None => snapshot
            .get::<Organisation>(invitation.organisation)?
            .map(|row| row.doc.name),
    }
    .unwrap_or_default())
}

/// The open invitations of a query.
///
/// # Errors
/// Those of the store.
pub(super) fn open(
    snapshot: &Snapshot<'_>,
    query: &store::Query,
    now: Millis,
) -> store::Result<Vec<InvitationBody>> {
    let mut open = Vec::new();
    for row in snapshot.page::<Invitation>(query)?.rows {
        let row = row.typed::<Invitation>()?;
        if row.doc.is_open(now) {
            open.push(InvitationBody::of(snapshot, row)?);
        }
    }
    Ok(open)
}

/// Whom to invite.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct InviteBody {
    /// Their addresses: 1 to 50.
    #[schema(example = json!(["ada@example.com"]))]
    emails: Vec<String>,
    /// As what: `agent` unless it is said.
    #[schema(value_type = Role, required = false)]
    role: Option<Role>,
}

/// Who invites, to what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Host {
    pub user: ObjectId,
    pub organisation: ObjectId,
    /// `None`: to all projects of the organisation.
    pub project: Option<ObjectId>,
    /// Whether the caller may make owners.
    pub is_owner: bool,
}

impl InviteBody {
    /// The invitations that are asked for.
    ///
    /// # Errors
    /// 409 without a mail server, 422 that names every address at fault, 403 when owners are invited by another than one.
    pub(super) fn invitations(&self, app: &App, host: Host) -> Result<Vec<Invitation>, ApiError> {
        let role = self.role.unwrap_or(Role::Agent);
        let mut faults = Vec::new();
        if !(1..=EMAILS_MAX).contains(&self.emails.len()) {
            faults.push(format!("emails: must be 1 to {EMAILS_MAX} addresses"));
        }
        let mut all: Vec<Invitation> = Vec::new();
        for (number, email) in self.emails.iter().take(EMAILS_MAX).enumerate() {
            match identity::email_key(email).filter(|_| mail::is_address(email)) {
                Some(email_key) if all.iter().all(|other| other.email_key != email_key) => {
                    all.push(host.invitation(app, email.trim().to_owned(), email_key, role));
                }
                Some(_) => {}
                None => faults.push(format!(
                    "emails[{number}]: is no address that mail can be sent to"
                )),
            }
        }
        if !faults.is_empty() {
            return Err(ApiError::unprocessable("invalid_invitation", faults));
        }
        may_give(role, host.is_owner)?;
        if !app.mail.is_set_up() {
            return Err(ApiError::conflict(
                "mail_not_set_up",
                "Invitations go by mail, and no mail server is set up: set smtp.host and smtp.from, or make the member with `hark member create`.",
            ));
        }
        Ok(all)
    }
}

impl Host {
    fn invitation(self, app: &App, email: String, email_key: String, role: Role) -> Invitation {
        let now = app.now();
        let days = i64::from(app.config.accounts.invitation_days);
        Invitation {
            email,
            email_key,
            kind: match self.project {
                Some(_) => InvitationKind::Project,
                None => InvitationKind::Organisation,
            },
            organisation: self.organisation,
            project: self.project,
            role,
            invited_by: self.user,
            expires_at: Millis(now.0 + days * DAY_MS),
            mailed_at: now,
            token_hash: None,
        }
    }
}

/// Otherwise an admin could make itself an owner, by another address.
pub(super) fn may_give(role: Role, is_owner: bool) -> Result<(), ApiError> {
    if role == Role::Owner && !is_owner {
        return Err(ApiError::forbidden(
            "owners_only",
            "Only an owner invites owners. Ask one of them, or invite with another role.",
        ));
    }
    Ok(())
}

/// Makes the invitations, and asks for their mails.
///
/// # Errors
/// 409 when too many wait.
pub(super) fn invite(
    tx: &mut Tx<'_>,
    invitations: &[Invitation],
) -> Result<Vec<InvitationBody>, ApiError> {
    let mut made = Vec::with_capacity(invitations.len());
    let mut faults = Vec::new();
    for (number, new) in invitations.iter().enumerate() {
        if is_member(tx, new)? {
            faults.push(format!("emails[{number}]: is a member already"));
            continue;
        }
        let (row, is_mail_due) = match invitation::invite(tx, new) {
            Err(store::Error::Full(_)) => return Err(too_many()),
            invited => invited?,
        };
        if is_mail_due {
            invitation_mail::ask(tx, row.id)?;
        }
        note(tx, &row)?;
        made.push(InvitationBody::of(tx, row)?);
    }
    match faults.is_empty() {
        true => Ok(made),
        false => Err(ApiError::unprocessable("invalid_invitation", faults)),
    }
}

/// Tells the audit log of each project that somebody is invited to it.
fn note(tx: &mut Tx<'_>, row: &Row<Invitation>) -> store::Result<()> {
    let by = Some(row.doc.invited_by);
    let details = json!({ "email": row.doc.email, "role": row.doc.role });
    for project in invitation::projects(tx, &row.doc)? {
        let auditor = Auditor { project, by };
        auditor.note(tx, Action::InvitationCreated, Some(row.id), details.clone())?;
    }
    Ok(())
}

/// Whether who is invited to a project is a member of it. Whoever invites may list those.
fn is_member(tx: &Tx<'_>, new: &Invitation) -> store::Result<bool> {
    let account = tx.owner(identity::ACCOUNT_EMAIL, &new.email_key)?;
    let (Some(user), Some(project)) = (account, new.project) else {
        return Ok(false);
    };
    let key = membership_key(user, project);
    Ok(tx.owner(identity::MEMBERSHIP, &key)?.is_some())
}

fn too_many() -> ApiError {
    ApiError::conflict(
        "too_many_invitations",
        format!("{WAITING_MAX} invitations wait already: withdraw some first."),
    )
}

/// 404 for an invitation.
pub(super) fn unknown() -> ApiError {
    ApiError::not_found(
        "invitation_not_found",
        "There is no such invitation, or it has ended. Ask for a new one.",
    )
}

/// The id in a path.
pub(super) fn parse_id(text: &str) -> Result<ObjectId, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(
            "invalid_id",
            "The id in the path must be 24 hexadecimal characters.",
        )
    })
}
