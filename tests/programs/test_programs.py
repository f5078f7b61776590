"""A program as a stream of messages: what it says and is told, how it ends, and what it cannot do to its hub."""

import asyncio
import os
import stat
from contextlib import suppress
from pathlib import Path

import anyio
import orjson
import pytest

from hub.ports import Json
from protocols import programs
from protocols.jsonrpc.peer import Closed, Peer
from protocols.processes import CannotStart, end_processes
from protocols.programs import Program
from tests.jsonrpc.conftest import Answers
from tests.programs.conftest import Start, gone, taken
from tests.programs.texts import DEAF, ECHO, STUBBORN, STUBBORN_FAMILY


async def every(program: Program) -> list[bytes]:
    """Until it ends."""
    lines: list[bytes] = []
    with anyio.fail_after(20), suppress(Closed):
        async for line in program.receive():
            lines.append(line)  # noqa: PERF401 (a comprehension would be lost with the exception)
    assert program.ending
    return lines


async def flood(program: Program, message: bytes) -> None:
    while True:
        await program.send(message)


async def test_messages_go_both_ways_in_order(start: Start) -> None:
    program = await start(ECHO)
    sent = [orjson.dumps({"n": n, "text": "é" * n}) for n in range(1000)]

    async def send() -> None:
        for message in sent:
            await program.send(message)

    sending = asyncio.create_task(send())
    heard: list[bytes] = []
    with anyio.fail_after(10):
        async for line in program.receive():
            heard.append(line)
            if len(heard) == len(sent):
                break
        await sending
    assert heard == sent


async def test_what_it_said_last_is_heard_before_its_end(start: Start) -> None:
    program = await start("import sys; print('\\n\\na\\nb', end=''); sys.exit('it broke')")
    assert await every(program) == [b"a", b"b"]
    assert program.ending == "ended with status 1. It said: it broke"
    with pytest.raises(Closed, match="ended with status 1"):
        await program.send(b"late")


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("", "ended with status 0, and said nothing"),
        ("import os; os.kill(os.getpid(), 9)", "ended with signal 9, and said nothing"),
    ],
)
async def test_how_it_ended_is_told(start: Start, text: str, ending: str) -> None:
    program = await start(text)
    await every(program)
    assert program.ending == ending


# uvloop leaves a program a second descriptor of each of its pipes, so there they stay open until it ends.
@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_one_that_closed_its_output_is_over(start: Start) -> None:
    program = await start("import os, signal; os.close(1); signal.pause()")
    await every(program)
    assert program.ending == "closed its output, and said nothing"


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_one_that_closed_its_input_is_told_nothing_more(start: Start) -> None:
    program = await start("import os, signal; os.close(0); print('closed', flush=True); signal.pause()")
    await taken(program)
    with anyio.fail_after(5), pytest.raises(Closed, match="has closed its input"):
        await flood(program, b"{}")


async def test_secrets_show_nowhere(start: Start) -> None:
    secrets = ["hush-0123", "hush-0123-and-more", "abc"]
    program = await start("import sys; sys.exit('it is ' + sys.argv[1] + ' abc')", "hush-0123-and-more", secrets=secrets)
    await every(program)
    assert program.said == "it is •••• abc"
    assert "hush" not in str(program.ending)


async def test_a_secret_whose_beginning_is_lost_does_not_show(start: Start) -> None:
    secret = "0123456789" * 10
    program = await start(f"import sys; sys.exit(sys.argv[1] + 'é' * {(programs.KEPT - 50) // 2 - 1})", secret, secrets=[secret])
    await every(program)
    assert set(program.said) == {"é"}


