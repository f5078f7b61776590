"""Node and the packages that tests need of it: the official conformance suite, clients, an authorization server.

`package-lock.json` pins each of them by its hash; it names no registry, so npm takes the one that the machine is configured for.
"""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
_STAMP = Path("node_modules", ".installed")
"""Holds the digest of the lock file that was installed."""
OLDEST = 22
SECONDS = 600
"""An empty cache and a slow line: a quarter of a gigabyte."""


class NoNode(Exception):
    """Node or its packages cannot be had. One sentence, with the next step."""


def node(folder: Path = HERE) -> Path:
    """The program: the locked one, else the machine's own where it is new enough. Raises NoNode."""
    locked = modules(folder) / ".bin" / "node"
    if locked.exists():
        return locked
    own = shutil.which("node")
    if own is None or _major(own) < OLDEST:
        raise NoNode(f"The locked Node is not made for this machine: install Node.js {OLDEST} or newer.")
    return Path(own)


def modules(folder: Path = HERE) -> Path:
    """The folder's `node_modules`, installed at its first use: one process does it, the others wait. Raises NoNode."""
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if _installed(folder) != wanted:
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _installed(folder) != wanted:
                _install(folder)
                (folder / _STAMP).write_text(wanted)
    return folder / "node_modules"


def _installed(folder: Path) -> str | None:
    stamp = folder / _STAMP
    return stamp.read_text() if stamp.exists() else None


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoNode("There is no npm: install Node.js, which brings it (Debian: apt-get install npm).")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NoNode(f"npm ci did not finish in {SECONDS} seconds: is its registry reachable?") from None
    if done.returncode:
        raise NoNode(f"npm ci failed: {done.stderr[:600].strip()}")


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.lstrip("v").split(".")[0])
