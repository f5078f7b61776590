"""A skill in a zip archive, which may come from anybody."""

import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from stat import S_ISLNK
from zipfile import BadZipFile, ZipFile, ZipInfo

from hub.domain.errors import Invalid
from hub.domain.skills import LARGEST_SKILL, MOST_FILES, SKILL, SkillFile, expect_path, too_large

ENCRYPTED = 0x1
"""Of an entry's flags."""


def unpacked(archive: bytes) -> list[SkillFile]:
    """The files of the one skill in it, whatever the folder is called in which they lie. Raises Invalid."""
    try:
        with ZipFile(BytesIO(archive)) as opened:
            entries = [one for one in opened.infolist() if not (one.is_dir() or one.filename.startswith("__MACOSX/"))]
            for entry in entries:
                _expect_plain(entry)
            top = _top([entry.filename for entry in entries])
            return [*_read(opened, [entry for entry in entries if entry.filename.startswith(top)], len(top))]
    except (BadZipFile, NotImplementedError, EOFError, zlib.error, ValueError):
        raise Invalid("This is no zip archive that can be read. Make one of the skill's folder: zip -r skill.zip FOLDER") from None


def _expect_plain(entry: ZipInfo) -> None:
    expect_path(entry.filename)
    if S_ISLNK(entry.external_attr >> 16):
        raise Invalid(f"{entry.filename!r} is a link. An archive of a skill has files only.")
    if entry.flag_bits & ENCRYPTED:
        raise Invalid("The archive is encrypted. Make one without a password.")


def _top(names: Sequence[str]) -> str:
    """The folder of the skill, with the / behind it; empty: its files lie at the top."""
    tops = [name.removesuffix(SKILL) for name in names if name == SKILL or name.endswith(f"/{SKILL}")]
    if not tops:
        raise Invalid(f"There is no {SKILL} in the archive. Pack the folder in which it lies.")
    least = min(top.count("/") for top in tops)
    highest = [top for top in tops if top.count("/") == least]
    if len(highest) > 1:
        raise Invalid(f"The archive has {len(highest)} skills. Send each one alone.")
    return highest[0]


def _read(opened: ZipFile, entries: Sequence[ZipInfo], top: int) -> Iterator[SkillFile]:
    """What an entry says of its size is not believed: no more is unpacked than a skill may have."""
    if len(entries) > MOST_FILES:
        raise too_large()
    left = LARGEST_SKILL
    for entry in entries:
        with opened.open(entry) as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise too_large()
        yield SkillFile(entry.filename[top:], content)
