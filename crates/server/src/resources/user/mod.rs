//! The caller itself, and becoming one: `/v3/users`.

mod permissions;
mod reassign;
mod sign_ins;
pub mod sign_up;
mod unified_inbox;
mod update;

use axum::extract::State;
use serde::Serialize;
use store::{Millis, ObjectId, Row};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::update::TEXT_CHARS_MAX as NAME_CHARS_MAX;
use crate::accounts::SCOPE;
use crate::accounts::profile::{NotificationPreferences, NotificationSettings};
use crate::accounts::user::{User, UserType};
use crate::app::SharedApp;
use crate::auth::SignedIn;
use crate::auth::roles::Role;
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// The operations on the caller, and of becoming one.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(permissions::permissions))
        .routes(routes!(sign_up::create))
        .routes(routes!(sign_up::verify))
        .routes(routes!(sign_up::resend))
        .routes(routes!(reassign::reassign))
        .routes(routes!(unified_inbox::list))
        .routes(routes!(unified_inbox::get))
        .routes(routes!(update::update))
        .routes(routes!(sign_ins::list, sign_ins::end_others))
        .routes(routes!(sign_ins::end))
}

/// A user, without any secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserBody {
    /// The id of the user.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    pub _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The address to sign in with; service accounts have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The name to show.
    pub first_name: String,
    /// The family name; empty unless it was given.
    pub last_name: String,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_image_url: Option<String>,
    /// What the user does in the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_role: Option<String>,
    /// Where the user heard of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub knew_gleap_from: Option<String>,
    /// What the user wants to do with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_usage: Option<String>,
    /// The role in the project, in the list of its users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// When the user was last seen in the project, to the minute, in the list of its users.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Millis>,
    /// A person or a service account.
    pub user_type: UserType,
    /// Whether the account is confirmed.
    pub confirmed: bool,
    /// Whether the introduction of the dashboard was gone through.
    pub completed_onboarding: bool,
    /// Whether teams may give the user tickets.
    pub available: bool,
    /// Projects in which they may not, all the same.
    #[schema(value_type = Vec<String>)]
    pub unavailable_projects: Vec<ObjectId>,
    /// Where the user wants to hear of what.
    pub notification_preferences: NotificationPreferences,
    /// When the user wants to hear of it.
    pub notification_settings: NotificationSettings,
    /// When the user was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// The latest change.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

impl From<Row<User>> for UserBody {
    fn from(row: Row<User>) -> Self {
        let profile = row.doc.profile;
        Self {
            _id: row.id,
            id: row.id,
            email: row.doc.email,
            first_name: row.doc.name,
            last_name: profile.last_name,
            profile_image_url: profile.profile_image_url,
            user_role: profile.user_role,
            knew_gleap_from: profile.knew_gleap_from,
            user_usage: profile.user_usage,
            role: None,
            last_seen: None,
            user_type: row.doc.user_type,
            confirmed: true,
            completed_onboarding: profile.completed_onboarding,
            available: profile.available,
            unavailable_projects: profile.unavailable_projects,
            notification_preferences: profile.notification_preferences,
            notification_settings: profile.notification_settings,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Get the calling user
///
/// The user whose token it is: a person or the service account of an API key. Never a secret.
#[utoipa::path(
    get, path = "/v3/users/me", operation_id = "GetMe", tag = "User",
    responses((status = 200, description = "The user", body = UserBody), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn me(
    State(app): State<SharedApp>,
    SignedIn(credential): SignedIn,
) -> Result<Json<UserBody>, ApiError> {
    let id = credential.user;
    let row = app
        .store
        .read(SCOPE, move |snapshot| {
            Ok::<_, ApiError>(snapshot.get::<User>(id)?)
        })
        .await?;
    Ok(Json(row.ok_or_else(gone)?.into()))
}

fn gone() -> ApiError {
    ApiError::unauthorized("token_revoked", "The user of this token is gone.")
}
