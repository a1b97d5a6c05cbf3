//! Actions for clients, in the shape that every one of them survives (wire note §5).

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use store::{Millis, ObjectId};
use utoipa::ToSchema;

use super::harmless;

/// A message that pops up.
pub(super) struct Notification<'a> {
    pub text: &'a str,
    pub sender: Sender,
    pub share_token: Option<&'a str>,
    pub sound: bool,
    pub page_rules: &'a [PageRule],
}

/// Who a notification is from; both have passed [`harmless`], and are always there: pages print `undefined` otherwise.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sender {
    pub name: String,
    pub profile_image_url: String,
}

/// A page on which a notification is shown.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageRule {
    /// What the address of the page is compared with.
    pub page_filter: String,
    /// How.
    #[serde(default)]
    pub page_filter_type: PageFilterType,
}

/// How the address of a page is compared.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PageFilterType {
    Is,
    IsNot,
    #[default]
    Contains,
    NotContains,
    StartsWith,
    EndsWith,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Action<'a> {
    action_type: &'static str,
    /// Pages show one notification for each of these.
    outbound: ObjectId,
    /// Never absent: apps on Android give up the whole frame without it.
    format: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sound: bool,
    created_at: Millis,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    page_rules: &'a [PageRule],
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    text: &'a str,
    sender: &'a Sender,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<Conversation<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Conversation<'a> {
    share_token: &'a str,
}

impl Notification<'_> {
    /// The action as clients get it. Its `outbound` is `id`, in whose hexadecimal digits no client finds the word of another kind of action.
    pub fn action(
        &self,
        id: ObjectId,
        full_name: Option<&str>,
        now: Millis,
    ) -> serde_json::Result<Box<RawValue>> {
        let share_token = self.share_token;
        to_raw_value(&Action {
            action_type: "notification",
            outbound: id,
            format: "",
            sound: self.sound,
            created_at: now,
            page_rules: self.page_rules,
            data: Data {
                text: &harmless::with_name(self.text, full_name),
                sender: &self.sender,
                conversation: share_token.map(|share_token| Conversation { share_token }),
            },
        })
    }
}
