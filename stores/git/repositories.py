"""Opening repositories: where they may lie, and whether they are any."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from hub.access import LOCAL_TENANT
from hub.addresses import Reach
from hub.domain.clones import Source
from hub.domain.errors import Invalid, Refused
from hub.repositories import Heard, Terms
from stores.git.branches import GitBranches
from stores.git.cloning import clone
from stores.git.command import Git, GitFailed


class GitRepository:
    """A Repository."""

    def __init__(self, path: Path, git: Git) -> None:
        self.path, self._git = path, git
        self.branches = GitBranches(path, git)


class GitRepositories:
    """Repositories."""

    def __init__(self, environ: Mapping[str, str], folders: Sequence[Path], tenants: Path) -> None:
        """`folders`: where those of the hub's own tenant lie; none: anywhere. `tenants`: in it the folder of each other tenant."""
        self._git, self._folders, self._tenants = Git(environ), folders, tenants

    async def open(self, path: str, tenant: str) -> GitRepository:
        folder = await asyncio.to_thread(self._resolved, path, tenant)
        try:
            said = await self._git.run(folder, "rev-parse", "--is-bare-repository", "--show-toplevel")
        except GitFailed as failure:
            raise _not_opened(path, failure) from None
        return GitRepository(Path(said.decode().splitlines()[-1]), self._git)

    def clone_path(self, clone_id: str, tenant: str) -> Path:
        if tenant != LOCAL_TENANT:
            folder = self._tenants / quote(tenant, safe="")
        else:
            folder = self._folders[0] if self._folders else self._tenants.parent
        return folder / "repositories" / clone_id

    async def clone(self, source: Source, attempt: int, tenant: str, reach: Reach, heard: Heard) -> bool:
        terms = Terms(tenant == LOCAL_TENANT, reach)
        return await clone(self._git, source, self.clone_path(source.id, tenant), attempt, terms, heard)

    def _resolved(self, path: str, tenant: str) -> Path:
        """Links are followed before it is looked where it lies."""
        given = Path(path).expanduser()
        if not given.is_absolute() or "\0" in path:
            raise Invalid("repoPath: it must be an absolute path, or begin with ~/")
        allowed = self._folders if tenant == LOCAL_TENANT else (self._tenants / quote(tenant, safe=""),)
        folder = given.resolve()
        if allowed and not any(folder.is_relative_to(one.resolve()) for one in allowed):
            raise Refused("This folder is not one in which the hub may work. Its operator names those with TRIVIUM_FOLDERS.")
        if not folder.is_dir():
            raise Invalid(f"repoPath: there is no folder {path!r}")
        return folder


def _not_opened(path: str, failure: GitFailed) -> Exception:
    if "must be run in a work tree" in failure.said:
        return Invalid(f"repoPath: {path!r} is a bare git repository, without a working tree. Name one of it: git worktree add.")
    if "dubious ownership" in failure.said:
        return Refused(f"{path!r} belongs to somebody else. Allow it with: git config --global --add safe.directory {path}")
    return Invalid(f"repoPath: {path!r} is no git repository. Make it one with: git init")
