"""How a task ends: the report of whoever did it, the evidence, the verdict."""

from collections import Counter
from typing import ClassVar

from pydantic import JsonValue

from hub.domain.agents import Agent
from hub.domain.errors import Invalid, Refused
from hub.domain.tasks import STATUS_OF_VERDICT, Artifact, ArtifactType, Failure, Task, Verdict
from hub.operations.base import Call, Id, Input, Listing, Mutation, Operation, Page, Text
from hub.operations.claims import expect_open, expect_running, tell
from hub.operations.outputs import AppendArtifact, put_out
from hub.operations.task_messages import Parts
from hub.operations.tasks import Texts, expect_claim, workflow_state


class ReportToParent(Mutation):
    brief: ClassVar[tuple[str, ...]] = ("agentId", "taskId", "summary", "success", "claimToken")

    agent_id: Id
    task_id: Id
    summary: Text
    success: bool
    files_modified: Texts = ()
    verification_results: Text | None = None
    claim_token: int | None = None


class FinishTask(Mutation):
    task_id: Id
    result: dict[str, JsonValue] | None = None
    """What came out of it, as a JSON object."""
    failure: Failure | None = None
    """Left out: it succeeded."""
    summary: Text | None = None
    output: Parts | None = None
    """What came out of it, for people: it becomes the artifact `result` in the same step."""
    agent_id: Id | None = None
    """Whose output it is."""
    claim_token: int | None = None


class CancelTask(Mutation):
    task_id: Id


class SetVerdict(Mutation):
    task_id: Id
    verdict: Verdict
    report: Text | None = None
    agent_id: Id | None = None


class ProvideArtifact(Mutation):
    task_id: Id
    type: ArtifactType
    content: Text
    agent_id: Id | None = None
    context: Text | None = None
    request_id: Id | None = None
    metadata: dict[str, str] | None = None
    source: str | None = None


class ListArtifacts(Page):
    task_id: Id
    type: ArtifactType | None = None


class GetArtifact(Input):
    artifact_id: Id


async def report_to_parent(given: ReportToParent, call: Call) -> Task:
    """Report that your task is done, or that it failed. It ends your claim and tells the agent above you."""
    agent, task = await call.need(Agent, given.agent_id), await call.need(Task, given.task_id)
    expect_claim(task, given.claim_token)
    expect_open(task)
    if given.claim_token is None and task.claim and task.claimed_at(call.now) and task.claim.agent_id != agent.id:
        raise Refused(f"Agent {task.claim.agent_id!r} works on it until {task.claim.expires_at}.")
    if agent.parent_id and (parent := await call.unit.get(Agent, agent.parent_id)):
        await tell(parent, "USER", _letter(given, agent, task), call)
    if agent.status != "COMPLETED" and agent.parent_id:
        call.update(agent, status="COMPLETED")
    changed = workflow_state({"status": "COMPLETED" if given.success else "NEEDS_FIX"})
    failure = None if given.success else Failure(message=given.summary)
    changed |= {"completion_summary": given.summary, "result": None, "failure": failure, "claim": None}
    return call.write(task.model_copy(update=changed), "reported", agentId=agent.id, success=given.success)


async def finish_task(given: FinishTask, call: Call) -> Task:
    """End a task with a result for machines, or with the failure that it ended in. Agents end theirs with report_to_parent."""
    task = await call.need(Task, given.task_id)
    expect_claim(task, given.claim_token)
    expect_running(task)
    if given.failure and given.result is not None:
        raise Invalid("Give a result or a failure, not both.")
    if given.output:
        output = AppendArtifact(task_id=task.id, name="result", chunks=(given.output,), agent_id=given.agent_id)
        _, task, told = await put_out(output, task, call)
        task = call.tell(task, "artifact_updated", **told)
    status = "COMPLETED" if given.failure is None else "CANCELLED" if given.failure.rejected else "NEEDS_FIX"
    changed = workflow_state({"status": status})
    summary = given.summary or (given.failure.message if given.failure else None)
    changed |= {"completion_summary": summary, "result": given.result, "failure": given.failure, "claim": None}
    return call.write(task.model_copy(update=changed), "finished", success=given.failure is None)


