//! `GET /crm/v3/objects/contacts` of HubSpot: pages of 100 by `after`.

use reqwest::Url;
use serde_json::{Value, json};

use super::client::{Client, Problem};
use super::{Contact, Page};
use crate::http::outgoing::Credential;

/// The most that HubSpot gives at once.
const CONTACTS_PER_PAGE: &str = "100";
/// What is asked for of a contact; what is not named is not given.
const PROPERTIES: &str = "email,firstname,lastname,phone,mobilephone,company,hs_language,lifecyclestage,createdate,hs_email_optout";

/// An account of HubSpot.
pub struct Account {
    /// Its API.
    pub endpoint: Url,
    /// The access token of a private app.
    pub token: String,
}

impl Account {
    pub async fn page(&self, client: &Client<'_>, cursor: Option<&str>) -> Result<Page, Problem> {
        let mut url = self.endpoint.clone();
        url.set_path("/crm/v3/objects/contacts");
        url.query_pairs_mut()
            .append_pair("limit", CONTACTS_PER_PAGE)
            .append_pair("properties", PROPERTIES)
            .extend_pairs(cursor.map(|cursor| ("after", cursor)));
        let answer = client.get(url, &Credential::Bearer(&self.token)).await?;
        let contacts = answer["results"]
            .as_array()
            .ok_or_else(|| Problem::Refused("the answer of HubSpot has no `results`".into()))?;
        let next = answer["paging"]["next"]["after"].as_str();
        Ok(Page {
            rows: contacts.iter().map(row).collect(),
            next: next.map(str::to_owned),
        })
    }
}

fn row(contact: &Value) -> Value {
    let mut row = Contact::default();
    let properties = &contact["properties"];
    let text = |name: &str| properties[name].as_str().unwrap_or_default().trim();
    let name = format!("{} {}", text("firstname"), text("lastname"));
    row.set("name", &json!(name.trim()));
    let phone = ["mobilephone", "phone"].into_iter().map(text);
    row.set("phone", &json!(phone.rev().find(|text| !text.is_empty())));
    row.set("email", &json!(text("email")));
    row.set("companyName", &json!(text("company")));
    row.set("lang", &json!(text("hs_language")));
    row.set("createdAt", &json!(text("createdate")));
    if text("hs_email_optout") == "true" {
        row.set("unsubscribed", &json!(true));
    }
    row.custom([
        ("hubspotId".to_owned(), contact["id"].clone()),
        ("lifecycleStage".to_owned(), json!(text("lifecyclestage"))),
    ]);
    row.into_row()
}
