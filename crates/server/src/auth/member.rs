//! Callers of `/v3`: members and API keys.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use store::ObjectId;

use super::cookie;
use super::credentials::{Credential, Credentials};
use super::roles::{Role, Scope, Scopes};
use crate::accounts::user::UserType;
use crate::app::SharedApp;
use crate::http::ApiError;
use crate::resources::project::audit_log::document::Auditor;
use crate::resources::team::attendance;

/// The scope that a handler asks for, as a type.
pub trait Requires: Send + Sync + 'static {
    /// What the caller must be allowed to do; `None`: being a member is enough.
    const SCOPE: Option<Scope>;
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $scope:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Requires for $name {
            const SCOPE: Option<Scope> = $scope;
        }
    )*};
}

scopes! {
    /// May see sessions.
    SessionsRead = Some(Scope::SessionsRead);
    /// May change sessions.
    SessionsWrite = Some(Scope::SessionsWrite);
    /// May see the settings of the project.
    ProjectRead = Some(Scope::ProjectRead);
    /// May change the settings of the project.
    ProjectWrite = Some(Scope::ProjectWrite);
    /// May see tickets.
    TicketsRead = Some(Scope::TicketsRead);
    /// May change tickets.
    TicketsWrite = Some(Scope::TicketsWrite);
    /// May see who is a member.
    MembersRead = Some(Scope::MembersRead);
    /// May change who is a member, and as what.
    MembersWrite = Some(Scope::MembersWrite);
    /// Is a member of the project, in any role.
    AnyMember = None;
}

/// A member of a project, or an API key, with the right that `R` names.
#[derive(Debug)]
pub struct Member<R: Requires> {
    /// The project of the request.
    pub project: ObjectId,
    /// The organisation of the project.
    pub organisation: ObjectId,
    /// Who calls.
    pub user: ObjectId,
    /// A person or a program.
    pub user_type: UserType,
    /// The role of the caller.
    pub role: Role,
    /// What the caller may do.
    pub scopes: Scopes,
    requires: PhantomData<R>,
}

impl<R: Requires> Member<R> {
    /// The caller, for the audit log.
    #[must_use]
    pub fn auditor(&self) -> Auditor {
        Auditor {
            project: self.project,
            by: Some(self.user),
        }
    }

    /// Whether the caller has another right too.
    #[must_use]
    pub fn may<O: Requires>(&self) -> bool {
        O::SCOPE.is_none_or(|scope| self.scopes.contains(scope))
    }
}

impl<R: Requires> FromRequestParts<SharedApp> for Member<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        let credential = credential(&parts.headers, app).await?;
        let member = Self::of(&credential, project_of(&parts.headers)?)?;
        Ok(member.seen(app).await)
    }
}

impl<R: Requires> Member<R> {
    fn of(credential: &Credential, project: ObjectId) -> Result<Self, ApiError> {
        // A project that does not exist answers as one of which the caller is no member.
        let access = credential.projects.get(&project).ok_or_else(|| {
            ApiError::forbidden(
                "not_a_member",
                "The credential opens no project with this id. Check the `project` header.",
            )
        })?;
        if let Some(scope) = R::SCOPE
            && !access.scopes.contains(scope)
        {
            return Err(ApiError::forbidden(
                "missing_scope",
                format!(
                    "The credential lacks the right {scope}. Ask an admin of the project for it."
                ),
            ));
        }
        Ok(Self {
            project,
            organisation: access.organisation,
            user: credential.user,
            user_type: credential.user_type,
            role: access.role,
            scopes: access.scopes,
            requires: PhantomData,
        })
    }
}

impl<R: Requires> Member<R> {
    /// Notes that a person is here.
    async fn seen(self, app: &SharedApp) -> Self {
        if self.user_type == UserType::Default {
            attendance::note(app, self.project, self.user).await;
        }
        self
    }
}

/// A member by what this node remembers, for handlers that ask the database once and no more: with what they read comes the
/// number that tells whether it is still so. They answer nothing before [`Provisional::confirm`].
pub struct Provisional<R: Requires> {
    member: Member<R>,
    /// What is left to be found out.
    unsure: Option<Unsure>,
}

struct Unsure {
    token: String,
    /// The writes of accounts as of which the member was one.
    writes: i64,
}

impl<R: Requires> FromRequestParts<SharedApp> for Provisional<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        // Whom memory does not know as a member may have become one: that is asked.
        let remembered = Self::remembered(&parts.headers, app);
        if let Some((member, unsure, token)) = remembered {
            app.limits.v3.check(&app.store, &token).await?;
            let unsure = Some(unsure);
            return Ok(Self { member, unsure });
        }
        let member = Member::from_request_parts(parts, app).await?;
        let unsure = None;
        Ok(Self { member, unsure })
    }
}

impl<R: Requires> Provisional<R> {
    /// The member, what is left to be found out, and the id of the token.
    fn remembered(headers: &HeaderMap, app: &SharedApp) -> Option<(Member<R>, Unsure, ObjectId)> {
        if !Credentials::is_asked(app) {
            return None;
        }
        let token = presented_token(headers)?;
        let (credential, writes) = Credentials::known(app, token)?;
        let member = Member::of(&credential, project_of(headers).ok()?).ok()?;
        let token = token.to_owned();
        Some((member, Unsure { token, writes }, credential.token))
    }

    /// The project of the request.
    pub fn project(&self) -> ObjectId {
        self.member.project
    }

    /// The organisation of the project.
    pub fn organisation(&self) -> ObjectId {
        self.member.organisation
    }

    /// The member, once it is known whether that is true. `writes`: the number of writes of accounts that the database told since; without
    /// one, it is asked.
    ///
    /// # Errors
    /// As [`Member`].
    pub async fn confirm(
        self,
        app: &SharedApp,
        writes: Option<i64>,
    ) -> Result<Member<R>, ApiError> {
        let Some(unsure) = self.unsure.filter(|unsure| writes != Some(unsure.writes)) else {
            return Ok(self.member.seen(app).await);
        };
        let credential = Credentials::of_bearer(app, &unsure.token).await?;
        let member = Member::of(&credential, self.member.project)?;
        Ok(member.seen(app).await)
    }
}

/// Somebody with a valid token, whatever it opens.
#[derive(Debug)]
pub struct SignedIn(pub Arc<Credential>);

impl FromRequestParts<SharedApp> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        credential(&parts.headers, app).await.map(Self)
    }
}

async fn credential(headers: &HeaderMap, app: &SharedApp) -> Result<Arc<Credential>, ApiError> {
    let token = presented_token(headers).ok_or_else(|| {
        ApiError::unauthorized(
            "missing_token",
            "Send an API key as `Authorization: Bearer <key>`.",
        )
    })?;
    let credential = Credentials::of_bearer(app, token).await?;
    app.limits.v3.check(&app.store, &credential.token).await?;
    Ok(credential)
}

/// The token that a request presents: as a bearer, or as the cookie of a browser.
#[must_use]
pub fn presented_token(headers: &HeaderMap) -> Option<&str> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return cookie::token(headers);
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// The `project` header.
///
/// # Errors
/// 400 when it is missing or no id.
fn project_of(headers: &HeaderMap) -> Result<ObjectId, ApiError> {
    let value = headers.get("project").and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.trim().parse().ok())
        .ok_or_else(|| {
            ApiError::bad_request(
                "project_header_missing",
                "Send the id of the project, 24 hexadecimal characters, in the `project` header.",
            )
        })
}
