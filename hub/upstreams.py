"""Other servers that operations ask: what they are asked, and what they answer.

Every method raises Upstream when the server fails or refuses, and Forbidden when this hub does not call it.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from hub.domain.github import Issue, Pull
from hub.domain.registry_entries import RegistryEntry
from hub.domain.webhooks import GithubHook

IssueState = Literal["open", "closed", "all"]


class Registered(NamedTuple):
    """What the ACP registry holds."""

    version: str
    entries: Sequence[RegistryEntry]
    problem: str | None = None
    """Why it could not be asked just now: these are from before then, or none."""


class AgentRegistry(Protocol):
    """The public registry of agents that speak ACP."""

    async def entries(self, fresh: bool = False) -> Registered:
        """Kept for an hour, unless `fresh` is wanted. Never raises: without an answer it says why, and what it knew."""


class GitHub(Protocol):
    """`repository` is `owner/name`. Without a token only what is public answers, and not often."""

    async def issues(self, repository: str, state: IssueState, token: str | None) -> Sequence[Issue]:
        """Those that are no pull requests, the newest first, at most 100."""

    async def pulls(self, repository: str, state: IssueState, token: str | None) -> Sequence[Pull]:
        """The newest first, at most 100."""

    async def hooks(self, repository: str, token: str) -> Sequence[GithubHook]: ...

    async def create_hook(self, repository: str, token: str, url: str, secret: str, events: Sequence[str]) -> GithubHook: ...

    async def delete_hook(self, repository: str, token: str, hook_id: int) -> None:
        """Raises NotFound."""


class Upstreams(NamedTuple):
    registry: AgentRegistry
    github: GitHub
