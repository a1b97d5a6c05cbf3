//! What the process holds, and the order in which it starts and stops.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use prometheus::{IntCounter, IntGauge, Registry};
use store::{Change, Clock, Environment, IdSource, Millis, PostgresConfig, SqliteConfig, Store};

use crate::accounts::SCOPE;
use crate::auth::Credentials;
use crate::auth::WrongTokens;
use crate::auth::keys::ServerKey;
use crate::auth::password::{Cost, Passwords};
use crate::auth::token::{Random, TokenSigner};
use crate::config::{Config, Database};
use crate::files::Storage;
use crate::geoip::GeoIp;
use crate::http::health::Readiness;
use crate::http::memory_budget::MemoryBudget;
use crate::http::outgoing::Outgoing;
use crate::http::rate_limit::RateLimit;
use crate::jobs::queue::{self, Queue};
use crate::jobs::retention;
use crate::live::{self, Hub, Team};
use crate::mail::Mail;
use crate::resources::import;
use crate::resources::project::session_indexes;
use crate::resources::session::attributes::AttributeLimits;
use crate::resources::session::changes::Waiters;
use crate::resources::session::event::EventLimits;
use crate::resources::session::render::SessionCache;
use crate::resources::session::warmup::Warmups;
use crate::resources::team::attendance::Noted;
use crate::resources::ticket::people::People;
use crate::schema::SCHEMA;

/// The state of handlers.
pub type SharedApp = Arc<App>;

/// All that handlers, commands and jobs share.
pub struct App {
    pub store: Store,
    pub config: Config,
    pub key: ServerKey,
    pub signer: TokenSigner,
    pub passwords: Arc<Passwords>,
    pub random: Random,
    pub sessions: Arc<SessionCache>,
    pub credentials: Arc<Credentials>,
    /// The members that tickets show.
    pub people: Arc<People>,
    pub wrong_tokens: WrongTokens,
    pub limits: RateLimits,
    pub live: Arc<Hub>,
    /// What members are told while they look.
    pub team: Arc<Team>,
    /// Which members were noted as being at work.
    pub noted: Noted,
    /// Those who wait for changes of sessions.
    pub session_waiters: Arc<Waiters>,
    pub queue: Arc<Queue>,
    pub retention: retention::Removed,
    pub mail: Mail,
    pub geoip: GeoIp,
    pub files: Storage,
    /// For the bodies of reports.
    pub report_memory: MemoryBudget,
    pub imports: import::Queue,
    pub session_indexes: session_indexes::Builder,
    pub warmups: Warmups,
    pub outgoing: Outgoing,
    pub readiness: Readiness,
    pub registry: Registry,
    clock: Arc<dyn Clock>,
}

/// The limits of requests.
pub struct RateLimits {
    /// Requests to `/v3`, by credential.
    pub v3: RateLimit,
    /// Requests to `/admin`, by project.
    pub admin: RateLimit,
    /// Guests that clients make, by address.
    pub guests: RateLimit,
    /// Reports of clients, by address.
    pub reports: RateLimit,
    /// Attempts to sign in, by account and address.
    pub logins: RateLimit,
}

/// What differs between a real process and a test.
pub struct Surroundings {
    pub clock: Arc<dyn Clock>,
    pub random: Random,
    pub password_cost: Cost,
    /// The kinds of jobs that are done.
    pub job_kinds: Vec<queue::Kind>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            clock: Arc::new(store::SharedClock::default()),
            random: Random::system(),
            password_cost: Cost::STANDARD,
            job_kinds: queue::kinds(),
        }
    }
}

