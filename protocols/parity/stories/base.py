"""What one call of a story is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple
from zipfile import ZipFile

INTERNET = "it asks a server on the internet"
PROGRAMS = "it starts or installs programs"
OTHERS = "it would change what others have there"
ELSEWHERE = "the backend is on another machine, and has no repository to work on"


class Upload(NamedTuple):
    """A form with a file, in place of a body."""

    field: str
    file: str
    content: bytes


def zipped(name: str, text: str) -> bytes:
    """An archive with one file."""
    archive = BytesIO()
    with ZipFile(archive, "w") as target:
        target.writestr(name, text)
    return archive.getvalue()


@dataclass(frozen=True)
class Call:
    """`{name}` in its texts stands for what an earlier call kept; `{absent}` is nobody's id."""

    method: str
    url: str
    body: Any = None
    keep: Mapping[str, str] = field(default_factory=dict)
    """Names, and where in the answer each stands: `task.id`, `header mcp-session-id`; empty: the whole answer."""
    undo: str | None = None
    """The method and address that take away again what this makes."""
    headers: Mapping[str, str] = field(default_factory=dict)
    expects: int | None = None
    """The status of a call that must fail; None: it must succeed."""
    never: str | None = None
    """Why it is not made."""
    own: str | None = None
    """Why it is only made to a backend that was started for this."""
    common: bool = False
    """The answer holds what others made, too: two backends are compared by its shape alone."""


def call(operation: str, body: Any = None, **given: Any) -> Call:
    method, _, url = operation.partition(" ")
    return Call(method, url, body, **given)
