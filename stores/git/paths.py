"""Paths of files that callers give: they stay inside the working tree."""

import os
from pathlib import Path, PurePosixPath

from hub.domain.errors import Invalid

OUTSIDE = "path: it must lie in the repository, relative to its top folder, like src/main.py"


def inside(top: Path, path: str) -> str:
    """The path as git knows it. Links on the way to the file are followed before it is looked where it lies; git itself never follows
    one that is the file. Raises Invalid.
    """
    parts = PurePosixPath(path.replace("\\", "/") if os.name == "nt" else path).parts
    if not parts or path.startswith("/") or ".." in parts or any(part.lower() == ".git" for part in parts) or Path(path).is_absolute():
        raise Invalid(OUTSIDE)
    if not (top / path).parent.resolve().is_relative_to(top):
        raise Invalid(OUTSIDE)
    return "/".join(parts)
