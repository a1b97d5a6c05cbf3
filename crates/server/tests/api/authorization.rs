//! Every route, with every kind of credential that does not open it, and with every role.
//!
//! The routes come from the API description and from the list of missing operations: a new one that asks for nothing fails
//! here until it is named among the public ones.

mod credentials;
mod roles;

use std::collections::BTreeSet;

use server::http::not_implemented::missing;

use crate::support::{Call, Description, Guard, TestApp};

/// Operations that anybody may call.
const PUBLIC: [&str; 24] = [
    // Signing in, and the state of the server.
    "Login",
    "SignInBrowser",
    "ForgetBrowser",
    "GetSetup",
    "SetUp",
    "healthz",
    "readyz",
    "metrics",
    // Who comes by the secret of a mail.
    "LookAtInvitation",
    "AcceptInvitation",
    // What client SDKs read before they are anybody, by the key in the path.
    "SdkConfig",
    "SdkTooltips",
    // What is known by its address.
    "GetFile",
    "ShowUnsubscribePage",
    "ConfirmUnsubscribe",
    // Those of the contract that take no token.
    "GetModels",
    "AnswerHelpCenterQuestion",
    "HelpCenter_GetHelpcenterCollections",
    "GetHelpcenterSources",
    "User_Create",
    "AuthenticateUserPusherSession",
    "AuthenticateUserPusherChannelSession",
    "Resend",
    "Verify",
];

/// Operations of the caller itself, which a `project` header narrows to one of its projects.
const EVERYWHERE: [&str; 2] = ["GetMyPermissions", "ReassignTickets"];

/// Stands for every parameter of a path: an id, and a user id too.
const ID: &str = "6650f0c2a1b2c3d4e5f60718";

/// A route, and what it asks for.
struct Route {
    id: String,
    method: String,
    path: String,
    guard: Guard,
    /// Whether it asks for the `project` header.
    in_project: bool,
    is_missing: bool,
}

impl Route {
    fn call(&self) -> Call {
        let call = Call::new(&self.method, &self.path);
        if matches!(self.method.as_str(), "POST" | "PUT") {
            call.raw_json("{}")
        } else {
            call
        }
    }

    fn name(&self) -> String {
        format!("{} {} ({})", self.method, self.path, self.id)
    }

    /// Whether an answer let the caller in: what it says then depends on the route.
    fn lets_in(&self, status: u16) -> bool {
        if self.is_missing {
            status == 501
        } else {
            matches!(status, 200 | 204 | 400 | 404 | 415 | 422)
        }
    }
}

/// All of them. The description has been read once a server was opened.
fn routes() -> Vec<Route> {
    let served = Description::get().operations.iter().map(|operation| Route {
        id: operation.id.clone(),
        method: operation.method.clone(),
        path: filled(&operation.path),
        guard: operation.guard(),
        in_project: operation.takes("header", "project")
            && !EVERYWHERE.contains(&operation.id.as_str()),
        is_missing: false,
    });
    let missing = missing().into_iter().map(|operation| Route {
        id: operation.operation_id,
        method: operation.method,
        path: filled(&operation.path),
        guard: if operation.token {
            Guard::Bearer(Vec::new())
        } else {
            Guard::Public
        },
        in_project: operation.project.is_some(),
        is_missing: true,
    });
    served.chain(missing).collect()
}

/// The path with an id for each parameter.
fn filled(path: &str) -> String {
    let segment = |part: &str| if part.starts_with('{') { ID } else { part }.to_owned();
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn what_is_public_is_public_on_purpose() {
    let app = TestApp::new().await;
    let description = Description::get();
    for operation in &description.operations {
        let named = operation.names_its_guard() || PUBLIC.contains(&operation.id.as_str());
        assert!(named, "{} does not say what opens it", operation.id);
    }
    let routes = routes();
    let public: BTreeSet<_> = routes
        .iter()
        .filter(|route| route.guard == Guard::Public)
        .map(|route| route.id.as_str())
        .collect();
    assert_eq!(public, BTreeSet::from(PUBLIC));
    for route in routes.iter().filter(|route| route.guard == Guard::Public) {
        let status = app.send(route.call()).await.status;
        assert!(!matches!(status, 401 | 403), "{}: {status}", route.name());
    }
}
