"""Results of a run as Markdown: one table an operation, the ratios, the goals."""

import json
import time
from collections import defaultdict
from statistics import median

from . import nodes
from .goals import GOALS
from .load import OPERATIONS, READS

# Of reads it is the wait that counts: they are asked by few at once.
FIGURES = (
    (("cpu_ms", "CPU per request"), ("requests_per_second", "requests/s")),
    (("cpu_ms", "CPU per request"), ("p99_ms", "p99")),
)
RATIOS = (("hark", "bare"), ("hark", "express-pg"))


class Results:
    """Every figure of every round, by peer and by (peer, operation)."""

    def __init__(self, about, options):
        self.about, self.options = about, options
        self.peers = defaultdict(list)
        self.runs = defaultdict(list)
        self.visits = {}

    def add_peer(self, peer, figures):
        self.peers[peer].append(figures)

    def add_run(self, peer, operation, figures):
        self.runs[peer, operation].append(figures)

    def add_visit(self, peer, figures):
        self.visits[peer] = figures

    def errors(self):
        failed = sum(figures["failed"] for figures in self.visits.values())
        return failed + sum(run["errors"] for runs in self.runs.values() for run in runs)

    def of_run(self, peer, operation, figure):
        """Median over the rounds, or None if this was not measured."""
        values = [run[figure] for run in self.runs.get((peer, operation), [])]
        return median(values) if values else None

    def of_peer(self, peer, *path):
        values = [value for figures in self.peers.get(peer, []) if (value := dig(figures, path)) is not None]
        return median(values) if values else None

    def peak(self, peer, figure):
        """The most that any operation of the peer took."""
        return max((run[figure] for (name, _), runs in self.runs.items() if name == peer for run in runs), default=None)


def dig(figures, path):
    for key in path:
        figures = figures.get(key) if figures else None
    return figures


