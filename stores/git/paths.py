"""Names of files as callers give them: within the working tree, and nothing but names."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from hub.domain.errors import Invalid

LONGEST = 200_000
"""Characters: a program takes no more arguments than its system allows."""


def checked(files: Sequence[str]) -> list[str]:
    """Without a slash at the end. Git itself refuses what lies beyond a symbolic link. Raises Invalid."""
    if sum(map(len, files)) > LONGEST:
        raise Invalid(f"files: these names are longer than {LONGEST} characters together. Name folders instead, or . for all.")
    for name in files:
        _parts(name, "files")
    return [name.rstrip("/") for name in files]


def inside(top: Path, path: str) -> str:
    """The path as git knows it. Links on the way to the file are followed before it is looked where it lies; git itself never follows
    one that is the file. Raises Invalid.
    """
    parts = _parts(path.replace("\\", "/") if os.name == "nt" else path, "path")
    if not parts or not (top / path).parent.resolve().is_relative_to(top):
        raise _outside(path, "path")
    return "/".join(parts)


def _parts(name: str, field: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    forbidden = not name or "\0" in name or ".." in parts or any(part.lower() == ".git" for part in parts)
    if forbidden or name.startswith("/") or Path(name).is_absolute():
        raise _outside(name, field)
    return parts


def _outside(name: str, field: str) -> Invalid:
    return Invalid(f"{field}: {name[:120]!r} is no file of the working tree. Name it from the repository's top, like src/main.py.")