async def test_its_environment_is_the_one_that_is_given(start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OF_THE_HUB", "1")
    shown = "import os; print(' '.join(sorted(os.environ)), os.getcwd(), os.getsid(0) == os.getpid(), flush=True)"
    program = await start(shown, env={"MINE": "1", "LC_ALL": "C.UTF-8"}, cwd=tmp_path)
    assert (await taken(program)).decode() == f"LC_ALL MINE PATH PROGRAM_OF_HUB PYTHONPATH {tmp_path} True"


@pytest.mark.parametrize("command", ["there-is-no-such-program", "/no/such/program"])
async def test_a_program_that_is_not_there_cannot_be_started(command: str) -> None:
    with pytest.raises(CannotStart, match="there is no program"):
        await Program.start(command, [], env={"PATH": os.environ["PATH"]})


async def test_what_cannot_be_started_says_why_in_one_line(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_text("#!/bin/sh\n")
    file.chmod(stat.S_IRUSR)
    for where in (file, tmp_path):
        with pytest.raises(CannotStart, match="Permission denied"):
            await Program.start(str(where), [], env={})
    for args, env in ((["\0"], {}), ([], {"A": "\0"})):
        with pytest.raises(CannotStart, match="not usable"):
            await start(ECHO, *args, env=env)
    with pytest.raises(CannotStart, match="there is no folder"):
        await start(ECHO, cwd=tmp_path / "none")


async def test_one_that_reads_its_input_ends_with_it(start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("protocols.processes.GRACE", 10)
    program = await start(f"{ECHO}\nopen(sys.argv[1], 'w')", str(tmp_path / "the end"))
    with anyio.fail_after(8):
        await program.close()
        await program.close()
    assert (tmp_path / "the end").exists()
    assert program.ending == "was ended by the hub"
    with pytest.raises(Closed, match="was ended by the hub"):
        await program.send(b"late")


@pytest.mark.parametrize("text", [DEAF, STUBBORN])
async def test_one_that_does_not_want_to_end_is_ended_and_waited_for(start: Start, text: str) -> None:
    program = await start(text)
    await taken(program)
    await program.close()
    assert not Path(f"/proc/{program.pid}").exists()


@pytest.mark.parametrize("how", ["closed", "cancelled", "at once"])
async def test_its_children_end_with_it_wherever_they_are(start: Start, how: str) -> None:
    program = await start(STUBBORN_FAMILY)
    pids = [int(pid) for pid in (await taken(program)).split()]
    assert pids[0] == program.pid
    if how == "at once":
        end_processes()
    else:
        closing = asyncio.create_task(program.close())
        await anyio.lowlevel.checkpoint()
        if how == "cancelled":
            closing.cancel()
    await gone(*pids)


async def test_what_it_leaves_behind_in_its_group_ends_when_it_ends_by_itself(start: Start) -> None:
    program = await start(f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]).pid, flush=True)")
    pid, *_ = await every(program)
    await gone(int(pid))


async def test_a_message_of_fifty_megabytes_goes_both_ways(start: Start) -> None:
    program = await start("import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line); sys.stdout.buffer.flush()")
    message = b"x" * 50_000_000
    with anyio.fail_after(20):
        sending = asyncio.create_task(program.send(message))
        assert await taken(program) == message
        await sending


async def test_a_message_that_is_too_long_ends_the_stream(start: Start) -> None:
    program = await start("print('first', flush=True)\nwhile True: print('x' * 100_000, end='')", longest=1_000_000)
    assert await every(program) == [b"first"]
    assert program.ending == "sent a message of more than 1000000 bytes"


async def test_one_that_says_more_than_is_taken_waits_and_nothing_is_lost(start: Start) -> None:
    program = await start("import sys\nfor n in range(50_000): print(f'{n:>1000}')")
    lines = 0
    with anyio.fail_after(60), suppress(Closed):
        async for line in program.receive():
            assert int(line) == lines
            lines += 1
            if lines <= 200:
                for _ in range(100):
                    await anyio.lowlevel.checkpoint()
            if lines == 200:
                written = int(Path(f"/proc/{program.pid}/io").read_text().split()[3])
                assert written < 10 * programs.UNTAKEN
    assert program.ending == "ended with status 0, and said nothing"
    assert lines == 50_000


async def test_what_it_said_before_it_ended_waits_for_a_slow_reader(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "UNTAKEN", 1000)
    monkeypatch.setattr(programs, "LAST_WORDS", 0.1)
    text = "import sys; print('x' * 2000, flush=True); sys.stderr.write('full'); sys.stderr.flush(); input(); print('y\\n' * 10_000)"
    program = await start(text)
    with anyio.fail_after(10):
        while program.said != "full":
            await anyio.lowlevel.checkpoint()
    await program.send(b"")
    await gone(program.pid)
    await anyio.sleep(2 * programs.LAST_WORDS)
    assert await every(program) == [b"x" * 2000, *[b"y"] * 10_000]
    assert program.ending == "ended with status 0. It said: full"


async def test_one_that_does_not_read_holds_its_senders_up(start: Start) -> None:
    program = await start(DEAF)
    await taken(program)
    sent = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            while True:
                await program.send(b"x" * 100_000)
                sent += 100_000
    assert 0 < sent < 2 * programs.UNREAD
    assert not program.put(b"{}")
    sending = asyncio.create_task(program.send(b"{}"))
    await anyio.lowlevel.checkpoint()
    closing = asyncio.create_task(program.close())
    with pytest.raises(Closed, match="ended by the hub"):
        await sending
    await closing


async def test_a_flood_on_standard_error_holds_nothing_up(start: Start) -> None:
    program = await start("import sys\nfor n in range(100_000): sys.stderr.write('noise ' * 20)\nprint('done', flush=True); input()")
    assert await taken(program) == b"done"
    assert 0 < len(program.said) <= programs.KEPT


async def test_noise_among_its_messages_disturbs_no_conversation(start: Start) -> None:
    text = """
import json, sys
print("Welcome!", flush=True)
for line in sys.stdin:
    id_ = json.loads(line)["id"]
    sys.stdout.buffer.write(b"\\xff noise\\n\\n[1]\\n" + json.dumps({"jsonrpc": "2.0", "id": id_, "result": id_}).encode() + b"\\r\\n")
    sys.stdout.buffer.flush()
"""
    program = await start(text)
    peer = Peer(program, Answers())
    running = asyncio.create_task(peer.run())
    with anyio.fail_after(10):
        assert await asyncio.gather(*(peer.request("a", {}) for _ in range(100))) == list(range(1, 101))
        await peer.close()
        await running
    assert peer.ignored == 201
    await gone(program.pid)


async def test_the_end_of_a_program_fails_what_it_was_asked_with_its_last_words(start: Start) -> None:
    program = await start("import sys; input(); sys.exit('no key')")
    peer = Peer(program, Answers())
    running = asyncio.create_task(peer.run())
    with anyio.fail_after(10):
        with pytest.raises(Closed, match=r"status 1.+no key"):
            await peer.request("initialize", {})
        await running


async def test_a_flood_of_ten_thousand_notifications_is_handled_in_order(start: Start) -> None:
    text = "import json\nfor n in range(10_000): print(json.dumps({'jsonrpc': '2.0', 'method': 'u', 'params': {'n': n}}))"
    program, served = await start(text), Answers()
    with anyio.fail_after(20):
        await Peer(program, served).run()
    told: list[Json] = [params for _, params in served.told]
    assert [params["n"] for params in told] == list(range(10_000))
