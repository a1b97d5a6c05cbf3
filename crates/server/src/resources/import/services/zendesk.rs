//! `GET /api/v2/users.json` of Zendesk: pages of 100 by cursor, customers alone.

use reqwest::Url;
use serde_json::{Value, json};

use super::client::{Client, Problem};
use super::{Contact, Page};
use crate::http::outgoing::Credential;

/// The most that Zendesk gives at once.
const USERS_PER_PAGE: &str = "100";

/// An account of Zendesk.
pub struct Account {
    /// Its API, with the subdomain.
    pub endpoint: Url,
    /// The address of an agent.
    pub email: String,
    /// The API token.
    pub token: String,
}

impl Account {
    pub async fn page(&self, client: &Client<'_>, cursor: Option<&str>) -> Result<Page, Problem> {
        let mut url = self.endpoint.clone();
        url.set_path("/api/v2/users.json");
        url.query_pairs_mut()
            .append_pair("role", "end-user")
            .append_pair("page[size]", USERS_PER_PAGE)
            .extend_pairs(cursor.map(|cursor| ("page[after]", cursor)));
        let credential = Credential::Basic {
            user: &format!("{}/token", self.email),
            password: &self.token,
        };
        let answer = client.get(url, &credential).await?;
        let users = answer["users"]
            .as_array()
            .ok_or_else(|| Problem::Refused("the answer of Zendesk has no `users`".into()))?;
        let has_more = answer["meta"]["has_more"].as_bool() == Some(true);
        let next = answer["meta"]["after_cursor"].as_str();
        if has_more && next.is_none() {
            let message = "the answer of Zendesk says that there are more users, and not where";
            return Err(Problem::Refused(message.into()));
        }
        Ok(Page {
            rows: users.iter().map(row).collect(),
            next: next.filter(|_| has_more).map(str::to_owned),
        })
    }
}

fn row(user: &Value) -> Value {
    let mut row = Contact::default();
    for (field, name) in [
        ("userId", "external_id"),
        ("email", "email"),
        ("phone", "phone"),
        ("name", "name"),
        ("lang", "locale"),
        ("createdAt", "created_at"),
        ("lastActivity", "last_login_at"),
    ] {
        row.set(field, &user[name]);
    }
    row.set("avatar", &user["photo"]["content_url"]);
    if user["tags"].as_array().is_some_and(|tags| !tags.is_empty()) {
        row.set("tags", &user["tags"]);
    }
    if user["suspended"] == json!(true) {
        row.set("blocked", &json!(true));
    }
    if let Some(organisation) = user["organization_id"].as_u64() {
        row.set("companyId", &json!(organisation.to_string()));
    }
    let own = [("zendeskId".to_owned(), user["id"].clone())];
    let fields = user["user_fields"].as_object().cloned();
    row.custom(fields.unwrap_or_default().into_iter().chain(own));
    row.into_row()
}
