"""Dependencies between tasks, kept on both sides: what a task depends on, and in a record beside it, what depends on it.

So a dependency cannot go while somebody needs it: both the one who adds a dependent and the one who deletes write that record.
"""

from asyncio import gather
from collections.abc import Iterable, Sequence
from itertools import chain

from hub.domain.errors import Invalid, Refused
from hub.domain.push_configs import MOST_PUSH_CONFIGS, PushConfig
from hub.domain.remote_agents import RemoteTask
from hub.domain.task_messages import TaskMessage
from hub.domain.tasks import Dependents, Task
from hub.operations.base import Call


async def depend(task: Task, before: Iterable[str], call: Call) -> None:
    """The task's dependencies are now those that it has: each exists, and following them never leads back to it.

    What was read for that must still hold at the commit.
    """
    await _check(task, call)
    was, now = set(before), set(task.dependencies)
    for id_ in sorted(now - was):
        dependents = await _dependents(await call.need(Task, id_), call)
        call.unit.put(dependents.model_copy(update={"tasks": (*dependents.tasks, task.id)}))
    await _let_go(task.id, was - now, call)


async def remove_tasks(tasks: Sequence[Task], call: Call) -> None:
    """Stage the removal of these tasks; raises Refused when another task depends on one of them."""
    gone = {task.id for task in tasks}
    for task, dependents in zip(tasks, await gather(*(_dependents(task, call) for task in tasks)), strict=True):
        if others := [id_ for id_ in dependents.tasks if id_ not in gone]:
            raise Refused(f"Task {others[0]!r} depends on task {task.id!r}. Change its dependencies first.", dependents=[*others[:20]])
        if dependents.version:
            call.unit.remove(dependents)
        else:
            call.unit.guard(dependents)
    said = [message for task in tasks if task.message_count async for message in call.unit.every(TaskMessage, task_id=task.id)]
    told = await gather(*(call.unit.find(PushConfig, limit=MOST_PUSH_CONFIGS, task_id=task.id) for task in tasks))
    elsewhere = [one for one in await gather(*(call.unit.get(RemoteTask, task.id) for task in tasks)) if one]
    for record in (*said, *chain.from_iterable(told), *elsewhere):
        call.unit.remove(record)
    for task in tasks:
        await _let_go(task.id, set(task.dependencies) - gone, call)
        call.delete(task)


async def _check(task: Task, call: Call) -> None:
    known: dict[str, Task] = {task.id: task}
    stack: list[tuple[str, ...]] = [(task.id,)]
    while stack:
        path = stack.pop()
        for id_ in known[path[-1]].dependencies:
            if id_ in path:
                cycle = [*path[path.index(id_) :], id_]
                raise Invalid(f"The dependencies form a cycle: {' -> '.join(cycle)}", cycle=[*cycle])
            if id_ not in known:
                known[id_] = dependency = await call.need(Task, id_)
                call.unit.guard(dependency)
                stack.append((*path, id_))


async def _let_go(task_id: str, ids: Iterable[str], call: Call) -> None:
    for id_ in sorted(ids):
        if dependents := await call.unit.get(Dependents, id_):
            call.unit.put(dependents.model_copy(update={"tasks": tuple(one for one in dependents.tasks if one != task_id)}))


async def _dependents(task: Task, call: Call) -> Dependents:
    return await call.unit.get(Dependents, task.id) or Dependents(id=task.id, workspace_id=task.workspace_id)
