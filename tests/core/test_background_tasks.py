"""Background tasks: what becomes of them, who may change them when, and what a queue of them tells."""

from typing import Any

import pytest

from hub.app import Hub
from hub.domain.errors import Invalid, NotFound, Refused
from hub.ports import HubStore, Json
from tests.core.support import Clock, ask, kinds, names_of_events, on_memory, refusal


async def new_job(hub: Hub, prompt: str = "Count the leaves", **fields: Any) -> str:
    return str((await ask(hub, "create_background_task", **{"prompt": prompt, "agentId": "opencode"} | fields))["id"])


async def start(hub: Hub, id_: str) -> Json:
    return await ask(hub, "start_background_task", backgroundTaskId=id_)


async def finish(hub: Hub, id_: str, **fields: Any) -> Json:
    return await ask(hub, "finish_background_task", backgroundTaskId=id_, **fields)


async def read(hub: Hub, id_: str) -> Json:
    return await ask(hub, "get_background_task", backgroundTaskId=id_)


@on_memory
async def test_a_prompt_makes_a_task_with_what_it_was_not_told(hub: Hub) -> None:
    task = await read(hub, await new_job(hub, "Count\n the leaves, " * 10))
    assert task["title"] == "Count the leaves, Count the leaves, Count the leaves, Count…"
    told = {name: task[name] for name in ("status", "triggeredBy", "triggerSource", "priority", "attempts", "maxAttempts")}
    assert told == {
        "status": "PENDING", "triggeredBy": "user", "triggerSource": "manual", "priority": "NORMAL", "attempts": 0, "maxAttempts": 3
    }  # fmt: skip


async def test_the_newest_come_first_however_many_there_are(hub: Hub) -> None:
    made = [await new_job(hub, title=f"{number}") for number in range(7)]
    listed = (await ask(hub, "list_background_tasks", workspaceId="default", limit=3))["tasks"]
    assert [task["id"] for task in listed] == made[:3:-1]
    await start(hub, made[2])
    assert [task["id"] for task in (await ask(hub, "list_background_tasks", status="RUNNING"))["tasks"]] == [made[2]]


@on_memory
async def test_it_is_changed_only_while_it_waits(hub: Hub) -> None:
    id_ = await new_job(hub)
    changed = await ask(hub, "update_background_task", backgroundTaskId=id_, prompt="p", priority="HIGH", title="t", agentId="gate")
    assert (changed["prompt"], changed["priority"], changed["title"], changed["agentId"]) == ("p", "HIGH", "t", "gate")
    await start(hub, id_)
    error = await refusal(ask(hub, "update_background_task", backgroundTaskId=id_, prompt="q"))
    assert isinstance(error, Invalid)
    assert "PENDING" in error.message


async def test_one_that_failed_is_tried_again_as_often_as_it_may_be_and_once_at_a_time(hub: Hub) -> None:
    id_ = await new_job(hub, maxAttempts=2)
    await start(hub, id_)
    failed = await finish(hub, id_, status="FAILED", errorMessage="Wind.")
    assert (failed["errorMessage"], failed["attempts"]) == ("Wind.", 1)
    retrying = (ask(hub, "retry_background_task", backgroundTaskId=id_) for _ in range(5))
    assert await kinds(retrying) == ["invalid"] * 4 + ["ok"]
    waiting = await read(hub, id_)
    assert not waiting.keys() & {"errorMessage", "startedAt", "completedAt"}
    await start(hub, id_)
    await finish(hub, id_, status="FAILED")
    error = await refusal(ask(hub, "retry_background_task", backgroundTaskId=id_))
    assert isinstance(error, Invalid)
    assert "tried 2 times" in error.message


async def test_it_is_begun_once_however_many_want_it(hub: Hub) -> None:
    id_ = await new_job(hub)
    assert await kinds(start(hub, id_) for _ in range(5)) == ["conflict"] * 4 + ["ok"]
    assert (await read(hub, id_))["attempts"] == 1


