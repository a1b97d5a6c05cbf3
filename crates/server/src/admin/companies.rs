//! Your server says what companies your users work for (wire note §4.14).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Number;
use serde_json::value::RawValue;
use store::{Row, Tx};
use utoipa::ToSchema;

use crate::app::SharedApp;
use crate::auth::ProjectToken;
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::json::{Given, given};
use crate::http::responses::ErrorResponses;
use crate::identity;
use crate::resources::company::document::{Address, Company};
use crate::resources::session::attributes::{AttributeLimits, Attributes};

/// Characters of a text of a company.
pub const TEXT_CHARS_MAX: usize = 1000;

/// What to say of a company. `null` removes a value; what is not named stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[schema(example = json!({"name": "Example Ltd", "plan": "pro", "value": 1200, "address": {"city": "Vienna"}, "customData": {"seats": 30}}))]
pub struct CompanyInput {
    /// Its name.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    name: Given<String>,
    /// The plan that it is on.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    plan: Given<String>,
    /// Its domain.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    domain: Given<String>,
    /// What it is worth to you.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    value: Given<Number>,
    /// The service level.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    sla: Given<Number>,
    /// Where it is; replaces the address that is there.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    address: Given<Address>,
    /// Your own attributes, merged key by key.
    #[schema(value_type = Option<Object>)]
    custom_data: Option<Box<RawValue>>,
}

/// Get a company
///
/// The company of which your own system knows this id.
#[utoipa::path(
    get, path = "/admin/companies/{companyId}", operation_id = "AdminGetCompany", tag = "Admin",
    params(("companyId" = String, Path, description = "Your own id of the company, percent-encoded")),
    responses((status = 200, description = "The company", body = Company), ErrorResponses),
    security(("apiToken" = [])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    ProjectToken(access): ProjectToken,
    Path(company_id): Path<String>,
) -> Result<Json<Company>, ApiError> {
    check_id(&company_id)?;
    let missing = not_found(&company_id);
    let read = app.store.read(access.project, move |snapshot| {
        Ok::<_, ApiError>(snapshot.find::<Company>(identity::COMPANY_ID, &company_id)?)
    });
    read.await?.map(|row| Json(row.doc)).ok_or(missing)
}

/// Create or change a company
///
/// Merges the body into the company, which is made when it is not there. Sessions are linked to it by their `companyId`.
#[utoipa::path(
    put, path = "/admin/companies/{companyId}", operation_id = "AdminPutCompany", tag = "Admin",
    params(("companyId" = String, Path, description = "Your own id of the company, percent-encoded, at most 256 characters")),
    request_body = CompanyInput,
    responses((status = 200, description = "The company", body = Company), ErrorResponses),
    security(("apiToken" = [])),
)]
pub async fn put(
    State(app): State<SharedApp>,
    ProjectToken(access): ProjectToken,
    Path(company_id): Path<String>,
    Json(input): Json<CompanyInput>,
) -> Result<Json<Company>, ApiError> {
    check_id(&company_id)?;
    let custom = read_custom(&input)?;
    check(&input)?;
    let limits = app.attribute_limits();
    let write = app.store.write(access.project, move |tx| {
        upsert(tx, &company_id, &input, &custom, limits)
    });
    Ok(Json(write.await?.doc))
}

/// Delete a company
///
/// The sessions of its users stay as they are.
#[utoipa::path(
    delete, path = "/admin/companies/{companyId}", operation_id = "AdminDeleteCompany", tag = "Admin",
    params(("companyId" = String, Path, description = "Your own id of the company, percent-encoded")),
    responses((status = 204, description = "The company is gone"), ErrorResponses),
    security(("apiToken" = [])),
)]
pub async fn delete(
    State(app): State<SharedApp>,
    ProjectToken(access): ProjectToken,
    Path(company_id): Path<String>,
) -> Result<StatusCode, ApiError> {
    check_id(&company_id)?;
    let missing = not_found(&company_id);
    let write = app.store.write(access.project, move |tx| {
        let Some(id) = tx.owner(identity::COMPANY_ID, &company_id)? else {
            return Ok::<_, store::Error>(false);
        };
        tx.release(identity::COMPANY_ID, &company_id, id)?;
        tx.delete::<Company>(id)
    });
    if write.await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing)
    }
}

