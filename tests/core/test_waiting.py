"""Waiting for a task: it ends with what was waited for, with the time, with the call, and with the hub."""

import asyncio
from typing import Any

import anyio
import pytest

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.ports import HubStore, Json
from tests.conftest import open_database
from tests.core.support import ask, new_agent, new_task, on_memory, refusal

LONG = 300


def waiting(hub: Hub, task: str, **more: Any) -> "asyncio.Task[Json]":
    return asyncio.create_task(ask(hub, "wait_for_task", taskId=task, **{"timeoutSeconds": LONG} | more))


class Watched:
    """Says when somebody waits for the log to grow."""

    def __init__(self, store: HubStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = asyncio.Event()
        original = store.beyond

        async def beyond(cursor: int, patience: float) -> None:
            self.begun.set()
            await original(cursor, patience)

        monkeypatch.setattr(store, "beyond", beyond)


@pytest.fixture
def watched(store: HubStore, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(store, monkeypatch)


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("finish_task", {"result": {"a": 1}}), ("finish_task", {"failure": {"message": "no"}}), ("cancel_task", {}),
        ("set_verdict", {"verdict": "APPROVED"}), ("set_task_status", {"status": "COMPLETED"}),
    ],
)  # fmt: skip
async def test_whoever_waits_is_told_at_once_how_the_task_ended(hub: Hub, watched: Watched, operation: str, given: Json) -> None:
    task = await new_task(hub)
    with anyio.fail_after(5):
        told = waiting(hub, task)
        await watched.begun.wait()
        ended = await ask(hub, operation, taskId=task, **given)
        answer = await told
    assert (answer["done"], answer["reason"], answer["task"]) == (True, "ended", ended)


async def test_a_question_ends_the_waiting_unless_the_end_is_waited_for(hub: Hub, watched: Watched) -> None:
    task = await new_task(hub)
    with anyio.fail_after(5):
        settled, ended = waiting(hub, task), waiting(hub, task, until="ended")
        await watched.begun.wait()
        asked = await ask(hub, "request_input", taskId=task, message="Which?")
        answer = await settled
        assert (answer["reason"], answer["task"]) == ("input_required", asked)
        assert "provide_input" in answer["next"]
        assert not ended.done()
        await ask(hub, "cancel_task", taskId=task)
        assert (await ended)["reason"] == "ended"


async def test_whoever_asked_waits_for_all_answers(hub: Hub) -> None:
    task = await new_task(hub)
    questions = [(await ask(hub, "request_input", taskId=task, message=text))["inputRequests"][-1]["id"] for text in ("One?", "Two?")]
    with anyio.fail_after(5):
        told = waiting(hub, task, until="answered")
        await ask(hub, "provide_input", taskId=task, inputRequestId=questions[0], response={"answer": "1"})
        await ask(hub, "provide_input", taskId=task, inputRequestId=questions[1], declined=True)
        answer = await told
    assert (answer["reason"], [one["declined"] for one in answer["task"]["inputRequests"]]) == ("answered", [False, True])


@pytest.mark.parametrize("seconds", [0, 0.01])
@on_memory
async def test_when_the_time_is_over_the_task_is_told_as_it_is(hub: Hub, seconds: float) -> None:
    task = await new_task(hub)
    with anyio.fail_after(5):
        answer = await waiting(hub, task, timeoutSeconds=seconds)
    assert (answer["done"], answer["reason"], answer["task"]["status"]) == (False, "timeout", "PENDING")
    assert "wait_for_task" in answer["next"]


async def test_what_happens_to_others_ends_no_waiting(hub: Hub, watched: Watched) -> None:
    task, other = await new_task(hub), await new_task(hub)
    with anyio.fail_after(5):
        told = waiting(hub, task)
        await watched.begun.wait()
        for _ in range(3):
            watched.begun.clear()
            await ask(hub, "add_comment", taskId=other, body="hm")
            await watched.begun.wait()
        assert not told.done()
        await ask(hub, "cancel_task", taskId=task)
        assert (await told)["task"]["id"] == task


@on_memory
async def test_of_an_ended_task_the_artifacts_are_told_without_their_content(hub: Hub) -> None:
    task, agent = await new_task(hub), await new_agent(hub)
    made = await ask(hub, "provide_artifact", taskId=task, type="logs", content="long", agentId=agent, context="the run")
    assert (await waiting(hub, task, timeoutSeconds=0))["artifacts"] == []
    await ask(hub, "finish_task", taskId=task)
    assert (await waiting(hub, task))["artifacts"] == [{"id": made["id"], "type": "logs", "agentId": agent, "context": "the run"}]


async def test_a_cancelled_call_waits_no_longer(hub: Hub, watched: Watched) -> None:
    task = await new_task(hub)
    with anyio.fail_after(5):
        told = waiting(hub, task)
        await watched.begun.wait()
        told.cancel()
        with pytest.raises(asyncio.CancelledError):
            await told
    assert (await ask(hub, "get_task", taskId=task))["version"] == 1


@pytest.mark.parametrize("ending", ["silence", "close"])
async def test_a_hub_that_shuts_down_does_not_wait_for_those_who_wait(hub: Hub, store: HubStore, watched: Watched, ending: str) -> None:
    task = await new_task(hub)
    with anyio.fail_after(5):
        told = asyncio.create_task(refusal(hub.call("wait_for_task", {"taskId": task, "timeoutSeconds": LONG}, LOCAL)))
        await watched.begun.wait()
        if ending == "silence":
            store.silence()
        else:
            await store.close()
        assert (await told).kind == "busy"


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)
async def test_an_end_on_another_node_is_heard(hub: Hub, database: str, watched: Watched) -> None:
    task = await new_task(hub)
    other = await open_database(database)
    try:
        with anyio.fail_after(10):
            told = waiting(hub, task)
            await watched.begun.wait()
            await ask(Hub(other), "finish_task", taskId=task)
            assert (await told)["reason"] == "ended"
    finally:
        await other.close()


@on_memory
async def test_a_deleted_task_is_not_waited_for(hub: Hub, watched: Watched) -> None:
    task = await new_task(hub)
    with anyio.fail_after(5):
        told = asyncio.create_task(refusal(hub.call("wait_for_task", {"taskId": task}, LOCAL)))
        await watched.begun.wait()
        await ask(hub, "delete_task", taskId=task)
        assert (await told).kind == "not_found"


@on_memory
async def test_a_task_of_another_tenant_is_not_there(hub: Hub) -> None:
    given = {"taskId": await new_task(hub), "timeoutSeconds": LONG}
    assert (await refusal(hub.call("wait_for_task", given, Caller("other")))).kind == "not_found"


@on_memory
async def test_waiting_needs_no_grant_to_write(hub: Hub) -> None:
    task = await new_task(hub)
    reader = Caller(grants=frozenset({"tasks.read"}))
    assert (await ask(hub, "wait_for_task", reader, taskId=task, timeoutSeconds=0))["reason"] == "timeout"