impl App {
    /// Opens the database and everything over it.
    ///
    /// # Errors
    /// When the data folder, the server key or the database cannot be used; the message says what to do.
    pub fn open(config: Config, surroundings: Surroundings) -> Result<Self> {
        let Surroundings {
            clock,
            random,
            password_cost,
            job_kinds,
        } = surroundings;
        make_private(&config.data)
            .with_context(|| format!("cannot make the data folder {}", config.data.display()))?;
        let key = ServerKey::load(config.secret_file.as_deref(), &config.data, &random)?;
        let sessions = Arc::new(SessionCache::new(
            config.cache.sessions_mib as u64 * 1024 * 1024,
        ));
        let credentials = Arc::new(Credentials::default());
        let people = Arc::new(People::default());
        let registry = Registry::new();
        let live = Arc::new(Hub::new(config.live, Arc::clone(&clock), &registry)?);
        let queue = Arc::new(Queue::new(job_kinds, &registry)?);
        let team = Arc::new(Team::new(config.live, Arc::clone(&clock)));
        let session_waiters = Arc::new(Waiters::new(config.live.watchers_max));
        let environment = Environment {
            clock: Arc::clone(&clock),
            ids: Arc::new(IdSource::new(random.bytes())),
            on_commit: listener(
                &sessions,
                (&credentials, &people),
                (&live, &team, &session_waiters),
                &queue,
            ),
            on_gap: gap_listener(&sessions, &people, &live, &session_waiters),
            on_word: {
                let (live, team) = (Arc::clone(&live), Arc::clone(&team));
                Arc::new(move |word| live::hear(word, &live, &team))
            },
        };
        let geoip = GeoIp::open(config.geoip.as_deref())?;
        let store = match &config.database {
            Database::Sqlite => Store::open_sqlite(&sqlite_config(&config), &SCHEMA, environment)?,
            Database::Postgres(url) => {
                Store::open_postgres(&postgres_config(&config, &url.0), &SCHEMA, environment)?
            }
        };
        let mail = Mail::new(&config.smtp)?;
        if config.accounts.sign_up && !mail.is_set_up() {
            bail!(
                "accounts.sign_up needs a mail server for the codes: set smtp.host and smtp.from, or accounts.sign_up = false"
            );
        }
        Ok(Self {
            store,
            signer: TokenSigner::new(&key),
            passwords: Arc::new(Passwords::new(password_cost, &random)),
            key,
            random,
            sessions,
            credentials,
            people,
            wrong_tokens: WrongTokens::default(),
            limits: RateLimits::new(&config),
            live,
            team,
            noted: Noted::default(),
            session_waiters,
            queue,
            retention: retention::Removed::new(&registry)?,
            mail,
            geoip,
            files: Storage::open(&config)?,
            report_memory: MemoryBudget::of_mib(config.sdk.report_memory_mib),
            imports: import::Queue::default(),
            session_indexes: session_indexes::Builder::default(),
            warmups: Warmups::default(),
            outgoing: Outgoing::new(config.outgoing.allow_private),
            readiness: Readiness::default(),
            registry,
            config,
            clock,
        })
    }

    /// The current instant.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// How old what other nodes write may be shown.
    #[must_use]
    pub fn max_stale(&self) -> Duration {
        Duration::from_millis(self.config.postgres.max_stale_ms)
    }

    /// How much custom data a session may hold.
    #[must_use]
    pub fn attribute_limits(&self) -> AttributeLimits {
        let limits = &self.config.limits;
        AttributeLimits {
            keys_max: limits.attribute_keys_max,
            value_bytes_max: limits.attribute_value_bytes_max,
            total_bytes_max: limits.attributes_bytes_max,
        }
    }

    /// Milliseconds between two writes of the last activity of a session.
    #[must_use]
    pub fn activity_debounce_ms(&self) -> i64 {
        i64::from(self.config.session.activity_debounce_seconds) * 1000
    }

    /// Milliseconds of silence that end a visit.
    #[must_use]
    pub fn visit_gap_ms(&self) -> i64 {
        i64::from(self.config.session.visit_gap_minutes) * 60_000
    }

    /// How large an event may be.
    #[must_use]
    pub fn event_limits(&self) -> EventLimits {
        EventLimits {
            name_chars_max: self.config.limits.event_name_chars_max,
            data_bytes_max: self.config.limits.event_data_bytes_max,
        }
    }

    /// What the store says of itself, for `/metrics`.
    ///
    /// # Errors
    /// When a metric of one of the names is there already.
    pub fn register_gauges(&self) -> prometheus::Result<StoreGauges> {
        let waiting = IntGauge::new(
            "hark_writes_waiting",
            "Units of work that wait for the writer.",
        )?;
        let round_trips = IntCounter::new(
            "hark_database_round_trips_total",
            "How often units of work and reads waited for an answer of PostgreSQL.",
        )?;
        self.registry.register(Box::new(waiting.clone()))?;
        self.registry.register(Box::new(round_trips.clone()))?;
        Ok(StoreGauges {
            waiting,
            round_trips,
        })
    }
}

