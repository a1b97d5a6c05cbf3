//! Teams: who gets a ticket, what waits for whom, and what becomes of it when somebody goes.

mod assignment;
mod crowd;
mod leaving;
mod queue;
mod refusals;

use serde_json::{Value, json};
use server::auth::roles::Role;
use store::ObjectId;

use crate::support::{Call, TestApp};
use crate::tickets::{call, now, ticket};

/// A member who is at work.
#[derive(Clone)]
pub struct Agent {
    pub id: String,
    pub token: String,
}

impl Agent {
    pub async fn comes(app: &TestApp, name: &str) -> Self {
        let email = format!("{name}@example.com");
        let (id, token): (ObjectId, String) = app.member(&email, Role::Agent).await;
        let agent = Self {
            id: id.to_string(),
            token,
        };
        agent.is_seen(app).await;
        agent
    }

    pub async fn is_seen(&self, app: &TestApp) {
        self.send(app, Call::get("/v3/teams")).await;
    }

    pub async fn send(&self, app: &TestApp, call: Call) -> Value {
        let call = call.bearer(&self.token).project(app.project());
        app.send(call).await.ok()
    }

    /// Sets whether it takes tickets.
    pub async fn takes_tickets(&self, app: &TestApp, available: bool) {
        let body = json!({ "available": available });
        let path = format!("/v3/users/{}", self.id);
        self.send(app, Call::put(&path).json(&body)).await;
        app.run_jobs().await;
    }
}

pub async fn agents<const N: usize>(app: &TestApp) -> [Agent; N] {
    let mut all = Vec::new();
    for n in 0..N {
        all.push(Agent::comes(app, &format!("agent-{n}")).await);
    }
    all.try_into().unwrap_or_else(|_| unreachable!())
}

/// Makes a team, with what else is said.
pub async fn team(app: &TestApp, method: &str, members: &[Agent], more: Value) -> Value {
    let ids: Vec<_> = members.iter().map(|member| &member.id).collect();
    let mut body = json!({"name": method, "assignmentMethod": method, "members": ids});
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    call(app, "POST", "/v3/teams", body).await.ok()
}

pub async fn change_team(app: &TestApp, team: &Value, body: Value) -> Value {
    let path = format!("/v3/teams/{}", team["id"].as_str().unwrap());
    call(app, "PUT", &path, body).await.ok()
}

/// A ticket that is given to a team.
pub async fn given(app: &TestApp, team: &Value) -> Value {
    ticket(app, json!({"processingTeam": team["id"]})).await
}

/// Whose a ticket is; empty when it is nobody's.
pub fn holder(ticket: &Value) -> &str {
    ticket["processingUser"]["id"].as_str().unwrap_or_default()
}

/// Whose it is now.
pub async fn holder_now(app: &TestApp, ticket: &Value) -> String {
    holder(&now(app, ticket).await).to_owned()
}
