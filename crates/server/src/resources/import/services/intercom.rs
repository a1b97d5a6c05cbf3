//! `GET /contacts` of Intercom: pages of 150 by `starting_after`.

use reqwest::Url;
use serde_json::{Value, json};

use super::client::{Client, Problem};
use super::{Contact, Page};
use crate::http::outgoing::Credential;

/// The most that Intercom gives at once.
const CONTACTS_PER_PAGE: &str = "150";

/// An account of Intercom.
pub struct Account {
    /// Its API, such as `https://api.intercom.io`: there is one for each region.
    pub endpoint: Url,
    /// The access token.
    pub token: String,
}

impl Account {
    pub async fn page(&self, client: &Client<'_>, cursor: Option<&str>) -> Result<Page, Problem> {
        let mut url = self.endpoint.clone();
        let path = format!("{}/contacts", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url.query_pairs_mut()
            .append_pair("per_page", CONTACTS_PER_PAGE)
            .extend_pairs(cursor.map(|cursor| ("starting_after", cursor)));
        let answer = client.get(url, &Credential::Bearer(&self.token)).await?;
        let contacts = answer["data"]
            .as_array()
            .ok_or_else(|| Problem::Refused("the answer of Intercom has no `data`".into()))?;
        let next = answer["pages"]["next"]["starting_after"].as_str();
        Ok(Page {
            rows: contacts.iter().map(row).collect(),
            next: next.map(str::to_owned),
        })
    }
}

fn row(contact: &Value) -> Value {
    let mut row = Contact::default();
    for (field, name) in [
        ("userId", "external_id"),
        ("email", "email"),
        ("phone", "phone"),
        ("name", "name"),
        ("unsubscribed", "unsubscribed_from_emails"),
    ] {
        row.set(field, &contact[name]);
    }
    let avatar = &contact["avatar"];
    row.set("avatar", avatar.get("image_url").unwrap_or(avatar));
    row.set_seconds("createdAt", &contact["created_at"]);
    row.set_seconds("createdAt", &contact["signed_up_at"]);
    row.set_seconds("lastActivity", &contact["last_seen_at"]);
    let language = [&contact["language_override"], &contact["browser_language"]];
    if let Some(language) = language.into_iter().find(|language| language.is_string()) {
        row.set("lang", language);
    }
    let location = &contact["location"];
    let known = ["country", "region", "city"]
        .iter()
        .filter_map(|part| Some((*part, location[*part].as_str()?)));
    let mut known: serde_json::Map<_, _> = known
        .map(|(part, text)| (part.to_owned(), json!(text)))
        .collect();
    if let Some(code) = location["country_code"].as_str() {
        known.insert("countryCode".into(), json!(code));
    }
    if !known.is_empty() {
        row.set("location", &known.into());
    }
    let own = [("intercomId".to_owned(), contact["id"].clone())];
    let attributes = contact["custom_attributes"].as_object().cloned();
    row.custom(attributes.unwrap_or_default().into_iter().chain(own));
    row.into_row()
}
