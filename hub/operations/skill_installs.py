"""Installing skills in the hub's own folder of them: out of an archive, of a folder of its machine, or of a repository that is cloned."""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Annotated

from pydantic import Field

from hub.access import LOCAL_TENANT
from hub.domain.clones import source_of
from hub.domain.errors import Forbidden, Invalid, NotFound, Refused, Upstream
from hub.domain.skill_archives import unpacked
from hub.domain.skills import SkillFile
from hub.operations.base import Call, Id, Mutation, Name, Operation, Result
from hub.operations.clones import CloneRepository, begin_clone, clone_repository
from hub.operations.skills import expect_folders_read
from hub.ports import Library

FilesOf = Callable[[str], Awaitable[Sequence[SkillFile]]]
"""By a skill's name."""
GOES_ON = "It is still being cloned: clone_skills again, with timeoutSeconds, waits for it."


class InstallSkillArchive(Mutation):
    archive: Annotated[str, Field(min_length=1, max_length=8_000_000)]
    """A zip archive of the skill's folder, in base64."""
    replace: bool = False
    """Put it in the place of an installed one of its name."""


class ImportSkills(Mutation):
    repository: Name
    """A folder of the hub's machine, as an absolute path."""
    names: Annotated[tuple[Id, ...], Field(max_length=100)] = ()
    """Of the skills to install; left out: all of them."""
    replace: bool = False
    """Put them in the place of installed ones of their names."""


class CloneSkills(CloneRepository):
    """Cloning again brings the clone and the skills up to date."""


class InstalledSkills(Result):
    success: bool
    """At least one is installed."""
    installed: tuple[str, ...]
    errors: tuple[str, ...] = ()
    """A line for each one that is not: why, and what to do."""
    dest: str
    """The folder that they are in, on the hub's machine."""
    message: str


class ImportedSkills(Result):
    success: bool
    imported: tuple[str, ...] = ()
    count: int = 0
    errors: tuple[str, ...] | None = None
    """A line for each one that is not imported: why, and what to do."""
    repo_path: str
    """Where they come from, on the hub's machine; empty while it is still being cloned."""
    source: str
    error: str | None = None


async def install_skill_archive(given: InstallSkillArchive, call: Call) -> InstalledSkills:
    """Install a skill from a zip archive of its folder, with SKILL.md in it. Agents are told of it from then on: read it before, as you
    would a program. list_skills shows it.
    """
    library = own_library(call)
    try:
        archive = b64decode(given.archive, validate=True)
    except ValueError:
        raise Invalid("archive: it must be a zip archive in base64.") from None
    skill = await library.install_skill(await asyncio.to_thread(unpacked, archive), given.replace)
    return installed_of(library, [skill.name], [])


async def import_skills(given: ImportSkills, call: Call) -> InstalledSkills:
    """Install the skills of a folder of the hub's machine, like a repository with .claude/skills. list_skills with own=false shows them."""
    expect_folders_read(call)
    library = own_library(call)
    names = given.names or await _names_in(given.repository, library)
    return installed_of(library, *await install_each(names, _reader(given.repository, library), given.replace, library))


async def begin_skills(given: CloneSkills, call: Call) -> None:
    own_library(call)
    await begin_clone(given, call)


async def clone_skills(given: CloneSkills, call: Call) -> ImportedSkills:
    """Clone a git repository to the hub's machine and install the skills in it, in the place of those with their names. It answers at once,
    or waits for up to timeoutSeconds; while the clone goes on, success is false: call it again.
    """
    library, source = own_library(call), source_of(given.url).name
    cloned = await clone_repository(given, call)
    if not cloned.path:
        return ImportedSkills(success=False, repo_path="", source=source, error=cloned.error or GOES_ON)
    if cloned.existed:
        await (await call.repository(cloned.path)).history.pull(None, None, call.terms)
    if not (names := await _names_in(cloned.path, library)):
        raise NotFound("skill in the repository", source)
    installed, errors = await install_each(names, _reader(cloned.path, library), True, library)
    return ImportedSkills(
        success=bool(installed), imported=tuple(installed), count=len(installed), errors=tuple(errors) or None, repo_path=cloned.path,
        source=source, error=None if installed else errors[0],
    )  # fmt: skip


async def install_each(names: Iterable[str], files_of: FilesOf, replace: bool, library: Library) -> tuple[list[str], list[str]]:
    """The names of those that are installed, and a line for each of the others: one that fails does not stop them."""
    installed, errors = list[str](), list[str]()
    for name in names:
        try:
            installed.append((await library.install_skill(await files_of(name), replace)).name)
        except (Invalid, NotFound, Refused, Upstream) as error:
            errors.append(f"{name}: {error.message}")
    return installed, errors


def installed_of(library: Library, installed: Sequence[str], errors: Sequence[str]) -> InstalledSkills:
    told = f"Installed: {', '.join(installed)}." if installed else "No skill was installed."
    return InstalledSkills(
        success=bool(installed), installed=tuple(installed), errors=tuple(errors), dest=str(library.skills_folder), message=told
    )  # fmt: skip


def own_library(call: Call) -> Library:
    """That skills can be installed in. Raises Forbidden, Refused."""
    if call.caller.tenant != LOCAL_TENANT:
        raise Forbidden("The skills of this hub are its own tenant's.")
    if call.library is None or call.library.skills_folder is None:
        raise Refused("This hub has no folder for skills. Its operator names one with TRIVIUM_SKILLS.")
    return call.library


async def _names_in(repository: str, library: Library) -> Sequence[str]:
    return sorted((await library.skills(repository, own=False)).found)


def _reader(repository: str, library: Library) -> FilesOf:
    async def files_of(name: str) -> Sequence[SkillFile]:
        return await library.skill_files(repository, name)

    return files_of


OPERATIONS = (
    Operation(install_skill_archive, "skills.write", writes=True, destructive=True),
    Operation(import_skills, "skills.write", writes=True, destructive=True),
    Operation(clone_skills, "skills.write", writes=True, destructive=True, repeatable=True, waits=True, first=begin_skills),
)
