"""Messages, and the programs that the benchmark needs but does not bring."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

APT_PACKAGES = {"wrk": "wrk", "node": "nodejs", "npm": "npm", "postgres": "postgresql"}
EXPRESS_TOOLS = ("node", "npm", "postgres")
BUILD_SECONDS = 3600


class Failure(Exception):
    """Something that ends the run, in words for the person who started it."""


def log(text):
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def postgres_bin():
    """Folder of the newest PostgreSQL server programs, or None."""
    packaged = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(packaged, key=lambda path: int(path.parts[-3]), default=None)
    found = newest or shutil.which("postgres")
    return Path(found).parent if found else None


def require(peers, has_nodes):
    """Installs through apt what is missing for these peers and nodes, or says what to install."""
    if not shutil.which("cargo"):
        raise Failure("cargo is missing: install Rust from https://rustup.rs")
    wanted = ["wrk"]
    if "express-pg" in peers:
        wanted += EXPRESS_TOOLS
    elif has_nodes:
        wanted.append("postgres")
    missing = [tool for tool in wanted if not present(tool)]
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *(APT_PACKAGES[tool] for tool in missing)]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Failure(f"missing: {', '.join(missing)}; on Debian or Ubuntu: sudo {' '.join(install)}")
    log(f"missing: {', '.join(missing)}; running {' '.join(install)}")
    run(["apt-get", "update", "-q"], stdout=sys.stderr)
    run(install, stdout=sys.stderr, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if still := [tool for tool in missing if not present(tool)]:
        raise Failure(f"apt did not bring {', '.join(still)}")


def present(tool):
    return postgres_bin() if tool == "postgres" else shutil.which(tool)


def run(command, **options):
    """Runs a command to its end; a failure of it ends the benchmark."""
    words = [str(word) for word in command]
    options.setdefault("timeout", BUILD_SECONDS)
    try:
        return subprocess.run(words, check=True, stdin=options.pop("stdin", subprocess.DEVNULL), **options)
    except FileNotFoundError as missing:
        raise Failure(f"not found: {missing.filename}") from missing
    except subprocess.CalledProcessError as error:
        raise Failure(f"`{' '.join(words)}` failed with status {error.returncode}") from error
    except subprocess.TimeoutExpired as error:
        raise Failure(f"`{' '.join(words)}` took more than {error.timeout} s") from error


def output(command, **options):
    """Runs a command and gives what it prints, without space around it."""
    return run(command, stdout=subprocess.PIPE, text=True, **options).stdout.strip()


def cargo_build(target, manifest, *options):
    log(f"building {manifest.parent.name}")
    run(["cargo", "build", "--release", "--locked", "--manifest-path", manifest, "--target-dir", target, *options])
    return target / "release"


def build_generator(bench, state):
    cargo_build(state / "target", bench / "rust" / "Cargo.toml")


def write_lines(state, path, users, *form):
    """Writes the data set with the generator. The file is for one load and is removed after it."""
    with open(path, "wb") as out:
        run([state / "target/release/bench", "gen", users, *form], stdout=out)
