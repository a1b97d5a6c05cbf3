//! A server of a customer, which notes what it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

#[derive(Clone)]
pub struct Request {
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    /// Statuses of the next answers; then 200.
    statuses: VecDeque<u16>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let answer = move |headers: HeaderMap, body: Bytes| {
            let mut state = shared.lock().unwrap();
            state.requests.push(Request { headers, body });
            let status = state.statuses.pop_front().unwrap_or(200);
            let status = StatusCode::from_u16(status).unwrap();
            let place = [(header::LOCATION, "/elsewhere")];
            std::future::ready((status, place, "said the receiver").into_response())
        };
        let router = Router::new().fallback(answer);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            state,
            task,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The next answers have these statuses.
    pub fn answer(&self, statuses: &[u16]) {
        self.state.lock().unwrap().statuses.extend(statuses);
    }

    /// What came since the last call.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }

    /// The names of the events that came since the last call.
    pub fn events(&self) -> Vec<String> {
        let named = |request: Request| request.json()["event"].as_str().unwrap().to_owned();
        self.take().into_iter().map(named).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Request {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Whether one of its signatures is that of the secret, by the library that receivers use.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let seconds = self.header("webhook-timestamp").parse().unwrap();
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        let signature = webhook.sign(self.header("webhook-id"), seconds, &self.body);
        let mut signatures = self.header("webhook-signature").split(' ');
        signatures.any(|has| has == signature.as_deref().unwrap())
    }
}
