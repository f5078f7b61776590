"""What the hub reads of repositories on GitHub."""

import re

from hub.domain.model import Value

PLACE = re.compile(r"(?:https?://|ssh://git@|git@)(?:www\.)?github\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?")


class Issue(Value):
    id: str
    number: int
    title: str
    body: str | None = None
    url: str
    state: str
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    updated_at: str


class Pull(Issue):
    draft: bool = False
    merged_at: str | None = None
    head_ref: str
    base_ref: str


class RepositoryFile(Value):
    path: str
    sha: str
    """Of its content."""
    size: int


def repository_of(url: str | None) -> str | None:
    """`owner/name`, for the address of a repository on GitHub."""
    found = PLACE.fullmatch(url or "")
    return f"{found[1]}/{found[2]}" if found else None
