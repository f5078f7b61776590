"""What is left of programs when they, or their hub, are gone: how it is found and ended.

Run as a file, this is the guard of a hub process (protocols/guard.py): it imports nothing of the hub, and little of the standard library.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

MARKER = "PROGRAM_OF_HUB"
"""In the environment of every program, which what it starts inherits: so those are found that left its process group."""
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
GRACE = 2.0
"""Seconds for what was told to end."""
LOOK = 0.05
"""Seconds between two looks whether it has."""
ROUNDS = 5
"""Of ending those with a mark: they may start others meanwhile."""


def marked(mark: str) -> list[int]:
    """The processes with this mark; with a dot at its end, with any that begins so. None where there is no /proc."""
    wanted = f"\0{MARKER}={mark}{'' if mark.endswith('.') else chr(0)}".encode()
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdecimal():
            with suppress(OSError), open(f"/proc/{name}/environ", "rb") as environment:
                if wanted in b"\0" + environment.read():
                    found.append(int(name))
    return found


def memory(mark: str) -> int:
    """Bytes that the processes with this mark hold; what several of them share counts once."""
    return sum(map(_held, marked(mark)))


def _held(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/smaps_rollup", "rb") as told:
        return next(int(line.split()[1]) * 1024 for line in told if line.startswith(b"Pss:"))
    return 0


def signal_marked(mark: str, number: int) -> bool:
    """Whether there were any."""
    found = marked(mark)
    for pid in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    return bool(found)


def kill_marked(mark: str) -> None:
    for _ in range(ROUNDS):
        if not signal_marked(mark, KILL):
            return


def signal_group(pid: int, number: int) -> bool:
    """Whether there was one."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)
            return True
    return False


def watch(lines: Iterable[bytes]) -> set[int]:
    """Until the hub is gone: `+pid` for a group that lives, `-pid` for one that does not. What is left."""
    groups: set[int] = set()
    for line in lines:
        with suppress(ValueError):
            (groups.add if line.startswith(b"+") else groups.discard)(int(line[1:]))
    return groups


def end(groups: set[int], mark: str) -> None:
    """Tell them to end, and end them if they do not."""
    left = {pid for pid in groups if signal_group(pid, signal.SIGTERM)}
    strays = signal_marked(mark, signal.SIGTERM)
    until = time.monotonic() + GRACE
    while (left or strays) and time.monotonic() < until:
        time.sleep(LOOK)
        left = {pid for pid in left if signal_group(pid, 0)}
        strays = bool(marked(mark))
    for pid in left:
        signal_group(pid, KILL)
    kill_marked(mark)


if __name__ == "__main__":
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    end(watch(sys.stdin.buffer), sys.argv[1])
