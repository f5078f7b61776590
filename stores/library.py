"""Definitions in the folders of whoever runs the hub: looked at when somebody asks, read when they are new or changed.

What is told of a file is its name within its folder, never a path of this machine.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property, partial
from os import stat_result
from os.path import exists, isdir, realpath
from pathlib import Path
from stat import S_ISREG
from typing import Generic, NamedTuple, TypeVar

import hub
from hub.domain.errors import Busy, Invalid, NotFound, Refused
from hub.domain.model import Instant, Value, instant
from hub.domain.skills import SKILL, Skill, SkillFile
from hub.domain.specialists import Specialist
from hub.ports import Shelf
from stores.definitions import LARGEST, Broken, decoded, skill, specialist
from stores.skill_folders import files_in, install

BUNDLED = Path(hub.__file__).parent / "specialists"
IN_REPOSITORY = (".agents/skills", ".claude/skills", ".opencode/skills", "skills")
MOST = 500
"""Files of a folder."""
PATIENCE = 5.0
"""Seconds: a folder may be on a machine that does not answer."""
PATIENCE_WRITING = 30.0

T = TypeVar("T")
D = TypeVar("D", bound=Value)
Parse = Callable[[str, str, Instant], D]
"""From a file's text, its name and when it was changed. Raises Broken."""
Stamp = tuple[int, int, int]


class FileLibrary:
    """A Library. Files are looked at in one thread of its own: one that does not come back holds up nothing else."""

    def __init__(self, specialists: Sequence[Path], skills: Sequence[Path]) -> None:
        """The folders, the strongest first."""
        self._specialist_folders, self._skill_folders = specialists, skills
        self._bundled = Reader[Specialist](partial(specialist, source="bundled"))
        self._own = Reader[Specialist](partial(specialist, source="file"))
        self._skills = Reader[Skill](lambda text, _, __: skill(text))

    async def specialists(self, own: bool) -> Shelf[Specialist]:
        return await self._apart(partial(self._read_specialists, own))

    async def skills(self, repository: str | None, own: bool = True) -> Shelf[Skill]:
        return await self._apart(partial(self._read_skills, repository, own))

    @property
    def skills_folder(self) -> Path | None:
        return self._skill_folders[0] if self._skill_folders else None

    async def skill_files(self, repository: str, name: str) -> Sequence[SkillFile]:
        return await self._apart(partial(self._read_files, repository, name))

    async def install_skill(self, files: Sequence[SkillFile], replace: bool) -> Skill:
        if self.skills_folder is None:
            raise Refused("This hub has no folder for skills. Its operator names one with TRIVIUM_SKILLS.")
        return await self._apart(partial(install, self.skills_folder, files, replace), PATIENCE_WRITING)

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, "library")

    async def _apart(self, work: Callable[[], T], patience: float | None = None) -> T:
        patience = patience or PATIENCE
        try:
            async with asyncio.timeout(patience):
                return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except TimeoutError:
            raise Busy(f"The files were not read within {patience:g} seconds. Try again.") from None

    def _read_specialists(self, own: bool) -> Shelf[Specialist]:
        shelves = _Shelves[Specialist](lambda one: one.id)
        folders = self._specialist_folders if own else ()
        for folder in folders:
            shelves.add(self._own, folder, _definitions, folders)
        shelves.add(self._bundled, BUNDLED, _definitions, (BUNDLED,))
        return shelves.together()

    def _read_skills(self, repository: str | None, own: bool) -> Shelf[Skill]:
        shelves = _Shelves[Skill](lambda one: one.name)
        for folder in self._skill_folders if own else ():
            shelves.add(self._skills, folder, _skill_files, self._skill_folders)
        if repository is not None:
            root = _root(repository)
            for inner in IN_REPOSITORY:
                shelves.add(self._skills, root / inner, _skill_files, (root,))
        return shelves.together()

    def _read_files(self, repository: str, name: str) -> Sequence[SkillFile]:
        """Of the one that `_read_skills` finds by this name."""
        root = _root(repository)
        within = (Path(realpath(root)),)
        for inner in IN_REPOSITORY:
            for path in sorted(_skill_files(root / inner)) if isdir(root / inner) else ():
                with suppress(Broken, OSError):
                    if self._skills.read(path, within).name == name:
                        return files_in(Path(realpath(path)).parent)
        raise NotFound("skill", name)


