"""What every peer is: a server that is prepared, loaded, started, asked and stopped."""

import http.client
import json
import socket
import time

from . import processes, tools

START_SECONDS = 60


class Peer:
    name = ""
    operations = ("hot", "uniform", "identify", "track")
    # False: every lookup gives the same document, so there is nothing to check or load.
    stores = True
    has_tickets = False

    def __init__(self, bench, state, users):
        self.bench, self.state, self.users = bench, state, users
        self.processes, self.port = [], 0
        # Requests of the harness itself, which go to all ports in turn.
        self.asked = 0

    def prepare(self):
        """Builds or installs the server."""

    def about(self):
        """Versions of what the server stands on, where they are not the project's own."""
        return ""

    def load(self):
        """Fills an empty store with the data set; gives the seconds and the bytes on disk it took."""

    def launch(self):
        """Starts the processes of the server, for `self.port`."""

    def build_indexes(self):
        """Builds what lists and searches need beside the load; gives the seconds that the index of one custom attribute took."""

    def headers(self, operation):
        """Headers that a request of this operation needs."""
        return {}

    def start(self):
        """Starts the server and gives the seconds until the first good lookup."""
        self.port = free_port()
        began = time.monotonic()
        self.launch()
        return self.wait(began)

    def wait(self, began):
        """Waits for the first good lookup of what was launched last; gives the seconds since it began."""
        reason = "it found no user"
        while self.processes[-1].poll() is None and time.monotonic() < began + START_SECONDS:
            try:
                if self.lookup("user-0000001"):
                    return time.monotonic() - began
            except (OSError, http.client.HTTPException, tools.Failure) as error:
                reason = error
            time.sleep(0.002)
        raise tools.Failure(f"{self.name} gives no good answer ({reason}): see {self.log_file()}")

    def stop(self):
        while self.processes:
            processes.stop(self.processes.pop())

    def pids(self):
        return [process.pid for process in self.processes]

    def database_pids(self):
        """Those of them that are the database's, where it has processes of its own."""
        return []

    def ports(self):
        """Where it is asked: the load is spread over them."""
        return [self.port]

    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def log_file(self):
        return self.state / "log" / f"{self.name}.log"

    def request(self, method, path, headers, body=None, timeout=10):
        """One request on a connection of its own; gives status and body."""
        ports = self.ports()
        self.asked += 1
        connection = http.client.HTTPConnection("127.0.0.1", ports[self.asked % len(ports)], timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def visitor(self, user_id):
        """The session of a user who came as a visitor, or None."""
        return self.lookup(user_id)

    def lookup(self, user_id, folder="/v3/sessions/by-user-id"):
        """The session of this user, or None."""
        path = f"{folder}/{user_id}"
        status, body = self.request("GET", path, self.headers("uniform"))
        if status == 404:
            return None
        if status != 200:
            raise tools.Failure(f"{self.name}: GET {path} gave {status} {body[:300]!r}")
        return json.loads(body)

    def write(self, operation, body):
        """Sends one identify or track, which must succeed."""
        status, answer = self.request("POST", f"/admin/{operation}", self.headers(operation), json.dumps(body))
        if status != 200:
            raise tools.Failure(f"{self.name}: {operation} gave {status} {answer[:300]!r}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
