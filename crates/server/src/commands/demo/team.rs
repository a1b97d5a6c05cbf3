//! The members who answer in the demo: made up, as everybody in it.

use anyhow::Result;
use axum::http::Method;
use serde_json::{Value, json};
use store::ObjectId;

use super::client::Client;
use crate::accounts::member::{NewMember, create_member};
use crate::app::App;
use crate::auth::roles::Role;

/// First and last names.
const AGENTS: [(&str, &str); 2] = [("Kim", "Sample"), ("Noor", "Example")];

/// Makes them; gives their ids. Nobody knows their passwords.
///
/// # Errors
/// When a call of theirs is refused: then the demo is wrong.
pub async fn make(app: &App, client: &Client, project: ObjectId) -> Result<Vec<ObjectId>> {
    let mut team = Vec::new();
    for (first, last) in AGENTS {
        let email = format!("{}@example.com", first.to_lowercase());
        let new = NewMember {
            project,
            email: email.clone(),
            role: Role::Agent,
            password: None,
        };
        let made = create_member(app, new).await?;
        let login = json!({"email": email, "password": made.password});
        let signed_in = client
            .call(Method::POST, "/v3/auth/login", &[], &login)
            .await?;
        name(client, made.user_id, &signed_in["token"], (first, last)).await?;
        team.push(made.user_id);
    }
    Ok(team)
}

async fn name(
    client: &Client,
    user: ObjectId,
    token: &Value,
    (first, last): (&str, &str),
) -> Result<()> {
    let bearer = format!("Bearer {}", token.as_str().unwrap_or_default());
    let path = format!("/v3/users/{user}");
    let body = json!({"firstName": first, "lastName": last});
    let headers = [("Authorization", bearer.as_str())];
    client
        .call(Method::PUT, &path, &headers, &body)
        .await
        .map(drop)
}
