"""The three servers."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import subprocess
import time

from . import machine, processes, tools
from .load import WRITES
from .peer import Peer
from .postgres import Cluster

PROJECT = "65f000000000000000000001"
ORGANISATION = "65f000000000000000000002"
# What express/server.js searches, in the same words, or the index is not used.
WORDS = "to_tsvector('simple', " + " || ' ' || ".join(
    f"coalesce(doc->>'{field}', '')" for field in ("name", "email", "phone", "userId", "companyName")
) + ")"
INDEX_SECONDS_MAX = 600
MEMORY_SAMPLE_SECONDS = 0.2
WITHOUT_LIMITS = {
    "HARK_LIMITS_V3_REQUESTS_PER_MINUTE": "0",
    "HARK_LIMITS_ADMIN_REQUESTS_PER_MINUTE": "0",
    "HARK_LIMITS_GUESTS_PER_MINUTE": "0",
}


class Bare(Peer):
    name = "bare"
    operations = ("hot", "uniform")
    stores = False

    def launch(self):
        program = self.state / "target/release/bench"
        self.processes.append(processes.start([program, "bare", self.port], self.log_file()))


class ExpressPg(Peer):
    name = "express-pg"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.cluster = Cluster(self.state)
        self.folder = self.state / "express"
        self.api_token = secrets.token_hex(16)
        self.jwt_secret, self.sdk_key = secrets.token_hex(32), secrets.token_hex(16)
        self.jwt = sign_jwt(self.jwt_secret, {"sub": "bench", "project": PROJECT})

    def prepare(self):
        self.folder.mkdir(exist_ok=True)
        for name in ("package.json", "server.js"):
            shutil.copy(self.bench / "express" / name, self.folder)
        tools.log("installing express, jsonwebtoken and pg")
        tools.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"],
                  cwd=self.folder, stdout=subprocess.DEVNULL)

    def load(self):
        rows = self.state / "rows"
        tools.write_lines(self.state, rows, self.users, "stored")
        self.cluster.create()
        server = self.cluster.start()
        try:
            began = time.monotonic()
            self.copy(rows)
            seconds = time.monotonic() - began
            self.cluster.sql("VACUUM ANALYZE", "CHECKPOINT")
            size = self.cluster.sql("SELECT pg_database_size(current_database())")
        finally:
            processes.stop(server)
            rows.unlink()
        return {"load_seconds": seconds, "disk_mb": int(size) / 1e6}

    def about(self):
        programs = (self.cluster.bin / "postgres", "node")
        versions = [tools.output([program, "--version"]) for program in programs]
        return f"express-pg runs on {versions[0]} and Node {versions[1]}."

    def copy(self, rows):
        self.cluster.sql(
            "CREATE TABLE sessions (project text NOT NULL, user_id text NOT NULL, doc jsonb NOT NULL)",
            "CREATE TABLE events (id bigserial PRIMARY KEY, project text NOT NULL, user_id text NOT NULL,"
            " name text NOT NULL, date timestamptz NOT NULL, data jsonb)",
        )
        with open(rows, "rb") as lines:
            self.cluster.sql("COPY sessions FROM STDIN", stdin=lines)
        self.cluster.sql(
            "CREATE UNIQUE INDEX ON sessions (project, user_id)",
            "CREATE INDEX ON events (project, user_id, id)",
            "CREATE TABLE visitors (project text NOT NULL, gleap_id text NOT NULL, gleap_hash text NOT NULL, user_id text,"
            " doc jsonb NOT NULL, PRIMARY KEY (project, gleap_id))",
            "CREATE UNIQUE INDEX ON visitors (project, user_id)",
        )

    def launch(self):
        self.processes.append(self.cluster.start())
        environment = {
            **os.environ, **self.cluster.environment, "NODE_ENV": "production", "PORT": str(self.port),
            "PROJECT": PROJECT, "ORGANISATION": ORGANISATION,
            "JWT_SECRET": self.jwt_secret, "API_TOKEN": self.api_token, "SDK_KEY": self.sdk_key,
        }
        program = ["node", self.folder / "server.js"]
        self.processes.append(processes.start(program, self.log_file(), env=environment))

    def database_pids(self):
        return self.pids()[:1]

    def build_indexes(self):
        self.cluster.sql(
            "CREATE INDEX IF NOT EXISTS by_activity ON sessions (project, (doc->>'lastActivity') DESC)",
            f"CREATE INDEX IF NOT EXISTS by_words ON sessions USING gin (({WORDS}))",
        )
        began = time.monotonic()
        self.cluster.sql("CREATE INDEX IF NOT EXISTS by_seats ON sessions (project, (doc->'customData'->'seats'))")
        seconds = time.monotonic() - began
        self.cluster.sql("VACUUM ANALYZE sessions")
        return seconds

    def headers(self, operation):
        return credentials(operation, self.jwt, PROJECT, self.api_token)

    def visitor(self, user_id):
        return self.lookup(user_id, "/visitors")


class Hark(Peer):
    name = "hark"
    has_tickets = True

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.data = self.state / "hark"
        self.program, self.keys = None, {}

    def prepare(self):
        root = self.bench.parent
        self.program = tools.cargo_build(root / "target", root / "Cargo.toml", "--bin", "hark") / "hark"

    def load(self):
        return {**self.fill(), "disk_mb": folder_bytes(self.data) / 1e6}

    def fill(self, **options):
        """Imports the data set; gives the seconds, and the most memory of its own that the import was seen to take."""
        lines = self.state / "sessions.ndjson"
        tools.write_lines(self.state, lines, self.users)
        shutil.rmtree(self.data, ignore_errors=True)
        environment = {**os.environ, **options}
        command = [self.program, "setup", "--json", "--data", self.data]
        self.keys = json.loads(tools.output(command, env=environment))
        try:
            began = time.monotonic()
            peak = self.import_lines(lines, environment)
            seconds = time.monotonic() - began
        finally:
            lines.unlink()
        return {"load_seconds": seconds, "load_own_mb": peak}

    def import_lines(self, lines, environment):
        """Gives the most memory of its own that the import was seen to take, in MB."""
        command = [self.program, "import", lines, "--partial", "--project", self.keys["projectId"], "--data", self.data]
        importer, peak = processes.start(command, self.log_file(), env=environment), 0.0
        try:
            while importer.poll() is None:
                peak = max(peak, machine.memory([importer.pid])["own_mb"])
                time.sleep(MEMORY_SAMPLE_SECONDS)
        finally:
            processes.stop(importer)
        if importer.returncode:
            raise tools.Failure(f"the import ended with status {importer.returncode}: see {self.log_file()}")
        return peak

    def build_indexes(self):
        path = f"/v3/projects/{self.keys['projectId']}/session-indexes"
        began = time.monotonic()
        status, body = self.request("PUT", f"{path}/seats", self.headers("list"))
        while time.monotonic() < began + INDEX_SECONDS_MAX:
            if status not in (200, 202):
                raise tools.Failure(f"{self.name}: the index gave {status} {body[:300]!r}")
            status, body = self.request("GET", path, self.headers("list"))
            if all(index["state"] == "ready" for index in json.loads(body).get("indexes", [])):
                return time.monotonic() - began
            time.sleep(0.1)
        raise tools.Failure(f"{self.name}: the index was not built within {INDEX_SECONDS_MAX} s")

    def launch(self):
        self.serve(self.data, self.port)

    def serve(self, data, port, **options):
        """Starts a server with some options, named as variables are."""
        environment = {**os.environ, **WITHOUT_LIMITS, **options}
        command = [self.program, "serve", "--data", data, "--listen", f"127.0.0.1:{port}"]
        self.processes.append(processes.start(command, self.log_file(), env=environment))

    @property
    def sdk_key(self):
        return self.keys["sdkKey"]

    def headers(self, operation):
        return credentials(operation, self.keys["apiKey"], self.keys["projectId"], self.keys["apiToken"])


PEERS = {peer.name: peer for peer in (Bare, ExpressPg, Hark)}


def credentials(operation, api_key, project, api_token):
    """Headers of the two surfaces: members look up, the customer's server writes."""
    if operation in WRITES:
        return {"Api-Token": api_token, "Content-Type": "application/json"}
    return {"Authorization": f"Bearer {api_key}", "project": project}


def sign_jwt(secret, claims):
    """A JSON Web Token with HS256, good for a day."""
    claims = {**claims, "exp": int(time.time()) + 86_400}
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signed = b".".join(map(base64_url, parts))
    return (signed + b"." + base64_url(hmac.digest(secret.encode(), signed, hashlib.sha256))).decode()


def base64_url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def folder_bytes(folder):
    """Bytes that the files of a folder take on disk."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*"))
