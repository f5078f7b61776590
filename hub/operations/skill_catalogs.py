"""Skills that others offer: those in a repository on GitHub, and those that the public catalogue skills.sh finds."""

import asyncio
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field

from hub.access import LOCAL_TENANT
from hub.domain.errors import Invalid, NotFound, Upstream
from hub.domain.github import RepositoryFile
from hub.domain.model import Value
from hub.domain.skills import LARGEST_SKILL, MOST_FILES, CatalogSkill, SkillFile, folders_of_skills, too_large
from hub.operations.base import Call, Id, Input, Mutation, Operation, Result
from hub.operations.skill_installs import InstalledSkills, install_each, installed_of, own_library
from hub.ports import Json

CatalogType = Literal["skillssh", "github"]
GitHubName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,99}/[A-Za-z0-9._-]{0,99}[A-Za-z0-9_-]$")]
"""owner/name"""
Ref = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$")]
"""A branch, a tag or a commit."""
SHORTEST = 2
"""Characters that the catalogue looks for."""
AT_ONCE = 4
"""Files that are asked for at a time."""
PATIENCE = 120.0
"""Seconds for the files of a skill."""


class Place(Input):
    repo: GitHubName = "openai/skills"
    """A repository on GitHub, as owner/name."""
    path: Annotated[str, Field(max_length=400)] = "skills/.curated"
    """The folder in it whose folders are the skills."""
    ref: Ref = "HEAD"


class ListSkillCatalog(Place):
    type: CatalogType = "skillssh"
    """github: the skills in a folder of a repository; skillssh: what skills.sh finds."""
    q: Annotated[str, Field(max_length=200)] = ""
    """What skills.sh looks for, at least two letters."""
    limit: Annotated[int, Field(ge=1, le=100)] = 30


class FoundSkill(Value):
    """One that skills.sh found."""

    name: Id
    source: GitHubName


class InstallSkills(Place, Mutation):
    type: CatalogType = "skillssh"
    skills: Annotated[tuple[Id | FoundSkill, ...], Field(min_length=1, max_length=50)]
    """Names of skills in the folder; of those that skills.sh found name and source."""


class SkillCatalog(Result):
    type: CatalogType
    skills: tuple[CatalogSkill, ...]
    query: str | None = None
    count: int | None = None
    repo: str | None = None
    path: str | None = None
    ref: str | None = None


async def list_skill_catalog(given: ListSkillCatalog, call: Call) -> SkillCatalog:
    """List skills that install_skills can install: those in a repository on GitHub, or what skills.sh finds. Where skills.sh does not
    answer, give type=github and a repo.
    """
    had = (await call.library.skills(None)).found if call.library and call.caller.tenant == LOCAL_TENANT else {}
    if given.type == "github":
        folders = await GithubRepository(given.repo, given.ref, call).skills(_folder(given.path))
        found: Sequence[CatalogSkill] = [CatalogSkill(name=name) for name in sorted(folders)]
        about: Json = {"repo": given.repo, "path": given.path, "ref": given.ref}
    else:
        found = await call.elsewhere().skills.search(given.q, given.limit) if len(given.q) >= SHORTEST else ()
        about = {"query": given.q, "count": len(found)}
    skills = tuple(one.model_copy(update={"installed": one.name in had}) for one in found)
    return SkillCatalog.model_validate({"type": given.type, "skills": skills, **about})


async def install_skills(given: InstallSkills, call: Call) -> InstalledSkills:
    """Install skills that list_skill_catalog shows, from GitHub. Agents are told of them from then on: read them before, as you would a
    program. One that is installed already is left as it is.
    """
    library = own_library(call)
    repositories: dict[str, GithubRepository] = {}
    places: dict[str, tuple[GithubRepository, str | None]] = {}
    for one in given.skills:
        if isinstance(one, str) and given.type == "skillssh":
            raise Invalid("skills: of what skills.sh found, give name and source of each one.")
        name, repo, within = (one, given.repo, _folder(given.path)) if isinstance(one, str) else (one.name, one.source, None)
        places[name] = repositories.setdefault(repo, GithubRepository(repo, given.ref, call)), within

    async def files_of(name: str) -> Sequence[SkillFile]:
        repository, within = places[name]
        return await repository.skill(name, within)

    return installed_of(library, *await install_each(places, files_of, False, library))


class GithubRepository:
    """On GitHub. Its files are listed once, and read when a skill consists of them."""

    def __init__(self, name: str, ref: str, call: Call) -> None:
        upstreams = call.elsewhere()
        self._name, self._ref, self._github = name, ref, upstreams.github
        self._token = upstreams.github_token if call.caller.tenant == LOCAL_TENANT else None
        self._listed: Sequence[RepositoryFile] | None = None

    async def skills(self, within: str | None) -> dict[str, str]:
        """By its name the folder of each one. Raises NotFound, Upstream."""
        return folders_of_skills((file.path for file in await self._files()), within)

    async def skill(self, name: str, within: str | None) -> list[SkillFile]:
        """Raises NotFound, Invalid, Upstream."""
        folder = (await self.skills(within)).get(name)
        if folder is None:
            raise NotFound(f"skill in {self._name}", name)
        wanted = [file for file in await self._files() if file.path.startswith(f"{folder}/")]
        if len(wanted) > MOST_FILES or sum(file.size for file in wanted) > LARGEST_SKILL:
            raise too_large()
        turns = asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.gather(*(self._read(file, len(folder) + 1, turns) for file in wanted))
        except TimeoutError:
            raise Upstream(f"GitHub did not send all its files within {PATIENCE:g} seconds. Try clone_skills.") from None

    async def _read(self, file: RepositoryFile, beginning: int, turns: asyncio.Semaphore) -> SkillFile:
        async with turns:
            return SkillFile(file.path[beginning:], await self._github.content(self._name, file.sha, self._token))

    async def _files(self) -> Sequence[RepositoryFile]:
        if self._listed is None:
            self._listed = await self._github.files(self._name, self._ref, self._token)
        return self._listed


def _folder(path: str) -> str:
    """As GitHub writes it."""
    return PurePosixPath(path.strip("/")).as_posix() if path.strip("/.") else ""


OPERATIONS = (
    Operation(list_skill_catalog, "skills.read"),
    Operation(install_skills, "skills.write", writes=True),
)
