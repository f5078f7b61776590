"""Installing skills: whole or not at all, by their own names, with nothing that can be run."""

import os
from pathlib import Path

import pytest

from hub.domain.errors import Duplicate, Invalid, NotFound, Refused
from hub.domain.skills import LARGEST_SKILL, MOST_FILES, SkillFile
from stores.definitions import LARGEST
from stores.library import FileLibrary


def head(name: str = "tidy", content: str = "Tidy.") -> SkillFile:
    return SkillFile("SKILL.md", f"---\nname: {name}\ndescription: About {name}.\n---\n{content}\n".encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "config" / "skills"


@pytest.fixture
def library(folder: Path) -> FileLibrary:
    return FileLibrary([], [folder])


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


async def content(library: FileLibrary, name: str = "tidy") -> str:
    return (await library.skills(None)).found[name].content


async def test_a_skill_lies_in_a_folder_of_its_own_name_and_none_of_its_files_can_be_run(library: FileLibrary, folder: Path) -> None:
    made = await library.install_skill([head(), SkillFile("scripts/a.sh", b"#!/bin/sh"), SkillFile("data.bin", b"\xff\0")], replace=False)
    assert (made.name, await content(library)) == ("tidy", "Tidy.")
    assert everything(folder) == {"tidy", "tidy/SKILL.md", "tidy/scripts", "tidy/scripts/a.sh", "tidy/data.bin"}
    assert not os.access(folder / "tidy/scripts/a.sh", os.X_OK)
    assert (folder / "tidy/data.bin").read_bytes() == b"\xff\0"


async def test_one_that_is_there_is_replaced_whole_and_only_if_that_is_wanted(library: FileLibrary, folder: Path) -> None:
    await library.install_skill([head(), SkillFile("old.md", b"")], replace=False)
    with pytest.raises(Duplicate, match="installed already"):
        await library.install_skill([head(content="Better.")], replace=False)
    assert await content(library) == "Tidy."
    await library.install_skill([head(content="Better."), SkillFile("new.md", b"")], replace=True)
    assert await content(library) == "Better."
    assert everything(folder) == {"tidy", "tidy/SKILL.md", "tidy/new.md"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([], "has a file SKILL.md"),
        ([SkillFile("a/SKILL.md", head().content)], "has a file SKILL.md"),
        ([head("../tidy")], "SKILL.md: name"),
        ([head("Tidy Up")], "SKILL.md: name"),
        ([SkillFile("SKILL.md", b"# Tidy")], "no front matter"),
        ([SkillFile("SKILL.md", b"\xff\xfe")], "not UTF-8"),
        ([SkillFile("SKILL.md", head().content + b"x" * LARGEST)], "larger than"),
        ([head(), SkillFile("../escaped", b"")], "no path of a file"),
        ([head(), SkillFile("a", b""), SkillFile("A", b"")], "do not tell capitals apart"),
        ([head(), SkillFile("a", b""), SkillFile("a/b", b"")], "a file and a folder"),
        ([head(), *(SkillFile(f"{number}", b"") for number in range(MOST_FILES))], f"{MOST_FILES} files"),
        ([head(), SkillFile("big", bytes(LARGEST_SKILL))], f"{LARGEST_SKILL} bytes"),
    ],
)  # fmt: skip
async def test_what_is_no_skill_leaves_nothing(library: FileLibrary, folder: Path, files: list[SkillFile], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        await library.install_skill(files, replace=True)
    assert not folder.exists()


async def test_a_disk_that_fails_leaves_what_was_there(library: FileLibrary, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await library.install_skill([head()], replace=False)
    write, put = Path.write_bytes, Path.rename

    def full(path: Path, data: bytes) -> int:
        if path.name == "second":
            raise OSError(28, "No space left on device")
        return write(path, data)

    def stuck(path: Path, target: Path) -> Path:
        if target.name == "tidy" and not path.name.endswith("-old"):
            raise OSError(5, "Input/output error")
        return put(path, target)

    for name, failing, told in (("write_bytes", full, "No space"), ("rename", stuck, "Input/output error")):
        with monkeypatch.context() as broken:
            broken.setattr(Path, name, failing)
            with pytest.raises(Refused, match=told):
                await library.install_skill([head(content="Better."), SkillFile("second", b"")], replace=True)
        assert everything(folder) == {"tidy", "tidy/SKILL.md"}
        assert await content(library) == "Tidy."


async def test_a_skill_that_is_a_link_stays_what_it_is(library: FileLibrary, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder.mkdir(parents=True)
    (folder / "tidy").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="is a link"):
        await library.install_skill([head()], replace=True)
    assert everything(tmp_path / "elsewhere") == set()


async def test_a_folder_that_cannot_be_made_or_is_missing_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="cannot be written"):
        await FileLibrary([], [tmp_path / "file" / "skills"]).install_skill([head()], replace=False)
    with pytest.raises(Refused, match="TRIVIUM_SKILLS"):
        await FileLibrary([], []).install_skill([head()], replace=False)


async def test_the_files_of_a_repositorys_skill_are_all_but_links_and_what_is_no_part_of_it(library: FileLibrary, tmp_path: Path) -> None:
    inner = tmp_path / "project" / ".claude" / "skills" / "tidy"
    for name in (".git/config", "node_modules/a.js", "scripts/a.py"):
        (inner / name).parent.mkdir(parents=True, exist_ok=True)
        (inner / name).write_text("?")
    (inner / "SKILL.md").write_bytes(head().content)
    (inner / "hosts").symlink_to("/etc/hosts")
    (inner / "etc").symlink_to("/etc")
    files = await library.skill_files(str(tmp_path / "project"), "tidy")
    assert [file.path for file in files] == ["SKILL.md", "scripts/a.py"]
    assert (await library.install_skill(files, replace=False)).name == "tidy"
    with pytest.raises(NotFound):
        await library.skill_files(str(tmp_path / "project"), "untidy")
    (inner / "large").write_bytes(bytes(LARGEST_SKILL))
    with pytest.raises(Invalid, match=f"{LARGEST_SKILL} bytes"):
        await library.skill_files(str(tmp_path / "project"), "tidy")


async def test_a_skill_that_leads_out_of_its_repository_is_none_of_it(library: FileLibrary, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "SKILL.md").write_bytes(head().content)
    (tmp_path / "project" / "skills").mkdir(parents=True)
    (tmp_path / "project" / "skills" / "tidy").symlink_to(tmp_path / "outside")
    with pytest.raises(NotFound):
        await library.skill_files(str(tmp_path / "project"), "tidy")
