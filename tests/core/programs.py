"""Real little programs in a folder of the test's own, which is all of the PATH that a hub looks at."""

import os
from pathlib import Path

from hub.programs import PathPrograms

SHELL_PATH = "/usr/bin:/bin"
"""Where the scripts' own interpreter and its tools are."""


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def add(self, name: str, script: str = "echo 1.2.3") -> Path:
        program = self.path / name
        program.write_text(f"#!/bin/sh\nPATH={SHELL_PATH}\n{script}\n")
        program.chmod(0o755)
        return program

    def replace(self, name: str, script: str) -> None:
        """As a package manager does it: another file, with the old one's time of change."""
        at = (self.path / name).stat().st_mtime_ns
        os.utime(self.add(f"{name}.new", script), ns=(at, at))
        (self.path / f"{name}.new").rename(self.path / name)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def programs_in(folder: Folder, clock: Clock | None = None, patience: float = 5.0) -> PathPrograms:
    return PathPrograms({"PATH": str(folder.path)}, clock or Clock(), patience)


def running(pid: int) -> bool:
    """A zombie, which the machine has still to clear away, does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
