"""Other servers that operations ask: what they are asked, and what they answer.

Every method raises Upstream when the server fails or refuses, and Forbidden when this hub does not call it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from hub.domain.github import Issue, Pull, RepositoryFile
from hub.domain.registry_entries import RegistryEntry
from hub.domain.skills import CatalogSkill
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
        """Those that are no pull requests, the newest first, at most 100. An answer may be a minute old."""

    async def pulls(self, repository: str, state: IssueState, token: str | None) -> Sequence[Pull]:
        """The newest first, at most 100. An answer may be a minute old."""

    async def files(self, repository: str, ref: str, token: str | None) -> Sequence[RepositoryFile]:
        """Of a branch, a tag or a commit; links are left out. Raises NotFound."""

    async def content(self, repository: str, sha: str, token: str | None) -> bytes:
        """Of the file whose content this is."""

    async def hooks(self, repository: str, token: str) -> Sequence[GithubHook]: ...

    async def create_hook(self, repository: str, token: str, url: str, secret: str, events: Sequence[str]) -> GithubHook: ...

    async def delete_hook(self, repository: str, token: str, hook_id: int) -> None:
        """Raises NotFound."""


class SkillsCatalog(Protocol):
    """A public catalogue of skills, which lie in repositories on GitHub."""

    async def search(self, query: str, limit: int) -> Sequence[CatalogSkill]: ...


@dataclass(frozen=True, slots=True)
class Upstreams:
    registry: AgentRegistry
    github: GitHub
    skills: SkillsCatalog
    github_token: str | None = field(default=None, repr=False)
    """Of whoever runs the hub, for the hub's own tenant alone."""
