//! A service on a port of its own, which gives one reply after the other, and the last one again and again.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

#[derive(Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    text: Option<String>,
    is_broken: bool,
    pub body: Value,
}

impl Reply {
    pub fn json(body: Value) -> Self {
        Self {
            body,
            ..Self::status(200)
        }
    }

    pub fn text(text: &str) -> Self {
        Self {
            text: Some(text.to_owned()),
            ..Self::status(200)
        }
    }

    /// One that breaks off.
    pub fn broken() -> Self {
        Self {
            is_broken: true,
            ..Self::status(200)
        }
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            text: None,
            is_broken: false,
            body: Value::Null,
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn into_response(self) -> Response {
        let text = self.text.unwrap_or_else(|| self.body.to_string());
        let body = if self.is_broken {
            let parts = [Ok("{\"data\":"), Err(std::io::Error::other("broken"))];
            Body::from_stream(futures_util::stream::iter(parts))
        } else {
            Body::from(text)
        };
        let status = StatusCode::from_u16(self.status).unwrap();
        let mut response = (status, body).into_response();
        for (name, value) in self.headers {
            let name: HeaderName = name.parse().unwrap();
            response
                .headers_mut()
                .insert(name, HeaderValue::from_str(&value).unwrap());
        }
        response
    }
}

/// A request as it came.
#[derive(Clone)]
pub struct Asked {
    pub uri: String,
    pub authorization: String,
}

#[derive(Default)]
struct State {
    replies: Vec<Reply>,
    asked: Vec<Asked>,
}

pub struct Service {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

impl Service {
    pub async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            replies,
            asked: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        let router = Router::new().fallback(async move |request: Request| {
            let mut state = shared.lock().unwrap();
            let number = state.asked.len().min(state.replies.len() - 1);
            let authorization = &request.headers()["authorization"];
            let asked = Asked {
                uri: request.uri().to_string(),
                authorization: authorization.to_str().unwrap().to_owned(),
            };
            state.asked.push(asked);
            state.replies[number].clone().into_response()
        });
        let app = server::http::serve::Server::new(
            server::http::serve::Options {
                header_read_timeout: std::time::Duration::from_secs(30),
                head_bytes_max: 1 << 16,
                connections_max: 100,
                shutdown_deadline: std::time::Duration::ZERO,
            },
            &prometheus::Registry::new(),
        )
        .unwrap();
        let serving = tokio::spawn(async move {
            app.run(listener, router, std::future::pending()).await;
        });
        Self {
            address,
            state,
            serving,
        }
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
