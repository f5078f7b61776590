"""Schedules: when they are due, and that each time makes one background task."""

from typing import Any

import pytest

from hub.app import Hub
from hub.domain.errors import Invalid, NotFound
from hub.ports import HubStore, Json
from tests.core.support import Clock, ask, kinds, on_memory, refusal

MINUTE, HOUR, DAY = 60, 3_600, 86_400


async def new_schedule(hub: Hub, cron: str = "*/15 * * * *", **fields: Any) -> Json:
    given = {"name": "Daily", "cronExpr": cron, "taskPrompt": "Look.", "agentId": "gate"}
    return await ask(hub, "create_schedule", **given | fields)


async def made_tasks(hub: Hub) -> list[Json]:
    listed: list[Json] = (await ask(hub, "list_background_tasks"))["tasks"]
    return listed[::-1]


@on_memory
@pytest.mark.parametrize(
    ("cron", "due"),
    [
        ("*/15 * * * *", "2026-01-01T00:15:00.000Z"), ("0 9 * * MON-FRI", "2026-01-01T09:00:00.000Z"),
        ("30 6 1 * *", "2026-01-01T06:30:00.000Z"), ("0 0 29 2 *", "2028-02-29T00:00:00.000Z"),
        ("0 0 * * 0", "2026-01-04T00:00:00.000Z"), ("  0   0 L * *  ", "2026-01-31T00:00:00.000Z"),
    ],
)  # fmt: skip
async def test_the_next_time_is_the_first_one_from_now_in_utc(hub: Hub, cron: str, due: str) -> None:
    assert (await new_schedule(hub, cron))["nextRunAt"] == due


@on_memory
@pytest.mark.parametrize(
    "cron",
    ["", "often", "* * * *", "* * * * * *", "60 * * * *", "0 0 30 2 *", "*/0 * * * *", "5-1 * * * *", "@daily", "0 9 * * L/2", "١ * * * *"],
)
async def test_what_is_no_cron_expression_is_refused_with_what_is_allowed(hub: Hub, cron: str) -> None:
    error = await refusal(new_schedule(hub, cron))
    assert isinstance(error, Invalid)
    assert not cron or error.message.startswith("Invalid cron expression: ")
    assert not cron or "five fields" in error.message
    assert (await ask(hub, "list_schedules"))["schedules"] == []


async def test_a_tick_makes_the_tasks_of_what_is_due_and_counts_on(hub: Hub, clock: Clock) -> None:
    often, seldom = await new_schedule(hub), await new_schedule(hub, "0 0 1 6 *")
    off = await new_schedule(hub, enabled=False)
    assert "nextRunAt" not in off
    assert await ask(hub, "tick_schedules") == {"fired": 0, "scheduleIds": []}
    clock.turn(15 * MINUTE)
    assert await ask(hub, "tick_schedules") == {"fired": 1, "scheduleIds": [often["id"]]}
    assert (await ask(hub, "tick_schedules"))["fired"] == 0
    [task] = await made_tasks(hub)
    told = {name: task[name] for name in ("title", "prompt", "agentId", "triggerSource", "triggeredBy", "maxAttempts", "status")}
    assert told == {
        "title": "[Scheduled] Daily", "prompt": "Look.", "agentId": "gate", "triggerSource": "schedule",
        "triggeredBy": f"schedule:{often['id']}", "maxAttempts": 1, "status": "PENDING",
    }  # fmt: skip
    read = await ask(hub, "get_schedule", scheduleId=often["id"])
    assert (read["lastTaskId"], read["lastRunAt"]) == (task["id"], "2026-01-01T00:15:00.000Z")
    assert read["nextRunAt"] == "2026-01-01T00:30:00.000Z"
    assert await ask(hub, "get_schedule", scheduleId=seldom["id"]) == seldom


