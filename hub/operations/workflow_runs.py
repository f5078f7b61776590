"""Runs of workflows: how far each is, told by the background tasks of its steps."""

from hub.domain.background_tasks import BackgroundTask
from hub.domain.workflows import ENDED, RunStatus, WorkflowRun
from hub.operations.base import Call, Id, Input, Limit, Listing, Operation


class ListWorkflowRuns(Input):
    workspace_id: Id | None = None
    workflow_id: Id | None = None
    status: RunStatus | None = None
    limit: Limit = 100


class GetWorkflowRun(Input):
    workflow_run_id: Id


async def list_workflow_runs(given: ListWorkflowRuns, call: Call) -> Listing[WorkflowRun]:
    """List the runs of workflows, the newest first."""
    if given.workspace_id:
        await call.within(given.workspace_id)
    where = {"workspace_id": given.workspace_id, "workflow_id": given.workflow_id, "status": given.status}
    return await call.newest(WorkflowRun, given.limit, **where)


async def get_workflow_run(given: GetWorkflowRun, call: Call) -> WorkflowRun:
    """Read how far a run of a workflow is. list_background_tasks with its id has its steps."""
    return await call.need(WorkflowRun, given.workflow_run_id)


async def follow_step(task: BackgroundTask, call: Call) -> None:
    """Write into the task's run, if it has one, what the task has come to."""
    run = await call.unit.get(WorkflowRun, task.workflow_run_id) if task.workflow_run_id else None
    if run is None:
        return
    match task.status:
        case "PENDING":  # it is tried again, and so the run goes on
            call.update(run, status="RUNNING", error_message=None, completed_at=None)
        case "COMPLETED":  # counted also in a run that another step has ended: that one may be tried again
            _complete_step(run, task, call)
        case _ if run.status in ENDED:
            return
        case "RUNNING":
            call.update(run, status="RUNNING", current_step_name=task.workflow_step_name, started_at=run.started_at or call.now)
        case "FAILED" if task.retries:
            return
        case "FAILED" | "CANCELLED":
            error = task.error_message or "It was cancelled."
            call.update(run, status=task.status, completed_at=call.now, error_message=f"{task.workflow_step_name}: {error}")


def _complete_step(run: WorkflowRun, task: BackgroundTask, call: Call) -> None:
    done = run.completed_steps + 1
    changed: dict[str, object] = {"completed_steps": done}
    if task.task_output is not None:
        changed["step_outputs"] = {**run.step_outputs, task.workflow_step_name or "": task.task_output}
    if done == run.total_steps:
        changed |= {"status": "COMPLETED", "completed_at": call.now}
    call.update(run, **changed)


OPERATIONS = (
    Operation(list_workflow_runs, "workflows.read"),
    Operation(get_workflow_run, "workflows.read"),
)
