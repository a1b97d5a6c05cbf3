"""One run of wrk, and what it cost the server."""

import os
import resource
import subprocess
import time

from . import machine, processes, tools

OPERATIONS = {
    "hot": "Lookup by user id, hot keys (Zipf 1.1)",
    "uniform": "Lookup by user id, uniform",
    "identify": "Identify, ten attributes, 5 % new users",
    "track": "Track, ten events of one user",
}
# Asked by few at once, over the whole data set.
READS = {
    "list": "First page of sessions, filtered and sorted by last activity",
    "declared": "First page of sessions, filtered by an indexed custom attribute",
    "search": "Search of sessions: names, beginnings of names, companies, addresses, user ids",
    "tickets": "First page of tickets with their number, filtered and sorted by latest news",
    "ticket-search": "Search of tickets",
}
WRITES = ("identify", "track")
GRACE_SECONDS = 30
SAMPLE_SECONDS = 1


class Load:
    def __init__(self, script, users, connections):
        self.script, self.users, self.connections = script, users, connections
        self.next_run = 0

    def run(self, peer, operation, seconds, witnesses=()):
        """Loads the peer; gives its figures and the bodies that wrk sent to the witnesses."""
        # A thread for each port.
        ports = peer.ports()
        threads = [f"-t{len(ports)}", f"-c{max(self.connections, len(ports))}"]
        command = ["wrk", *threads, f"-d{seconds}s", "--timeout", "10s", "-s", str(self.script)]
        for name, value in peer.headers(operation).items():
            command += ["-H", f"{name}: {value}"]
        environment = {
            **os.environ, "OPERATION": operation, "USERS": str(self.users), "SEED": "42",
            "RUN": str(self.next_run), "WITNESSES": "\n".join(witnesses), "PORTS": " ".join(map(str, ports)),
        }
        self.next_run += 1
        before = Clock(peer)
        output, peak = self.finish([*command, peer.url()], environment, peer, seconds)
        figures = before.until_now()
        return {**figures, **peak, **read_result(output, figures)}, sent_bodies(output)

    def finish(self, command, environment, peer, seconds):
        """Waits for wrk; gives what it printed and the most memory that the peer was seen to take."""
        wrk = processes.adopt(
            subprocess.Popen(
                command, env=environment, text=True, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
        )
        peak = machine.memory(peer.pids())
        deadline = time.monotonic() + seconds + GRACE_SECONDS
        try:
            while True:
                try:
                    return wrk.communicate(timeout=SAMPLE_SECONDS)[0], peak
                except subprocess.TimeoutExpired:
                    now = machine.memory(peer.pids())
                    peak = {kind: max(peak[kind], now[kind]) for kind in peak}
                if time.monotonic() > deadline:
                    raise tools.Failure(f"wrk did not end within {seconds + GRACE_SECONDS} s")
        finally:
            processes.stop(wrk)


class Clock:
    """CPU time of the server, of wrk and of the whole machine since it was made."""

    def __init__(self, peer):
        self.peer = peer
        self.start = self.read()

    def read(self):
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {
            "time": time.monotonic(),
            "server": machine.cpu_seconds(self.peer.pids()),
            "database": machine.cpu_seconds(self.peer.database_pids()),
            "generator": own.ru_utime + own.ru_stime,
            "machine": machine.busy_seconds(),
        }

    def until_now(self):
        end = self.read()
        spent = {key: end[key] - self.start[key] for key in end}
        other = spent["machine"] - spent["server"] - spent["generator"]
        return {
            "server_cpu_seconds": spent["server"],
            "database_cpu_seconds": spent["database"],
            "server_cores": spent["server"] / spent["time"],
            "generator_cores": spent["generator"] / spent["time"],
            "other_cores": max(0.0, other / spent["time"]),
        }


def read_result(output, figures):
    """The figures in the line that load.lua prints last."""
    lines = [line for line in output.splitlines() if line.startswith("@result ")]
    if not lines:
        raise tools.Failure(f"wrk gave no result: {output[-500:]}")
    requests, microseconds, p50, p99, errors = map(int, lines[0].split()[1:])
    if requests == 0:
        raise tools.Failure("no request was answered")
    return {
        "requests_per_second": requests / microseconds * 1e6,
        "p50_ms": p50 / 1000,
        "p99_ms": p99 / 1000,
        "cpu_ms": figures["server_cpu_seconds"] * 1000 / requests,
        "database_cpu_ms": figures["database_cpu_seconds"] * 1000 / requests,
        "node_cpu_ms": (figures["server_cpu_seconds"] - figures["database_cpu_seconds"]) * 1000 / requests,
        "errors": errors,
    }


def sent_bodies(output):
    return [line.removeprefix("@sent ") for line in output.splitlines() if line.startswith("@sent ")]
