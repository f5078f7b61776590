"""Names of files as callers give them: within the working tree, and nothing but names."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from hub.domain.errors import Invalid

LONGEST = 200_000
"""Characters: a program takes no more arguments than its system allows."""


def checked(files: Sequence[str]) -> list[str]:
    """Without a slash at the end. Git itself refuses what lies beyond a symbolic link. Raises Invalid."""
    if sum(map(len, files)) > LONGEST:
        raise Invalid(f"files: these names are longer than {LONGEST} characters together. Name folders instead, or . for all.")
    return [_checked(name) for name in files]


def _checked(name: str) -> str:
    parts = PurePosixPath(name).parts
    if not name or name.startswith("/") or "\0" in name or ".." in parts or any(part.lower() == ".git" for part in parts):
        raise Invalid(f"files: {name[:120]!r} is no file of the working tree. Name it from the repository's top, like src/main.py.")
    return name.rstrip("/")