async def test_it_waits_for_those_that_it_depends_on(hub: Hub) -> None:
    first = await new_job(hub)
    second = await new_job(hub, dependsOnTaskIds=[first])
    third = await new_job(hub, dependsOnTaskIds=[second])

    async def ready() -> int:
        told = await ask(hub, "process_background_tasks", workspaceId="default")
        assert (told["ok"], told["dispatched"]) == (True, 0)
        assert "yet" in told["message"]
        return int(told["ready"])

    assert await ready() == 1
    assert isinstance(await refusal(start(hub, second)), Refused)
    await start(hub, first)
    assert await ready() == 0
    await finish(hub, first, output="42")
    assert (await read(hub, first))["taskOutput"] == "42"
    assert await ready() == 1
    await ask(hub, "delete_background_task", backgroundTaskId=second)
    error = await refusal(start(hub, third))
    assert isinstance(error, Refused)
    assert "deleted" in error.message


async def test_one_that_runs_is_cancelled_and_with_force_deleted_and_any_other_is_gone_at_once(hub: Hub, clock: Clock) -> None:
    waiting, running, forced = await new_job(hub), await new_job(hub), await new_job(hub)
    for id_ in (running, forced):
        await start(hub, id_)
    clock.turn(5)
    assert await ask(hub, "delete_background_task", backgroundTaskId=waiting) == {"success": True, "deleted": True}
    cancelled = await ask(hub, "delete_background_task", backgroundTaskId=running)
    assert (cancelled["deleted"], cancelled["task"]["status"]) == (False, "CANCELLED")
    assert cancelled["task"] == await read(hub, running)
    assert isinstance(await refusal(finish(hub, running)), Refused)
    assert (await ask(hub, "delete_background_task", backgroundTaskId=running))["deleted"] is True
    assert (await ask(hub, "delete_background_task", backgroundTaskId=forced, force=True))["deleted"] is True
    for id_ in (waiting, running, forced):
        assert isinstance(await refusal(read(hub, id_)), NotFound)
    ended = [event for event in (await ask(hub, "list_events", limit=500))["events"] if event["recordId"] == forced]
    assert [event["name"].partition(".")[2] for event in ended] == ["created", "updated", "updated", "deleted"]


@pytest.mark.parametrize("how", [{}, {"force": True}])
async def test_deleting_and_finishing_at_once_leave_one_outcome(hub: Hub, how: dict[str, bool]) -> None:
    id_ = await new_job(hub)
    await start(hub, id_)
    outcomes = await kinds([ask(hub, "delete_background_task", backgroundTaskId=id_, **how), finish(hub, id_)])
    assert outcomes in (["ok", "ok"], ["conflict", "ok"], ["not_found", "ok"])
    left = [task["status"] for task in (await ask(hub, "list_background_tasks"))["tasks"]]
    assert left in ([], ["CANCELLED"])


async def test_those_of_a_status_are_deleted_together(hub: Hub) -> None:
    kept = [await new_job(hub), await new_job(hub, triggerSource="fleet")]
    failed = [await new_job(hub, triggerSource=source) for source in ("manual", "polling", "polling")]
    for id_ in failed:
        await start(hub, id_)
        await finish(hub, id_, status="FAILED")
    of = {"workspaceId": "default", "status": "FAILED"}
    assert (await ask(hub, "delete_background_tasks", **of, triggerSource="polling"))["deleted"] == 2
    assert (await ask(hub, "delete_background_tasks", **of))["deleted"] == 1
    assert (await ask(hub, "delete_background_tasks", **of))["deleted"] == 0
    assert [task["id"] for task in (await ask(hub, "list_background_tasks"))["tasks"]] == kept[::-1]
    assert isinstance(await refusal(ask(hub, "delete_background_tasks", **of | {"status": "RUNNING"})), Invalid)


async def test_nothing_comes_into_a_workspace_that_is_gone(hub: Hub, store: HubStore) -> None:
    other = Hub(store)
    await ask(hub, "create_workspace", title="Lab", id="lab")
    await new_job(hub, workspaceId="lab")
    await ask(other, "delete_workspace", workspaceId="lab")
    assert isinstance(await refusal(new_job(hub, workspaceId="lab")), NotFound)
    assert (await ask(hub, "list_background_tasks"))["tasks"] == []


async def test_all_that_happens_is_told_in_the_log(hub: Hub) -> None:
    id_ = await new_job(hub)
    await start(hub, id_)
    await finish(hub, id_)
    told = [name for name in await names_of_events(hub, workspaceId="default") if name.startswith("background_task")]
    assert told == ["background_task.created", "background_task.updated", "background_task.updated"]
