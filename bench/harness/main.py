"""Measures Hark beside a bare handler and a tuned Express + PostgreSQL, in turn, on this machine."""

import argparse
import fcntl
import signal
import sys
import time
from pathlib import Path

from . import checks, machine, nodes, processes, reads, report, tools, visitors
from .load import OPERATIONS, Load
from .peers import PEERS

BENCH = Path(__file__).resolve().parent.parent
SETTLE_SECONDS = 1


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    state = options.state.resolve()
    (state / "log").mkdir(parents=True, exist_ok=True)
    lock = open(state / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return measure(options, state)
    except BlockingIOError:
        return f"bench: another run uses {state}"
    except KeyboardInterrupt:
        return "bench: interrupted"
    except tools.Failure as failure:
        return f"bench: {failure}"
    finally:
        processes.stop_all()


def parse():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    add = parser.add_argument
    add("-n", type=int, default=1_000_000, metavar="USERS", help="sessions in the data set (1000000)")
    add("--rounds", type=int, default=3, help="turns of each peer; the median counts; 0 leaves them out (3)")
    add("--secs", type=int, default=10, help="seconds of each measurement (10)")
    add("--conns", type=int, default=64, help="connections of the load generator (64)")
    add("--peers", default=",".join(PEERS), help=f"which, in which order ({','.join(PEERS)})")
    add("--nodes", type=int, default=3, help="1 to so many nodes of Hark over one PostgreSQL; 0 leaves them out (3)")
    add("--visitors", type=int, default=500, help="visitors of pages at once; 0 leaves them out (500)")
    add("--visit-secs", type=int, default=60, help="seconds that they stay (60)")
    add("--reads-secs", type=int, default=10, help="seconds of each list and search; 0 leaves them out (10)")
    add("--tickets", type=int, default=1_000_000, help="tickets to list and search; 0 leaves them out (1000000)")
    add("--state", type=Path, default=BENCH / ".state", help="folder for data, logs and results (bench/.state)")
    options = parser.parse_args()
    options.peers = options.peers.split(",")
    if unknown := sorted(set(options.peers) - set(PEERS)):
        parser.error(f"--peers: no peer is called {', '.join(unknown)}; there are {', '.join(PEERS)}")
    for name, value, least, most in (
        ("-n", options.n, 100, 10_000_000),
        ("--rounds", options.rounds, 0, 50),
        ("--secs", options.secs, 1, 600),
        ("--conns", options.conns, 1, 1000),
        ("--nodes", options.nodes, 0, nodes.NODES_MAX),
        ("--visitors", options.visitors, 0, 2000),
        ("--visit-secs", options.visit_secs, 5, 600),
        ("--reads-secs", options.reads_secs, 0, 600),
        ("--tickets", options.tickets, 0, 10_000_000),
    ):
        if not least <= value <= most:
            parser.error(f"{name}: {value} is not in {least} to {most}")
    return options


def measure(options, state):
    has_nodes = options.nodes > 0 and options.rounds > 0
    tools.require(options.peers, has_nodes)
    peers = [PEERS[name](BENCH, state, options.n) for name in options.peers]
    tools.build_generator(BENCH, state)
    for peer in peers:
        peer.prepare()
    about = " ".join(filter(None, (f"{machine.describe()}.", *(peer.about() for peer in peers))))
    results = report.Results(about, options)
    for peer in peers:
        if figures := peer.load():
            tools.log(f"{peer.name}: loaded in {figures['load_seconds']:.1f} s")
            results.add_peer(peer.name, figures)
    load = Load(BENCH / "load.lua", options.n, options.conns)
    for turn in range(options.rounds):
        for peer in peers:
            take_turn(peer, load, options.secs, results, turn)
    if has_nodes:
        nodes.measure(BENCH, options, state, results)
    if options.visitors:
        for peer in filter(lambda peer: peer.stores, peers):
            results.add_visit(peer.name, visitors.measure(peer, options.visitors, options.visit_secs))
    if options.reads_secs:
        for peer in filter(lambda peer: peer.stores, peers):
            reads.measure(peer, options, results)
    print(report.write(results, state / "results"))
    return f"bench: {results.errors()} requests failed" if results.errors() else 0


def take_turn(peer, load, seconds, results, turn):
    """Starts the peer, checks it, loads it with every operation it has, and stops it."""
    tools.log(f"round {turn + 1}: {peer.name}")
    try:
        first_answer = peer.start()
        time.sleep(SETTLE_SECONDS)
        idle = machine.memory(peer.pids())
        results.add_peer(peer.name, {"first_answer_seconds": first_answer, "idle": idle})
        checks.before(peer)
        for operation in OPERATIONS:
            if operation in peer.operations:
                results.add_run(peer.name, operation, checks.measure_operation(peer, load, operation, seconds))
    finally:
        peer.stop()
