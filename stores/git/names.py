"""Names of files as callers give them: within the working tree, and nothing but names."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from hub.domain.errors import Invalid


def checked(files: Sequence[str]) -> list[str]:
    """Without a slash at the end. Git itself refuses what lies beyond a symbolic link. Raises Invalid."""
    return [_checked(name) for name in files]


def _checked(name: str) -> str:
    parts = PurePosixPath(name).parts
    if not name or name.startswith("/") or "\0" in name or ".." in parts or any(part.lower() == ".git" for part in parts):
        raise Invalid(f"files: {name[:120]!r} is no file of the working tree. Name it from the repository's top, like src/main.py.")
    return name.rstrip("/")
