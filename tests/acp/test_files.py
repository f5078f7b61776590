"""fs/read_text_file and fs/write_text_file: only what lies in the session's folders, whatever links say, and all or nothing."""

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from hub.domain.errors import Refused
from protocols.acp import files as module
from protocols.acp.files import LONGEST_READ, LONGEST_WRITE, Files
from protocols.acp.roots import Place, Roots
from tests.acp.support import CONFLICT, INTERNAL_ERROR, INVALID_PARAMS, RESOURCE_NOT_FOUND, refused

SECRET = "what nobody may see"


async def nobody_minds(path: str) -> None: ...


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text(SECRET)
    return folder


@pytest.fixture
def files(cwd: Path) -> Files:
    return Files([cwd], nobody_minds)


async def read(files: Files, path: Path | str, **more: Any) -> str:
    return str((await files.read({"sessionId": "s", "path": str(path), **more}))["content"])


async def write(files: Files, path: Path | str, content: str) -> None:
    assert await files.write({"sessionId": "s", "path": str(path), "content": content}) == {}


async def unwritten(files: Files, path: Path | str, code: int, content: str = "x") -> str:
    return await refused(files.write({"path": str(path), "content": content}), code)


async def unread(files: Files, path: Path | str, code: int, **more: Any) -> str:
    return await refused(files.read({"path": str(path), **more}), code)


async def test_what_was_written_is_read(files: Files, cwd: Path) -> None:
    for content in ("", "one\r\ntwo\n", "no end of line", "é€🙂\ufeff\n"):
        await write(files, cwd / "a.txt", content)
        assert await read(files, cwd / "a.txt") == content


@pytest.mark.parametrize(
    ("line", "limit", "wanted"),
    [
        (None, None, "one\ntwo\nthree"),
        (0, None, "one\ntwo\nthree"),
        (1, 1, "one\n"),
        (2, None, "two\nthree"),
        (2, 1, "two\n"),
        (3, 9, "three"),
        (None, 2, "one\ntwo\n"),
        (2, 0, ""),
        (9, 0, ""),
    ],
)
async def test_a_part_is_read_by_lines(files: Files, cwd: Path, line: int | None, limit: int | None, wanted: str) -> None:
    (cwd / "a.txt").write_text("one\ntwo\nthree")
    assert await read(files, cwd / "a.txt", line=line, limit=limit) == wanted


async def test_the_line_after_the_last_is_empty_and_the_next_one_is_an_error(files: Files, cwd: Path) -> None:
    (cwd / "a.txt").write_text("one\ntwo\n")
    assert await read(files, cwd / "a.txt", line=3) == ""
    assert "no line 4" in await unread(files, cwd / "a.txt", INVALID_PARAMS, line=4)


async def test_bytes_that_are_no_text_are_replaced(files: Files, cwd: Path) -> None:
    (cwd / "a.bin").write_bytes(b"a\xff\xfeb\n\xc3")
    assert await read(files, cwd / "a.bin") == "a\ufffd\ufffdb\n\ufffd"


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "path"),
        ({"path": 7}, "path"),
        ({"path": "relative.txt"}, "relative.txt"),
        ({"path": ""}, "relative"),
        ({"path": "/a\0b"}, "characters"),
        ({"path": "/a.txt", "line": -1}, "line"),
        ({"path": "/a.txt", "limit": "5"}, "limit"),
    ],
)
async def test_bad_params_are_told_by_name(files: Files, params: dict[str, Any], told: str) -> None:
    assert told in await refused(files.read(params), INVALID_PARAMS)


async def test_what_is_written_needs_a_path_and_a_content(files: Files, cwd: Path) -> None:
    told = await refused(files.write({"content": None}), INVALID_PARAMS)
    assert "path" in told
    assert "content" in told
    assert str(cwd / "a.txt") in await unwritten(files, "a.txt", INVALID_PARAMS)


