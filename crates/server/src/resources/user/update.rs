//! What a user changes of itself.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value};
use store::{ObjectId, Row, Tx};
use utoipa::ToSchema;

use super::{UserBody, gone};
use crate::accounts::SCOPE;
use crate::accounts::flow_config::{merge, values::WebAddress};
use crate::accounts::profile::Profile;
use crate::accounts::sign_in;
use crate::accounts::user::{User, UserType};
use crate::app::SharedApp;
use crate::auth::{Credential, SignedIn};
use crate::http::Json;
use crate::http::client_address::ClientAddress;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::login::verify;
use crate::resources::team::leave;

/// Characters of a text of a profile.
pub const TEXT_CHARS_MAX: usize = 200;
/// Projects in which a user is unavailable.
const UNAVAILABLE_PROJECTS_MAX: usize = 1000;

/// What to change. What is absent, or `null`, stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateUserBody {
    /// The name to show.
    #[schema(max_length = 200)]
    pub first_name: Option<String>,
    /// The family name; empty to have none.
    #[schema(max_length = 200)]
    pub last_name: Option<String>,
    /// The address of a picture; empty to have none.
    #[schema(max_length = 2048)]
    pub profile_image_url: Option<String>,
    /// What the user does in the team; empty for nothing.
    #[schema(max_length = 200)]
    pub user_role: Option<String>,
    /// Where the user heard of the product; empty for nothing.
    #[schema(max_length = 200)]
    pub knew_gleap_from: Option<String>,
    /// What the user wants to do with it; empty for nothing.
    #[schema(max_length = 200)]
    pub user_usage: Option<String>,
    /// Whether the introduction of the dashboard was gone through.
    pub completed_onboarding: Option<bool>,
    /// Whether teams may give the user tickets.
    pub available: Option<bool>,
    /// Projects in which they may not, all the same.
    #[schema(value_type = Option<Vec<String>>)]
    pub unavailable_projects: Option<Vec<ObjectId>>,
    /// What to hear of, and how: what is named is set.
    #[schema(value_type = Option<Object>)]
    pub notification_preferences: Option<Map<String, Value>>,
    /// When to hear of it: what is named is set.
    #[schema(value_type = Option<Object>)]
    pub notification_settings: Option<Map<String, Value>>,
    /// The password so far, to set another.
    pub oldpassword: Option<String>,
    /// The new password, 10 characters or more.
    pub password: Option<String>,
}

/// Update the calling user
///
/// The profile, whether teams may give the user tickets, what the user wants to hear of, and the password. What is absent stays. Another password needs
/// the old one in `oldpassword`, and ends all other sign-ins of the user. Nobody changes another user.
#[utoipa::path(
    put, path = "/v3/users/{userId}", operation_id = "User_Update", tag = "User",
    params(("userId" = String, Path, description = "The id of the caller")),
    request_body = UpdateUserBody,
    responses((status = 200, description = "The user as it is now", body = UserBody), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn update(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
    ClientAddress(address): ClientAddress,
    Path(user_id): Path<String>,
    Json(body): Json<UpdateUserBody>,
) -> Result<Json<UserBody>, ApiError> {
    is_caller(&caller, &user_id)?;
    let password = match &body.password {
        Some(new) => {
            app.limits
                .logins
                .check(&app.store, &(caller.user, address))
                .await?;
            let old = body.oldpassword.clone().unwrap_or_default();
            Some(new_password(&app, &caller, old, new.clone()).await?)
        }
        None => None,
    };
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = tx.get_for_update::<User>(caller.user)?.ok_or_else(gone)?;
        let before = row.doc.profile.clone();
        body.apply(&mut row.doc)?;
        if let Some(change) = &password {
            change.apply(tx, &mut row, &caller)?;
        }
        tx.put(&mut row)?;
        let takes = |profile: &Profile| (profile.available, profile.unavailable_projects.clone());
        if takes(&before) != takes(&row.doc.profile) {
            leave::changed_everywhere(tx, row.id)?;
        }
        Ok::<_, ApiError>(row)
    };
    Ok(Json(app.store.write(SCOPE, unit).await?.into()))
}

