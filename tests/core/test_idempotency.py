"""An idempotency key: one outcome, however often, however concurrently, and after a restart."""

import asyncio

import anyio
import pytest

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.errors import Invalid, Refused
from hub.domain.tasks import Task
from hub.operations.base import Call, Mutation, Operation, Result
from hub.ports import HubStore
from tests.conftest import open_database
from tests.core.support import ask, names_of_events, new_agent, new_task, refusal


class Given(Mutation):
    name: str


class Said(Result):
    text: str


async def test_one_key_acts_once_however_often_and_however_concurrently_it_is_sent(hub: Hub) -> None:
    arguments = {"title": "once", "objective": "o", "idempotencyKey": "k"}
    answers = await asyncio.gather(*(ask(hub, "create_task", **arguments) for _ in range(10)))
    assert [await ask(hub, "create_task", **arguments)] * 10 == answers
    assert len((await ask(hub, "list_tasks"))["tasks"]) == 1
    assert await names_of_events(hub, kinds=["task"]) == ["task.created"]


async def test_a_key_belongs_to_one_operation_one_subject_one_tenant_and_one_request(hub: Hub) -> None:
    await new_task(hub, idempotencyKey="k")
    assert isinstance(await refusal(new_task(hub, "other", idempotencyKey="k")), Invalid)
    assert (await ask(hub, "create_workspace", title="w", idempotencyKey="k"))["title"] == "w"
    for caller in (Caller(subject="another"), Caller(tenant="another")):
        assert (await ask(hub, "create_task", caller, title="mine", objective="o", idempotencyKey="k"))["title"] == "mine"
    same = await hub.call("create_task", b'{"idempotencyKey":"k","objective":"an objective","title":"a task"}', LOCAL)
    assert isinstance(same, Task)
    assert len((await ask(hub, "list_tasks"))["tasks"]) == 2


async def test_a_key_whose_call_was_refused_may_be_used_again(hub: Hub) -> None:
    agent = await new_agent(hub)
    assert isinstance(await refusal(ask(hub, "claim_task", agentId=agent, idempotencyKey="k")), Refused)
    task_id = await new_task(hub)
    assert (await ask(hub, "claim_task", agentId=agent, idempotencyKey="k"))["id"] == task_id


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)
async def test_a_key_is_known_after_the_store_was_opened_again(database: str) -> None:
    answers = []
    for _ in range(2):
        store = await open_database(database)
        answers.append(await ask(Hub(store), "create_task", title="t", objective="o", idempotencyKey="k"))
        await store.close()
    assert answers[0] == answers[1]


async def test_a_repeat_that_overtakes_its_first_call_gets_the_first_outcome_and_no_refusal(store: HubStore) -> None:
    """The repeat has found no outcome yet, then sees what the first call did."""
    arrived, first_is_done = asyncio.Event(), asyncio.Event()

    async def take_name(given: Given, call: Call) -> Said:
        if not arrived.is_set():
            arrived.set()
            await first_is_done.wait()
        if await call.unit.get(Task, given.name):
            raise Refused("taken")
        call.create(Task(id=given.name, title="t", objective="o", workspace_id="default"))
        return Said(text=given.name)

    hub = Hub(store, operations={"take_name": Operation(take_name, "x", writes=True)})
    with anyio.fail_after(10):
        repeat = asyncio.create_task(ask(hub, "take_name", name="n", idempotencyKey="k"))
        await arrived.wait()
        first = await ask(hub, "take_name", name="n", idempotencyKey="k")
        first_is_done.set()
        assert await repeat == first == {"text": "n"}
