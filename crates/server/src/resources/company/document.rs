//! A company, as it is stored and as the API shows it.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use serde_json::value::RawValue;
use store::{Collection, Column, ColumnKind, Document, Identity, Millis, Value};
use utoipa::ToSchema;

use crate::identity;

/// A company of a customer's users.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Company {
    /// The id under which your own system knows the company: exact.
    pub company_id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The plan that it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Its domain, such as `example.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What it is worth to you.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub value: Option<Number>,
    /// The service level.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub sla: Option<Number>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Your own attributes.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    #[schema(value_type = Object)]
    pub custom_data: IndexMap<String, Box<RawValue>>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

/// A postal address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Address {
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line1: Option<String>,
    /// More of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// The city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The state or region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// The country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// The table of companies.
pub static COMPANIES: Collection = Collection {
    table: "company",
    columns: &[Column {
        name: "company_id",
        path: "companyId",
        kind: ColumnKind::Text,
    }],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Company {
    const COLLECTION: &'static Collection = &COMPANIES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.company_id.as_str().into()]
    }

    fn identities(&self) -> Vec<Identity> {
        vec![Identity {
            kind: identity::COMPANY_ID,
            key: self.company_id.clone(),
            owner: None,
            required: true,
        }]
    }

    fn created_at(&self) -> Option<Millis> {
        Some(self.created_at)
    }

    fn stamp(&mut self, updated_at: Millis) {
        self.updated_at = updated_at;
    }
}
