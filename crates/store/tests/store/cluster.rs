//! Clusters: with a stand-in for the catalogue of Citus in the schema of a test, which holds tables to the rules of Citus and says where
//! projects are; and with a real one where `HARK_TEST_CITUS_URL` names its coordinator.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};

use store::{Error, PostgresConfig, Store, distribute};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::Client;

use crate::fixture::{Fixture, environment, refused};
use crate::postgres::Home;
use crate::schema::{OTHER_PROJECT, PROJECT, Person, SCHEMA, USER_ID};

const CATALOGUE: &str = "
CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, beside text);
CREATE TABLE pg_dist_node (groupid int, nodename text, nodeport int, noderole text);
CREATE TABLE pg_dist_placement (shardid bigint, groupid int, shardstate int);
CREATE FUNCTION get_shard_id_for_distribution_column(t regclass, v bytea) RETURNS bigint LANGUAGE sql AS 'SELECT get_byte(v, 0)::bigint';
CREATE FUNCTION create_reference_table(t regclass) RETURNS void LANGUAGE sql AS 'INSERT INTO pg_dist_partition VALUES (t, NULL)';
CREATE FUNCTION create_distributed_table(t regclass, col text, colocate_with text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t AND i.indisunique AND NOT EXISTS (
       SELECT FROM pg_attribute a WHERE a.attrelid = t AND a.attname = col AND a.attnum = ANY (i.indkey))) THEN
    RAISE 'a unique key of % does not have %', t, col;
  END IF;
  IF EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = t AND c.contype = 'f') THEN RAISE '% refers to another table', t; END IF;
  IF EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = t AND NOT g.tgisinternal) THEN RAISE '% has a trigger', t; END IF;
  IF EXISTS (SELECT FROM pg_attrdef d WHERE d.adrelid = t) THEN RAISE '% has a default', t; END IF;
  INSERT INTO pg_dist_partition VALUES (t, colocate_with);
END $$;
";

const TABLES: [&str; 12] = [
    "identity",
    "hark_writes",
    "note",
    "person",
    "team",
    "person_index",
    "person_index_declared",
    "person_search",
    "person_search_block",
    "person_search_todo",
    "person_feed",
    "person_feed_head",
];

#[tokio::test]
async fn all_tables_are_distributed_by_project() {
    let Some(home) = Home::make().await else {
        return;
    };
    let client = home.client().await;
    let none = refused(distribute(&home.config(), &SCHEMA)).to_string();
    assert!(none.contains("has no Citus"), "{none}");
    client.batch_execute(CATALOGUE).await.unwrap();
    let distributed = distribute(&home.config(), &SCHEMA).unwrap();
    assert_eq!(distributed, TABLES);
    let beside = "SELECT count(*) FROM pg_dist_partition WHERE beside = 'identity'";
    let beside: i64 = client.query_one(beside, &[]).await.unwrap().get(0);
    assert_eq!(beside, 10, "all but the first and the one that is whole");
    let again = distribute(&home.config(), &SCHEMA).unwrap();
    assert!(again.is_empty(), "{again:?}");
    home.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_a_server_uses_is_not_distributed() {
    let Some(served) = Fixture::postgres_with(|config| config.listens = true).await else {
        return;
    };
    let client = served.client().await;
    client.batch_execute(CATALOGUE).await.unwrap();
    let here = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = to_regclass('hark_schema')::oid";
    while client.query_one(here, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let store::Place::Postgres(config) = served.place() else {
        panic!("it is of PostgreSQL");
    };
    let used = refused(distribute(&config, &SCHEMA)).to_string();
    assert!(used.contains("a server uses the database"), "{used}");
    served.end().await;
}

/// A way to PostgreSQL that counts who takes it.
struct Way {
    port: u16,
    taken: Arc<AtomicU64>,
    serving: tokio::task::JoinHandle<()>,
}

impl Way {
    async fn to(server: (String, u16)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, taken) = (
            listener.local_addr().unwrap().port(),
            Arc::<AtomicU64>::default(),
        );
        let counter = Arc::clone(&taken);
        let serving = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((mut inside, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let server = server.clone();
                open.spawn(async move {
                    let mut outside = TcpStream::connect(server).await.unwrap();
                    let _ = copy_bidirectional(&mut inside, &mut outside).await;
                });
            }
        });
        Self {
            port,
            taken,
            serving,
        }
    }

    fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst)
    }
}