async def test_a_missing_file_is_not_found(files: Files, cwd: Path) -> None:
    for path in (cwd / "none.txt", cwd / "none" / "none.txt"):
        assert str(path) in await unread(files, path, RESOURCE_NOT_FOUND)


async def test_nothing_outside_of_the_folders_is_read_or_written(files: Files, cwd: Path, outside: Path) -> None:
    (cwd / "file").symlink_to(outside / "secret.txt")
    (cwd / "folder").symlink_to(outside)
    (cwd / "dangling").symlink_to(outside / "new.txt")
    (cwd / "twice").symlink_to(cwd / "folder")
    beside = cwd.parent / f"{cwd.name}-2"
    beside.mkdir()
    ways: list[Path | str] = [
        outside / "secret.txt",
        f"{cwd}/../outside/secret.txt",
        f"{cwd}/none/../../outside/secret.txt",
        cwd / "file",
        cwd / "folder" / "secret.txt",
        cwd / "folder" / "new" / "new.txt",
        f"{cwd}/folder/../outside/secret.txt",
        cwd / "twice" / "secret.txt",
        cwd / "dangling",
        beside / "a.txt",
        "/dev/null",
        "/",
    ]
    for way in ways:
        assert "outside of the session's folders" in await unread(files, way, INVALID_PARAMS)
        assert "outside of the session's folders" in await unwritten(files, way, INVALID_PARAMS)
    assert [path.name for path in outside.iterdir()] == ["secret.txt"]
    assert (outside / "secret.txt").read_text() == SECRET


async def test_the_answer_does_not_tell_whether_there_is_something_outside(files: Files, cwd: Path, outside: Path) -> None:
    (cwd / "folder").symlink_to(outside)
    there, not_there = [await unread(files, cwd / "folder" / name, INVALID_PARAMS) for name in ("secret.txt", "nosuch.txt")]
    assert there.replace("secret", "nosuch") == not_there
    assert str(outside) not in there


async def test_links_within_the_folders_are_followed_and_stay(files: Files, cwd: Path) -> None:
    (cwd / "real").mkdir()
    (cwd / "link").symlink_to("real")
    (cwd / "a.txt").symlink_to(cwd / "real" / "a.txt")
    await write(files, cwd / "link" / "a.txt", "one")
    assert await read(files, cwd / "a.txt") == "one"
    await write(files, cwd / "a.txt", "two")
    assert (cwd / "real" / "a.txt").read_text() == "two"
    assert (cwd / "a.txt").is_symlink()


async def test_links_without_end_are_an_error(files: Files, cwd: Path) -> None:
    (cwd / "a").symlink_to("b")
    (cwd / "b").symlink_to("a")
    for path in (cwd / "a", cwd / "a" / "c.txt"):
        assert "links without end" in await unread(files, path, INVALID_PARAMS)
        assert "links without end" in await unwritten(files, path, INVALID_PARAMS)


async def test_a_path_through_a_file_is_an_error(files: Files, cwd: Path) -> None:
    (cwd / "a.txt").touch()
    assert "through a file" in await unread(files, cwd / "a.txt" / "b.txt", INVALID_PARAMS)
    assert "through a file" in await unwritten(files, cwd / "a.txt" / "b.txt", INVALID_PARAMS)


def swapping(monkeypatch: pytest.MonkeyPatch, swap: Callable[[], object]) -> None:
    """Somebody puts a link in the place of something right after its path was resolved and found to lie inside."""
    locate = Roots.locate

    def located(roots: Roots, path: str) -> Place:
        place = locate(roots, path)
        swap()
        return place

    monkeypatch.setattr(Roots, "locate", located)


