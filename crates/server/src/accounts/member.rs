//! A membership: what a user may do in a project.

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::filter::{FieldPath, Filter, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Identity, Index, ObjectId, Query, Reference, Row,
    Snapshot, Tx, Value,
};

use super::project::known_project;
use super::user::{User, UserType, insert_user, person};
use super::{AccountError, SCOPE, key};
use crate::app::App;
use crate::auth::roles::Role;
use crate::auth::token;
use crate::identity;
use crate::resources::project::audit_log::document::{Action, Auditor};
use crate::resources::team::leave;

/// A user's role in a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub user: ObjectId,
    /// Where.
    pub project: ObjectId,
    /// As what.
    pub role: Role,
}

/// The table of memberships.
pub static MEMBERS: Collection = Collection {
    table: "member",
    columns: &[
        Column {
            name: "user_id",
            path: "user",
            kind: ColumnKind::Id,
        },
        Column {
            name: "of_project",
            path: "project",
            kind: ColumnKind::Id,
        },
    ],
    indexes: &[
        Index {
            name: "member_by_user",
            columns: &["user_id"],
            not_null: None,
        },
        Index {
            name: "member_by_project",
            columns: &["of_project"],
            not_null: None,
        },
    ],
    cluster: &[],
    references: &[
        Reference {
            column: "user_id",
            table: "account",
        },
        Reference {
            column: "of_project",
            table: "project",
        },
    ],
};

impl Document for Member {
    const COLLECTION: &'static Collection = &MEMBERS;

    fn promoted(&self) -> Vec<Value> {
        vec![self.user.into(), self.project.into()]
    }

    fn identities(&self) -> Vec<Identity> {
        vec![key(
            identity::MEMBERSHIP,
            &membership_key(self.user, self.project),
        )]
    }
}

/// A user is a member of a project once.
#[must_use]
pub fn membership_key(user: ObjectId, project: ObjectId) -> String {
    format!("{user}:{project}")
}

/// The memberships of a user.
#[must_use]
pub fn of_user(user: ObjectId) -> Query {
    Query {
        filter: Filter::Eq(FieldPath::known("user"), Scalar::Id(user)),
        limit: 1000,
        ..Query::default()
    }
}

/// The memberships of a project that are read at once.
const MEMBERS_PER_PAGE: u32 = 500;

/// The people of a project, and as what, the first member first. Service accounts are none of them.
///
/// # Errors
/// Those of the store.
pub fn people(snapshot: &Snapshot<'_>, project: ObjectId) -> store::Result<Vec<(Row<User>, Role)>> {
    let mut query = Query {
        filter: Filter::Eq(FieldPath::known("project"), Scalar::Id(project)),
        sort: vec![store::Sort {
            path: "id".into(),
            descending: false,
        }],
        limit: MEMBERS_PER_PAGE,
        ..Query::default()
    };
    let mut people = Vec::new();
    loop {
        let page = snapshot.page::<Member>(&query)?;
        for row in &page.rows {
            let member: Member = row.parse()?;
            let user = snapshot.get::<User>(member.user)?;
            let person = user.filter(|user| user.doc.user_type == UserType::Default);
            people.extend(person.map(|user| (user, member.role)));
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(people),
        }
    }
}

/// The membership of a person in a project, which no other unit can change before this one is committed.
///
/// # Errors
/// Those of the store.
pub fn of_person(
    tx: &Tx<'_>,
    user: ObjectId,
    project: ObjectId,
) -> store::Result<Option<Row<Member>>> {
    let person = tx.get::<User>(user)?;
    if person.is_none_or(|person| person.doc.user_type != UserType::Default) {
        return Ok(None);
    }
    tx.find_for_update::<Member>(identity::MEMBERSHIP, &membership_key(user, project))
}

/// Ends a membership.
///
/// # Errors
/// Those of the store.
pub fn remove(tx: &mut Tx<'_>, member: &Row<Member>) -> store::Result<()> {
    let key = membership_key(member.doc.user, member.doc.project);
    tx.release(identity::MEMBERSHIP, &key, member.id)?;
    tx.delete::<Member>(member.id).map(drop)
}

/// Whether a user is a member of a project.
///
/// # Errors
/// Those of the store.
pub async fn is_member(app: &App, user: ObjectId, project: ObjectId) -> store::Result<bool> {
    let key = membership_key(user, project);
    let read = app.store.read(SCOPE, move |snapshot| {
        Ok::<_, store::Error>(snapshot.owner(identity::MEMBERSHIP, &key)?.is_some())
    });
    read.await
}

pub(super) fn insert_member(tx: &mut Tx<'_>, member: Member) -> store::Result<ObjectId> {
    let key = membership_key(member.user, member.project);
    let id = tx.insert(tx.new_id(), member)?.id;
    tx.claim(identity::MEMBERSHIP, &key, id)?;
    Ok(id)
}

/// A member to be made, or to be given another role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewMember {
    pub project: ObjectId,
    pub email: String,
    pub role: Role,
    /// Made when absent; not used for a user who exists.
    pub password: Option<String>,
}

/// A member that was made.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedMember {
    pub user_id: ObjectId,
    pub email: String,
    pub role: Role,
    /// When it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Makes a user a member of a project, and the user too when there is none with that address.
pub async fn create_member(app: &App, new: NewMember) -> Result<CreatedMember, AccountError> {
    let key = identity::email_key(&new.email).ok_or_else(|| {
        AccountError::Refused(format!("--email: {:?} is not an email address", new.email))
    })?;
    let made = new
        .password
        .is_none()
        .then(|| token::new_password(&app.random));
    let password = new
        .password
        .clone()
        .or_else(|| made.clone())
        .unwrap_or_default();
    let user = person(app, &new.email, password).await?;
    let (project, role) = (new.project, new.role);
    let (user_id, created) = app
        .store
        .write(SCOPE, move |tx| {
            known_project(tx, project)?;
            let (user, created) = match tx.owner(identity::ACCOUNT_EMAIL, &key)? {
                Some(user) => (user, false),
                None => (insert_user(tx, user.clone())?, true),
            };
            let member = Member {
                user,
                project,
                role,
            };
            set_role(tx, member, &key)?;
            Ok::<_, AccountError>((user, created))
        })
        .await?;
    Ok(CreatedMember {
        user_id,
        email: new.email,
        role: new.role,
        password: made.filter(|_| created),
    })
}

fn set_role(tx: &mut Tx<'_>, member: Member, email: &str) -> store::Result<()> {
    let Member {
        user,
        project,
        role,
    } = member;
    let key = membership_key(user, project);
    let action = match tx.find_for_update::<Member>(identity::MEMBERSHIP, &key)? {
        Some(row) if row.doc.role == role => return Ok(()),
        Some(mut row) => {
            row.doc.role = role;
            tx.put(&mut row)?;
            leave::changed(tx, user, project)?;
            Action::MemberChanged
        }
        None => {
            insert_member(tx, member)?;
            Action::MemberAdded
        }
    };
    let details = json!({ "email": email, "role": role });
    Auditor::operator(project).note(tx, action, Some(user), details)
}
