"""The programs of this machine: where they are found, what they say of themselves, and what they learn of the hub's environment."""

from pathlib import Path

import anyio
import pytest

from hub.programs import PathPrograms, environment
from tests.core.programs import Clock, Folder, programs_in, running


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "bin")


async def test_a_program_is_found_by_its_name_on_the_path_or_by_its_whole_path(folder: Folder) -> None:
    path = folder.add("agent")
    (folder.path / "notes.txt").write_text("no program")
    (folder.path / "folder").mkdir()
    found = await programs_in(folder).find(["agent", str(path), "notes.txt", "folder", "nothing", "sh", "", "a\0b"])
    assert {name: program.path for name, program in found.items()} == {"agent": str(path), str(path): str(path)}


async def test_without_a_path_nothing_is_found(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.add("agent")
    monkeypatch.setenv("PATH", str(folder.path))
    assert await PathPrograms({}).find(["agent"]) == {}


async def test_a_look_at_the_path_holds_for_some_seconds(folder: Folder) -> None:
    clock = Clock()
    programs = programs_in(folder, clock)
    assert await programs.find(["agent"]) == {}
    folder.add("agent")
    clock.now += 4.9
    assert await programs.find(["agent"]) == {}
    clock.now += 0.2
    assert [*await programs.find(["agent"])] == ["agent"]


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ("echo 1.18.33", "1.18.33"), ("echo agent, version 2.0.0-rc.1+7 '(abc)'", "2.0.0-rc.1+7"), ("echo v2.1 >&2", "2.1"),
        ("echo hello", None), ("exit 3", None), ("echo 7.1; exit 3", "7.1"), ("printf '\\377 1.0'", "1.0"), ("kill -9 $$", None),
        ("yes | head -c 100000; echo 1.2.3", None), ("yes 3.4", "3.4"), ("read line && echo 1.2.3", None),
        ('[ "$1" = "--version" ] && echo 5.5', "5.5"),
    ],
)  # fmt: skip
async def test_a_program_says_its_version(folder: Folder, script: str, version: str | None) -> None:
    folder.add("agent", script)
    programs = programs_in(folder)
    program = (await programs.find(["agent"]))["agent"]
    with anyio.fail_after(5):
        assert await programs.version(program, ["--version"]) == version


async def test_what_is_no_program_after_all_has_no_version(folder: Folder) -> None:
    broken = folder.path / "agent"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    programs = programs_in(folder)
    assert await programs.version((await programs.find(["agent"]))["agent"], ["--version"]) is None


async def test_a_program_is_asked_once_until_its_file_is_another_one(folder: Folder) -> None:
    asked = folder.path / "asked"
    folder.add("agent", f"echo x >> {asked}; echo 1.0")
    clock = Clock()
    programs = programs_in(folder, clock)
    program = (await programs.find(["agent"]))["agent"]
    assert programs.known_version(program, ["--version"]) is None
    async with anyio.create_task_group() as several:
        for _ in range(20):
            several.start_soon(programs.version, program, ["--version"])
    assert programs.known_version(program, ["--version"]) == "1.0"
    assert asked.read_text() == "x\n"
    folder.replace("agent", "echo 2.0")
    clock.now += 6
    program = (await programs.find(["agent"]))["agent"]
    assert await programs.version(program, ["--version"]) == "2.0"


async def test_a_program_that_does_not_end_is_killed_with_all_that_it_started(folder: Folder, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    folder.add("agent", f"sleep 600 & echo $! > {pids}; echo $$ >> {pids}; echo 1.0; sleep 600")
    programs = programs_in(folder, patience=0.5)
    with anyio.fail_after(5):
        assert await programs.version((await programs.find(["agent"]))["agent"], ["--version"]) == "1.0"
        for pid in pids.read_text().split():
            while running(int(pid)):
                await anyio.lowlevel.checkpoint()


HUBS = {
    "TRIVIUM_SECRET_KEY": "s", "TRIVIUM_TOKEN": "t", "DATABASE_URL": "postgresql://u:p@h/d", "ROUTA_DB_PATH": "x", "PGPASSWORD": "p",
    "AWS_SECRET_ACCESS_KEY": "a", "OPENAI_API_KEY": "o", "PYTHONPATH": "p", "VIRTUAL_ENV": "v", "LD_PRELOAD": "l",
}  # fmt: skip
HARMLESS = {
    "PATH": "/bin", "HOME": "/h", "USER": "u", "LOGNAME": "u", "SHELL": "/bin/sh", "TERM": "xterm", "LANG": "C", "LC_ALL": "C", "TZ": "UTC",
    "TMPDIR": "/tmp", "XDG_CONFIG_HOME": "/h/.config", "HTTPS_PROXY": "http://proxy", "no_proxy": "a", "NODE_EXTRA_CA_CERTS": "/ca",
    "SSL_CERT_FILE": "/ca",
}  # fmt: skip


def test_a_program_inherits_what_everybody_does_and_what_it_names() -> None:
    assert environment((), {}, HUBS | HARMLESS) == HARMLESS
    assert environment(["OPENAI_API_KEY", "ABSENT"], {}, HUBS | HARMLESS) == HARMLESS | {"OPENAI_API_KEY": "o"}
    assert environment([], {"PATH": "/other", "NEW": "n"}, HARMLESS) == HARMLESS | {"PATH": "/other", "NEW": "n"}


def test_what_is_the_hubs_alone_is_inherited_by_nobody_who_names_it() -> None:
    assert environment([*HUBS], {}, HUBS).keys() == {"AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "PYTHONPATH", "VIRTUAL_ENV", "LD_PRELOAD"}
    assert environment([], {"TRIVIUM_TOKEN": "its own"}, HUBS) == {"TRIVIUM_TOKEN": "its own"}


async def test_a_program_that_is_asked_for_its_version_learns_nothing_of_the_hub(folder: Folder, tmp_path: Path) -> None:
    folder.add("agent", f"env > {tmp_path / 'env'}")
    programs = PathPrograms(HUBS | {"PATH": str(folder.path), "HOME": "/h"})
    await programs.version((await programs.find(["agent"]))["agent"], ["--version"])
    told = {line.partition("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    assert "HOME" in told
    assert not told & HUBS.keys()
