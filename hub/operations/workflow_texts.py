"""Reading the YAML of a workflow, with errors that name the step."""

import re
from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import ValidationError

from hub.domain.errors import Invalid
from hub.domain.workflows import WorkflowDefinition, WorkflowStep, groups
from hub.operations.yaml_texts import json_of

MOST_PROBLEMS = 5
OUTPUT = re.compile(r"\$\{steps\.([^}]+)\.output\}")
"""In a step's input: what an earlier step has come to."""
EXAMPLE = "A workflow has a name and steps, each with a name and a specialist."


def read_workflow(text: str) -> WorkflowDefinition:
    """Raises Invalid."""
    raw = json_of(text)
    said = orjson.loads(raw)
    if not isinstance(said, dict):
        raise Invalid(f"yamlContent: it names no fields. {EXAMPLE}")
    try:
        definition = WorkflowDefinition.model_validate_json(raw)
    except ValidationError as error:
        problems = [_problem(said, one["loc"], one["msg"]) for one in error.errors(include_url=False, include_input=False)]
        raise Invalid("; ".join(problems[:MOST_PROBLEMS]), problems=[*problems[:MOST_PROBLEMS]]) from None
    _expect_order(definition.steps)
    return definition


def _problem(said: dict[str, Any], location: tuple[int | str, ...], message: str) -> str:
    where = [*map(str, location)]
    if len(location) > 1 and location[0] == "steps" and isinstance(location[1], int):
        step = said["steps"][location[1]]
        name = step.get("name") if isinstance(step, dict) else None
        where = [f"step {location[1] + 1}" + (f" ({str(name)[:80]})" if name else ""), *where[2:]]
    return f"{'.'.join(where) or 'yamlContent'}: {message.replace('Tuple', 'List')}"


def _expect_order(steps: Sequence[WorkflowStep]) -> None:
    """Names are there once, and a step uses the output of steps before it only."""
    done: set[str] = set()
    for group in groups(steps):
        names = [step.name for step in group]
        for step in group:
            if step.name in done or names.count(step.name) > 1:
                raise Invalid(f"step ({step.name[:80]}): there is another step of this name. Give each its own.")
            if wrong := [name for name in OUTPUT.findall(step.input or "") if name not in done]:
                raise Invalid(f"step ({step.name[:80]}): input: {wrong[0][:80]!r} is no step that is done before it.")
        done.update(names)
