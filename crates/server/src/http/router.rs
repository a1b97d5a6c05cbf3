//! The table of contents of the product: every path, grouped by who calls it.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use super::idempotency::Idempotency;
use super::no_null::take_out_null;
use super::observe::Observe;
use super::{docs, health, metrics, not_implemented};
use crate::app::{App, SharedApp};
use crate::{admin, dashboard, files, live, resources, sdk};

/// The general part of the API description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hark",
        description = "The customer platform that you run yourself. Errors have one shape everywhere; ids are 24 hexadecimal characters; \
                       dates are written like `2026-01-31T08:05:00.123Z`; fields without a value are absent.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "Session", description = "End users of your product, known and anonymous."),
        (name = "Import", description = "Loading sessions from files and other services."),
        (name = "ContactMemory", description = "What is remembered of an end user."),
        (name = "User", description = "The caller, and signing in."),
        (name = "Project", description = "The settings of a project."),
        (name = "Ticket", description = "What end users report."),
        (name = "Invitation", description = "Who may become a member."),
        (name = "Team", description = "Members who share tickets."),
        (name = "Messages", description = "What is said about what end users report."),
        (name = "Message templates", description = "Texts that the team writes again and again."),
        (name = "Webhook", description = "Servers of yours that are told what happens."),
        (name = "SDK", description = "What client SDKs call, with the public SDK key of a project."),
        (name = "Admin", description = "What your own servers call, with the secret API token of a project."),
        (name = "Server", description = "The state of the server."),
    ),
)]
struct Description;

/// All routes, with their description.
fn described(app: &SharedApp) -> OpenApiRouter<SharedApp> {
    OpenApiRouter::with_openapi(Description::openapi())
        // Members and API keys: /v3
        .merge(resources::session::routes())
        .merge(resources::import::routes())
        .merge(resources::user::routes())
        .merge(resources::login::routes())
        .merge(resources::login_cookie::routes())
        .merge(resources::setup::routes())
        .merge(resources::project::routes())
        .merge(resources::overview::routes())
        .merge(resources::ticket::routes())
        .merge(resources::team::routes())
        .merge(resources::message::routes())
        .merge(resources::message_template::routes())
        .merge(resources::invitation::routes())
        .merge(resources::webhook::routes())
        // Apps and pages of the customer: /sessions, /config, /bugs, /uploads, /outbound; /ws and /; /files
        .merge(sdk::routes(app))
        .merge(live::routes())
        .merge(files::routes())
        // Servers of the customer: /admin
        .merge(admin::routes())
        // Mail systems of the operator: /inbound-mail
        .merge(resources::message::inbound::routes())
        // Operators: /healthz, /readyz, /metrics
        .merge(health::routes(app.readiness.clone()))
        .merge(metrics::routes(app.registry.clone()))
}

/// The whole application.
///
/// # Errors
/// When a metric is registered twice.
pub fn router(app: SharedApp) -> prometheus::Result<Router> {
    let observe = Observe::new(
        app.config.request_limits(),
        app.config.log.requests,
        u32::from_be_bytes(app.random.bytes()),
        &app.registry,
    )?;
    let (routes, _) = described(&app).split_for_parts();
    Ok(routes
        .merge(not_implemented::routes())
        .merge(docs::routes())
        .merge(dashboard::routes())
        .route("/openapi.json", get(serve_description))
        .with_state(Arc::clone(&app))
        .layer(Idempotency(app))
        .layer(observe))
}

/// The API description as JSON, on one line.
#[must_use]
pub fn openapi(app: &SharedApp) -> String {
    let mut description = described(app).into_openapi();
    let components = description.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An API key, or the token of a sign-in."));
    components.add_security_scheme("jwt", SecurityScheme::Http(bearer.build()));
    components.add_security_scheme(
        "basic",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Basic).build()),
    );
    let secret = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "The secret of the operator for mails that come in: `smtp.inbound_secret`.",
        ));
    components.add_security_scheme("inboundMail", SecurityScheme::Http(secret.build()));
    let token = ApiKeyValue::with_description("Api-Token", "The secret API token of the project.");
    components.add_security_scheme("apiToken", SecurityScheme::ApiKey(ApiKey::Header(token)));
    let key = ApiKeyValue::with_description("Api-Token", "The public SDK key of the project.");
    components.add_security_scheme("sdkKey", SecurityScheme::ApiKey(ApiKey::Header(key)));
    let key = ApiKeyValue::with_description("apiKey", "The public SDK key of the project.");
    components.add_security_scheme("sdkKeyInQuery", SecurityScheme::ApiKey(ApiKey::Query(key)));
    let mut description = serde_json::to_value(description).unwrap_or_default();
    take_out_null(&mut description);
    describe_events(&mut description);
    description.to_string()
}

/// What is said of server-sent events is said of their `data`: each event is an object whose `data` is that, as JSON text.
fn describe_events(part: &mut Value) {
    match part {
        Value::Array(items) => items.iter_mut().for_each(describe_events),
        Value::Object(members) => {
            let events = members.get_mut("text/event-stream");
            if let Some(schema) = events.and_then(|content| content.get_mut("schema")) {
                let data = schema.take();
                *schema = json!({
                    "type": "object",
                    "description": "Each event, and what its `data` line holds.",
                    "required": ["event", "data"],
                    "properties": {
                        "event": {"type": "string", "description": "What happened."},
                        "data": {
                            "type": "string",
                            "description": "More about it, as JSON.",
                            "contentMediaType": "application/json",
                            "contentSchema": data,
                        },
                    },
                });
            }
            members.values_mut().for_each(describe_events);
        }
        _ => {}
    }
}

/// Written when it is first asked for, so that no start waits for it. It is the same for every server of this build.
async fn serve_description(State(app): State<SharedApp>) -> impl IntoResponse {
    static DESCRIPTION: OnceLock<String> = OnceLock::new();
    let description = DESCRIPTION.get_or_init(|| openapi(&app));
    (
        [(header::CONTENT_TYPE, "application/json")],
        description.as_str(),
    )
}

/// The application over everything that it holds.
/// Call it inside a Tokio runtime.
///
/// # Errors
/// When a metric is registered twice.
pub fn application(app: App) -> prometheus::Result<(SharedApp, Router)> {
    let app = Arc::new(app);
    let router = router(Arc::clone(&app))?;
    live::start(&app);
    resources::import::start(&app);
    resources::project::session_indexes::start(&app);
    Ok((app, router))
}
