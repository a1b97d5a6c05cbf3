"""A PostgreSQL cluster of the benchmark's own: defaults, a unix socket, no network."""

import os
import shutil
import signal
import subprocess
import time
from urllib.parse import quote

from . import processes, tools

START_SECONDS = 60
SUPERUSER = "bench"
# Linux takes paths of at most 107 bytes for a socket.
SOCKET_PATH_MAX_BYTES = 107


class Cluster:
    def __init__(self, state, name="postgres"):
        self.bin = tools.postgres_bin()
        self.folder = state / name
        self.log = state / "log" / f"{name}.log"
        # PostgreSQL refuses to run as root.
        as_root = os.geteuid() == 0
        self.account = {"user": "postgres", "group": "postgres", "extra_groups": []} if as_root else {}
        self.environment = {"PGHOST": str(self.folder), "PGUSER": SUPERUSER, "PGDATABASE": "postgres"}

    def url(self):
        """Where it is, for programs that are told by a URL."""
        return f"postgres://{SUPERUSER}@{quote(str(self.folder), safe='')}/postgres?sslmode=disable"

    def create(self):
        """Makes an empty cluster in place of an earlier one."""
        if len(os.fsencode(self.folder / ".s.PGSQL.5432")) > SOCKET_PATH_MAX_BYTES:
            raise tools.Failure(f"{self.folder} is too long for a unix socket: choose a shorter --state")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        if self.account:
            shutil.chown(self.folder, "postgres", "postgres")
        self.run_initdb()
        with open(self.folder / "data" / "postgresql.conf", "a") as settings:
            settings.write(
                f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\nmax_wal_size = '4GB'\n"
            )

    def run_initdb(self):
        command = [self.bin / "initdb", "-D", self.folder / "data", "-A", "trust", "-U", SUPERUSER]
        try:
            tools.run(
                [*command, "--locale=C.UTF-8", "-E", "UTF8"],
                stdout=subprocess.DEVNULL, cwd="/", **self.account,
            )
        except (tools.Failure, PermissionError) as error:
            raise tools.Failure(
                f"initdb: {error}. Can the user postgres reach {self.folder}? If not, choose another --state"
            ) from error

    def start(self):
        """Starts the server and gives its process when it answers."""
        process = processes.start(
            [self.bin / "postgres", "-D", self.folder / "data"],
            self.log, stop_signal=signal.SIGINT, cwd="/", **self.account,
        )
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run([self.bin / "pg_isready", "-q"], env=self.environment).returncode:
            if process.poll() is not None or time.monotonic() > deadline:
                raise tools.Failure(f"PostgreSQL does not start: see {self.log}")
            time.sleep(0.005)
        return process

    def sql(self, *statements, **options):
        """Runs statements in turn and gives what they print."""
        command = [self.bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1"]
        for statement in statements:
            command += ["-c", statement]
        return tools.output(command, env=self.environment, **options)
