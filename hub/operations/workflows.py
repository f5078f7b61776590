"""Workflows: what is to be done step by step, as YAML."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, JsonValue

from hub.domain.background_tasks import BackgroundTask, TriggerSource
from hub.domain.errors import Duplicate, Invalid
from hub.domain.model import Instant, Value, new_id
from hub.domain.workflows import Workflow, WorkflowRun, WorkflowStep, WorkflowTrigger, groups
from hub.operations.background_tasks import LONGEST_PROMPT
from hub.operations.base import Call, Id, Input, Mutation, Operation, Page, Removed, Result
from hub.operations.workflow_texts import read_workflow
from hub.operations.yaml_texts import LONGEST

WorkflowId = Annotated[str, Field(min_length=1, max_length=100, pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""Letters, digits, dots, dashes and underscores."""
Yaml = Annotated[str, Field(min_length=1, max_length=LONGEST)]
MOST_PLACES = 100
"""That are filled in."""
PLACE = re.compile(r"\$\{(trigger\.payload|variables\.[^}]+)\}")
"""In a step's input, what is known when a run begins."""


class CreateWorkflow(Mutation):
    id: WorkflowId
    yaml_content: Yaml
    """name and steps, each with a name, a specialist and an input. Everybody who may read workflows sees it: put no secrets in it."""


class ListWorkflows(Page):
    pass


class GetWorkflow(Input):
    workflow_id: Id


class UpdateWorkflow(Mutation):
    workflow_id: Id
    yaml_content: Yaml


class DeleteWorkflow(Mutation):
    workflow_id: Id


class TriggerWorkflow(Mutation):
    workflow_id: Id
    workspace_id: Id
    trigger_payload: Annotated[str, Field(max_length=100_000)] | None = None
    """Stands for ${trigger.payload} in the inputs of the steps."""


class WorkflowView(Value):
    """As it is written: `version` is what the YAML says."""

    id: str
    name: str
    description: str | None = None
    version: str | None = None
    trigger: WorkflowTrigger
    variables: dict[str, JsonValue] | None = None
    steps: tuple[WorkflowStep, ...]
    yaml_content: str
    created_at: Instant
    updated_at: Instant


class Workflows(Result):
    workflows: tuple[WorkflowView, ...]
    next_cursor: str | None = None


class Triggered(Result):
    workflow_run_id: str
    task_ids: tuple[str, ...]
    """The background tasks of the steps, in order."""


async def create_workflow(given: CreateWorkflow, call: Call) -> WorkflowView:
    """Define a workflow in YAML. trigger_workflow runs it."""
    if await call.unit.get(Workflow, given.id):
        raise Duplicate(f"There is a workflow {given.id!r} already. Take another id, or change it with update_workflow.")
    return _view(call.create(Workflow(id=given.id, yaml_content=given.yaml_content, definition=read_workflow(given.yaml_content))))


async def list_workflows(given: ListWorkflows, call: Call) -> Workflows:
    """List the workflows, by id."""
    found = await call.unit.find(Workflow, given.cursor, given.limit)
    return Workflows(workflows=tuple(map(_view, found)), next_cursor=found[-1].key if len(found) == given.limit else None)


async def get_workflow(given: GetWorkflow, call: Call) -> WorkflowView:
    """Read a workflow: its steps, and the YAML that they come from."""
    return _view(await call.need(Workflow, given.workflow_id))


async def update_workflow(given: UpdateWorkflow, call: Call) -> WorkflowView:
    """Write a workflow's YAML anew. Runs that have begun go on as they were."""
    workflow = await call.need(Workflow, given.workflow_id)
    return _view(call.update(workflow, yaml_content=given.yaml_content, definition=read_workflow(given.yaml_content)))


async def delete_workflow(given: DeleteWorkflow, call: Call) -> Removed:
    """Delete a workflow. Its runs stay."""
    workflow = await call.need(Workflow, given.workflow_id)
    call.delete(workflow)
    return Removed(id=workflow.id)


async def trigger_workflow(given: TriggerWorkflow, call: Call) -> Triggered:
    """Begin a run of a workflow: a background task for each step, which waits for those before it. get_workflow_run tells how far it is."""
    run, tasks = await begin_run(given, "manual", call)
    return Triggered(workflow_run_id=run.id, task_ids=tuple(task.id for task in tasks))


async def begin_run(given: TriggerWorkflow, source: TriggerSource, call: Call) -> tuple[WorkflowRun, list[BackgroundTask]]:
    """Stage the run and its tasks."""
    workflow = await call.need(Workflow, given.workflow_id)
    await call.workspace(given.workspace_id)
    definition = workflow.definition
    run = WorkflowRun(
        workspace_id=given.workspace_id, workflow_id=workflow.id, workflow_name=definition.name, workflow_version=definition.version,
        trigger_payload=given.trigger_payload, trigger_source=source, total_steps=len(definition.steps),
    )  # fmt: skip
    tasks = [*_tasks(workflow, run, source)]  # before anything is staged: one may be refused
    return call.create(run), [call.create(task) for task in tasks]


def _tasks(workflow: Workflow, run: WorkflowRun, source: TriggerSource) -> Iterator[BackgroundTask]:
    """A step waits for all that come before its group, so that ${steps.NAME.output} is known when it begins."""
    earlier: tuple[str, ...] = ()
    for group in groups(workflow.definition.steps):
        ids = {step.name: new_id() for step in group}
        for step in group:
            yield BackgroundTask(
                id=ids[step.name], workspace_id=run.workspace_id, title=f"[{run.workflow_name}] {step.name}"[:400],
                prompt=_prompt(step, workflow, run), agent_id=step.specialist, triggered_by=f"workflow:{workflow.id}",
                trigger_source="workflow" if source == "manual" else source, max_attempts=step.attempts, workflow_run_id=run.id,
                workflow_step_name=step.name, depends_on_task_ids=earlier,
            )  # fmt: skip
        earlier = (*earlier, *ids.values())


def _prompt(step: WorkflowStep, workflow: Workflow, run: WorkflowRun) -> str:
    payload, variables = run.trigger_payload or "", workflow.definition.variables or {}
    if not step.input:
        return payload or f"Do the step {step.name!r} of the workflow {run.workflow_name!r}."

    def known(found: re.Match[str]) -> str:
        name = found[1].removeprefix("variables.")
        return payload if found[1] == "trigger.payload" else str(variables.get(name, found[0]))

    prompt = PLACE.sub(known, step.input, MOST_PLACES)
    if len(prompt) > LONGEST_PROMPT:
        raise Invalid(f"step ({step.name[:80]}): with what it uses filled in, its input is longer than {LONGEST_PROMPT} characters.")
    return prompt


def _view(workflow: Workflow) -> WorkflowView:
    said = {name: getattr(workflow.definition, name) for name in type(workflow.definition).model_fields}
    own = {name: getattr(workflow, name) for name in ("id", "yaml_content", "created_at", "updated_at")}
    return WorkflowView.trusted(**said, **own)


OPERATIONS = (
    Operation(create_workflow, "workflows.write", writes=True),
    Operation(list_workflows, "workflows.read", profiles=frozenset({"coordination"})),
    Operation(get_workflow, "workflows.read", profiles=frozenset({"coordination"})),
    Operation(update_workflow, "workflows.write", writes=True, destructive=True, repeatable=True),
    Operation(delete_workflow, "workflows.write", writes=True, destructive=True, repeatable=True),
    Operation(trigger_workflow, "workflows.write", writes=True, profiles=frozenset({"coordination"})),
)
