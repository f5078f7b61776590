"""What a task has to show: whether it is ready to be worked on, what was given as evidence, and the runs that there were."""

from collections import defaultdict
from collections.abc import Iterable

from hub.domain.boards import Board, column_of
from hub.domain.readiness import Readiness, readiness, session_ids
from hub.domain.remote_agents import RemoteTask
from hub.domain.sessions import Prompt, Session
from hub.domain.task_runs import TaskRun, claim_run, lane_run, remote_run, session_run
from hub.domain.tasks import Task
from hub.operations.base import Call, Id, Input, Operation, Result
from hub.ports import Find

MOST_SESSIONS = 50
"""Of those that the task names, of its lanes, and of its agent's, which are looked through for prompts that are for it: the newest."""
MOST_PROMPTS = 100
"""Of a session, the newest."""


class GetTaskReadiness(Input):
    task_id: Id


class ListTaskRuns(Input):
    task_id: Id


class TaskRuns(Result):
    runs: tuple[TaskRun, ...]


async def get_task_readiness(given: GetTaskReadiness, call: Call) -> Readiness:
    """Say what a task lacks for the next column of its board: its story, its evidence, and the principles of INVEST."""
    task = await call.need(Task, given.task_id)
    board = await call.unit.get(Board, task.board_id) if task.board_id else None
    following = board.lane_after(column_of(task, board)) if board else None
    rules = following.rules if following else None
    return readiness(task, rules.required_artifacts, rules.required_task_fields) if rules else readiness(task)


async def list_task_runs(given: ListTaskRuns, call: Call) -> TaskRuns:
    """List what was set to work on a task, the newest first: sessions, tasks of remote agents, or the claim that it is under."""
    task = await call.need(Task, given.task_id)
    named, lanes = session_ids(task)[-MOST_SESSIONS:], task.lane_sessions[-MOST_SESSIONS:]
    in_lanes = {id_ for lane in lanes if isinstance(id_ := lane.get("sessionId"), str)}
    sessions, remote = await _sessions(task, [*named, *in_lanes], call)
    prompts = await _prompts(task, sessions, call)
    others = dict.fromkeys(id_ for id_ in (*named, *prompts) if id_ not in in_lanes)
    runs = [lane_run(task, lane, sessions.get(str(lane.get("sessionId")))) for lane in lanes]
    runs += [session_run(id_, sessions.get(id_), prompts.get(id_, ())) for id_ in others]
    runs += [remote_run(task, one) for one in remote]
    if not runs and task.claim_count:
        runs = [claim_run(task)]
    return TaskRuns(runs=tuple(sorted(runs, key=lambda run: run.started_at or "", reverse=True)))


async def _sessions(task: Task, named: Iterable[str], call: Call) -> tuple[dict[str, Session], list[RemoteTask]]:
    """Those that the task names and the newest of its agent's; and what a remote agent does for it."""
    queries = [Find(Session, key=id_) for id_ in named]
    if task.assigned_to:
        queries.append(Find(Session, (("agent_id", task.assigned_to),), limit=MOST_SESSIONS, last=True))
    [remote, *found] = (await call.unit.look(Find(RemoteTask, key=task.id), *queries)).found
    sessions = [Session.model_validate_json(body) for bodies in found for body in bodies]
    return {one.id: one for one in sessions}, [RemoteTask.model_validate_json(body) for body in remote]


async def _prompts(task: Task, sessions: Iterable[str], call: Call) -> dict[str, list[Prompt]]:
    """Those that are for the task, by their sessions."""
    queries = [Find(Prompt, (("session_id", id_),), limit=MOST_PROMPTS, last=True) for id_ in sessions]
    kept: defaultdict[str, list[Prompt]] = defaultdict(list)
    for bodies in (await call.unit.look(*queries)).found if queries else ():
        for prompt in map(Prompt.model_validate_json, bodies):
            if prompt.task_id == task.id:
                kept[prompt.session_id].append(prompt)
    return dict(kept)


OPERATIONS = (
    Operation(get_task_readiness, "tasks.read", profiles=frozenset({"kanban"})),
    Operation(list_task_runs, "tasks.read", profiles=frozenset({"kanban"})),
)
