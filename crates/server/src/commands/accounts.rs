//! `hark setup`, `hark token`, `hark project`, `hark member`, `hark identity`.

use std::io::Read;

use anyhow::{Context, Result};
use serde_json::Value;
use store::{Clock, Millis, ObjectId};

use super::control::{self, Request};
use crate::accounts::api_key::{CreatedApiKey, ListedApiKey, NewApiKey};
use crate::accounts::member::{CreatedMember, NewMember};
use crate::accounts::project::{CreatedProject, ListedProject, ProjectSecret, Verification};
use crate::accounts::setup::{SetupRequest, SetupResult};
use crate::auth::roles::Scope;
use crate::cli;
use crate::config::Config;

const DAY_MS: i64 = 86_400_000;
/// Shown where a secret was shown before and only its hash is kept.
const SHOWN_BEFORE: &str = "(shown when it was made)";

/// Makes the first accounts, or shows those that are there.
pub async fn setup(config: Config, options: cli::Setup) -> Result<()> {
    let request = SetupRequest {
        organisation: options.organisation,
        project: options.project,
        email: options.email,
        password: None,
    };
    let result: SetupResult = control::run(config, Request::Setup(request), |_| {}).await?;
    if options.json {
        println!("{}", serde_json::to_string(&result)?);
        return Ok(());
    }
    let shown = |secret: &Option<String>| secret.clone().unwrap_or_else(|| SHOWN_BEFORE.into());
    println!("organisation     {}", result.organisation_id);
    println!("project          {}", result.project_id);
    println!(
        "SDK key          {}   public: for the client SDKs",
        result.sdk_key
    );
    println!(
        "API token        {}   secret: for /admin",
        shown(&result.api_token)
    );
    println!(
        "API key          {}   secret: for /v3",
        shown(&result.api_key)
    );
    println!(
        "identity secret  {}   secret: proves who your users are",
        result.identity_secret
    );
    println!(
        "owner            {} / {}",
        result.user.email,
        shown(&result.user.password)
    );
    println!("address          {}", result.url);
    Ok(())
}

/// Works on API keys.
pub async fn token(config: Config, command: cli::Token) -> Result<()> {
    match command {
        cli::Token::Create(options) => create_token(config, options).await,
        cli::Token::List(options) => {
            let request = Request::TokenList {
                project: id("--project", &options.project)?,
            };
            let keys: Vec<ListedApiKey> = control::run(config, request, |_| {}).await?;
            for ListedApiKey { id, key } in keys {
                let state = match (key.revoked_at, key.expires_at) {
                    (Some(at), _) => format!("revoked {at}"),
                    (None, Some(at)) => format!("expires {at}"),
                    (None, None) => "active".into(),
                };
                println!("{id}  {}  {state}  {}", key.created_at, key.name);
            }
            Ok(())
        }
        cli::Token::Revoke(options) => {
            let key = id("KEY_ID", &options.id)?;
            let _: Value = control::run(config, Request::TokenRevoke { id: key }, |_| {}).await?;
            println!("revoked {key}");
            Ok(())
        }
    }
}

async fn create_token(config: Config, options: cli::TokenCreate) -> Result<()> {
    let scopes: Vec<Scope> = options
        .scope
        .iter()
        .map(|scope| scope.parse())
        .collect::<Result<_, _>>()
        .context("--scope")?;
    let new = NewApiKey {
        project: id("--project", &options.project)?,
        name: options.name,
        role: options.role.parse().context("--role")?,
        scopes: (!scopes.is_empty()).then(|| scopes.into_iter().collect()),
        expires_at: options
            .expires_days
            .map(|days| Millis(store::SystemClock.now().0 + i64::from(days) * DAY_MS)),
    };
    let created: CreatedApiKey = control::run(config, Request::TokenCreate(new), |_| {}).await?;
    eprintln!("key {}; it cannot be shown again:", created.id);
    println!("{}", created.token);
    Ok(())
}

/// Works on projects.
pub async fn project(config: Config, command: cli::Project) -> Result<()> {
    match command {
        cli::Project::Create(options) => {
            let created: CreatedProject = control::run(
                config,
                Request::ProjectCreate { name: options.name },
                |_| {},
            )
            .await?;
            println!("project          {}", created.project_id);
            println!(
                "SDK key          {}   public: for the client SDKs",
                created.sdk_key
            );
            println!(
                "API token        {}   secret: for /admin",
                created.api_token
            );
            println!(
                "identity secret  {}   secret: proves who your users are",
                created.identity_secret
            );
        }
        cli::Project::Rotate(options) => {
            let secret = if options.api_token {
                ProjectSecret::ApiToken
            } else {
                ProjectSecret::Identity
            };
            let project = id("--project", &options.project)?;
            let value: String =
                control::run(config, Request::ProjectRotate { project, secret }, |_| {}).await?;
            println!("{value}");
        }
        cli::Project::List => {
            let projects: Vec<ListedProject> =
                control::run(config, Request::ProjectList, |_| {}).await?;
            for project in projects {
                println!(
                    "{}  {}  {}",
                    project.project_id, project.sdk_key, project.name
                );
            }
        }
    }
    Ok(())
}

/// Works on people.
pub async fn member(config: Config, command: cli::Member) -> Result<()> {
    let cli::Member::Create(options) = command;
    let mut password = String::new();
    if options.password_stdin {
        std::io::stdin()
            .read_to_string(&mut password)
            .context("cannot read the password")?;
    }
    let new = NewMember {
        project: id("--project", &options.project)?,
        email: options.email,
        role: options.role.parse().context("--role")?,
        password: options
            .password_stdin
            .then(|| password.trim_end_matches(['\r', '\n']).to_owned()),
    };
    let created: CreatedMember = control::run(config, Request::MemberCreate(new), |_| {}).await?;
    println!(
        "member    {}  {}  {}",
        created.user_id, created.role, created.email
    );
    if let Some(password) = created.password {
        println!("password  {password}");
    }
    Ok(())
}

/// Works on identity verification.
pub async fn identity(config: Config, command: cli::Identity) -> Result<()> {
    match command {
        cli::Identity::Sign(options) => {
            let request = Request::IdentitySign {
                project: id("--project", &options.project)?,
                user_id: options.user_id,
            };
            let hash: String = control::run(config, request, |_| {}).await?;
            println!("{hash}");
        }
        cli::Identity::Mode(options) => {
            let mode = match options.mode.as_str() {
                "required" => Verification::Required,
                _ => Verification::Off,
            };
            let project = id("--project", &options.project)?;
            let request = Request::IdentityMode { project, mode };
            let _: Value = control::run(config, request, |_| {}).await?;
            println!("identity verification is {}", options.mode);
        }
    }
    Ok(())
}

/// An id that was given on the command line.
pub fn id(name: &str, text: &str) -> Result<ObjectId> {
    text.parse().with_context(|| format!("{name}: {text:?}"))
}
