"""Starts programs and stops exactly those that it started."""

import signal
import subprocess

STOP_SECONDS = 60
_running = []


def start(command, log, stop_signal=signal.SIGTERM, **options):
    """Starts a program in a process group of its own, with its output in the file `log`."""
    with open(log, "ab") as out:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, **options,
        )
    process.stop_signal = stop_signal
    _running.append(process)
    return process


def adopt(process):
    """Stops `process` too, should the run end before it does."""
    process.stop_signal = signal.SIGTERM
    _running.append(process)
    return process


def stop(process):
    """Asks the process to end, and kills it if it has not within a minute."""
    if process.poll() is None:
        process.send_signal(process.stop_signal)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process in _running:
        _running.remove(process)


def stop_all():
    for process in reversed(list(_running)):
        stop(process)
