"""Sessions of two hubs over one database: one of them runs a session, whichever is asked, and the other one takes it over."""

import signal
from pathlib import Path

import anyio
import pytest

from hub.domain.model import later
from tests.processes.hubs import Node, serving
from tests.processes.session_agents import running, start, told

LEASE = 2


async def answer(node: Node, session_id: str, text: str) -> str:
    prompt = await node.ask("prompt_session", sessionId=session_id, prompt=text)
    while not (waited := await node.ask("wait_for_prompt", sessionId=session_id, number=prompt["number"], until="ended"))["done"]:
        pass
    return str(waited["answer"])


def runner(folder: Path) -> int:
    """The process id of the hub whose agent runs: there is one."""
    [hub] = running(folder).values()
    return hub


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)
async def test_a_session_is_run_by_one_hub_and_taken_over_when_that_is_killed(database: str, tmp_path: Path) -> None:
    with anyio.fail_after(40):
        async with serving(database, lease=LEASE) as first, serving(database, lease=LEASE) as second:
            session_id = await start(first, tmp_path, "cook")
            assert await answer(first, session_id, "echo one") == "you said: one"
            assert await answer(second, session_id, "echo two") == "you said: two"
            assert runner(tmp_path) == first.process.pid
            first.process.send_signal(signal.SIGKILL)
            await first.process.wait()
            assert await answer(second, session_id, "echo three") == "you said: three"
            assert runner(tmp_path) == second.process.pid
            session = await second.ask("get_session", sessionId=session_id)
            assert (session["status"], session["continuity"]) == ("ready", "kept")
    assert told(tmp_path, "cook") == ["echo one", "echo two", "echo three"]


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)
async def test_a_session_stays_with_its_hub_for_longer_than_a_lease_whoever_prompts_it(database: str, tmp_path: Path) -> None:
    with anyio.fail_after(40):
        async with serving(database, lease=LEASE) as first, serving(database, lease=LEASE) as second:
            for name, its_own, other in (("one", first, second), ("two", second, first)):
                session_id = await start(its_own, tmp_path, name)
                claim = now = (await other.ask("get_session", sessionId=session_id))["claim"]
                while now["expiresAt"] < later(claim["expiresAt"], LEASE):
                    await answer(other, session_id, "echo on")
                    now = (await other.ask("get_session", sessionId=session_id))["claim"]
                assert now["worker"] == claim["worker"]
                assert [*running(tmp_path, name).values()] == [its_own.process.pid]