def write(results, folder):
    """Keeps the report and the raw figures; gives the report."""
    folder.mkdir(exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    text = render(results)
    (folder / f"{stamp}.md").write_text(text)
    raw = {
        "about": results.about,
        "peers": results.peers,
        "visits": results.visits,
        "runs": {f"{peer} {operation}": runs for (peer, operation), runs in results.runs.items()},
    }
    (folder / f"{stamp}.json").write_text(json.dumps(raw, indent=1))
    return text


def render(results):
    options = results.options
    other = max((run["other_cores"] for runs in results.runs.values() for run in runs), default=0.0)
    head = (
        f"# Benchmark of {time.strftime('%Y-%m-%d')}\n\n{results.about} {options.n:,} sessions, "
        f"{options.conns} connections, median of {options.rounds} rounds of {options.secs} s. "
        f"Other work on the machine took up to {other:.2f} cores."
    )
    sections = [head, *(operation_table(results, name) for name in OPERATIONS), visit_table(results)]
    sections.append(node_table(results))
    sections += [*(operation_table(results, name) for name in READS), whole_table(results), peer_table(results)]
    sections += [ratio_table(results), goal_table(results)]
    return "\n\n".join(filter(None, sections)) + "\n"


def operation_table(results, operation):
    columns = (
        ("requests/s", "requests_per_second", ",.0f"), ("p50 ms", "p50_ms", ".2f"), ("p99 ms", "p99_ms", ".2f"),
        ("CPU ms/request", "cpu_ms", ".4f"), ("server cores", "server_cores", ".2f"),
        ("wrk cores", "generator_cores", ".2f"), ("own memory MB", "own_mb", ",.0f"),
        ("file pages MB", "file_mb", ",.0f"), ("failed", "errors", ",.0f"),
    )
    rows = [
        [peer, *(format(results.of_run(peer, operation, key), form) for _, key, form in columns)]
        for peer in results.options.peers
        if (peer, operation) in results.runs
    ]
    return section({**OPERATIONS, **READS}[operation], ["peer", *(title for title, _, _ in columns)], rows)


def visit_table(results):
    options = results.options
    columns = (
        ("events/s", "events_per_second", ",.0f"), ("p50 ms", "p50_ms", ".2f"), ("p99 ms", "p99_ms", ".2f"),
        ("CPU ms/event", "cpu_ms_per_event", ".4f"), ("sockets", "sockets", ",.0f"), ("lost", "sockets_lost", ",.0f"),
        ("own memory MB, first and last third", "memory", ""), ("events lost", "events_lost", ",.0f"),
        ("failed", "failed", ",.0f"),
    )
    rows = [
        [peer, *(format(figures[key], form) for _, key, form in columns)] for peer, figures in results.visits.items()
    ]
    title = f"{options.visitors} visitors with sockets, ten events every 2.5 s for {options.visit_secs} s"
    return section(title, ["peer", *(title for title, _, _ in columns)], rows)


def node_table(results):
    """Nodes over one PostgreSQL, beside what else has one."""
    columns = (
        ("requests/s", "requests_per_second", ",.0f"), ("p50 ms", "p50_ms", ".2f"), ("p99 ms", "p99_ms", ".2f"),
        ("CPU ms/request, nodes", "node_cpu_ms", ".4f"), ("database", "database_cpu_ms", ".4f"),
        ("server cores", "server_cores", ".2f"), ("wrk cores", "generator_cores", ".2f"), ("failed", "errors", ",.0f"),
    )
    rows = [
        [operation, peer, *(format(results.of_run(peer, operation, key), form) for _, key, form in columns)]
        for operation in OPERATIONS
        for peer in ("express-pg", *nodes.names(results.options.nodes))
        if (peer, operation) in results.runs
    ]
    table = section("Nodes over one PostgreSQL", ["operation", "peer", *(title for title, _, _ in columns)], rows)
    seconds, size = results.of_peer("nodes", "load_seconds"), results.of_peer("nodes", "disk_mb")
    return seconds and f"{table}\n\nThe import took {seconds:,.1f} s, and the database {size:,.0f} MB."


def whole_table(results):
    """What takes all sessions, or all that there are."""
    columns = (
        ("index of a custom attribute s", ("index_seconds",), ".1f"),
        ("export sessions/s", ("export", "rows_per_second"), ",.0f"),
        ("export CPU ms/session", ("export", "cpu_ms"), ".4f"), ("export own memory MB", ("export", "own_mb"), ",.0f"),
        ("unindexed filter s", ("unindexed", "seconds"), ".2f"), ("its status", ("unindexed", "status"), ".0f"),
        ("import own memory MB", ("load_own_mb",), ",.0f"), ("tickets made/s", ("ticket_load", "per_second"), ",.0f"),
    )
    if all(results.of_peer(peer, "export", "rows_per_second") is None for peer in results.options.peers):
        return None
    rows = [
        [peer, *(cell(results.of_peer(peer, *path), form) for _, path, form in columns)]
        for peer in results.options.peers
    ]
    return section("All sessions", ["peer", *(title for title, _, _ in columns)], rows)


def peer_table(results):
    columns = (
        ("first answer s", ("first_answer_seconds",), ".3f"), ("idle own memory MB", ("idle", "own_mb"), ",.0f"),
        ("idle file pages MB", ("idle", "file_mb"), ",.0f"), ("bulk load s", ("load_seconds",), ",.1f"),
        ("disk MB", ("disk_mb",), ",.0f"),
    )
    rows = [
        [peer, *(cell(results.of_peer(peer, *path), form) for _, path, form in columns)]
        for peer in results.options.peers
    ]
    return section("Start, rest and disk", ["peer", *(title for title, _, _ in columns)], rows)


def ratio_table(results):
    """How many times the other's figure Hark's is, wherever both were measured."""
    rows = []
    for operation, title in (OPERATIONS | READS).items():
        for figure, name in FIGURES[operation in READS]:
            cells = [
                cell(quotient(*(results.of_run(peer, operation, figure) for peer in pair)), ".2f") for pair in RATIOS
            ]
            rows.append([title, name, *cells])
    for name, path in (
        ("Idle own memory", ("idle", "own_mb")), ("First answer", ("first_answer_seconds",)),
        ("Bulk load", ("load_seconds",)), ("Disk", ("disk_mb",)), ("Index of a custom attribute", ("index_seconds",)),
        ("Export, sessions/s", ("export", "rows_per_second")),
    ):
        cells = [cell(quotient(*(results.of_peer(peer, *path) for peer in pair)), ".2f") for pair in RATIOS]
        rows.append([name, "", *cells])
    titles = [f"{one} / {other}" for one, other in RATIOS]
    return section("Ratios", ["what", "figure", *titles], [row for row in rows if set(row[2:]) != {"–"}])


def goal_table(results):
    rows = []
    for goal in GOALS:
        measured = goal.measure(results)
        if measured is None:
            continue
        judged = results.options.n >= goal.users
        verdict = ("yes" if goal.reached(measured) else "**no**") if judged else f"only at {goal.users:,}"
        rows.append([goal.title, goal.limit_text(), format(measured, goal.form), verdict])
    return section("Goals", ["figure", "goal", "measured", "reached"], rows)


def quotient(one, other):
    return one / other if one is not None and other else None


def cell(value, form):
    return "–" if value is None else format(value, form)


def section(title, columns, rows):
    """A heading with a Markdown table, or None without rows."""
    if not rows:
        return None
    lines = [columns, ["---"] * len(columns), *rows]
    return f"## {title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines)
