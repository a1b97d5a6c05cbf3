//! Feeds of what changed: read, numbered and trimmed.

use super::Tx;
use super::snapshot::Snapshot;
use crate::{Document, Error, FeedCursor, FeedPage, Millis, ObjectId, Result, feed};

impl Snapshot<'_> {
    /// Which documents changed since a cursor: at most `limit` of them. `None` when the feed does not know the cursor, or not any more:
    /// then all is to be read again, from [`Snapshot::feed_beginning`] on.
    pub fn feed<D: Document>(&self, since: &FeedCursor, limit: u32) -> Result<Option<FeedPage>> {
        let (feed, collection) = (feed_of::<D>()?, D::COLLECTION);
        feed::page(&self.conn, self.project, feed, collection, since, limit)
    }

    /// The end of the feed; `None` when [`Tx::open_feed`] or [`Tx::number_feed`] is to be called first.
    pub fn feed_end<D: Document>(&self) -> Result<Option<FeedCursor>> {
        feed::end(&self.conn, self.project, feed_of::<D>()?)
    }

    /// The beginning of the feed: the documents that are there, and then what changed since. `None` when [`Tx::open_feed`] is to be
    /// called first.
    pub fn feed_beginning<D: Document>(&self) -> Result<Option<FeedCursor>> {
        feed::beginning(&self.conn, self.project, feed_of::<D>()?)
    }

    /// The first places of the feed, at most `most`, that are of before an instant: for [`Tx::trim_feed`].
    pub fn feed_older<D: Document>(
        &self,
        before: Millis,
        most: u32,
    ) -> Result<Vec<(i64, ObjectId)>> {
        feed::older(&self.conn, self.project, feed_of::<D>()?, before, most)
    }
}

impl Tx<'_> {
    /// Opens the feed of the project, unless it is open: from now on it is told what changes.
    pub fn open_feed<D: Document>(&mut self) -> Result<()> {
        let epoch = self.new_id();
        let snapshot = &self.snapshot;
        feed::open(&snapshot.conn, snapshot.project, feed_of::<D>()?, epoch)
    }

    /// Numbers the next changes of the feed that were committed; returns the end of the feed once that was the last, and `None` when there
    /// may be more, or the feed is not open.
    pub fn number_feed<D: Document>(&mut self) -> Result<Option<FeedCursor>> {
        let snapshot = &self.snapshot;
        feed::number_some(&snapshot.conn, snapshot.project, feed_of::<D>()?)
    }

    /// Takes places of [`Snapshot::feed_older`] out of the feed, unless they changed meanwhile; returns how many. Cursors from before
    /// them are refused from then on.
    pub fn trim_feed<D: Document>(
        &mut self,
        before: Millis,
        places: &[(i64, ObjectId)],
    ) -> Result<u64> {
        let snapshot = &self.snapshot;
        let feed = feed_of::<D>()?;
        feed::trim(&snapshot.conn, snapshot.project, feed, before, places)
    }
}

fn feed_of<D: Document>() -> Result<&'static str> {
    D::FEED.ok_or_else(|| Error::BadQuery(format!("{} has no feed", D::COLLECTION.table)))
}