/// The first project is on a node of its own, the other with the coordinator.
async fn cluster(home: &Home) -> (Client, Way) {
    let client = home.client().await;
    client.batch_execute(CATALOGUE).await.unwrap();
    distribute(&home.config(), &SCHEMA).unwrap();
    let way = Way::to(home.address()).await;
    let place = format!(
        "INSERT INTO pg_dist_node VALUES (0, '127.0.0.1', 1, 'primary'), (1, '127.0.0.1', {}, 'primary'); \
         INSERT INTO pg_dist_placement VALUES (1, 1, 1), (2, 0, 1)",
        way.port
    );
    client.batch_execute(&place).await.unwrap();
    (client, way)
}

async fn write(store: &Store, project: store::ObjectId, name: &'static str) -> Result<(), Error> {
    let unit = store.write(project, move |tx| {
        let row = tx.insert(tx.new_id(), Person::with_user_id(name))?;
        tx.claim(USER_ID, name, row.id)
    });
    unit.await
}

async fn is_there(store: &Store, project: store::ObjectId, name: &'static str) -> bool {
    let read = store.lookup(project, move |snapshot| {
        snapshot.find::<Person>(USER_ID, name)
    });
    read.await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_and_reads_go_to_the_node_of_their_project() {
    let Some(home) = Home::make().await else {
        return;
    };
    let (_client, way) = cluster(&home).await;
    let store = Store::open_postgres(&home.config(), &SCHEMA, environment()).unwrap();
    write(&store, OTHER_PROJECT, "bob").await.unwrap();
    assert!(is_there(&store, OTHER_PROJECT, "bob").await);
    assert_eq!(way.taken(), 0, "that one is with the coordinator");
    write(&store, PROJECT, "ada").await.unwrap();
    assert!(is_there(&store, PROJECT, "ada").await);
    let taken = way.taken();
    assert!(taken > 0);
    // When its node is out of reach, the coordinator is asked.
    way.serving.abort();
    let _ = way.serving.await;
    let mut written = write(&store, PROJECT, "eve").await;
    for _ in 0..10 {
        match &written {
            Ok(()) => break,
            Err(error) => assert!(error.is_unavailable(), "{error}"),
        }
        written = write(&store, PROJECT, "eve").await;
    }
    written.unwrap();
    assert!(is_there(&store, PROJECT, "eve").await);
    store.close();
    home.remove().await;
}

/// `None`, and a loud word, when no cluster is named.
#[expect(
    clippy::disallowed_methods,
    reason = "which cluster to test with is said by the environment"
)]
fn real() -> Option<PostgresConfig> {
    static TOLD: Once = Once::new();
    let url = std::env::var("HARK_TEST_CITUS_URL").ok();
    if url.is_none() {
        TOLD.call_once(|| {
            let mut terminal = std::io::stderr().lock();
            writeln!(
                terminal,
                "\n*** CITUS WAS SKIPPED: HARK_TEST_CITUS_URL is not set ***\n"
            )
            .unwrap();
        });
    }
    Some(PostgresConfig {
        listens: false,
        ..PostgresConfig::new(url?)
    })
}

/// The database that `HARK_TEST_CITUS_URL` names is emptied.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_cluster_keeps_projects_on_its_nodes() {
    let Some(config) = real() else {
        return;
    };
    let (client, connection) = tokio_postgres::connect(&config.url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    for table in TABLES
        .iter()
        .chain(&["hark_schema", "hark_count", "hark_lease"])
    {
        let drop = format!("DROP TABLE IF EXISTS {table} CASCADE");
        client.batch_execute(&drop).await.unwrap();
    }
    assert_eq!(distribute(&config, &SCHEMA).unwrap(), TABLES);
    let store = Store::open_postgres(&config, &SCHEMA, environment()).unwrap();
    for project in [PROJECT, OTHER_PROJECT] {
        write(&store, project, "ada").await.unwrap();
        write(&store, project, "bob").await.unwrap();
        assert!(is_there(&store, project, "ada").await);
        let twice = write(&store, project, "ada").await;
        assert!(matches!(twice, Err(Error::Taken { .. })), "{twice:?}");
    }
    store.build_search().await.unwrap();
    store.build_declared().await.unwrap();
    store.close();
    let report = store::examine_postgres(&config, &SCHEMA, false, &mut |_| {}).unwrap();
    assert_eq!((report.problems, report.documents), (0, 4), "{report:?}");
}
