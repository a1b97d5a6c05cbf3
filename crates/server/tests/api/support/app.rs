//! A server in process, with its own data folder, clock and accounts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::Response;
use serde_json::Value;
use server::app::{App, SharedApp, Surroundings};
use server::auth::password::Cost;
use server::auth::roles::Role;
use server::auth::token::Random;
use server::config::{Config, Sources};
use server::http::router;
use server::jobs::queue;
use store::{ObjectId, Tx};
use tempfile::TempDir;
use tower::ServiceExt;

use super::database::{self, TestDatabase};
use super::{Accounts, Answer, Call, Description, Live, PASSWORD, TestClock, encoded};

/// Limits are off unless a test is about them: tests call faster than people.
const DEFAULTS: [(&str, &str); 6] = [
    ("limits.guests_per_minute", "0"),
    ("limits.reports_per_minute", "0"),
    ("limits.v3_requests_per_minute", "0"),
    ("limits.admin_requests_per_minute", "0"),
    ("limits.logins_per_minute", "0"),
    ("log.requests", "none"),
];

pub struct TestApp {
    pub app: SharedApp,
    pub clock: Arc<TestClock>,
    pub accounts: Accounts,
    router: Router,
    /// How often it was started.
    starts: u64,
    /// The other nodes that were started over its database.
    nodes: AtomicU64,
    job_kinds: Vec<queue::Kind>,
    _data: TempDir,
    _database: TestDatabase,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A server with some options set, named as in `hark.default.toml`.
    pub async fn with(options: &[(&'static str, &str)]) -> Self {
        Self::with_jobs(options, queue::kinds()).await
    }

    /// A server that does jobs of the given kinds alone.
    pub async fn with_jobs(options: &[(&'static str, &str)], job_kinds: Vec<queue::Kind>) -> Self {
        let mut app = Self::start(options, job_kinds).await;
        app.accounts = Accounts::make(&app.app).await;
        app
    }

    /// A server that nobody has set up.
    pub async fn empty() -> Self {
        Self::start(&[], queue::kinds()).await
    }

    async fn start(options: &[(&'static str, &str)], job_kinds: Vec<queue::Kind>) -> Self {
        let data = tempfile::tempdir().unwrap();
        Self::over(TestDatabase::make(), data, options, job_kinds, 1).await
    }

    /// Another node over the same database, with a data folder of its own; `None` on SQLite. It has to go before the first one.
    pub async fn node(&self, options: &[(&'static str, &str)]) -> Option<Self> {
        let database = self._database.share()?;
        let data = tempfile::tempdir().unwrap();
        let key = self.app.config.secret_path();
        std::fs::copy(key, data.path().join("secret.key")).unwrap();
        // No two of them make the same ids.
        let seed = 2 + 1_000 * self.nodes.fetch_add(1, Ordering::Relaxed);
        let mut node = Self::over(database, data, options, self.job_kinds.clone(), seed).await;
        node.accounts = self.accounts.clone();
        Some(node)
    }

    async fn over(
        database: TestDatabase,
        data: TempDir,
        options: &[(&'static str, &str)],
        job_kinds: Vec<queue::Kind>,
        seed: u64,
    ) -> Self {
        let clock = Arc::new(TestClock::default());
        let config = config(&data, &database, options);
        let app = App::open(config, surroundings(&clock, seed, &job_kinds)).unwrap();
        let (app, router) = router::application(app).unwrap();
        Description::read(&router).await;
        Self {
            app,
            clock,
            accounts: Accounts::default(),
            router,
            starts: 1,
            nodes: AtomicU64::new(0),
            job_kinds,
            _data: data,
            _database: database,
        }
    }

    /// Stops the process and starts another over the same data folder.
    pub fn restart(&mut self) {
        self.app.live.stop();
        self.app.store.close();
        // Each process has randomness of its own, and so ids that no other made.
        self.starts += 1;
        let surroundings = surroundings(&self.clock, self.starts, &self.job_kinds);
        let app = App::open(self.app.config.clone(), surroundings).unwrap();
        (self.app, self.router) = router::application(app).unwrap();
    }

    /// Sends a call and holds the answer to `/openapi.json`.
    pub async fn send(&self, call: Call) -> Answer {
        let (method, path, mut request) = call.into_request();
        let peer: SocketAddr = ([192, 0, 2, 1], 4711).into();
        request.extensions_mut().get_or_insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let answer = Answer::read(response).await;
        Description::get().check(&method, &path, &answer);
        answer
    }

    /// The answer to a call as it comes, not checked.
    pub async fn open(&self, call: Call) -> Response {
        let (_, _, mut request) = call.into_request();
        let peer: SocketAddr = ([192, 0, 2, 1], 4711).into();
        request.extensions_mut().insert(ConnectInfo(peer));
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The same server on a port of its own.
    pub async fn live(&self) -> Live {
        Live::start(&self.app, self.router.clone()).await
    }

    /// `GET` of a path of `/v3`, by the owner's API key in the first project.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.owner(Call::get(path))).await
    }

    /// The call with the owner's credential for the first project.
    pub fn owner(&self, call: Call) -> Call {
        call.bearer(&self.accounts.owner_key)
            .project(self.project())
    }

    /// The call with the secret API token of the first project.
    pub fn server(&self, call: Call) -> Call {
        call.api_token(&self.accounts.first.api_token)
    }

    /// Signs a person with [`PASSWORD`] in; gives the token.
    pub async fn sign_in(&self, email: &str) -> String {
        let body = serde_json::json!({"email": email, "password": PASSWORD});
        let answer = self.send(Call::post("/v3/auth/login").json(&body)).await;
        answer.ok()["token"].as_str().unwrap().to_owned()
    }

    /// A new member of the first project, signed in: the id and the token.
    pub async fn member(&self, email: &str, role: Role) -> (ObjectId, String) {
        let id = Accounts::member(&self.app, self.project(), email, role).await;
        (id, self.sign_in(email).await)
    }

    pub async fn lookup(&self, user_id: &str) -> Answer {
        self.get(&format!("/v3/sessions/by-user-id/{}", encoded(user_id)))
            .await
    }

    /// The session of a user id that must be there.
    pub async fn session(&self, user_id: &str) -> Value {
        self.lookup(user_id).await.ok()
    }

    pub async fn identify(&self, body: Value) -> Answer {
        self.send(self.server(Call::post("/admin/identify").json(&body)))
            .await
    }

    pub async fn track(&self, events: Value) -> Answer {
        let body = serde_json::json!({ "events": events });
        self.send(self.server(Call::post("/admin/track").json(&body)))
            .await
    }

    /// All sessions of the first project.
    pub async fn sessions(&self) -> Vec<Value> {
        let all = self.get("/v3/sessions?limit=1000").await.ok();
        all.as_array().unwrap().clone()
    }

    pub fn project(&self) -> ObjectId {
        self.accounts.first.id
    }

    /// Runs a unit of work in the first project.
    pub async fn write<T, E, F>(&self, unit: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<store::Error> + Send + 'static,
    {
        self.app.store.write(self.project(), unit).await
    }

    /// Does all queued jobs that are due by the clock of the test, and those that they ask for; returns how many runs that took.
    pub async fn run_jobs(&self) -> usize {
        queue::run_due(&self.app).await.unwrap()
    }

    /// How many rows each table has, but for those that engines keep for themselves, and the audit log.
    pub fn rows(&self) -> Vec<(String, i64)> {
        database::rows(&self.app.config)
    }

    /// The database agrees with itself.
    pub fn assert_sound(&self) {
        let report = database::examine(&self.app.config);
        assert!(report.is_clean(), "{:#?}", report.findings);
    }
}

fn surroundings(clock: &Arc<TestClock>, seed: u64, job_kinds: &[queue::Kind]) -> Surroundings {
    Surroundings {
        clock: clock.clone(),
        random: Random::seeded(seed),
        password_cost: Cost::LEAST,
        job_kinds: job_kinds.to_vec(),
    }
}

/// No test leaves a database behind that is not sound.
impl Drop for TestApp {
    fn drop(&mut self) {
        self.app.store.close();
        if !std::thread::panicking() {
            self.assert_sound();
        }
    }
}

fn config(data: &TempDir, database: &TestDatabase, options: &[(&'static str, &str)]) -> Config {
    let file = data.path().join("hark.toml");
    std::fs::write(&file, "").unwrap();
    let folder = data.path().to_str().unwrap();
    let database = database.option();
    let all = [("data", folder), ("database", &database)]
        .into_iter()
        .chain(DEFAULTS)
        .chain(options.iter().copied());
    let sources = Sources {
        file: Some(file),
        variables: Vec::new(),
        flags: all
            .map(|(key, value)| ("test", key, value.to_owned()))
            .collect(),
    };
    Config::load(&sources).unwrap()
}
