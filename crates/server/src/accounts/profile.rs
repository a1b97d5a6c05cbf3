//! What a user says of itself, and what it wants to hear of.

use serde::{Deserialize, Serialize};
use store::ObjectId;
use utoipa::ToSchema;

/// What a user may set of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Profile {
    /// The family name.
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
    /// Whether the dashboard's introduction was gone through.
    pub completed_onboarding: bool,
    /// Whether teams may give the user tickets.
    pub available: bool,
    /// Projects in which they may not, all the same.
    pub unavailable_projects: Vec<ObjectId>,
    /// What the user wants to hear of, and how.
    pub notification_preferences: NotificationPreferences,
    /// When the user wants to hear of it.
    pub notification_settings: NotificationSettings,
}

impl Profile {
    /// Whether teams of a project may give the user tickets.
    #[must_use]
    pub fn takes_tickets(&self, project: ObjectId) -> bool {
        self.available && !self.unavailable_projects.contains(&project)
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            last_name: String::new(),
            profile_image_url: None,
            user_role: None,
            knew_gleap_from: None,
            user_usage: None,
            completed_onboarding: false,
            available: true,
            unavailable_projects: Vec::new(),
            notification_preferences: NotificationPreferences::default(),
            notification_settings: NotificationSettings::default(),
        }
    }
}

/// What a user may be told of. All of it is off until it is switched on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct NotificationPreferences {
    /// Every ticket that is made.
    #[schema(required)]
    pub all_created_tickets: Channels,
    /// Every ticket that is not answered in time.
    #[schema(required)]
    pub all_sla_breached: Channels,
    /// Every message of every ticket.
    #[schema(required)]
    pub all_ticket_messages: Channels,
    /// A ticket that the user is given.
    #[schema(required)]
    pub personal_assignment: Channels,
    /// A message that names the user.
    #[schema(required)]
    pub personal_mention: Channels,
    /// A message of a ticket of the user.
    #[schema(required)]
    pub personal_ticket_messages: Channels,
    /// A ticket that a team of the user is given.
    #[schema(required)]
    pub team_ticket_assignment: Channels,
    /// A message of a ticket of a team of the user.
    #[schema(required)]
    pub team_ticket_messages: Channels,
}

/// The ways to tell a user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Channels {
    /// By email.
    #[schema(required)]
    pub email: bool,
    /// In the dashboard.
    #[schema(required)]
    pub in_app: bool,
    /// On the telephone.
    #[schema(required)]
    pub push: bool,
}

/// When a user is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NotificationSettings {
    /// At once instead of in batches.
    #[schema(required)]
    pub directly_send_notifications: bool,
    /// Not of tickets that the user made.
    #[schema(required)]
    pub prevent_notifications_where_i_creator: bool,
    /// By email only while the user is not in the dashboard.
    #[schema(required)]
    pub send_email_only_when_offline: bool,
}
