"""The runs of a task: what was set to work on it, where, and how that went."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import JsonValue

from hub.domain.model import Instant, Value
from hub.domain.readiness import RUN_STATUSES, RunStatus, run_status
from hub.domain.remote_agents import RemoteTask
from hub.domain.sessions import Prompt, Session
from hub.domain.tasks import Task


class ResumeTarget(Value):
    """Where the work can be gone on with."""

    type: Literal["session", "external_task"]
    id: str


class TaskRun(Value):
    id: str
    kind: Literal["embedded_acp", "a2a_task", "claim"]
    """A session of the hub's; a task of an agent elsewhere; an agent that came for the task by itself."""
    status: RunStatus
    session_id: str | None = None
    external_task_id: str | None = None
    context_id: str | None = None
    column_id: str | None = None
    step_id: str | None = None
    step_name: str | None = None
    provider: str | None = None
    specialist_name: str | None = None
    agent_id: str | None = None
    started_at: Instant | None = None
    completed_at: Instant | None = None
    owner_instance_id: str | None = None
    """The worker that has it now."""
    resume_target: ResumeTarget | None = None


Lane = Mapping[str, JsonValue]
LANE_FIELDS = {
    "session_id": "sessionId", "external_task_id": "externalTaskId", "context_id": "contextId", "column_id": "columnId",
    "step_id": "stepId", "step_name": "stepName", "provider": "provider", "specialist_name": "specialistName",
    "started_at": "startedAt", "completed_at": "completedAt",
}  # fmt: skip
"""What a run takes over from a lane."""


def lane_run(task: Task, lane: Lane, session: Session | None) -> TaskRun:
    """Of a lane of the board. Its session may have failed without the lane's knowing."""
    said = {name: value for name, value in lane.items() if isinstance(value, str)}
    session_id, external = said.get("sessionId"), said.get("externalTaskId")
    status = next((one for one in RUN_STATUSES if one == said.get("status")), "unknown")
    if status == "running" and session and session.status == "failed":
        status = "failed"
    named = {own: said.get(web) for own, web in LANE_FIELDS.items()}
    named["provider"] = named["provider"] or (session.provider if session else None)
    return TaskRun(
        id=session_id or external or f"{task.id}/{said.get('startedAt', '')}", status=status, **named,
        kind="a2a_task" if said.get("transport") == "a2a" else "embedded_acp",
        owner_instance_id=_owner(session), resume_target=_resumed(session_id, external),
    )  # fmt: skip


def session_run(session_id: str, session: Session | None, prompts: Sequence[Prompt]) -> TaskRun:
    """Of a session that was started for the task, or was told to do it in these prompts, the oldest first."""
    ended = prompts[-1].ended_at if prompts else None
    return TaskRun(
        id=session_id, kind="embedded_acp", status=_session_status(session, prompts), session_id=session_id,
        provider=session and session.provider, agent_id=session and session.agent_id,
        started_at=prompts[0].started_at if prompts else session and session.created_at, completed_at=ended,
        owner_instance_id=_owner(session), resume_target=_resumed(session_id, None) if session else None,
    )  # fmt: skip


def remote_run(task: Task, remote: RemoteTask) -> TaskRun:
    target = _resumed(None, remote.remote_task_id)
    return TaskRun(
        id=remote.remote_task_id or remote.id, kind="a2a_task", status=run_status(task) if remote.ended else "running",
        external_task_id=remote.remote_task_id, context_id=remote.remote_context_id, agent_id=remote.agent_id,
        started_at=remote.created_at, completed_at=remote.updated_at if remote.ended else None, resume_target=target,
    )  # fmt: skip


def claim_run(task: Task) -> TaskRun:
    """Of the claims on a task only the last one is known, and of one that is over only that it was."""
    claim, ended = task.claim, task.ended
    return TaskRun(
        id=f"{task.id}/{task.claim_count}", kind="claim", status=run_status(task), agent_id=claim.agent_id if claim else task.assigned_to,
        owner_instance_id=claim.worker if claim else None, completed_at=task.updated_at if ended else None,
    )  # fmt: skip


def _session_status(session: Session | None, prompts: Sequence[Prompt]) -> RunStatus:
    if prompts:
        last = prompts[-1]
        return "completed" if last.status == "completed" else "failed" if last.ended else "running"
    if session is None:
        return "unknown"
    if session.status == "failed":
        return "failed"
    return "running" if session.active or session.queue else "completed" if session.told else "unknown"


def _resumed(session_id: str | None, external: str | None) -> ResumeTarget | None:
    if external:
        return ResumeTarget(type="external_task", id=external)
    return ResumeTarget(type="session", id=session_id) if session_id else None


def _owner(session: Session | None) -> str | None:
    return session.claim.worker if session and session.claim else None
