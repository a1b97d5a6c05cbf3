//! A schema in the PostgreSQL that the environment names.

use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use store::PostgresConfig;
use tokio_postgres::{Client, NoTls};

/// A schema of one test.
pub struct Home {
    url: String,
    schema: String,
}

impl Home {
    pub async fn make() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let url = url()?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("hark_test_{}_{number}", std::process::id());
        let home = Self { url, schema };
        let create = format!("CREATE SCHEMA {}", home.schema);
        home.client().await.batch_execute(&create).await.unwrap();
        Some(home)
    }

    pub fn config(&self) -> PostgresConfig {
        let sign = if self.url.contains('?') { '&' } else { '?' };
        let options = format!("options=-csearch_path%3D{}", self.schema);
        PostgresConfig {
            connections_max: 8,
            listens: false, // other tests share the database
            ..PostgresConfig::new(format!("{}{sign}{options}", self.url))
        }
    }

    /// Host and port of the server.
    pub fn address(&self) -> (String, u16) {
        let config: tokio_postgres::Config = self.url.parse().unwrap();
        let tokio_postgres::config::Host::Tcp(host) = &config.get_hosts()[0] else {
            panic!("the server of the tests listens on TCP");
        };
        (
            host.clone(),
            config.get_ports().first().copied().unwrap_or(5432),
        )
    }

    /// A connection that sees the schema.
    pub async fn client(&self) -> Client {
        let config = self.config();
        let (client, connection) = tokio_postgres::connect(&config.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    pub async fn remove(self) {
        let drop = format!("DROP SCHEMA {} CASCADE", self.schema);
        self.client().await.batch_execute(&drop).await.unwrap();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "which database to test with is said by the environment"
)]
fn url() -> Option<String> {
    static TOLD: Once = Once::new();
    let url = std::env::var("HARK_TEST_POSTGRES_URL").ok();
    if url.is_none() {
        // Not through eprintln!, which is only shown for tests that fail.
        TOLD.call_once(|| {
            let mut terminal = std::io::stderr().lock();
            writeln!(
                terminal,
                "\n*** POSTGRESQL WAS SKIPPED: HARK_TEST_POSTGRES_URL is not set ***\n"
            )
            .unwrap();
        });
    }
    url
}
