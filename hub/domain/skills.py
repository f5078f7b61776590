"""A skill is a folder with instructions for one sort of work, in the Agent Skills format. It is read from files and never stored."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.domain.errors import Invalid
from hub.domain.model import Value

SKILL = "SKILL.md"
MOST_FILES = 200
LARGEST_SKILL = 5_000_000
"""Bytes of all its files."""
PART = re.compile(r"[^\x00-\x1f\x7f/\\:*?\"<>|]{1,200}")
"""Of a path, on every system."""


class SkillEntry(Value):
    """What tells whether to read it."""

    name: str
    description: str
    short_description: str | None = None
    license: str | None = None
    compatibility: str | None = None
    """What it needs: a product, programs, the network."""


class Skill(SkillEntry):
    metadata: dict[str, str] = {}
    content: str
    """The instructions, Markdown."""

    @property
    def entry(self) -> SkillEntry:
        return SkillEntry.trusted(**{name: getattr(self, name) for name in SkillEntry.model_fields})


class CatalogSkill(Value):
    """One that could be installed."""

    name: str
    installed: bool = False
    """The hub has one of this name."""
    slug: str | None = None
    source: str | None = None
    """Its repository on GitHub, as owner/name."""
    installs: int | None = None


class SkillFile(NamedTuple):
    path: str
    """Below the skill's folder, with / between its parts."""
    content: bytes


def expect_path(path: str) -> None:
    """That it stays below the folder that it is put into, and is a file's name everywhere. Raises Invalid."""
    for part in path.split("/"):
        if not PART.fullmatch(part) or part[-1] in ". ":
            raise Invalid(f"{path[:200]!r} is no path of a file in a skill. Give names with / between them, without .. and the like.")


def expect_files(files: Sequence[SkillFile]) -> None:
    """That a folder may consist of these. Raises Invalid."""
    if len(files) > MOST_FILES or sum(len(file.content) for file in files) > LARGEST_SKILL:
        raise too_large()
    for file in files:
        expect_path(file.path)
    paths = {file.path.casefold() for file in files}
    if len(paths) < len(files):
        raise Invalid("Two files of the skill have one name on systems that do not tell capitals apart. Rename one of them.")
    if any(path.startswith(f"{other}/") for path in paths for other in paths):
        raise Invalid("The skill has a file and a folder of one name. Rename one of them.")


def too_large() -> Invalid:
    return Invalid(f"A skill may have {MOST_FILES} files, and {LARGEST_SKILL} bytes in them. Leave out what its work does not need.")


def folders_of_skills(paths: Iterable[str], within: str | None) -> dict[str, str]:
    """By its name each folder with a SKILL.md among these files: those directly in `within`, or all. Of two with one name the one that is
    nearer to the top.
    """
    found: dict[str, str] = {}
    for path in sorted(paths, key=lambda one: (one.count("/"), one)):
        folder, _, file = path.rpartition("/")
        parent, _, name = folder.rpartition("/")
        if file == SKILL and name and within in (None, parent):
            found.setdefault(name, folder)
    return found
