"""One, two and more nodes of Hark over one PostgreSQL: what each operation costs the nodes, and what it costs the database."""

import time

from . import checks, processes, tools
from .checks import measure_operation
from .load import Load
from .peer import free_port
from .peers import Hark
from .postgres import Cluster

# How far behind one node may be, in turns of their own.
STALES_MS = (1000, 5000)
SETTLE_SECONDS = 1
NODES_MAX = 8


class Nodes(Hark):
    """So many nodes over a database that all of them share; each has a data folder of its own."""

    def __init__(self, bench, state, users):
        super().__init__(bench, state, users)
        self.folder = state / "nodes"
        self.data = self.folder / "1"
        self.cluster = Cluster(state, "postgres-nodes")
        self.running = []
        self.of(1)

    def of(self, count, stale_ms=0):
        """The same with another number of nodes, which may be so far behind each other."""
        self.count, self.stale_ms = count, stale_ms
        self.name = name(count, stale_ms)
        self.operations = ("hot", "uniform") if stale_ms else Hark.operations
        return self

    def load(self):
        self.folder.mkdir(exist_ok=True)
        self.cluster.create()
        server = self.cluster.start()
        try:
            figures = self.fill(HARK_DATABASE=self.cluster.url())
            self.cluster.sql("VACUUM ANALYZE", "CHECKPOINT")
            size = self.cluster.sql("SELECT pg_database_size(current_database())")
        finally:
            processes.stop(server)
        return {**figures, "disk_mb": int(size) / 1e6}

    def launch(self):
        self.processes.append(self.cluster.start())
        self.launch_node(1, self.port)

    def launch_node(self, number, port):
        self.running.append(port)
        data = self.folder / str(number)
        self.serve(
            data, port, HARK_DATABASE=self.cluster.url(), HARK_SECRET_FILE=str(self.data / "secret.key"),
            HARK_POSTGRES_MAX_STALE_MS=str(self.stale_ms),
        )

    def start(self):
        """Starts one node after the other; gives the seconds until the last one answered."""
        self.running = []
        seconds = super().start()
        first = self.port
        for number in range(2, self.count + 1):
            seconds = self.start_another(number)
        self.port = first
        return seconds

    def start_another(self, number):
        self.port = free_port()
        others, self.running = self.running, []
        began = time.monotonic()
        self.launch_node(number, self.port)
        self.wait(began)
        self.running = [*others, self.port]
        return time.monotonic() - began

    def ports(self):
        return self.running

    def database_pids(self):
        return self.pids()[:1]

    def log_file(self):
        return self.state / "log" / "nodes.log"


def name(count, stale_ms=0):
    nodes = f"{count} node{'s' if count > 1 else ''}"
    return f"{nodes}, max_stale_ms = {stale_ms}" if stale_ms else nodes


def names(most):
    """All that is measured, in the order of the report."""
    return [name(count, stale_ms) for count, stale_ms in kinds(most)]


def kinds(most):
    return [*((count, 0) for count in range(1, most + 1)), *((1, stale_ms) for stale_ms in STALES_MS if most)]


def measure(bench, options, state, results):
    """Fills a PostgreSQL of its own, and loads one node, two, and so on, in turn in every round."""
    nodes = Nodes(bench, state, options.n)
    nodes.prepare()
    figures = nodes.load()
    tools.log(f"nodes: loaded in {figures['load_seconds']:.1f} s")
    results.add_peer("nodes", figures)
    load = Load(bench / "load.lua", options.n, options.conns)
    for turn in range(options.rounds):
        for count, stale_ms in kinds(options.nodes):
            take_turn(nodes.of(count, stale_ms), load, options.secs, results, turn)


def take_turn(nodes, load, seconds, results, turn):
    tools.log(f"round {turn + 1}: {nodes.name}")
    try:
        nodes.start()
        time.sleep(SETTLE_SECONDS)
        checks.before(nodes)
        for operation in nodes.operations:
            results.add_run(nodes.name, operation, measure_operation(nodes, load, operation, seconds))
    finally:
        nodes.stop()
