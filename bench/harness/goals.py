"""What Hark means to reach; the report says for each whether it did."""

import operator
from dataclasses import dataclass
from typing import Callable

from . import nodes

MILLION = 1_000_000


@dataclass
class Goal:
    title: str
    measure: Callable
    limit: float
    form: str = ".2f"
    at_least: bool = False
    # The goal is judged with at least so many sessions.
    users: int = MILLION

    def reached(self, value):
        return (operator.ge if self.at_least else operator.le)(value, self.limit)

    def limit_text(self):
        return f"{'at least' if self.at_least else 'at most'} {self.limit:,g}"


def of_run(operation, figure):
    return lambda results: results.of_run("hark", operation, figure)


def of_peer(*path):
    return lambda results: results.of_peer("hark", *path)


def times_bare(operation):
    def measure(results):
        own, bare = (results.of_run(peer, operation, "cpu_ms") for peer in ("hark", "bare"))
        return own / bare if own is not None and bare else None

    return measure


def times_sqlite(operation, stale_ms):
    """What a lookup that may be a little old costs a node, compared with one over SQLite."""
    def measure(results):
        stale = results.of_run(nodes.name(1, stale_ms), operation, "node_cpu_ms")
        own = results.of_run("hark", operation, "cpu_ms")
        return stale / own if stale is not None and own else None

    return measure


def of_node(operation, figure):
    return lambda results: results.of_run(nodes.name(1), operation, figure)


GOALS = (
    Goal("Lookup, hot keys: CPU per request, times bare", times_bare("hot"), 1.2),
    Goal("Lookup, uniform: CPU per request, times bare", times_bare("uniform"), 2.0),
    Goal("Identify: CPU ms per request", of_run("identify", "cpu_ms"), 0.09, ".4f"),
    Goal("Identify: requests/s", of_run("identify", "requests_per_second"), 10_000, ",.0f", at_least=True),
    Goal("Track: CPU ms per batch", of_run("track", "cpu_ms"), 0.13, ".4f"),
    Goal("Track: batches/s", of_run("track", "requests_per_second"), 6_000, ",.0f", at_least=True),
    *(
        Goal(f"{operation.capitalize()}: p99 ms", of_run(operation, "p99_ms"), 10)
        for operation in ("hot", "uniform", "identify", "track")
    ),
    Goal("Lookup over PostgreSQL, hot keys: CPU ms of the node", of_node("hot", "node_cpu_ms"), 0.05, ".4f"),
    Goal("Lookup over PostgreSQL, uniform: CPU ms of the node", of_node("uniform", "node_cpu_ms"), 0.05, ".4f"),
    *(
        Goal(f"The same with max_stale_ms = {stale_ms}, hot keys: times SQLite", times_sqlite("hot", stale_ms), 1.1)
        for stale_ms in nodes.STALES_MS
    ),
    Goal("Idle: own memory MB", of_peer("idle", "own_mb"), 50, ",.0f"),
    Goal("At load: own memory MB", lambda results: results.peak("hark", "own_mb"), 150, ",.0f"),
    Goal("First answer: seconds after start", of_peer("first_answer_seconds"), 0.5, ".3f"),
    Goal("Bulk load: seconds", of_peer("load_seconds"), 60, ".1f"),
    Goal("Import: seconds", of_peer("load_seconds"), 300, ".1f"),
    Goal("Import: own memory MB", of_peer("load_own_mb"), 200, ",.0f"),
    Goal("List, sorted and filtered: p99 ms", of_run("list", "p99_ms"), 20),
    Goal("List by an indexed custom attribute: p99 ms", of_run("declared", "p99_ms"), 50),
    Goal("Unindexed filter: seconds until it is given up", of_peer("unindexed", "seconds"), 6),
    Goal("Search of sessions: p99 ms", of_run("search", "p99_ms"), 100),
    Goal("Tickets, first page with number: p99 ms", of_run("tickets", "p99_ms"), 30),
    Goal("Search of tickets: p99 ms", of_run("ticket-search", "p99_ms"), 100),
    Goal("Disk: MB with all indexes", of_peer("disk_mb"), 2000, ",.0f"),
)
