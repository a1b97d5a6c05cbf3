//! The accounts of the demo, and commands to paste that work as printed.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::accounts::setup::{SetupRequest, SetupResult, setup};
use crate::app::App;

/// Where the keys of the demo are kept, so that every start can print them. Only the demo keeps keys in a file.
const FILE: &str = "demo-keys.json";

/// Makes the demo accounts, or finds them, and prints how to try them.
pub async fn print(app: &App) -> Result<()> {
    match make(app).await? {
        Some(keys) => println!("{}", text(&keys)),
        None => println!(
            "\nHark is at {}\nThis server was not set up as a demo: use the keys that you noted down, or `hark token create`.\n",
            app.config.base_url()
        ),
    }
    Ok(())
}

/// Makes the demo accounts, or finds them; `None` on a server with accounts of its own.
pub async fn make(app: &App) -> Result<Option<SetupResult>> {
    let file = app.config.data.join(FILE);
    let request = SetupRequest {
        organisation: "Demo organisation".into(),
        project: "Demo project".into(),
        email: "owner@example.com".into(),
        password: None,
    };
    let made = setup(app, request).await?;
    if made.api_key.is_some() {
        keep(&file, &made)?;
        return Ok(Some(made));
    }
    let Ok(json) = std::fs::read(&file) else {
        return Ok(None);
    };
    let kept = serde_json::from_slice(&json).with_context(|| format!("{}", file.display()))?;
    Ok(Some(SetupResult {
        url: made.url,
        ..kept
    }))
}

fn keep(file: &Path, keys: &SetupResult) -> Result<()> {
    let mut opened = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?;
    Ok(opened.write_all(&serde_json::to_vec_pretty(keys)?)?)
}

fn text(keys: &SetupResult) -> String {
    let (url, project) = (&keys.url, keys.project_id);
    let (token, key) = (
        keys.api_token.as_deref().unwrap_or_default(),
        keys.api_key.as_deref().unwrap_or_default(),
    );
    let password = keys.user.password.as_deref().unwrap_or_default();
    format!(
        r#"
Hark is at {url}   (API reference: {url}/docs)

  project          {project}
  SDK key          {sdk_key}
  API token        {token}
  API key          {key}
  identity secret  {secret}
  owner            {email} / {password}

Three commands to paste:

# 1. your server says who a user is
curl -sS -w '\n' {url}/admin/identify -H 'Api-Token: {token}' -H 'Content-Type: application/json' -d '{{"userId":"user-1","name":"Ada Lovelace","email":"ada@example.com","plan":"pro","seats":3}}'

# 2. and what the user did
curl -sS -w '\n' {url}/admin/track -H 'Api-Token: {token}' -H 'Content-Type: application/json' -d '{{"events":[{{"userId":"user-1","name":"invoice_paid","data":{{"amount":49}}}}]}}'

# 3. look the user up
curl -sS -w '\n' {url}/v3/sessions/by-user-id/user-1 -H 'Authorization: Bearer {key}' -H 'project: {project}'

In a web page, with the web SDK (npm install gleap):

import Gleap from "gleap";
Gleap.setApiUrl("{url}");
Gleap.setWSApiUrl("{socket_url}/ws");
Gleap.initialize("{sdk_key}");
Gleap.identify("user-1", {{ plan: "pro" }});

Stop with Ctrl-C.
"#,
        socket_url = url.replacen("http", "ws", 1),
        sdk_key = keys.sdk_key,
        secret = keys.identity_secret,
        email = keys.user.email,
    )
}