fn upsert(
    tx: &mut Tx<'_>,
    company_id: &str,
    input: &CompanyInput,
    custom: &Attributes,
    limits: AttributeLimits,
) -> Result<Row<Company>, ApiError> {
    if let Some(mut row) = tx.find_for_update::<Company>(identity::COMPANY_ID, company_id)? {
        let before = serde_json::to_vec(&row.doc).map_err(ApiError::internal)?;
        apply(input, custom, &mut row.doc, limits)?;
        if serde_json::to_vec(&row.doc).map_err(ApiError::internal)? != before {
            tx.put(&mut row)?;
        }
        return Ok(row);
    }
    let mut company = Company {
        company_id: company_id.to_owned(),
        created_at: tx.now(),
        ..Company::default()
    };
    apply(input, custom, &mut company, limits)?;
    let row = tx.insert(tx.new_id(), company)?;
    tx.claim(identity::COMPANY_ID, company_id, row.id)?;
    Ok(row)
}

fn apply(
    input: &CompanyInput,
    custom: &Attributes,
    company: &mut Company,
    limits: AttributeLimits,
) -> Result<(), ApiError> {
    fn set<T: Clone>(place: &mut Option<T>, given: &Given<T>) {
        if let Some(value) = given {
            place.clone_from(value);
        }
    }
    set(&mut company.name, &input.name);
    set(&mut company.plan, &input.plan);
    set(&mut company.domain, &input.domain);
    set(&mut company.value, &input.value);
    set(&mut company.sla, &input.sla);
    set(&mut company.address, &input.address);
    let (_, refused) = custom.apply_custom(&mut company.custom_data, limits);
    if refused.is_empty() {
        return Ok(());
    }
    Err(ApiError::unprocessable("attribute_limit", refused))
}

fn read_custom(input: &CompanyInput) -> Result<Attributes, ApiError> {
    let members = input.custom_data.iter().cloned();
    let body: IndexMap<_, _> = members.map(|raw| ("customData".to_owned(), raw)).collect();
    let (attributes, refused) = Attributes::read(&body);
    if refused.is_empty() {
        return Ok(attributes);
    }
    Err(ApiError::unprocessable("invalid_field", refused))
}

fn check(input: &CompanyInput) -> Result<(), ApiError> {
    let address = input.address.iter().flatten();
    let of_address = |address: &Address| {
        let Address {
            line1,
            line2,
            city,
            state,
            postal_code,
            country,
        } = address.clone();
        [
            ("address.line1", line1),
            ("address.line2", line2),
            ("address.city", city),
            ("address.state", state),
            ("address.postalCode", postal_code),
            ("address.country", country),
        ]
    };
    let faults: Vec<_> = [
        ("name", input.name.clone().flatten()),
        ("plan", input.plan.clone().flatten()),
        ("domain", input.domain.clone().flatten()),
    ]
    .into_iter()
    .chain(address.flat_map(of_address))
    .filter(|(_, text)| {
        text.as_ref()
            .is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX)
    })
    .map(|(name, _)| format!("{name}: is longer than {TEXT_CHARS_MAX} characters"))
    .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(ApiError::unprocessable("invalid_field", faults))
}

/// # Errors
/// 400 when the id in the path is none.
fn check_id(company_id: &str) -> Result<(), ApiError> {
    let length = company_id.chars().count();
    if (1..=identity::USER_ID_CHARS_MAX).contains(&length) && !company_id.contains('\0') {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "invalid_id",
        format!(
            "The company id in the path must be 1 to {} characters, none of them NUL.",
            identity::USER_ID_CHARS_MAX
        ),
    ))
}

fn not_found(company_id: &str) -> ApiError {
    ApiError::not_found(
        "company_not_found",
        format!("This project has no company with companyId {company_id:?}."),
    )
}
