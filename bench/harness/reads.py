"""Lists, searches, exports and indexes over the whole data set, and tickets: what teams and integrations ask for."""

import http.client
import json
import subprocess
import time

from . import machine, processes, tools
from .load import Load

# Few at once: the figure is what one member of a team waits for, not how much the server could do.
CONNECTIONS = 4
WARM_UP_SECONDS = 2
EXPORT_SECONDS_MAX = 600
CHUNK_BYTES = 1 << 20
TICKETS_PER_SECOND_LEAST = 100
GRACE_SECONDS = 60


def measure(peer, options, results):
    """Starts the peer, asks it everything it has of this, and stops it."""
    tools.log(f"lists and searches: {peer.name}")
    load = Load(peer.bench / "load.lua", options.n, CONNECTIONS)
    try:
        peer.start()
        results.add_peer(peer.name, {"index_seconds": peer.build_indexes()})
        check(peer)
        for operation in ("list", "declared", "search"):
            ask(peer, load, operation, options.reads_secs, results)
        results.add_peer(peer.name, {"unindexed": unindexed(peer), "export": export(peer, options.n)})
        if options.tickets and peer.has_tickets:
            results.add_peer(peer.name, {"ticket_load": load_tickets(peer, options)})
            for operation in ("tickets", "ticket-search"):
                ask(peer, load, operation, options.reads_secs, results)
    finally:
        peer.stop()


def check(peer):
    """What is asked for is what comes, in the right order."""
    sessions = get(peer, "/v3/sessions?lastActivity%3C=2025-06-01T00:00:00.000Z&sort=-lastActivity&limit=50")
    dates = [session["lastActivity"] for session in sessions]
    if len(dates) != 50 or dates != sorted(dates, reverse=True) or dates[0] > "2025-06-01T00:00:00.000Z":
        raise tools.Failure(f"{peer.name}: the list by activity is wrong: {dates[:3]}")
    sessions = get(peer, "/v3/sessions?customData.seats=42&limit=50")
    if not sessions or any(session["customData"]["seats"] != 42 for session in sessions):
        raise tools.Failure(f"{peer.name}: the list by seats is wrong")
    user = peer.lookup(f"user-{peer.users // 2:07}")
    for term in (user["email"], user["userId"]):
        found = get(peer, f"/v3/sessions/search?searchTerm={term}")
        if [session["userId"] for session in found[:1]] != [user["userId"]]:
            raise tools.Failure(f"{peer.name}: the search for {term} found {found[:1]}")


def get(peer, path):
    status, body = peer.request("GET", path, peer.headers("list"))
    if status != 200:
        raise tools.Failure(f"{peer.name}: GET {path} gave {status} {body[:300]!r}")
    return json.loads(body)


def ask(peer, load, operation, seconds, results):
    load.run(peer, operation, WARM_UP_SECONDS)
    figures, _ = load.run(peer, operation, seconds)
    tools.log(
        f"  {operation:13} {figures['requests_per_second']:>9,.0f}/s  p50 {figures['p50_ms']:.2f} ms"
        f"  p99 {figures['p99_ms']:.2f} ms  CPU {figures['cpu_ms']:.4f} ms  failed {figures['errors']}"
        f"  other work {figures['other_cores']:.2f} cores"
    )
    results.add_run(peer.name, operation, figures)


def unindexed(peer):
    """A condition that no index helps with and nothing fulfils: how it ends, and when."""
    began = time.monotonic()
    status, _ = peer.request("GET", "/v3/sessions?customData.role=nobody&limit=50", peer.headers("list"), timeout=60)
    seconds = time.monotonic() - began
    tools.log(f"  unindexed     {status} after {seconds:.2f} s")
    return {"seconds": seconds, "status": status}


def export(peer, users):
    """Reads all sessions as lines of JSON; gives how fast they came and the most memory seen meanwhile."""
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
    began, lines, peak, sampled = time.monotonic(), 0, 0.0, 0.0
    cpu = machine.cpu_seconds(peer.pids())
    try:
        connection.request("GET", "/v3/sessions/export?format=ndjson", headers=peer.headers("list"))
        answer = connection.getresponse()
        if answer.status != 200:
            raise tools.Failure(f"{peer.name}: the export gave {answer.status} {answer.read(300)!r}")
        while chunk := answer.read(CHUNK_BYTES):
            lines += chunk.count(b"\n")
            now = time.monotonic()
            if now - sampled > 1:
                peak, sampled = max(peak, machine.memory(peer.pids())["own_mb"]), now
            if now - began > EXPORT_SECONDS_MAX:
                raise tools.Failure(f"{peer.name}: the export did not end within {EXPORT_SECONDS_MAX} s")
    finally:
        connection.close()
    if lines < users:
        raise tools.Failure(f"{peer.name}: {lines} of {users} sessions were exported")
    seconds = time.monotonic() - began
    cpu = machine.cpu_seconds(peer.pids()) - cpu
    tools.log(f"  export        {lines / seconds:,.0f} sessions/s, {peak:,.0f} MB")
    return {"seconds": seconds, "rows_per_second": lines / seconds, "cpu_ms": cpu * 1000 / lines, "own_mb": peak}


def load_tickets(peer, options):
    """Fills the project with tickets of its sessions over the API."""
    headers = peer.headers("tickets")
    ids = peer.state / "ids"
    status, body = peer.request("GET", "/v3/sessions/export?format=csv&columns=_id", headers, timeout=EXPORT_SECONDS_MAX)
    ids.write_bytes(body.partition(b"\n")[2])
    words = [
        peer.state / "target/release/bench", "tickets", peer.port, headers["Authorization"], headers["project"],
        options.tickets, ids,
    ]
    began = time.monotonic()
    with open(peer.log_file(), "ab") as log:
        generator = processes.adopt(
            subprocess.Popen([str(word) for word in words], start_new_session=True, stdin=subprocess.DEVNULL, stderr=log)
        )
    try:
        status = generator.wait(GRACE_SECONDS + options.tickets / TICKETS_PER_SECOND_LEAST)
    except subprocess.TimeoutExpired:
        raise tools.Failure("the tickets were not taken in time") from None
    finally:
        processes.stop(generator)
        ids.unlink()
    if status:
        raise tools.Failure(f"the tickets were not taken: see {peer.log_file()}")
    seconds = time.monotonic() - began
    first = get(peer, "/v3/tickets?limit=50")
    if len(first["tickets"]) != min(50, options.tickets):
        raise tools.Failure(f"{peer.name}: {len(first['tickets'])} tickets are on the first page")
    tools.log(f"  {options.tickets:,} tickets in {seconds:.1f} s")
    return {"seconds": seconds, "per_second": options.tickets / seconds}
