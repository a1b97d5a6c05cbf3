//! A hundred members and fifty tickets, all at once: what must hold whoever is faster.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::{Value, json};
use server::auth::roles::Role;
use server::resources::team::attendance::Attendance;
use server::resources::ticket::load;
use store::{ObjectId, Tx};

use super::{Agent, change_team, given, holder, team};
use crate::support::{Accounts, Call, TestApp};
use crate::tickets::{call, path};

const MEMBERS: usize = 100;
const TICKETS: usize = 50;

/// People who were seen just now.
async fn crowd(app: &TestApp) -> Vec<Agent> {
    let mut all = Vec::new();
    for n in 0..MEMBERS {
        let email = format!("agent-{n}@example.com");
        let id = Accounts::member(&app.app, app.project(), &email, Role::Agent).await;
        let unit = move |tx: &mut Tx<'_>| {
            let here = Attendance {
                last_seen: Some(tx.now()),
                available: true,
            };
            tx.append(id, &here)
        };
        app.write(unit).await.unwrap();
        all.push(Agent {
            id: id.to_string(),
            token: String::new(),
        });
    }
    all
}

async fn all(app: &TestApp) -> Vec<Value> {
    let page = app.get("/v3/tickets?limit=1000").await.ok();
    page["tickets"].as_array().unwrap().clone()
}

fn is_open(ticket: &Value) -> bool {
    ticket["status"] != "DONE" && ticket["archived"] == false
}

/// How many open tickets each member has.
fn loads(tickets: &[Value]) -> BTreeMap<String, u64> {
    let mut loads = BTreeMap::new();
    for ticket in tickets.iter().filter(|ticket| is_open(ticket)) {
        if !holder(ticket).is_empty() {
            *loads.entry(holder(ticket).to_owned()).or_default() += 1;
        }
    }
    loads
}

/// What holds at every moment at which nothing is under way.
async fn assert_invariants(app: &TestApp, agents: &[Agent], limit: u64) {
    let tickets = all(app).await;
    let loads = loads(&tickets);
    assert!(loads.values().all(|load| *load <= limit), "{loads:?}");
    for agent in agents {
        let id: ObjectId = agent.id.parse().unwrap();
        let counted = app
            .app
            .store
            .read(app.project(), move |snapshot| load::count(snapshot, id));
        let expected = loads.get(&agent.id).copied().unwrap_or_default();
        assert_eq!(counted.await.unwrap(), expected, "{}", agent.id);
    }
    for ticket in &tickets {
        let is_held = !holder(ticket).is_empty();
        let is_queued = ticket["queued"] == true;
        assert!(!(is_held && is_queued), "{ticket}");
        if is_open(ticket) && ticket["snoozed"] == false && ticket.get("processingTeam").is_some() {
            assert!(is_held || is_queued, "{ticket}");
        }
        assert_eq!(is_queued, ticket.get("queuedAt").is_some(), "{ticket}");
    }
}

#[tokio::test]
async fn tickets_go_round_whoever_is_faster() {
    let app = TestApp::new().await;
    let agents = crowd(&app).await;
    let made = team(&app, "circular", &agents[..10], json!({})).await;
    join_all((0..TICKETS).map(|_| given(&app, &made))).await;
    let loads = loads(&all(&app).await);
    assert_eq!(loads.len(), 10);
    assert!(loads.values().all(|load| *load == 5), "{loads:?}");
    assert_invariants(&app, &agents, 5).await;
}

#[tokio::test]
async fn limits_hold_under_everything_at_once() {
    let app = TestApp::new().await;
    let agents = crowd(&app).await;
    // Forty are of both teams.
    let limited = json!({"limitTicketAmount": true, "ticketAmount": 1});
    let teams = [
        team(&app, "circular", &agents[..70], limited.clone()).await,
        team(&app, "balanced", &agents[30..], limited.clone()).await,
    ];
    let made = join_all((0..TICKETS).map(|n| given(&app, &teams[n % 2]))).await;
    let holders: BTreeSet<_> = made.iter().map(holder).collect();
    assert_eq!(holders.len(), TICKETS, "each has one of its own");
    assert_invariants(&app, &agents, 1).await;

    let (app, made, teams) = (&app, &made, &teams);
    let acts = (0..TICKETS).map(|n| async move {
        let (ticket, next) = (&made[n], &made[(n + 1) % TICKETS]);
        match n % 5 {
            0 => drop(
                call(app, "PUT", &path(ticket, "/archive"), json!({}))
                    .await
                    .ok(),
            ),
            1 => {
                let body = json!({"duration": 2});
                drop(call(app, "PUT", &path(ticket, "/snooze"), body).await.ok());
            }
            2 => {
                let body = json!({
                    "ticketsToMergeIds": [ticket["id"], next["id"]], "shouldCreateNewTicket": false,
                    "shouldMergeContacts": true, "shouldMergeTasks": true,
                });
                drop(call(app, "PUT", "/v3/tickets/merge", body).await.ok());
            }
            3 => {
                let body = json!({"processingTeam": teams[0]["id"]});
                drop(call(app, "PUT", &path(ticket, ""), body).await.ok());
            }
            _ => drop(
                app.send(app.owner(Call::delete(&path(ticket, ""))))
                    .await
                    .ok(),
            ),
        }
    });
    let more = (0..TICKETS).map(|n| async move { drop(given(app, &teams[n % 2]).await) });
    futures_util::join!(join_all(acts), join_all(more));
    app.run_jobs().await;
    assert_invariants(app, &agents, 1).await;

    // More than there is room for, then room for more.
    join_all((0..2 * TICKETS).map(|n| given(app, &teams[n % 2]))).await;
    app.run_jobs().await;
    assert_invariants(app, &agents, 1).await;
    let full = all(app).await;
    assert!(full.iter().any(|ticket| ticket["queued"] == true));
    for (team, members) in teams.iter().zip([&agents[..70], &agents[30..]]) {
        let waits =
            |ticket: &&Value| ticket["queued"] == true && ticket["processingTeam"] == team["id"];
        if full.iter().any(|ticket| waits(&ticket)) {
            let loads = loads(&full);
            assert!(members.iter().all(|member| loads.contains_key(&member.id)));
        }
    }
    for team in teams {
        change_team(app, team, json!({"ticketAmount": 3})).await;
    }
    app.run_jobs().await;
    assert_invariants(app, &agents, 3).await;
    let all = all(app).await;
    assert!(all.iter().all(|ticket| ticket["queued"] == false));
}