/// Figures that are brought up to date from time to time.
pub struct StoreGauges {
    waiting: IntGauge,
    round_trips: IntCounter,
}

impl StoreGauges {
    /// Brings them up to date.
    pub fn update(&self, store: &Store) {
        let waiting = i64::try_from(store.writes_waiting()).unwrap_or(i64::MAX);
        self.waiting.set(waiting);
        let more = store.round_trips().saturating_sub(self.round_trips.get());
        self.round_trips.inc_by(more);
    }
}

impl RateLimits {
    fn new(config: &Config) -> Self {
        let limits = &config.limits;
        Self {
            v3: RateLimit::per_minute(
                limits.v3_requests_per_minute,
                "requests to /v3 with this credential",
            ),
            admin: RateLimit::per_minute(
                limits.admin_requests_per_minute,
                "requests to /admin of this project",
            ),
            guests: RateLimit::per_minute(limits.guests_per_minute, "new guests from this address"),
            reports: RateLimit::per_minute(limits.reports_per_minute, "reports from this address"),
            logins: RateLimit::per_minute(
                limits.logins_per_minute,
                "attempts to sign in to this account",
            ),
        }
    }
}

/// Makes the data folder, for its owner only: personal data lies in it. One that is there keeps its rights.
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// How the database of a configuration is opened.
#[must_use]
pub fn sqlite_config(config: &Config) -> SqliteConfig {
    let sqlite = &config.sqlite;
    SqliteConfig {
        reader_threads: sqlite.reader_threads,
        read_queue_max: sqlite.read_queue_max,
        write_queue_max: sqlite.write_queue_max,
        units_per_commit_max: sqlite.units_per_commit_max,
        page_cache_kib: u32::try_from(sqlite.page_cache_mib * 1024).unwrap_or(u32::MAX),
        ..SqliteConfig::new(config.data.join("hark.db"))
    }
}

/// How the PostgreSQL database of a configuration is reached.
#[must_use]
pub fn postgres_config(config: &Config, url: &str) -> PostgresConfig {
    let postgres = &config.postgres;
    PostgresConfig {
        connections_max: postgres.connections_max,
        queue_max: postgres.queue_max,
        connect_timeout: Duration::from_millis(postgres.connect_timeout_ms),
        statement_timeout: Duration::from_millis(postgres.statement_timeout_ms),
        prepared: postgres.prepared,
        listens: postgres.prepared,
        numbered: SCOPE,
        ..PostgresConfig::new(url.to_owned())
    }
}

fn listener(
    sessions: &Arc<SessionCache>,
    (credentials, people): (&Arc<Credentials>, &Arc<People>),
    (live, team, waiters): (&Arc<Hub>, &Arc<Team>, &Arc<Waiters>),
    queue: &Arc<Queue>,
) -> store::Listener {
    let (sessions, credentials) = (Arc::clone(sessions), Arc::clone(credentials));
    let (people, team) = (Arc::clone(people), Arc::clone(team));
    let (live, waiters, queue) = (Arc::clone(live), Arc::clone(waiters), Arc::clone(queue));
    Arc::new(move |changes: &[Change]| {
        sessions.committed(changes);
        credentials.committed(changes);
        people.committed(changes);
        live.committed(changes);
        team.committed(changes);
        waiters.committed(changes);
        queue.committed(changes);
    })
}

/// What is done when commits of other nodes may have been missed. Credentials are looked after with each request.
fn gap_listener(
    sessions: &Arc<SessionCache>,
    people: &Arc<People>,
    live: &Arc<Hub>,
    waiters: &Arc<Waiters>,
) -> Arc<dyn Fn() + Send + Sync> {
    let (sessions, people) = (Arc::clone(sessions), Arc::clone(people));
    let (live, waiters) = (Arc::clone(live), Arc::clone(waiters));
    Arc::new(move || {
        sessions.ids.clear();
        sessions.answers.clear();
        people.clear();
        live.look_at_all();
        waiters.wake_all();
    })
}
