"""Opening repositories: where they may lie, and whether they are any."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from hub.access import LOCAL_TENANT
from hub.addresses import Reach
from hub.domain.clones import Source
from hub.domain.errors import Invalid, Refused
from hub.repositories import Files
from hub.repository_remotes import Heard, Terms
from stores.git.branches import GitBranches
from stores.git.cloning import clone
from stores.git.command import Git
from stores.git.files import FolderFiles
from stores.git.histories import GitHistory
from stores.git.history import History
from stores.git.reading import Reading
from stores.git.refusals import refusing
from stores.git.uncommitted import GitUncommitted
from stores.git.worktrees import GitWorkingTrees


class GitRepository(Reading, History):
    """A Repository."""

    @property
    def branches(self) -> GitBranches:
        return GitBranches(self.path, self.git)

    @property
    def working_trees(self) -> GitWorkingTrees:
        return GitWorkingTrees(self.path, self.git)

    @property
    def uncommitted(self) -> GitUncommitted:
        return GitUncommitted(self.path, self.git)

    @property
    def history(self) -> GitHistory:
        return GitHistory(self.path, self.git)


class GitRepositories:
    """Repositories."""

    def __init__(self, environ: Mapping[str, str], folders: Sequence[Path], tenants: Path) -> None:
        """`folders`: where those of the hub's own tenant lie; none: anywhere. `tenants`: in it the folder of each other tenant."""
        self._git, self._folders, self._tenants = Git(environ), folders, tenants
        self._files = FolderFiles(self._git)

    async def open(self, path: str, tenant: str) -> GitRepository:
        folder = await asyncio.to_thread(self._resolved, path, tenant)
        with refusing("look at it"):
            return GitRepository(await self._top(folder, tenant), self._git)

    async def files(self, path: str, tenant: str) -> Files:
        folder = await asyncio.to_thread(self._resolved, path, tenant)
        return await self._files.of(folder, tenant, self._top)

    async def _top(self, folder: Path, tenant: str) -> Path:
        """Of the working tree. Git looks for it upwards, and for its data where files in it say. Raises GitFailed."""
        said = await self._git.run(folder, "rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir")
        try:
            top, common = map(Path, said.decode().splitlines())
        except ValueError:
            raise Invalid("repoPath: its name must be UTF-8, and a single line") from None
        for place in (top, common):
            await asyncio.to_thread(self._expect_allowed, place, tenant)
        return top

    async def worktree_folder(self, root: str | None, tenant: str) -> Path:
        if root is None:
            return await asyncio.to_thread((self._own(tenant) / "worktrees").resolve)
        return await asyncio.to_thread(self._placed, root, tenant, "worktreeRoot")

    def clone_path(self, clone_id: str, tenant: str) -> Path:
        own = self._folders[0] if self._folders else self._tenants.parent
        return (own if tenant == LOCAL_TENANT else self._own(tenant)) / "repositories" / clone_id

    async def clone(self, source: Source, attempt: int, tenant: str, reach: Reach, heard: Heard) -> bool:
        terms = Terms(tenant == LOCAL_TENANT, reach)
        return await clone(self._git, source, self.clone_path(source.id, tenant), attempt, terms, heard)

    def _resolved(self, path: str, tenant: str) -> Path:
        folder = self._placed(path, tenant, "repoPath")
        if not folder.is_dir():
            raise Invalid(f"repoPath: there is no folder {path!r}")
        return folder

    def _placed(self, path: str, tenant: str, name: str) -> Path:
        """Links are followed before it is looked where it lies."""
        given = Path(path).expanduser()
        if not given.is_absolute() or "\0" in path:
            raise Invalid(f"{name}: it must be an absolute path, or begin with ~/")
        folder = given.resolve()
        self._expect_allowed(folder, tenant)
        return folder

    def _own(self, tenant: str) -> Path:
        """The folder of what the hub makes for the tenant."""
        return self._tenants / quote(tenant, safe="")

    def _expect_allowed(self, folder: Path, tenant: str) -> None:
        named = self._folders if tenant == LOCAL_TENANT else ()
        allowed = () if tenant == LOCAL_TENANT and not named else (*named, self._own(tenant))
        if allowed and not any(folder.resolve().is_relative_to(one.resolve()) for one in allowed):
            raise Refused("This folder is not one in which the hub may work. Its operator names those with TRIVIUM_FOLDERS.")
