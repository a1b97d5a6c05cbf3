"""Visitors of pages: sockets that stay open, and events at the pace of the official web client."""

import json
import subprocess
import time

from . import machine, processes, tools
from .load import Clock

EVENTS_PER_BATCH = 10
GRACE_SECONDS = 60
SAMPLE_SECONDS = 1


def measure(peer, count, seconds):
    """Starts the peer, sends the visitors, counts what arrived, and stops the peer."""
    tools.log(f"{count} visitors for {seconds} s: {peer.name}")
    try:
        peer.start()
        run = str(int(time.time()))
        clock, began = Clock(peer), time.monotonic()
        seen, samples = visit(peer, run, count, seconds)
        spent, elapsed = clock.until_now(), time.monotonic() - began
        lost = sum(missing(peer, run, number, batches) for number, batches in enumerate(seen.pop("of_user")))
    finally:
        peer.stop()
    third = max(1, len(samples) // 3)
    figures = {
        **seen, **spent,
        "events_per_second": seen["events"] / elapsed,
        "cpu_ms_per_event": spent["server_cpu_seconds"] * 1000 / max(1, seen["events"]),
        "memory": f"{max(samples[:third]):,.0f} → {max(samples[-third:]):,.0f}",
        "events_lost": lost,
    }
    figures["failed"] += lost + seen["sockets_lost"]
    tools.log(
        f"  {figures['events_per_second']:,.0f} events/s  p99 {seen['p99_ms']:.2f} ms"
        f"  CPU {figures['cpu_ms_per_event']:.4f} ms/event  memory {figures['memory']} MB  lost {lost}"
        f"  other work {spent['other_cores']:.2f} cores"
    )
    return figures


def visit(peer, run, count, seconds):
    """Gives what the generator saw, and the memory that the peer took each second."""
    program = peer.state / "target/release/bench"
    words = [program, "visitors", peer.port, peer.sdk_key, run, count, seconds]
    with open(peer.log_file(), "ab") as log:
        generator = processes.adopt(
            subprocess.Popen(
                [str(word) for word in words], text=True, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            )
        )
        samples, deadline = [], time.monotonic() + seconds + GRACE_SECONDS
        try:
            while True:
                samples.append(machine.memory(peer.pids())["own_mb"])
                try:
                    output = generator.communicate(timeout=SAMPLE_SECONDS)[0]
                    break
                except subprocess.TimeoutExpired:
                    if time.monotonic() > deadline:
                        raise tools.Failure("the visitors did not leave in time") from None
        finally:
            processes.stop(generator)
    lines = [line for line in output.splitlines() if line.startswith("@visitors ")]
    if not lines:
        raise tools.Failure(f"the visitors gave no result: see {peer.log_file()}")
    return json.loads(lines[0].removeprefix("@visitors ")), samples


def missing(peer, run, number, batches):
    """How many events of a visitor were lost or doubled."""
    document = peer.visitor(f"visitor-{run}-{number}") or {}
    counted = sum(summary["count"] for summary in document.get("eventData", {}).values())
    return abs(batches * EVENTS_PER_BATCH - counted)