async def test_a_folder_that_becomes_a_link_leads_nowhere(files: Files, cwd: Path, outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cwd / "folder").mkdir()
    (cwd / "folder" / "secret.txt").write_text("harmless")

    def swap() -> None:
        if not (cwd / "folder").is_symlink():
            (cwd / "folder").rename(cwd / "moved")
            (cwd / "folder").symlink_to(outside)

    swapping(monkeypatch, swap)
    assert "just changed" in await unread(files, cwd / "folder" / "secret.txt", INVALID_PARAMS)
    (cwd / "folder").unlink()
    (cwd / "moved").rename(cwd / "folder")
    assert "just changed" in await unwritten(files, cwd / "folder" / "secret.txt", INVALID_PARAMS)
    assert (outside / "secret.txt").read_text() == SECRET
    assert len([*outside.iterdir()]) == 1


async def test_a_file_that_becomes_a_link_leads_nowhere(files: Files, cwd: Path, outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def swap() -> None:
        (cwd / "a.txt").unlink(missing_ok=True)
        (cwd / "a.txt").symlink_to(outside / "secret.txt")

    swapping(monkeypatch, swap)
    (cwd / "a.txt").touch()
    assert "just changed" in await unread(files, cwd / "a.txt", INVALID_PARAMS)
    (cwd / "a.txt").unlink()
    assert "just changed" in await unwritten(files, cwd / "a.txt", INVALID_PARAMS)
    assert (outside / "secret.txt").read_text() == SECRET


async def test_pipes_devices_and_folders_are_refused_at_once(files: Files, cwd: Path) -> None:
    os.mkfifo(cwd / "pipe")
    (cwd / "folder").mkdir()
    with anyio.fail_after(5):
        for path in (cwd / "pipe", cwd / "folder", cwd):
            assert "Only files" in await unread(files, path, INVALID_PARAMS)
            assert "Only files" in await unwritten(files, path, INVALID_PARAMS)
        devices = Files([Path("/dev")], nobody_minds)
        assert "Only files" in await unread(devices, "/dev/zero", INVALID_PARAMS)
        assert "Only files" in await unwritten(devices, "/dev/null", INVALID_PARAMS)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


async def test_too_much_at_once_is_an_error_that_names_line_and_limit(files: Files, cwd: Path) -> None:
    half = LONGEST_READ // 2
    (cwd / "big.txt").write_text("a" * half + "\n" + "b" * half + "\n")
    told = await unread(files, cwd / "big.txt", INVALID_PARAMS)
    assert "line and limit" in told
    assert await read(files, cwd / "big.txt", line=2, limit=1) == "b" * half + "\n"


async def test_a_huge_file_costs_no_memory_and_no_time(files: Files, cwd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(cwd / "huge.txt", "wb") as file:
        file.write(b"first\n")
        file.truncate(1 << 40)
    assert await read(files, cwd / "huge.txt", limit=1) == "first\n"
    assert "line and limit" in await unread(files, cwd / "huge.txt", INVALID_PARAMS, line=2)
    monkeypatch.setattr(module, "FARTHEST", 10_000_000)
    assert "beyond the first" in await unread(files, cwd / "huge.txt", INVALID_PARAMS, line=3)


async def test_more_than_may_be_written_is_an_error(files: Files, cwd: Path) -> None:
    assert str(LONGEST_WRITE) in await unwritten(files, cwd / "a.txt", INVALID_PARAMS, "é" * (LONGEST_WRITE // 2 + 1))
    assert not [*cwd.iterdir()]
    await write(files, cwd / "a.txt", "a" * LONGEST_WRITE)


async def test_folders_that_a_file_needs_are_made(files: Files, cwd: Path) -> None:
    await write(files, cwd / "a" / "b" / "c.txt", "x")
    assert (cwd / "a" / "b" / "c.txt").read_text() == "x"


async def test_a_file_keeps_its_mode_and_a_new_one_has_the_usual_one(files: Files, cwd: Path) -> None:
    (cwd / "run.sh").touch(0o751)
    (cwd / "run.sh").chmod(0o751)
    (cwd / "usual").touch()
    for name in ("run.sh", "new"):
        await write(files, cwd / name, "x")
    assert stat.S_IMODE((cwd / "run.sh").stat().st_mode) == 0o751
    assert (cwd / "new").stat().st_mode == (cwd / "usual").stat().st_mode


async def test_who_reads_meanwhile_sees_the_old_text_or_the_new_one(files: Files, cwd: Path) -> None:
    texts = {letter * 1_000_000 for letter in "ab"}
    await write(files, cwd / "a.txt", "a" * 1_000_000)
    seen = set()

    async def look() -> None:
        while True:
            seen.add(await read(files, cwd / "a.txt"))

    looking = asyncio.create_task(look())
    for _ in range(10):
        for text in texts:
            await write(files, cwd / "a.txt", text)
    looking.cancel()
    assert seen <= texts
    assert [path.name for path in cwd.iterdir()] == ["a.txt"]


async def test_a_write_that_fails_leaves_nothing_behind(files: Files, cwd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cwd / "a.txt").write_text("old")

    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device", "/somewhere/inside")

    monkeypatch.setattr("os.replace", full)
    told = await unwritten(files, cwd / "a.txt", INTERNAL_ERROR)
    assert "No space left" in told
    assert "inside" not in told
    assert [path.read_text() for path in cwd.iterdir()] == ["old"]


async def test_a_file_that_may_not_be_written_is_not_replaced(files: Files, cwd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cwd / "a.txt").write_text("old")
    monkeypatch.setattr("os.access", lambda *args, **options: False)  # who runs the tests may be allowed everything
    assert "Permission denied" in await unwritten(files, cwd / "a.txt", INTERNAL_ERROR)
    assert (cwd / "a.txt").read_text() == "old"


async def test_writes_that_are_asked_for_together_happen_in_order(files: Files, cwd: Path) -> None:
    for _ in range(20):
        await asyncio.gather(*(write(files, cwd / "a.txt", str(number)) for number in range(5)))
        assert (cwd / "a.txt").read_text() == "4"


async def test_what_another_agent_holds_is_not_written(cwd: Path) -> None:
    asked = []

    async def check(path: str) -> None:
        asked.append(path)
        raise Refused("Agent Ann works on src/a.py until 12:00. Take another file.")

    (cwd / "link").symlink_to("src")
    told = await unwritten(Files([cwd], check), cwd / "link" / "a.py", CONFLICT)
    assert told == "Agent Ann works on src/a.py until 12:00. Take another file."
    assert asked == ["src/a.py"]
    assert not (cwd / "src").exists()


async def test_other_folders_of_the_session_count_too(cwd: Path, outside: Path) -> None:
    asked = []

    async def check(path: str) -> None:
        asked.append(path)

    files = Files([cwd, outside], check)
    assert await read(files, outside / "secret.txt") == SECRET
    await write(files, outside / "new.txt", "x")
    assert asked == [str(outside / "new.txt")]


async def test_a_path_is_named_from_the_working_directory_where_it_lies_in_there(files: Files, cwd: Path, outside: Path) -> None:
    (cwd / "src").mkdir()
    (cwd / "link").symlink_to("src")
    (cwd / "out").symlink_to(outside)
    named = {
        str(cwd): ".",
        f"{cwd}/src/a.py": "src/a.py",
        f"{cwd}/src/../new/a.py": "new/a.py",
        "src/a.py": "src/a.py",
        f"{cwd}/link/a.py": "src/a.py",
        f"{cwd}/out/a.py": f"{outside}/a.py",
        f"{cwd}/../outside/a.py": f"{outside}/a.py",
        "a\0b": "a\0b",
    }
    assert {path: files.relative(path) for path in named} == named


async def test_a_folder_that_is_itself_behind_a_link_is_a_root(cwd: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(cwd)
    files = Files([tmp_path / "alias"], nobody_minds)
    await write(files, tmp_path / "alias" / "a.txt", "x")
    assert await read(files, cwd / "a.txt") == "x"
    assert files.relative(str(tmp_path / "alias" / "a.txt")) == "a.txt"
