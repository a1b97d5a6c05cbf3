"""What /proc says about the machine and about the processes of one peer."""

import os
import platform
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def describe():
    """The machine in one line."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{cpu_model()}, {cores} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def cpu_model():
    for line in (PROC / "cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def family(roots):
    """The processes `roots` that still run, and all that descend from them."""
    children = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (stat := stat_fields(entry.name)):
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found, waiting = [], list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(children.get(pid, []))
    return found


def stat_fields(pid):
    """Fields of /proc/PID/stat from the third on, or None if the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def cpu_seconds(roots):
    """User and system time of the family, with that of children which ended and were waited for."""
    stats = filter(None, map(stat_fields, family(roots)))
    return sum(int(ticks) for stat in stats for ticks in stat[11:15]) / TICKS_PER_SECOND


def memory(roots):
    """Resident memory of the family in MB: its own (with shared memory), and pages of files."""
    total = {"own_mb": 0.0, "file_mb": 0.0}
    kinds = {"Pss_Anon:": "own_mb", "Pss_Shmem:": "own_mb", "Pss_File:": "file_mb"}
    for pid in family(roots):
        try:
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, *rest = line.split()
            if name in kinds:
                total[kinds[name]] += int(rest[0]) / 1000
    return total


def busy_seconds():
    """CPU time that all cores together spent at work since the machine started, with stolen time."""
    numbers = (PROC / "stat").read_text().splitlines()[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = map(int, numbers)
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
