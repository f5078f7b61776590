"""A skill in a zip archive: what is taken, and what archives that mean harm are told."""

import struct
import zlib
from io import BytesIO
from stat import S_IFLNK
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from hub.domain.errors import Invalid
from hub.domain.skill_archives import unpacked
from hub.domain.skills import LARGEST_SKILL, MOST_FILES

HEAD = b"---\nname: a\ndescription: d\n---\n"


def zipped(*entries: tuple[str | ZipInfo, bytes], method: int = ZIP_DEFLATED) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w", method) as archive:
        for entry, content in entries:
            archive.writestr(entry, content)
    return made.getvalue()


def link(name: str) -> ZipInfo:
    made = ZipInfo(name)
    made.external_attr = (S_IFLNK | 0o777) << 16
    return made


def names(archive: bytes) -> set[str]:
    return {file.path for file in unpacked(archive)}


@pytest.mark.parametrize("top", ["", "tidy/", "skills-main/skills/tidy/"])
def test_the_files_of_the_folder_with_the_skill_are_taken_wherever_it_lies(top: str) -> None:
    archive = zipped((f"{top}SKILL.md", HEAD), (f"{top}scripts/a.py", b"1"), (f"{top}nested/SKILL.md", HEAD), ("__MACOSX/._a", b"?"))
    assert names(archive) == {"SKILL.md", "scripts/a.py", "nested/SKILL.md"}


def test_what_lies_beside_the_skills_folder_is_left_out() -> None:
    assert names(zipped(("README.md", b"?"), ("tidy-up/a", b"?"), ("tidy/SKILL.md", HEAD))) == {"SKILL.md"}


@pytest.mark.parametrize(
    "name",
    ["../SKILL.md", "a/../../SKILL.md", "/etc/SKILL.md", "C:/SKILL.md", "a//SKILL.md", "a/./SKILL.md", "a\\..\\SKILL.md", "a\n/SKILL.md",
     "a./SKILL.md", "x" * 201 + "/SKILL.md"],
)  # fmt: skip
def test_no_entry_leads_out_of_the_folder_or_has_a_name_that_no_file_has(name: str) -> None:
    for archive in (zipped((name, HEAD)), zipped(("tidy/SKILL.md", HEAD), (name, b"?"))):
        with pytest.raises(Invalid, match="is no path of a file"):
            unpacked(archive)


@pytest.mark.parametrize(
    ("archive", "told"),
    [
        (b"", "no zip archive"),
        (b"PK\x03\x04" + b"\0" * 100, "no zip archive"),
        (zipped(("a/SKILL.md", HEAD))[:-30], "no zip archive"),
        (zipped(("README.md", HEAD)), "There is no SKILL.md"),
        (zipped(("a/skill.md", HEAD)), "There is no SKILL.md"),
        (zipped(("a/SKILL.md", HEAD), ("b/SKILL.md", HEAD)), "has 2 skills"),
        (zipped(("a/SKILL.md", HEAD), (link("a/passwords"), b"/etc/passwd")), "is a link"),
        (zipped((link("a/SKILL.md"), b"/etc/passwd")), "is a link"),
        (zipped(("a/SKILL.md", HEAD), *((f"a/{number}", b"") for number in range(MOST_FILES))), f"may have {MOST_FILES} files"),
    ],
)  # fmt: skip
def test_what_is_no_skill_is_told_so(archive: bytes, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        unpacked(archive)


@pytest.mark.parametrize("method", [ZIP_DEFLATED, ZIP_BZIP2])
def test_a_bomb_is_not_unpacked_beyond_what_a_skill_may_have(method: int) -> None:
    bomb = zipped(("a/SKILL.md", HEAD), *((f"a/{number}", bytes(LARGEST_SKILL // 2)) for number in range(4)), method=method)
    assert len(bomb) < LARGEST_SKILL / 100
    with pytest.raises(Invalid, match=f"{LARGEST_SKILL} bytes"):
        unpacked(bomb)


def test_a_size_that_an_entry_only_claims_is_not_believed() -> None:
    """Both of its headers say 5 bytes."""
    archive = bytearray(zipped(("SKILL.md", bytes(LARGEST_SKILL * 2))))
    said = struct.pack("<L", LARGEST_SKILL * 2)
    while (at := archive.find(said)) >= 0:
        archive[at : at + 4] = struct.pack("<L", 5)
    with pytest.raises(Invalid):
        unpacked(bytes(archive))


def test_an_archive_with_a_password_and_one_that_is_damaged_are_told_of() -> None:
    archive = bytearray(zipped(("SKILL.md", HEAD * 50)))
    locked = archive.copy()
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(sign) + offset] |= 1
    with pytest.raises(Invalid, match="encrypted"):
        unpacked(bytes(locked))
    archive[45:60] = zlib.compress(b"?")[:15].ljust(15, b"?")
    with pytest.raises(Invalid, match="no zip archive"):
        unpacked(bytes(archive))
