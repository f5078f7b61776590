"""Schedules: background tasks that are made at times that a cron expression says."""

from hub.domain.background_tasks import BackgroundTask
from hub.domain.errors import Invalid
from hub.domain.model import new_id
from hub.domain.schedules import Schedule
from hub.operations.background_tasks import Prompt
from hub.operations.base import (
    Call,
    Id,
    Input,
    Listing,
    Mutation,
    Name,
    Operation,
    Page,
    Removed,
    Result,
    changes,
    expect_version,
)  # fmt: skip
from hub.operations.crons import CronExpression, next_time

MOST_FIRED = 500
"""By one tick; the next one takes the others."""


class CreateSchedule(Mutation):
    name: Name
    cron_expr: CronExpression
    """Minute, hour, day of month, month, day of week, in UTC: `0 9 * * MON-FRI`."""
    task_prompt: Prompt
    agent_id: Id
    """Of the provider or the specialist that its tasks are for."""
    workspace_id: Id = "default"
    enabled: bool = True
    prompt_template: Prompt | None = None
    """Stands for taskPrompt, with {timestamp}, {cronExpr} and {scheduleName} filled in."""


class ListSchedules(Page):
    workspace_id: Id = "default"


class GetSchedule(Input):
    schedule_id: Id


class UpdateSchedule(Mutation):
    schedule_id: Id
    name: Name | None = None
    cron_expr: CronExpression | None = None
    task_prompt: Prompt | None = None
    agent_id: Id | None = None
    enabled: bool | None = None
    prompt_template: Prompt | None = None
    expected_version: int | None = None


class DeleteSchedule(Mutation):
    schedule_id: Id


class RunSchedule(Mutation):
    schedule_id: Id


class TickSchedules(Mutation):
    pass


class Tick(Result):
    fired: int
    schedule_ids: tuple[str, ...]


async def create_schedule(given: CreateSchedule, call: Call) -> Schedule:
    """Have a background task made at the times that a cron expression says, in UTC. Its nextRunAt tells when."""
    await call.workspace(given.workspace_id)
    due = next_time(given.cron_expr, call.now)
    fields = {name: getattr(given, name) for name in Schedule.model_fields if name in type(given).model_fields}
    return call.create(Schedule(**fields, next_run_at=due if given.enabled else None))


async def list_schedules(given: ListSchedules, call: Call) -> Listing[Schedule]:
    """List a workspace's schedules, the oldest first."""
    return await call.list(Schedule, given, workspace_id=await call.within(given.workspace_id))


async def get_schedule(given: GetSchedule, call: Call) -> Schedule:
    """Read a schedule, with when it ran last and will run next."""
    return await call.need(Schedule, given.schedule_id)


async def update_schedule(given: UpdateSchedule, call: Call) -> Schedule:
    """Change a schedule, or switch it off with enabled=false. Its next time is counted anew from now."""
    schedule = await call.need(Schedule, given.schedule_id)
    expect_version(schedule, given.expected_version)
    changed = changes(given, Schedule)
    updated = schedule.model_copy(update=changed)
    due = next_time(updated.cron_expr, call.now)
    return call.update(schedule, **changed, next_run_at=due if updated.enabled else None)


async def delete_schedule(given: DeleteSchedule, call: Call) -> Removed:
    """Delete a schedule. The background tasks that it has made stay."""
    schedule = await call.need(Schedule, given.schedule_id)
    call.delete(schedule)
    return Removed(id=schedule.id)


async def run_schedule(given: RunSchedule, call: Call) -> BackgroundTask:
    """Make a schedule's background task now, besides those at its times."""
    schedule = await call.need(Schedule, given.schedule_id)
    if not schedule.enabled:
        raise Invalid("It is not enabled. update_schedule with enabled=true makes it so.")
    await call.workspace(schedule.workspace_id)
    task = _task(schedule, call)
    call.update(schedule, last_run_at=call.now, last_task_id=task.id)
    return call.create(task)


async def tick_schedules(given: TickSchedules, call: Call) -> Tick:
    """Make the background tasks of all schedules that are due. Times that were missed are made up for once; two ticks at once make one."""
    due = [
        one async for one in call.unit.every(Schedule, enabled="true") if one.next_run_at is not None and one.next_run_at <= call.now
    ][:MOST_FIRED]  # fmt: skip
    for schedule in due:
        task = call.create(_task(schedule, call))
        # a tick that is run beside this one has read the same version, loses, and sees at its next attempt that nothing is due
        call.update(schedule, last_run_at=call.now, last_task_id=task.id, next_run_at=next_time(schedule.cron_expr, call.now))
    return Tick(fired=len(due), schedule_ids=tuple(schedule.id for schedule in due))


def _task(schedule: Schedule, call: Call) -> BackgroundTask:
    return BackgroundTask(
        id=new_id(), workspace_id=schedule.workspace_id, title=f"[Scheduled] {schedule.name}", prompt=schedule.prompt(call.now),
        agent_id=schedule.agent_id, triggered_by=f"schedule:{schedule.id}", trigger_source="schedule", max_attempts=1,
    )  # fmt: skip


OPERATIONS = (
    Operation(create_schedule, "schedules.write", writes=True, profiles=frozenset({"coordination"})),
    Operation(list_schedules, "schedules.read", profiles=frozenset({"coordination"})),
    Operation(get_schedule, "schedules.read"),
    Operation(update_schedule, "schedules.write", writes=True, repeatable=True),
    Operation(delete_schedule, "schedules.write", writes=True, destructive=True, repeatable=True),
    Operation(run_schedule, "schedules.write", writes=True),
    Operation(tick_schedules, "schedules.write", writes=True),
)
