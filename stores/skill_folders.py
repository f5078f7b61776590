"""Folders of skills: the files in one, and a new one put beside the others, whole or not at all."""

import os
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from shutil import rmtree

from hub.domain.errors import Duplicate, Invalid, Refused
from hub.domain.skills import LARGEST_SKILL, MOST_FILES, SKILL, Skill, SkillFile, expect_files, too_large
from stores.definitions import Broken, decoded, skill

NOT_TAKEN = (".git", "node_modules", "__pycache__")
"""Folders that are no part of a skill."""


def files_in(folder: Path) -> list[SkillFile]:
    """Without links: they may lead anywhere. Raises Invalid, OSError."""
    files: list[SkillFile] = []
    left = LARGEST_SKILL
    for place, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if name not in NOT_TAKEN)
        for path in (Path(place, name) for name in sorted(names)):
            if path.is_symlink() or not path.is_file():
                continue
            with path.open("rb") as file:
                content = file.read(left + 1)
            left -= len(content)
            files.append(SkillFile(path.relative_to(folder).as_posix(), content))
            if left < 0 or len(files) > MOST_FILES:
                raise too_large()
    return files


def install(folder: Path, files: Sequence[SkillFile], replace: bool) -> Skill:
    """Its folder is called as the skill calls itself. Nothing in it can be run: agents give scripts to their interpreters.

    Raises Invalid, Duplicate, Refused.
    """
    expect_files(files)
    made = _defined(files)
    target = folder / made.name
    new = folder / f".{made.name}-{token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _expect_room(target, replace)
        try:
            _write(new, files)
            _put(new, target)
        finally:
            rmtree(new, ignore_errors=True)
    except OSError as error:
        raise Refused(f"The skill {made.name!r} cannot be written: {error.strerror}. Its operator looks at the folder of skills.") from None
    return made


def _defined(files: Sequence[SkillFile]) -> Skill:
    raw = next((file.content for file in files if file.path == SKILL), None)
    if raw is None:
        raise Invalid(f"A skill has a file {SKILL} at the top of its folder.")
    try:
        return skill(decoded(raw))
    except Broken as broken:
        raise Invalid(f"{SKILL}: {broken}") from None


def _expect_room(target: Path, replace: bool) -> None:
    if target.is_symlink():
        raise Refused(f"The skill {target.name!r} is a link in the hub's folder of skills: change the folder that it leads to.")
    if target.exists() and not replace:
        raise Duplicate(f"The skill {target.name!r} is installed already. Give replace=true to put this one in its place.")


def _write(folder: Path, files: Sequence[SkillFile]) -> None:
    folder.mkdir()
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


def _put(new: Path, target: Path) -> None:
    """What was there goes aside first: a folder with files in it cannot be replaced in one step."""
    old = new.with_name(f"{new.name}-old")
    if not target.exists():
        new.rename(target)
        return
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise
    rmtree(old, ignore_errors=True)
