"""Standard streams that are closed, full or broken off."""

import asyncio

import pytest

from tests.cli.conftest import PATIENCE, Done, Trivium


async def _in_shell(trivium: Trivium, line: str) -> Done:
    """`trivium` in the line is the command."""
    trivium.environ["LINE"] = 'trivium() { "$PYTHON" -m hub.cli "$@"; }; ' + line
    code = "import os, sys; os.environ['PYTHON'] = sys.executable; os.execlp('sh', 'sh', '-c', os.environ['LINE'])"
    process = await trivium.python("-c", code)
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate(b"")
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["tasks list", "mcp"])
async def test_a_stream_that_is_closed_is_an_empty_one(trivium: Trivium, command: str, closed: str) -> None:
    done = await _in_shell(trivium, f"trivium {command} {closed}")
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("command", ["tasks list", "tasks --help", "call list_tasks", "call get_task", "export -", "doctor --port 0"])
async def test_output_that_cannot_be_written_is_one_line(trivium: Trivium, command: str) -> None:
    await trivium.json("call", "get_health")
    done = await _in_shell(trivium, f"trivium {command} >/dev/full")
    assert (done.code, done.err) == (1, "error: cannot write the output: No space left on device\n")


async def test_a_reader_that_has_enough_is_no_error(trivium: Trivium) -> None:
    done = await _in_shell(trivium, "trivium call list_tasks | true; trivium call --help | head -n 1")
    assert done.err == ""
