"""Node 22 and the packages that tests need of it: the official conformance suite, clients, an authorization server.

`package-lock.json` pins each of them by its hash; it names no registry, so npm takes the one that the machine is configured for.
"""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
_STAMP = MODULES / ".installed"
"""Holds the digest of the lock file that was installed."""
_BINARY = MODULES / ".bin" / "node"
OLDEST = 22
SECONDS = 600
"""An empty cache and a slow line: a quarter of a gigabyte."""


class NoNode(Exception):
    """Node or its packages cannot be had. One sentence, with the next step."""


def node() -> Path:
    """The program: the locked one, else the machine's own where it is new enough. Raises NoNode."""
    modules()
    if _BINARY.exists():
        return _BINARY
    own = shutil.which("node")
    if own is None or _major(own) < OLDEST:
        raise NoNode(f"The locked Node is not made for this machine: install Node.js {OLDEST} or newer.")
    return Path(own)


def modules() -> Path:
    """`node_modules`, installed at its first use: one process does it, the others wait. Raises NoNode."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if _installed() != wanted:
        with (HERE / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _installed() != wanted:
                _install()
                _STAMP.write_text(wanted)
    return MODULES


def _installed() -> str | None:
    return _STAMP.read_text() if _STAMP.exists() else None


def _install() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoNode("There is no npm: install Node.js, which brings it (Debian: apt-get install npm).")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=HERE, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NoNode(f"npm ci did not finish in {SECONDS} seconds: is its registry reachable?") from None
    if done.returncode:
        raise NoNode(f"npm ci failed: {done.stderr[:600].strip()}")


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.lstrip("v").split(".")[0])
