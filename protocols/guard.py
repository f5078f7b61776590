"""Programs do not outlive their hub, not even one that is killed with SIGKILL.

The guard is one small process beside each hub process that has started programs. It is told over a pipe which process groups live; when
the pipe ends, the hub is gone, and the guard ends what is left (protocols/strays.py).
"""

import atexit
import logging
import os
import subprocess
import sys
from contextlib import suppress

from protocols import strays

log = logging.getLogger("programs")

ENDS = 3.0
"""Seconds for it to be gone, when this process ends."""
HUB = os.urandom(8).hex()
"""Stands for this process: the mark of each of its programs is this, a dot and a number."""


class Guard:
    """Started with the first program, and anew with the next one when it has died."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self._end)

    def watch(self, pid: int) -> None:
        self._groups.add(pid)
        if sys.platform != "win32" and not self._told(f"+{pid}\n"):
            self._start()

    def forget(self, pid: int) -> None:
        if pid in self._groups:
            self._groups.discard(pid)
            self._told(f"-{pid}\n")

    def _told(self, line: str) -> bool:
        """False when it has died, or does not read."""
        with suppress(OSError):
            return bool(self._process and self._process.stdin and self._process.stdin.write(line.encode()))
        return False

    def _start(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None
        command, pipe, nothing = (sys.executable, "-I", "-S", strays.__file__, f"{HUB}."), subprocess.PIPE, subprocess.DEVNULL
        try:
            self._process = subprocess.Popen(  # noqa: S603 (this interpreter, and a file of ours)
                command, bufsize=0, stdin=pipe, stdout=nothing, stderr=nothing, cwd="/", env={}, start_new_session=True
            )
        except OSError:
            log.warning("no guard can be started: if this process is killed, the programs that it has started live on")
            return
        assert self._process.stdin
        os.set_blocking(self._process.stdin.fileno(), False)
        for pid in self._groups:
            self._told(f"+{pid}\n")

    def _end(self) -> None:
        """This process ends well: so does its guard, which has nothing left to do."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(ENDS)


GUARD = Guard()