fn is_caller(caller: &Credential, user_id: &str) -> Result<(), ApiError> {
    if user_id.parse() == Ok(caller.user) {
        return Ok(());
    }
    Err(ApiError::not_found(
        "user_not_found",
        "The user of the path is not the one that calls: users change themselves alone.",
    ))
}

/// A password that was proved, and the one in its place, as hashes.
struct PasswordChange {
    proved: Option<String>,
    new: String,
}

/// Verifies the old password and hashes the new one, which takes its time.
async fn new_password(
    app: &SharedApp,
    caller: &Credential,
    old: String,
    new: String,
) -> Result<PasswordChange, ApiError> {
    if caller.user_type != UserType::Default {
        return Err(refused(
            "password: a service account signs in with its API key alone",
        ));
    }
    let id = caller.user;
    let read = app.store.read(SCOPE, move |snapshot| {
        Ok::<_, ApiError>(snapshot.get::<User>(id)?)
    });
    let user = verify(Arc::clone(app), read.await?, old).await?;
    let proved = user.ok_or_else(|| refused("oldpassword: not the password of this account"))?;
    let hashed = app.passwords.hash_apart(&app.random, new).await;
    let new = hashed
        .map_err(ApiError::internal)?
        .map_err(|error| refused(error.to_string()))?;
    Ok(PasswordChange {
        proved: proved.doc.password_hash,
        new,
    })
}

impl PasswordChange {
    fn apply(
        &self,
        tx: &mut Tx<'_>,
        row: &mut Row<User>,
        caller: &Credential,
    ) -> Result<(), ApiError> {
        if row.doc.password_hash != self.proved {
            return Err(refused("oldpassword: not the password of this account"));
        }
        row.doc.password_hash = Some(self.new.clone());
        sign_in::end_others(tx, row.id, Some(caller.token))?;
        Ok(())
    }
}

fn refused(fault: impl Into<String>) -> ApiError {
    ApiError::unprocessable("invalid_user", vec![fault.into()])
}

impl UpdateUserBody {
    /// Sets what is given.
    ///
    /// # Errors
    /// 422 that names every field at fault.
    fn apply(&self, user: &mut User) -> Result<(), ApiError> {
        let mut faults = Vec::new();
        let mut name = Some(std::mem::take(&mut user.name));
        set_text("firstName", &self.first_name, &mut name, &mut faults);
        match name {
            Some(name) => user.name = name,
            None => faults.push("firstName: must not be empty".into()),
        }
        self.apply_profile(&mut user.profile, &mut faults);
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ApiError::unprocessable("invalid_user", faults))
        }
    }

    fn apply_profile(&self, profile: &mut Profile, faults: &mut Vec<String>) {
        let mut last_name = Some(std::mem::take(&mut profile.last_name));
        for (field, given, kept) in [
            ("lastName", &self.last_name, &mut last_name),
            ("userRole", &self.user_role, &mut profile.user_role),
            (
                "knewGleapFrom",
                &self.knew_gleap_from,
                &mut profile.knew_gleap_from,
            ),
            ("userUsage", &self.user_usage, &mut profile.user_usage),
        ] {
            set_text(field, given, kept, faults);
        }
        profile.last_name = last_name.unwrap_or_default();
        self.apply_picture(profile, faults);
        if let Some(projects) = &self.unavailable_projects {
            if projects.len() > UNAVAILABLE_PROJECTS_MAX {
                faults.push(format!(
                    "unavailableProjects: at most {UNAVAILABLE_PROJECTS_MAX}"
                ));
            }
            profile.unavailable_projects.clone_from(projects);
        }
        profile.available = self.available.unwrap_or(profile.available);
        profile.completed_onboarding = self
            .completed_onboarding
            .unwrap_or(profile.completed_onboarding);
        let preferences = &mut profile.notification_preferences;
        patch(
            "notificationPreferences",
            &self.notification_preferences,
            preferences,
            faults,
        );
        let settings = &mut profile.notification_settings;
        patch(
            "notificationSettings",
            &self.notification_settings,
            settings,
            faults,
        );
    }

    fn apply_picture(&self, profile: &mut Profile, faults: &mut Vec<String>) {
        match self.profile_image_url.as_deref() {
            None => {}
            Some("") => profile.profile_image_url = None,
            Some(address) => match WebAddress::try_from(address.to_owned()) {
                Ok(_) => profile.profile_image_url = Some(address.to_owned()),
                Err(fault) => faults.push(format!("profileImageUrl: {fault}")),
            },
        }
    }
}

