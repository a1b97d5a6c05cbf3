//! Input that nobody should send: each is a clear error of the one shape, and nothing is half-written.

mod bodies;
mod fields;
mod headers;
mod transport;
mod urls;

use crate::support::{Call, Description, Guard, Operation, TestApp};

/// A call of an operation by somebody who may, with a fitting value for each parameter of its path.
fn allowed(app: &TestApp, operation: &Operation) -> Call {
    let path = operation
        .path
        .replace("{userId}", "u")
        .replace("{sessionId}", "6650f0c2a1b2c3d4e5f60718")
        .replace("{ticketId}", "6650f0c2a1b2c3d4e5f60718")
        .replace("{messageTemplateId}", "6650f0c2a1b2c3d4e5f60718")
        .replace("{messageId}", "6650f0c2a1b2c3d4e5f60718")
        .replace("{token}", "t")
        .replace("{name}", "n")
        .replace("{importId}", "6650f0c2a1b2c3d4e5f60718");
    let call = Call::new(&operation.method, &path);
    match operation.guard() {
        Guard::ApiToken => app.server(call),
        Guard::Bearer(_) => app.owner(call),
        Guard::SdkKey => app.client(call, None),
        Guard::SdkKeyInQuery | Guard::Basic | Guard::Operator | Guard::Public => call,
    }
}

/// Operations that take a JSON body, but for those of client SDKs: what these send is read leniently.
fn with_body() -> impl Iterator<Item = &'static Operation> {
    Description::get()
        .operations
        .iter()
        .filter(|operation| operation.has_body && operation.guard() != Guard::SdkKey)
}
