"""What git asks of other machines, and the branches that it knows of there and here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from hub.addresses import Reach, host_reachable
from hub.domain.clones import Progress, Source
from hub.domain.errors import Forbidden

NOT_CALLED = "its address is one that this hub does not call; its operator allows private ones with TRIVIUM_UPSTREAMS=all"
Heard = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """On whose behalf git speaks to others."""

    own: bool
    """The hub's own tenant's: with the logins, keys and settings that git has on this machine."""
    reach: Reach


def expect_allowed(source: Source, terms: Terms) -> None:
    """As far as it shows without asking anybody: whoever connects checks what the host's name stands for. Raises Forbidden."""
    if terms.reach == "none":
        raise Forbidden("This hub calls no other servers. Ask the hub's operator for TRIVIUM_UPSTREAMS=public or all.")
    if not host_reachable(source.host, terms.reach):
        raise Forbidden(f"url: {source.host}: {NOT_CALLED}")
    if source.scheme == "http" and terms.reach != "all":
        raise Forbidden("url: over http anybody on the way can change what is cloned. Give an https address.")
    if source.scheme == "ssh" and not terms.own:
        raise Forbidden("url: over ssh git would show the keys of whoever runs this hub. Give an https address.")


class BranchNames(NamedTuple):
    current: str
    """HEAD: none is checked out."""
    local: tuple[str, ...]
    remote: tuple[str, ...]
    """Those of `origin` by their own names, those of other remotes behind the remote's."""


class Standing(NamedTuple):
    """How a working tree stands to its last commit, and its branch to the one that it follows."""

    ahead: int
    behind: int
    modified: int
    untracked: int
    """Files; those that are ignored are not counted."""


class Branches(Protocol):
    """Of a repository, and the working tree that one of them is checked out in."""

    async def names(self) -> BranchNames: ...

    async def look(self) -> tuple[BranchNames, Standing]: ...

    async def fetch(self, terms: Terms) -> None:
        """Learn what the remotes have. Raises Refused, Busy, Forbidden."""

    async def pull(self, terms: Terms) -> None:
        """Fetch, and bring the current branch to the one that it follows, if nothing of its own is in the way. Raises Refused."""

    async def check_out(self, branch: str, create: bool) -> None:
        """Local changes go along or are in the way: then it raises Refused. Raises NotFound, unless it is to be made."""

    async def delete(self, branch: str, force: bool) -> str:
        """Answers the ref that keeps its commits. Raises NotFound; Refused, for one that is checked out or, without `force`, not merged."""

    async def discard_changes(self) -> str | None:
        """Answers the ref that keeps them; None: there are none."""
