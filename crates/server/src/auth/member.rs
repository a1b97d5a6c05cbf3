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
        let project = project_of(&parts.headers)?;
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
        if credential.user_type == UserType::Default && access.scopes.contains(Scope::TicketsWrite)
        {
            attendance::note(app, project, credential.user).await;
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
    app.limits.v3.check(&credential.token)?;
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
