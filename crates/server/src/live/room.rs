//! The sockets of one session, and those who watch it.

use axum::extract::ws::Utf8Bytes;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use store::{Millis, ObjectId};
use tokio::sync::{mpsc, oneshot};

use super::frame;
use super::hub::Activity;

#[derive(Default)]
pub(super) struct Room {
    /// Oldest first.
    sockets: Vec<Socket>,
    watchers: Vec<Watcher>,
}

/// What the hub holds of a socket. Dropping it drops the connection.
pub(super) struct Socket {
    id: u64,
    /// Whether it belongs to a web page, as opposed to an app.
    is_page: bool,
    /// Whether it may get notifications.
    is_ready: bool,
    /// The number of unread messages that it was told last.
    told: Option<u64>,
    frames: mpsc::Sender<Utf8Bytes>,
    _hold: oneshot::Sender<()>,
}

impl Socket {
    pub fn new(
        id: u64,
        is_page: bool,
        frames: mpsc::Sender<Utf8Bytes>,
        hold: oneshot::Sender<()>,
    ) -> Self {
        Self {
            id,
            is_page,
            is_ready: false,
            told: None,
            frames,
            _hold: hold,
        }
    }

    /// Whether there was room in its queue. One that reads too slowly is to be dropped.
    fn takes(&self, frame: &Utf8Bytes) -> bool {
        self.frames.try_send(frame.clone()).is_ok()
    }
}

/// What the hub holds of a watcher. Dropping it ends what the watcher reads.
pub(super) struct Watcher {
    id: u64,
    activities: mpsc::Sender<Activity>,
}

impl Watcher {
    pub fn new(id: u64, activities: mpsc::Sender<Activity>) -> Self {
        Self { id, activities }
    }
}

impl Room {
    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty() && self.watchers.is_empty()
    }

    pub fn is_watched(&self) -> bool {
        !self.watchers.is_empty()
    }

    /// The ids of all who are here.
    pub fn ids(&self) -> Vec<u64> {
        let sockets = self.sockets.iter().map(|socket| socket.id);
        let watchers = self.watchers.iter().map(|watcher| watcher.id);
        sockets.chain(watchers).collect()
    }

    /// One more socket; the oldest are dropped when there are more than `most`.
    pub fn add(&mut self, socket: Socket, most: usize) {
        self.sockets.push(socket);
        self.drop_oldest(most);
    }

    /// Takes in all who were in another room.
    pub fn absorb(&mut self, other: Self, most: usize) {
        self.sockets.extend(other.sockets);
        self.sockets.sort_by_key(|socket| socket.id);
        self.drop_oldest(most);
        self.watchers.extend(other.watchers);
    }

    fn drop_oldest(&mut self, most: usize) {
        let surplus = self.sockets.len().saturating_sub(most);
        self.sockets.drain(..surplus);
    }

    /// One who leaves, socket or watcher.
    pub fn remove(&mut self, id: u64) {
        self.sockets.retain(|socket| socket.id != id);
        self.watchers.retain(|watcher| watcher.id != id);
    }

    /// Whether one of the sockets gets notifications.
    pub fn is_ready(&self) -> bool {
        self.sockets.iter().any(|socket| socket.is_ready)
    }

    /// Has one socket, or all of them, get notifications; returns whether that is new for any.
    pub fn make_ready(&mut self, id: Option<u64>) -> bool {
        let mut changed = false;
        for socket in &mut self.sockets {
            if id.is_none_or(|id| id == socket.id) && !socket.is_ready {
                (socket.is_ready, changed) = (true, true);
            }
        }
        changed
    }

    /// Sends actions to the sockets that get notifications, and the number of unread messages to all that do not know it.
    /// Returns how many got the actions.
    pub fn tell(&mut self, unread: u64, actions: &[Box<RawValue>]) -> usize {
        let (bare, full) = (frame::update(&[], unread), frame::update(actions, unread));
        let mut reached = 0;
        self.sockets.retain_mut(|socket| {
            let gets_actions = socket.is_ready && !actions.is_empty();
            if !gets_actions && socket.told == Some(unread) {
                return true;
            }
            socket.told = Some(unread);
            let taken = socket.takes(if gets_actions { &full } else { &bare });
            reached += usize::from(taken && gets_actions);
            taken
        });
        reached
    }

    /// Sends a frame to the sockets of web pages; returns to how many.
    pub fn push_to_pages(&mut self, frame: &Utf8Bytes) -> usize {
        let mut reached = 0;
        self.sockets.retain(|socket| {
            let taken = !socket.is_page || socket.takes(frame);
            reached += usize::from(taken && socket.is_page);
            taken
        });
        reached
    }

    /// One more watcher, who is told first what there is to watch.
    pub fn watch(&mut self, watcher: Watcher, session: ObjectId, now: Millis) {
        let data = json!({"session": session, "sockets": self.sockets.len()});
        let hello = activity("hello", now, &data);
        // The queue is new: there is room.
        let _ = watcher.activities.try_send(hello);
        self.watchers.push(watcher);
    }

    /// Tells the watchers; those who read too slowly are dropped.
    pub fn report(&mut self, activity: &Activity) {
        self.watchers
            .retain(|watcher| watcher.activities.try_send(activity.clone()).is_ok());
    }

    /// Tells the watchers that a socket came or went.
    pub fn report_sockets(&mut self, kind: &'static str, now: Millis) {
        if !self.watchers.is_empty() {
            self.report(&activity(
                kind,
                now,
                &json!({"sockets": self.sockets.len()}),
            ));
        }
    }
}

