//! The write-ahead log is moved into the file while units and reads go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::{ObjectId, Query};

use crate::fixture::Fixture;
use crate::schema::{PROJECT, Person};

/// Bytes that no compression makes smaller, as text.
fn noise(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
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
    const WRITTEN_MIB: usize = 512;
    const LOG_MIB_MAX: u64 = 192;
    let fixture = Fixture::sqlite();
    let log = fixture.file().with_file_name("test.db-wal");
    let stop = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(read_until(stop.clone(), Arc::clone(&fixture.store)));

    let text = noise(1, 256 * 1024);
    let ids: Vec<_> = (0..8).map(|n| ObjectId::from_bytes([n; 12])).collect();
    for id in ids.clone() {
        let insert = fixture.write(move |tx| tx.insert(id, Person::default()).map(drop));
        insert.await.unwrap();
    }
    let mut longest = 0;
    for n in 0..WRITTEN_MIB * 4 {
        let (id, text) = (ids[n % ids.len()], text.clone());
        let write = fixture.write(move |tx| {
            let mut row = tx.get_for_update::<Person>(id)?.expect("it is there");
            row.doc
                .custom_data
                .insert("text".into(), text.clone().into());
            tx.put(&mut row)
        });
        write.await.unwrap();
        longest = longest.max(std::fs::metadata(&log).unwrap().len() >> 20);
    }
    stop.store(true, Ordering::Relaxed);
    assert!(reader.await.unwrap() > 10, "there were reads meanwhile");
    assert!(longest > 1, "the log was looked at");
    assert!(longest < LOG_MIB_MAX, "the log grew to {longest} MiB");
}

/// Reads without a pause; returns how often.
async fn read_until(stop: Arc<AtomicBool>, store: Arc<store::Store>) -> u64 {
    let mut reads = 0;
    while !stop.load(Ordering::Relaxed) {
        let page = store.read(PROJECT, |snapshot| {
            snapshot.page::<Person>(&Query::default())
        });
        page.await.unwrap();
        reads += 1;
    }
    reads
}
