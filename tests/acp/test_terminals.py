"""terminal/*: commands of an agent, their output and their end, and that nothing of them stays."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from protocols.acp import terminals as module
from protocols.acp.terminals import KEPT, MOST_KEPT, Terminals
from protocols.guard import HUB
from protocols.processes import RUNNING, end_processes, start
from protocols.strays import MARKER, marked
from tests.acp.support import BUSY, CONFLICT, INVALID_PARAMS, RESOURCE_NOT_FOUND, refused
from tests.protocols.upstreams.running import alive

PAUSE = "import signal; signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('begun', flush=True); {PAUSE}"
FAMILY = f"""
import os, subprocess, sys
children = [
    subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], stdout=subprocess.PIPE, start_new_session=apart) for apart in (False, True)
]
for child in children:
    child.stdout.readline()
print(os.getpid(), *(child.pid for child in children), flush=True)
"""
"""It, a child in its group, and one in a session of its own: the children do not end when they are told to."""

UNTIL_HELD_UP = """
import os, select
os.set_blocking(1, False)
written = 0
while written < 50_000_000:
    if not select.select([], [1], [], 1.0)[1]:
        raise SystemExit(0)
    written += os.write(1, b"x" * 4_096)
raise SystemExit(1)
"""


@pytest.fixture
async def terminals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Terminals]:
    monkeypatch.setattr("protocols.processes.GRACE", 0.3)
    made = Terminals([tmp_path], {"PATH": os.environ["PATH"]})
    yield made
    with anyio.fail_after(20):
        await made.close()


async def create(terminals: Terminals, command: str, *args: str, **more: Any) -> str:
    params = {"sessionId": "s", "command": command, **({"args": [*args]} if args else {}), **more}
    return str((await terminals.create(params))["terminalId"])


async def python(terminals: Terminals, text: str, **more: Any) -> str:
    return await create(terminals, sys.executable, "-c", text, **more)


async def exit_of(terminals: Terminals, id_: str) -> dict[str, Any]:
    with anyio.fail_after(20):
        return await terminals.wait_for_exit({"terminalId": id_})


async def output_of(terminals: Terminals, id_: str) -> dict[str, Any]:
    return await terminals.output({"terminalId": id_})


async def said(terminals: Terminals, command: str, *args: str, **more: Any) -> str:
    """All that a command says until it ends well."""
    id_ = await create(terminals, command, *args, **more)
    ended, output = await exit_of(terminals, id_), await output_of(terminals, id_)
    assert ended == output["exitStatus"] == {"exitCode": 0, "signal": None}, output
    return str(output["output"])


async def line_of(terminals: Terminals, id_: str) -> str:
    """The first line of one that goes on."""
    with anyio.fail_after(20):
        while "\n" not in (answer := await output_of(terminals, id_))["output"]:
            await anyio.lowlevel.checkpoint()
    assert "exitStatus" not in answer
    return str(answer["output"])


async def gone(*pids: int) -> None:
    with anyio.fail_after(10):
        while any(map(alive, pids)):
            await anyio.lowlevel.checkpoint()


async def test_a_command_runs_in_the_working_directory_with_its_arguments_as_they_are(terminals: Terminals, tmp_path: Path) -> None:
    assert await said(terminals, "pwd") == f"{tmp_path}\n"
    assert await said(terminals, "printf", "%s|", "a b", "$HOME", "*", ";ls", "") == "a b|$HOME|*|;ls||"


async def test_output_and_errors_come_in_the_order_in_which_they_were_said(terminals: Terminals) -> None:
    text = "import os\nfor n in range(200): os.write(1 + n % 2, b'%d ' % n)"
    assert await said(terminals, sys.executable, "-c", text) == "".join(f"{n} " for n in range(200))


async def test_how_a_command_ended_is_told(terminals: Terminals) -> None:
    for text, wanted in (
        ("raise SystemExit(7)", {"exitCode": 7, "signal": None}),
        ("import os; os.kill(os.getpid(), 11)", {"exitCode": None, "signal": "SIGSEGV"}),
        ("import os; os.kill(os.getpid(), 40)", {"exitCode": None, "signal": "40"}),
    ):
        id_ = await python(terminals, text)
        assert await exit_of(terminals, id_) == wanted
        assert await exit_of(terminals, id_) == wanted


async def test_output_can_be_read_while_the_command_runs(terminals: Terminals) -> None:
    id_ = await python(terminals, f"print('begun', flush=True); {PAUSE}")
    assert await line_of(terminals, id_) == "begun\n"


async def test_a_command_has_the_given_environment_and_what_the_agent_adds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIVIUM_SECRET_KEY", "hush")
    terminals = Terminals([tmp_path], {"PATH": os.environ["PATH"], "BASE": "1", "BOTH": "1"})
    variables = [{"name": "BOTH", "value": "a=b\nc"}, {"name": MARKER, "value": "another"}]
    shown = await said(terminals, sys.executable, "-c", "import os; print(dict(os.environ))", env=variables)
    assert "'BASE': '1'" in shown
    assert "'BOTH': 'a=b\\nc'" in shown
    assert "hush" not in shown
    assert "another" not in shown
    await terminals.close()


async def test_nothing_waits_for_input(terminals: Terminals) -> None:
    assert await said(terminals, "cat") == ""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("echo one && echo two | tr a-z A-Z", "one\nTWO\n"),
        ("echo $((1+1));pwd>/dev/null", "2\n"),
        ("X=1;echo $X", "1\n"),
        ("for n in 1 2; do echo $n; done", "1\n2\n"),
        ("echo " + "long" * 1000, "long" * 1000 + "\n"),
    ],
)
async def test_a_command_without_arguments_may_be_a_line_for_the_shell(terminals: Terminals, line: str, wanted: str) -> None:
    assert await said(terminals, line) == wanted
    assert await said(terminals, line, args=[]) == wanted


async def test_a_line_with_arguments_is_no_line(terminals: Terminals, tmp_path: Path) -> None:
    await refused(terminals.create({"command": "touch made;", "args": ["x"]}), INVALID_PARAMS)
    assert not [*tmp_path.iterdir()]


async def test_a_file_with_a_blank_in_its_name_is_no_line(terminals: Terminals, tmp_path: Path) -> None:
    script = tmp_path / "my tool"
    script.write_text("#!/bin/sh\necho mine\n")
    script.chmod(0o755)
    assert await said(terminals, str(script)) == "mine\n"
    assert await said(terminals, "./my tool") == "mine\n"


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "command"),
        ({"command": ""}, "command"),
        ({"command": "nosuchprogram"}, "nosuchprogram"),
        ({"command": "/nosuchprogram", "args": ["x"]}, "nosuchprogram"),
        ({"command": "ec\0ho"}, "not usable"),
        ({"command": "echo", "args": ["a\0b"]}, "not usable"),
        ({"command": "echo", "args": "x"}, "args"),
        ({"command": "echo", "env": [{"name": "A=B", "value": ""}]}, "env.0.name"),
        ({"command": "echo", "env": [{"name": "A", "value": "\0"}]}, "not usable"),
        ({"command": "echo", "outputByteLimit": -1}, "outputByteLimit"),
        ({"command": "echo", "cwd": "relative"}, "relative"),
        ({"command": "echo", "cwd": "/"}, "outside of the session's folders"),
    ],
)
async def test_what_cannot_run_is_told(terminals: Terminals, params: dict[str, Any], told: str) -> None:
    assert told in await refused(terminals.create(params), INVALID_PARAMS)


async def test_a_command_starts_in_a_folder_of_the_session(terminals: Terminals, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "out").symlink_to("/")
    (tmp_path / "file").touch()
    assert await said(terminals, "pwd", cwd=str(tmp_path / "inner")) == f"{tmp_path}/inner\n"
    for folder, told in (("out", "outside"), ("out/tmp", "outside"), ("..", "outside"), ("file", "no folder"), ("none", "no folder")):
        assert told in await refused(terminals.create({"command": "pwd", "cwd": f"{tmp_path}/{folder}"}), INVALID_PARAMS)


async def test_the_end_of_the_output_is_kept_and_no_character_is_cut(terminals: Terminals) -> None:
    print_it = "import sys; sys.stdout.buffer.write('aé€🙂'.encode() * 2)"  # 1 + 2 + 3 + 4 bytes, twice
    kept = {0: "", 1: "", 3: "", 4: "🙂", 6: "🙂", 7: "€🙂", 10: "aé€🙂", 19: "é€🙂aé€🙂"}
    for limit, wanted in kept.items():
        id_ = await python(terminals, print_it, outputByteLimit=limit)
        await exit_of(terminals, id_)
        answer = await output_of(terminals, id_)
        assert (answer["output"], answer["truncated"]) == (wanted, True)
        await terminals.release({"terminalId": id_})
    id_ = await python(terminals, print_it, outputByteLimit=20)
    await exit_of(terminals, id_)
    assert not (await output_of(terminals, id_))["truncated"]


async def test_characters_that_come_in_parts_are_put_together_and_what_is_no_text_is_replaced(terminals: Terminals, tmp_path: Path) -> None:
    first, rest = "🙂".encode()[:2], "🙂".encode()[2:]
    text = (
        f"import os\nos.write(1, b'a\\n' + {first!r})\nwhile not os.path.exists('go'): pass\nos.write(1, {rest + bytes([255]) + first!r})"
    )
    id_ = await python(terminals, text)
    assert await line_of(terminals, id_) == "a\n"
    (tmp_path / "go").touch()
    await exit_of(terminals, id_)
    assert (await output_of(terminals, id_))["output"] == "a\n🙂\ufffd\ufffd"


@pytest.mark.parametrize(("limit", "kept"), [(None, KEPT), (10**12, MOST_KEPT)])
async def test_more_than_the_most_is_never_kept(terminals: Terminals, limit: int | None, kept: int) -> None:
    id_ = await python(terminals, "print('x' * 11_000_000)", outputByteLimit=limit)
    await exit_of(terminals, id_)
    answer = await output_of(terminals, id_)
    assert len(answer["output"]) == kept
    assert answer["truncated"]
    assert answer["output"].endswith("x\n")


async def test_a_command_that_floods_waits_while_the_hub_does_other_things(terminals: Terminals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 3_600)
    id_ = await python(terminals, UNTIL_HELD_UP)
    assert (await exit_of(terminals, id_))["exitCode"] == 0


async def test_a_command_that_floods_goes_on(terminals: Terminals) -> None:
    id_ = await python(terminals, UNTIL_HELD_UP)
    assert (await exit_of(terminals, id_))["exitCode"] == 1


async def test_a_command_that_does_not_want_to_end_is_ended_and_its_output_stays(terminals: Terminals) -> None:
    id_ = await python(terminals, STUBBORN)
    await line_of(terminals, id_)
    with anyio.fail_after(10):
        assert await terminals.kill({"terminalId": id_}) == {}
    assert await output_of(terminals, id_) == {
        "output": "begun\n",
        "truncated": False,
        "exitStatus": {"exitCode": None, "signal": "SIGKILL"},
    }
    assert await terminals.kill({"terminalId": id_}) == {}


async def test_a_command_is_told_to_end_first(terminals: Terminals) -> None:
    polite = f"import signal; signal.signal(15, lambda *_: exit(3)); print('begun', flush=True); {PAUSE}"
    id_ = await python(terminals, polite)
    await line_of(terminals, id_)
    await terminals.kill({"terminalId": id_})
    assert await exit_of(terminals, id_) == {"exitCode": 3, "signal": None}


async def test_a_kill_that_nobody_waits_for_any_more_goes_on(terminals: Terminals) -> None:
    id_ = await python(terminals, STUBBORN)
    await line_of(terminals, id_)
    killing = asyncio.create_task(terminals.kill({"terminalId": id_}))
    await anyio.lowlevel.checkpoint()
    killing.cancel()
    assert (await exit_of(terminals, id_))["signal"] == "SIGKILL"


async def test_who_waits_is_answered_when_the_terminal_is_released(terminals: Terminals) -> None:
    id_ = await python(terminals, f"print('begun', flush=True); {PAUSE}")
    await line_of(terminals, id_)
    waiting = asyncio.create_task(exit_of(terminals, id_))
    await anyio.lowlevel.checkpoint()
    assert await terminals.release({"terminalId": id_}) == {}
    assert await waiting == {"exitCode": None, "signal": "SIGTERM"}


async def test_a_released_terminal_is_not_there_any_more(terminals: Terminals) -> None:
    id_ = await create(terminals, "pwd")
    await terminals.release({"terminalId": id_})
    for ask in (terminals.output, terminals.wait_for_exit, terminals.kill, terminals.release):
        assert id_ in await refused(ask({"terminalId": id_}), RESOURCE_NOT_FOUND)
    assert "terminalId" in await refused(terminals.output({}), INVALID_PARAMS)


async def test_a_command_ends_with_all_that_it_has_started(terminals: Terminals) -> None:
    id_ = await python(terminals, FAMILY + PAUSE)
    family = [*map(int, (await line_of(terminals, id_)).split())]
    with anyio.fail_after(10):
        await terminals.release({"terminalId": id_})
    await gone(*family)


async def test_what_a_command_leaves_behind_ends_with_it_and_what_has_hidden_ends_with_the_terminal(terminals: Terminals) -> None:
    id_ = await python(terminals, FAMILY)
    assert (await exit_of(terminals, id_))["exitCode"] == 0
    _, child, hidden = map(int, (await output_of(terminals, id_))["output"].split())
    await gone(child)
    assert alive(hidden)
    await terminals.release({"terminalId": id_})
    await gone(hidden)


async def test_the_end_of_a_command_is_told_although_something_holds_its_output_open(terminals: Terminals) -> None:
    hide = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {PAUSE!r}], start_new_session=True).pid)"
    id_ = await python(terminals, hide)
    assert (await exit_of(terminals, id_))["exitCode"] == 0
    hidden = int((await output_of(terminals, id_))["output"])
    assert alive(hidden)
    await terminals.close()
    await gone(hidden)


async def test_a_session_has_so_many_terminals_and_no_more(terminals: Terminals) -> None:
    together = await asyncio.gather(*(terminals.create({"command": "pwd"}) for _ in range(33)), return_exceptions=True)
    ids = [one["terminalId"] for one in together if isinstance(one, dict)]
    assert len({*ids}) == 32
    assert "Release one" in await refused(terminals.create({"command": "pwd"}), BUSY)
    await exit_of(terminals, ids[0])
    await terminals.release({"terminalId": ids[0]})
    assert await said(terminals, "echo", "again") == "again\n"


async def test_what_could_not_start_takes_no_place(tmp_path: Path) -> None:
    terminals = Terminals([tmp_path], {"PATH": os.environ["PATH"]}, most=1)
    for _ in range(3):
        await refused(terminals.create({"command": "nosuchprogram"}), INVALID_PARAMS)
    assert await said(terminals, "echo", "x") == "x\n"
    await terminals.close()


async def test_a_session_that_ends_ends_its_commands_also_those_that_are_just_starting(terminals: Terminals) -> None:
    id_ = await python(terminals, FAMILY + PAUSE)
    family = [*map(int, (await line_of(terminals, id_)).split())]
    starting = asyncio.create_task(terminals.create({"command": "sleep", "args": ["3600"]}))
    await anyio.lowlevel.checkpoint()
    with anyio.fail_after(10):
        await terminals.close()
        await refused(starting, CONFLICT)
    await gone(*family)
    await refused(terminals.create({"command": "pwd"}), CONFLICT)
    assert not RUNNING


@pytest.mark.parametrize("steps", range(7))
async def test_a_create_that_nobody_waits_for_any_more_leaves_nothing_running(
    terminals: Terminals, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def noticed(*args: Any, **options: Any) -> Any:
        begun.set()
        return await start(*args, **options)

    monkeypatch.setattr(module, "start", noticed)
    starting = asyncio.create_task(terminals.create({"command": "sleep", "args": ["3600"]}))
    with anyio.fail_after(10):
        await begun.wait()
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        if not starting.cancelled():
            await terminals.release(starting.result())
        while RUNNING or marked(f"{HUB}."):
            await anyio.lowlevel.checkpoint()


async def test_a_hub_that_ends_at_once_takes_its_commands_with_it(terminals: Terminals) -> None:
    id_ = await python(terminals, FAMILY + PAUSE)
    family = [*map(int, (await line_of(terminals, id_)).split())]
    end_processes()
    await gone(*family)
