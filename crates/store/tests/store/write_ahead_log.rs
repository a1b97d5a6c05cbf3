//! The write-ahead log is moved into the file while units and reads go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::{ObjectId, Query, Result, Tx};
use tokio::task::JoinSet;

use crate::fixture::Fixture;
use crate::schema::{Note, PROJECT};

/// Bytes that no compression makes smaller, as text.
fn noise(length: usize) -> String {
    let mut state: u64 = 1;
    let letter = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(b'0' + u8::try_from(state >> 58).unwrap())
    };
    (0..length).map(letter).collect()
}

/// A log of 16,000 pages (64 MiB) is restarted, and looked at twice a second: what is written meanwhile comes on top.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_bounded_under_steady_writes_and_reads() {
    const WRITTEN_MIB: u32 = 256;
    const LOG_MIB_MAX: u64 = 160;
    let fixture = Fixture::sqlite_with(|config| {
        config.file.set_file_name("any name.sqlite");
        config.log_pages_max = 16_000;
    });
    let log = fixture.file().with_file_name("any name.sqlite-wal");
    let stop = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        readers.spawn(read_until(Arc::clone(&stop), Arc::clone(&fixture.store)));
    }

    let text = noise(1024 * 1024);
    let mut longest = 0;
    for n in 0..WRITTEN_MIB {
        let text = text.clone();
        let write = fixture.write(move |tx| replace(tx, n, &text));
        write.await.unwrap();
        longest = longest.max(std::fs::metadata(&log).unwrap().len() >> 20);
    }
    stop.store(true, Ordering::Relaxed);
    let reads: u64 = readers.join_all().await.iter().sum();
    assert!(reads > 100, "there were reads meanwhile: {reads}");
    assert!(longest > 1, "the log was looked at");
    assert!(longest < LOG_MIB_MAX, "the log grew to {longest} MiB");
}

/// Inserts document `n` and deletes the one before it, so that the file stays small.
fn replace(tx: &mut Tx<'_>, n: u32, text: &str) -> Result<()> {
    let id = |n| ObjectId::from_parts(n, [7; 8]);
    tx.delete::<Note>(id(n))?;
    let note = Note {
        person: ObjectId::ZERO,
        topic: String::new(),
        text: text.into(),
    };
    tx.insert(id(n + 1), note).map(drop)
}

/// Reads without a pause; returns how often.
async fn read_until(stop: Arc<AtomicBool>, store: Arc<store::Store>) -> u64 {
    let mut reads = 0;
    while !stop.load(Ordering::Relaxed) {
        let count = store.read(PROJECT, |snapshot| {
            snapshot.count::<Note>(&Query::default(), 100)
        });
        assert!(count.await.is_ok_and(|count| count <= 1));
        reads += 1;
    }
    reads
}