async def cancel_task(given: CancelTask, call: Call) -> Task:
    """Cancel a task: whoever works on it is refused from then on. One that has ended stays as it ended."""
    task = await call.need(Task, given.task_id)
    if task.ended:
        return task
    changed = workflow_state({"status": "CANCELLED"}) | {"claim": None}
    return call.write(task.model_copy(update=changed), "cancelled")


async def set_verdict(given: SetVerdict, call: Call) -> Task:
    """Judge a task against its acceptance criteria: APPROVED completes it, NOT_APPROVED sends it back, BLOCKED stops it."""
    task = await call.need(Task, given.task_id)
    changed = workflow_state({"status": STATUS_OF_VERDICT[given.verdict]})
    changed |= {"verification_verdict": given.verdict, "verification_report": given.report, "failure": None, "claim": None}
    return call.write(task.model_copy(update=changed), "judged", verdict=given.verdict, agentId=given.agent_id)


async def provide_artifact(given: ProvideArtifact, call: Call) -> Artifact:
    """Attach evidence to a task: test results, a diff, logs, or a screenshot in base64."""
    task = await call.need(Task, given.task_id)
    counts = await _artifact_counts(task, call)
    call.update(task, artifact_counts={**counts, given.type: counts.get(given.type, 0) + 1})
    artifact = Artifact(
        type=given.type, task_id=task.id, workspace_id=task.workspace_id, provided_by_agent_id=given.agent_id,
        request_id=given.request_id, content=given.content, context=given.context, metadata=given.metadata,
    )  # fmt: skip
    return call.create(artifact, taskId=task.id)


async def list_artifacts(given: ListArtifacts, call: Call) -> Listing[Artifact]:
    """List a task's artifacts."""
    await call.need(Task, given.task_id)
    return await call.list(Artifact, given, task_id=given.task_id, type=given.type)


async def get_artifact(given: GetArtifact, call: Call) -> Artifact:
    """Read an artifact with its content."""
    return await call.need(Artifact, given.artifact_id)


async def _artifact_counts(task: Task, call: Call) -> dict[ArtifactType, int]:
    """Of a task from before they were counted they are counted once."""
    if task.artifact_counts is not None:
        return task.artifact_counts
    return Counter([one.type async for one in call.unit.every(Artifact, task_id=task.id) if one.id not in task.outputs])


def _letter(given: ReportToParent, agent: Agent, task: Task) -> str:
    parts = [f"[Completion Report from {agent.name} ({agent.id})]", f"Task: {task.title} ({task.id})"]
    parts.append(f"Result: {'success' if given.success else 'failure'}\n\n{given.summary}")
    if given.files_modified:
        parts.append("Files modified:\n" + "\n".join(f"- {path}" for path in given.files_modified))
    if given.verification_results:
        parts.append(f"Verification:\n{given.verification_results}")
    return "\n".join(parts)


OPERATIONS = (
    Operation(report_to_parent, "tasks.write", writes=True, profiles=frozenset({"core", "kanban"})),
    Operation(finish_task, "tasks.write", writes=True),
    Operation(cancel_task, "tasks.write", writes=True, repeatable=True, profiles=frozenset({"coordination", "kanban"})),
    Operation(set_verdict, "tasks.write", writes=True, repeatable=True, profiles=frozenset({"coordination", "kanban"})),
    Operation(provide_artifact, "tasks.write", writes=True, profiles=frozenset({"coordination", "kanban"})),
    Operation(list_artifacts, "tasks.read", profiles=frozenset({"coordination", "kanban"})),
    Operation(get_artifact, "tasks.read", profiles=frozenset({"coordination", "kanban"})),
)