/// Sets a text when it is given; an empty one takes it away.
fn set_text(
    field: &str,
    given: &Option<String>,
    kept: &mut Option<String>,
    faults: &mut Vec<String>,
) {
    let Some(given) = given else { return };
    let text = given.trim();
    if text.chars().count() > TEXT_CHARS_MAX {
        faults.push(format!("{field}: at most {TEXT_CHARS_MAX} characters"));
    }
    *kept = (!text.is_empty()).then(|| text.to_owned());
}

/// Sets what `given` names of `kept`.
fn patch<T: serde::Serialize + serde::de::DeserializeOwned>(
    field: &str,
    given: &Option<Map<String, Value>>,
    kept: &mut T,
    faults: &mut Vec<String>,
) {
    let Some(given) = given else { return };
    let mut value = serde_json::to_value(&*kept).unwrap_or_default();
    merge(&mut value, given);
    match serde_json::from_value(value) {
        Ok(changed) => *kept = changed,
        Err(error) => faults.push(format!("{field}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn user() -> User {
        User {
            email: Some("ada@example.com".into()),
            password_hash: None,
            name: "ada".into(),
            user_type: UserType::Default,
            profile: Profile::default(),
        }
    }

    fn body(value: Value) -> UpdateUserBody {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_absent_or_null_stays() {
        let mut changed = user();
        changed.profile.user_role = Some("support".into());
        let before = changed.profile.clone();
        body(json!({"firstName": null}))
            .apply(&mut changed)
            .unwrap();
        body(json!({})).apply(&mut changed).unwrap();
        assert_eq!((changed.name.as_str(), &changed.profile), ("ada", &before));
    }

    #[test]
    fn an_empty_text_takes_it_away_but_for_the_name() {
        let mut changed = user();
        changed.profile.user_role = Some("support".into());
        body(json!({"userRole": " ", "profileImageUrl": ""}))
            .apply(&mut changed)
            .unwrap();
        assert_eq!(changed.profile.user_role, None);
        let error = body(json!({"firstName": " "}))
            .apply(&mut changed)
            .unwrap_err();
        assert_eq!(error.errors(), ["firstName: must not be empty"]);
    }

    #[test]
    fn preferences_are_set_one_by_one() {
        let mut changed = user();
        body(json!({"notificationPreferences": {"personal-mention": {"email": true}}}))
            .apply(&mut changed)
            .unwrap();
        body(json!({"notificationPreferences": {"personal-mention": {"push": true}}}))
            .apply(&mut changed)
            .unwrap();
        let told = changed.profile.notification_preferences.personal_mention;
        assert!(told.email && told.push && !told.in_app);
    }

    #[test]
    fn every_fault_is_named() {
        let error = body(json!({
            "lastName": "x".repeat(201),
            "profileImageUrl": "javascript:alert(1)",
            "notificationPreferences": {"personal-mention": {"pigeon": true}},
            "notificationSettings": {"directlySendNotifications": "yes"},
        }))
        .apply(&mut user())
        .unwrap_err();
        let named: Vec<_> = error
            .errors()
            .iter()
            .filter_map(|fault| fault.split(':').next())
            .collect();
        assert_eq!(
            named,
            [
                "lastName",
                "profileImageUrl",
                "notificationPreferences",
                "notificationSettings"
            ]
        );
        body(json!({"lastName": "x".repeat(200)}))
            .apply(&mut user())
            .unwrap();
    }
}