fn activity(kind: &'static str, date: Millis, data: &serde_json::Value) -> Activity {
    Activity {
        kind: kind.into(),
        date,
        data: to_raw_value(data).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client: what it was sent, and whether it was dropped.
    struct Client {
        frames: mpsc::Receiver<Utf8Bytes>,
        dropped: oneshot::Receiver<()>,
    }

    impl Client {
        fn join(room: &mut Room, id: u64, is_page: bool, queue: usize, most: usize) -> Self {
            let (sender, frames) = mpsc::channel(queue);
            let (hold, dropped) = oneshot::channel();
            room.add(Socket::new(id, is_page, sender, hold), most);
            Self { frames, dropped }
        }

        fn next(&mut self) -> Option<String> {
            let frame = self.frames.try_recv().ok()?;
            Some(frame.to_string())
        }

        fn is_dropped(&mut self) -> bool {
            self.dropped.try_recv() == Err(oneshot::error::TryRecvError::Closed)
        }
    }

    fn update(actions: &str, unread: u64) -> Option<String> {
        Some(format!(
            r#"{{"name":"update","data":{{"a":[{actions}],"u":{unread}}}}}"#
        ))
    }

    fn action() -> Box<RawValue> {
        RawValue::from_string("{}".into()).unwrap()
    }

    #[test]
    fn a_full_queue_drops_its_socket() {
        let mut room = Room::default();
        let mut client = Client::join(&mut room, 1, true, 2, 9);
        for unread in 1..=2 {
            room.tell(unread, &[]);
            assert!(!client.is_dropped());
        }
        room.tell(3, &[]);
        assert!(client.is_dropped() && room.is_empty());
        assert_eq!(client.next(), update("", 1));
        assert_eq!(client.next(), update("", 2));
        assert_eq!(client.next(), None);
    }

    #[test]
    fn the_oldest_socket_makes_room() {
        let mut room = Room::default();
        let mut clients: Vec<_> = (1..=3)
            .map(|id| Client::join(&mut room, id, true, 1, 2))
            .collect();
        let dropped: Vec<_> = clients.iter_mut().map(Client::is_dropped).collect();
        assert_eq!(dropped, [true, false, false]);
    }

    #[test]
    fn actions_go_to_the_ready_and_the_number_to_all() {
        let mut room = Room::default();
        let mut early = Client::join(&mut room, 1, true, 9, 9);
        let mut late = Client::join(&mut room, 2, false, 9, 9);
        assert!(room.make_ready(Some(1)) && !room.make_ready(Some(1)));
        assert_eq!(room.tell(4, &[action()]), 1);
        assert_eq!(early.next(), update("{}", 4));
        assert_eq!(late.next(), update("", 4));
        assert_eq!(room.tell(4, &[action()]), 1);
        assert_eq!((early.next(), late.next()), (update("{}", 4), None));
        assert_eq!(room.tell(4, &[]), 0);
        assert_eq!((early.next(), late.next()), (None, None));
        assert!(room.make_ready(None));
        assert_eq!(room.tell(4, &[action()]), 2);
    }

    #[test]
    fn checklists_go_to_pages_alone() {
        let mut room = Room::default();
        let mut page = Client::join(&mut room, 1, true, 9, 9);
        let mut app = Client::join(&mut room, 2, false, 9, 9);
        let frame = frame::checklist(json!({"id": "c"}));
        assert_eq!(room.push_to_pages(&frame), 1);
        let expected = r#"{"name":"checklist","data":{"id":"c"}}"#.to_owned();
        assert_eq!((page.next(), app.next()), (Some(expected), None));
    }
}
