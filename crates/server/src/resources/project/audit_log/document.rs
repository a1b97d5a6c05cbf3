//! An entry of the audit log: written in the unit of work that it tells of, so that neither is without the other.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Collection, Column, ColumnKind, Document, Index, ObjectId, Tx};
use utoipa::ToSchema;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Action {
    /// The project was made.
    #[serde(rename = "project.created")]
    ProjectCreated,
    /// An API key was made.
    #[serde(rename = "apiKey.created")]
    ApiKeyCreated,
    /// An API key was revoked.
    #[serde(rename = "apiKey.revoked")]
    ApiKeyRevoked,
    /// The token of `/admin` was replaced.
    #[serde(rename = "apiToken.rotated")]
    ApiTokenRotated,
    /// The secret of identity verification was replaced.
    #[serde(rename = "identitySecret.rotated")]
    IdentitySecretRotated,
    /// Whether clients must prove who their user is.
    #[serde(rename = "identityVerification.changed")]
    IdentityVerificationChanged,
    /// What client SDKs are told.
    #[serde(rename = "sdkConfig.changed")]
    SdkConfigChanged,
    /// Somebody was invited.
    #[serde(rename = "invitation.created")]
    InvitationCreated,
    /// An invitation is for another role.
    #[serde(rename = "invitation.changed")]
    InvitationChanged,
    /// An invitation was withdrawn.
    #[serde(rename = "invitation.withdrawn")]
    InvitationWithdrawn,
    /// The operator made somebody a member.
    #[serde(rename = "member.added")]
    MemberAdded,
    /// Somebody who was invited became a member.
    #[serde(rename = "member.joined")]
    MemberJoined,
    /// A member has another role.
    #[serde(rename = "member.changed")]
    MemberChanged,
    /// A member was removed.
    #[serde(rename = "member.removed")]
    MemberRemoved,
    /// A team was made.
    #[serde(rename = "team.created")]
    TeamCreated,
    /// A team was changed.
    #[serde(rename = "team.changed")]
    TeamChanged,
    /// A team was deleted.
    #[serde(rename = "team.deleted")]
    TeamDeleted,
    /// A webhook was made.
    #[serde(rename = "webhook.created")]
    WebhookCreated,
    /// A webhook was changed.
    #[serde(rename = "webhook.changed")]
    WebhookChanged,
    /// The secret of a webhook was replaced.
    #[serde(rename = "webhook.rotated")]
    WebhookRotated,
    /// A webhook was deleted.
    #[serde(rename = "webhook.deleted")]
    WebhookDeleted,
    /// How long events and guests are kept.
    #[serde(rename = "retention.changed")]
    RetentionChanged,
    /// The values that identify nobody.
    #[serde(rename = "blockedIdentities.changed")]
    BlockedIdentitiesChanged,
    /// Statuses and types of tickets, and mails of answers.
    #[serde(rename = "ticketSettings.changed")]
    TicketSettingsChanged,
    /// A custom attribute is indexed.
    #[serde(rename = "sessionIndex.created")]
    SessionIndexCreated,
    /// A custom attribute is indexed no more.
    #[serde(rename = "sessionIndex.deleted")]
    SessionIndexDeleted,
    /// An import was begun.
    #[serde(rename = "import.created")]
    ImportCreated,
    /// An import was taken back.
    #[serde(rename = "import.undone")]
    ImportUndone,
    /// Sessions were exported.
    #[serde(rename = "sessions.exported")]
    SessionsExported,
    /// All that is held about a person was downloaded.
    #[serde(rename = "session.downloaded")]
    SessionDownloaded,
    /// A session was erased.
    #[serde(rename = "session.deleted")]
    SessionDeleted,
}

/// One thing that was done in a project. It lies in the scope of what it tells of: with the accounts or with the project.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// The project.
    pub about: ObjectId,
    /// The member or service account; absent: the operator, on the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<ObjectId>,
    /// What was done.
    pub action: Action,
    /// To what, as a rule an id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What else is worth knowing; never a secret.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

/// The table of the audit log.
pub static AUDIT_ENTRIES: Collection = Collection {
    table: "audit_entry",
    columns: &[Column {
        name: "about",
        path: "about",
        kind: ColumnKind::Id,
    }],
    indexes: &[Index {
        name: "audit_entry_by_project",
        columns: &["about"],
        not_null: None,
    }],
    cluster: &[],
    references: &[],
};

impl Document for AuditEntry {
    const COLLECTION: &'static Collection = &AUDIT_ENTRIES;

    fn promoted(&self) -> Vec<store::Value> {
        vec![self.about.into()]
    }
}

/// Who does something in a project.
#[derive(Debug, Clone, Copy)]
pub struct Auditor {
    /// The project.
    pub project: ObjectId,
    /// The member or service account; `None`: the operator.
    pub by: Option<ObjectId>,
}

impl Auditor {
    /// Who runs the server.
    #[must_use]
    pub fn operator(project: ObjectId) -> Self {
        Self { project, by: None }
    }

    /// Adds an entry. `target`: to what it was done; `details`: an object or null, and no secret in it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn note(
        self,
        tx: &mut Tx<'_>,
        action: Action,
        target: Option<ObjectId>,
        details: Value,
    ) -> store::Result<()> {
        let entry = AuditEntry {
            about: self.project,
            by: self.by,
            action,
            target: target.map(|id| id.to_string()),
            details,
        };
        tx.insert(tx.new_id(), entry).map(drop)
    }
}
