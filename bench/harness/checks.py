"""A figure counts only if the answers are right: checks before and after each timed run."""

import json
import random
from collections import Counter

from . import tools
from .load import WRITES

WITNESS_COUNT = 5
WARM_UP_SHARE = 0.25


def before(peer):
    """The right users are found, unknown ones and wrong credentials are refused, writes are accepted."""
    if not peer.stores:
        return
    for index in (0, peer.users // 2, peer.users - 1):
        user_id = f"user-{index:07}"
        if (found := (peer.lookup(user_id) or {}).get("userId")) != user_id:
            raise tools.Failure(f"{peer.name}: the lookup of {user_id} found {found}")
    if peer.lookup("nobody") is not None:
        raise tools.Failure(f"{peer.name}: the lookup of an unknown user found one")
    wrong = peer.headers("uniform") | {"Authorization": "Bearer wrong"}
    if (status := peer.request("GET", "/v3/sessions/by-user-id/user-0000000", wrong)[0]) != 401:
        raise tools.Failure(f"{peer.name}: a wrong token gave {status} instead of 401")
    peer.write("identify", {"userId": "check", "name": "Check"})
    peer.write("track", {"events": [{"userId": "check", "name": "check", "date": "2026-01-31T08:05:00.123Z"}]})


class Witnesses:
    """Users that a run writes to exactly once, so that what was written can be compared."""

    def __init__(self, peer, operation, run):
        self.peer, self.operation = peer, operation
        self.ids, self.counts_before = [], {}
        if operation in WRITES:
            indexes = random.Random(run).sample(range(peer.users), WITNESS_COUNT)
            self.ids = [f"user-{index:07}" for index in indexes]
            self.counts_before = {user_id: event_counts(peer.lookup(user_id)) for user_id in self.ids}
        if operation == "identify":
            self.ids.append(f"new-{run:03}-witness")

    def compare(self, sent):
        """Looks every witness up and compares it with the body that was sent for it."""
        if len(sent) != len(self.ids):
            raise tools.Failure(f"{self.peer.name}: {len(sent)} of {len(self.ids)} witnesses were written")
        for body in map(json.loads, sent):
            if self.operation == "identify":
                self.compare_attributes(body)
            else:
                self.compare_counters(body["events"])

    def compare_attributes(self, body):
        document = self.peer.lookup(body["userId"]) or {}
        shown = document.get("customData", {}) | document
        for key, value in body.items():
            if shown.get(key) != value:
                raise tools.Failure(
                    f"{self.peer.name}: {body['userId']} was identified with {key} {value!r}, shows {shown.get(key)!r}"
                )

    def compare_counters(self, events):
        user_id = events[0]["userId"]
        expected = self.counts_before[user_id] + Counter(event["name"] for event in events)
        if (shown := event_counts(self.peer.lookup(user_id))) != expected:
            raise tools.Failure(f"{self.peer.name}: the counters of {user_id} are {shown}, not {expected}")


def event_counts(document):
    counters = (document or {}).get("eventData", {})
    return Counter({name: counter["count"] for name, counter in counters.items()})


def measure_operation(peer, load, operation, seconds):
    load.run(peer, operation, max(1, round(seconds * WARM_UP_SHARE)))
    witnesses = Witnesses(peer, operation, load.next_run)
    figures, sent = load.run(peer, operation, seconds, witnesses.ids)
    witnesses.compare(sent)
    tools.log(
        f"  {operation:8} {figures['requests_per_second']:>9,.0f}/s"
        f"  p99 {figures['p99_ms']:.2f} ms  CPU {figures['cpu_ms']:.4f} ms"
        f"  failed {figures['errors']}  other work {figures['other_cores']:.2f} cores"
    )
    return figures
