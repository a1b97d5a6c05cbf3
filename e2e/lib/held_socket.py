"""Holds a listening socket and runs a command on it, as a service manager does: again when it ended, until told to stop.

Usage: held_socket.py PORT COMMAND…   Prints the process id of each run, one a line.
"""
import os
import signal
import socket
import subprocess
import sys

port, command = int(sys.argv[1]), sys.argv[2:]
held = socket.socket()
held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
held.bind(("127.0.0.1", port))
held.listen(512)
os.dup2(held.fileno(), 3)
stopping = False
child = None


def stop(*_):
    global stopping
    stopping = True
    if child:
        child.terminate()


signal.signal(signal.SIGTERM, stop)
for _ in range(10):
    # The name of the process that may take the socket is its id, which only it knows before it becomes the command.
    child = subprocess.Popen(
        ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *command],
        pass_fds=(3,),
        env={**os.environ, "LISTEN_FDS": "1"},
    )
    print(child.pid, flush=True)
    # Told to stop while there was no child to tell.
    if stopping:
        child.terminate()
    child.wait()
    if stopping:
        break