async def test_times_that_were_missed_are_made_up_for_once(hub: Hub, clock: Clock) -> None:
    schedule = await new_schedule(hub)
    clock.turn(3 * DAY + MINUTE)
    assert (await ask(hub, "tick_schedules"))["fired"] == 1
    assert (await ask(hub, "get_schedule", scheduleId=schedule["id"]))["nextRunAt"] == "2026-01-04T00:15:00.000Z"
    assert len(await made_tasks(hub)) == 1


async def test_ticks_of_several_nodes_at_once_fire_each_time_once(hub: Hub, store: HubStore, clock: Clock) -> None:
    other = Hub(store, clock)
    for _ in range(3):
        await new_schedule(hub)
    for number in range(1, 4):
        clock.turn(15 * MINUTE)
        ticks = [ask(node, "tick_schedules") for node in (hub, other, hub, other)]
        assert await kinds(ticks) == ["ok"] * 4
        assert len(await made_tasks(hub)) == 3 * number


async def test_a_tick_beside_a_change_and_a_deletion_makes_no_task_of_what_is_gone(hub: Hub, store: HubStore, clock: Clock) -> None:
    other = Hub(store, clock)
    kept, gone = await new_schedule(hub), await new_schedule(hub)
    clock.turn(HOUR)
    outcomes = await kinds([
        ask(hub, "tick_schedules"), ask(other, "delete_schedule", scheduleId=gone["id"]),
        ask(other, "update_schedule", scheduleId=kept["id"], name="Hourly"),
    ])  # fmt: skip
    assert outcomes == ["ok"] * 3
    made = [task["triggeredBy"] for task in await made_tasks(hub)]
    assert len(made) == len(set(made))
    assert (await ask(hub, "get_schedule", scheduleId=kept["id"]))["name"] == "Hourly"
    assert isinstance(await refusal(ask(hub, "get_schedule", scheduleId=gone["id"])), NotFound)


async def test_it_is_run_by_hand_besides_its_times(hub: Hub, clock: Clock) -> None:
    schedule = await new_schedule(hub, promptTemplate="{scheduleName} ({cronExpr}) at {timestamp}: {other}")
    clock.turn(MINUTE)
    task = await ask(hub, "run_schedule", scheduleId=schedule["id"])
    assert task["prompt"] == "Daily (*/15 * * * *) at 2026-01-01T00:01:00.000Z: {other}"
    assert await made_tasks(hub) == [task]
    read = await ask(hub, "get_schedule", scheduleId=schedule["id"])
    assert (read["lastTaskId"], read["nextRunAt"]) == (task["id"], schedule["nextRunAt"])
    await ask(hub, "update_schedule", scheduleId=schedule["id"], enabled=False)
    error = await refusal(ask(hub, "run_schedule", scheduleId=schedule["id"]))
    assert isinstance(error, Invalid)
    assert "enabled=true" in error.message


@on_memory
async def test_a_change_counts_the_next_time_anew(hub: Hub, clock: Clock) -> None:
    id_ = (await new_schedule(hub))["id"]
    clock.turn(DAY)
    assert "nextRunAt" not in await ask(hub, "update_schedule", scheduleId=id_, enabled=False)
    assert (await ask(hub, "tick_schedules"))["fired"] == 0
    on = await ask(hub, "update_schedule", scheduleId=id_, enabled=True, cronExpr="0 12 * * *", promptTemplate="t")
    assert on["nextRunAt"] == "2026-01-02T12:00:00.000Z"
    assert "promptTemplate" not in await ask(hub, "update_schedule", scheduleId=id_, promptTemplate=None)
    assert isinstance(await refusal(ask(hub, "update_schedule", scheduleId=id_, cronExpr="never")), Invalid)


@on_memory
async def test_what_a_schedule_has_made_stays_when_it_goes(hub: Hub) -> None:
    schedule = await new_schedule(hub)
    task = await ask(hub, "run_schedule", scheduleId=schedule["id"])
    assert (await ask(hub, "delete_schedule", scheduleId=schedule["id"]))["success"] is True
    assert await made_tasks(hub) == [task]