class Known(NamedTuple, Generic[D]):
    stamp: Stamp
    definition: D | str
    """Or why it is none."""


class Reader(Generic[D]):
    """What files define, each parsed once for every change of it."""

    def __init__(self, parse: Parse[D]) -> None:
        self._parse = parse
        self._known: dict[Path, Known[D]] = {}

    def read(self, path: Path, within: Sequence[Path]) -> D:
        """`within` are the folders, without links, that a link may lead into. Raises Broken, OSError."""
        real = Path(realpath(path))
        if not any(real.is_relative_to(folder) for folder in within):
            raise Broken("It is a link that leads out of its folder.")
        found = real.stat()
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        known = self._known.get(path)
        if known is None or known.stamp != stamp:
            if len(self._known) >= MOST * 4:
                self._known.clear()
            known = self._known[path] = Known(stamp, self._parsed(real, path.name, found))
        if isinstance(known.definition, str):
            raise Broken(known.definition)
        return known.definition

    def _parsed(self, path: Path, name: str, found: stat_result) -> D | str:
        try:
            changed = instant(datetime.fromtimestamp(found.st_mtime, UTC))
            return self._parse(_text(path, found), name, changed)
        except Broken as broken:
            return str(broken)


class _Shelves(Generic[D]):
    """Folders one behind the other: of two definitions with one id the first one counts."""

    def __init__(self, id_of: Callable[[D], str]) -> None:
        self._id_of = id_of
        self._found: dict[str, D] = {}
        self._problems: list[str] = []

    def add(self, reader: Reader[D], folder: Path, list_: Callable[[Path], Iterator[Path]], within: Sequence[Path]) -> None:
        here: dict[str, str] = {}
        roots = [Path(realpath(one)) for one in within]
        for number, path in enumerate(self._listed(folder, list_)):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            if number == MOST:
                self._problems.append(f"{name}: The files from here on are not read: a folder may have {MOST}.")
                break
            try:
                definition = reader.read(path, roots)
                id_ = self._id_of(definition)
                if id_ in here:
                    raise Broken(f"{id_!r} is defined in {here[id_]} already. Give one of them another id.")
            except Broken as broken:
                self._problems.append(f"{name}: {broken}")
            except OSError as error:
                self._problems.append(f"{name}: It cannot be read: {error.strerror}.")
            else:
                here[id_] = name
                self._found.setdefault(id_, definition)

    def _listed(self, folder: Path, list_: Callable[[Path], Iterator[Path]]) -> list[Path]:
        try:
            return sorted(list_(folder))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self._problems.append(f"{folder.name}: The folder cannot be read: {error.strerror}.")
            return []

    def together(self) -> Shelf[D]:
        return Shelf(self._found, tuple(self._problems))


def _root(repository: str) -> Path:
    root = Path(repository)
    if not (root.is_absolute() and isdir(root)):
        raise Invalid("repository: there is no such folder. Give the absolute path of one on the hub's machine.")
    return root


def _definitions(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.suffix in (".md", ".yaml", ".yml") and not path.name.startswith("."))


def _skill_files(folder: Path) -> Iterator[Path]:
    return (path / SKILL for path in folder.iterdir() if not path.name.startswith(".") and exists(path / SKILL))


def _text(path: Path, found: stat_result) -> str:
    if not S_ISREG(found.st_mode):
        raise Broken("It is no file.")
    with path.open("rb") as file:
        return decoded(file.read(LARGEST + 1))
