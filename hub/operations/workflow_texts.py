"""Reading the YAML of a workflow, with errors that name the step."""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from hub.domain.errors import Invalid
from hub.domain.workflows import WorkflowDefinition, WorkflowStep, groups

if TYPE_CHECKING:
    from yaml import SafeLoader

LONGEST = 50_000
"""Characters: reading them takes up to some tenths of a second, in which the hub does nothing else."""
MOST_PROBLEMS = 5
OUTPUT = re.compile(r"\$\{steps\.([^}]+)\.output\}")
"""In a step's input: what an earlier step has come to."""
OTHERWISE = frozenset({"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"})
"""Words that YAML 1.1 takes for more than JSON, or for too much."""
EXAMPLE = "A workflow has a name and steps, each with a name and a specialist."


def read_workflow(text: str) -> WorkflowDefinition:
    """Raises Invalid."""
    said = _parsed(text)
    if not isinstance(said, dict):
        raise Invalid(f"yamlContent: it names no fields. {EXAMPLE}")
    try:
        definition = WorkflowDefinition.model_validate_json(_json(said))
    except ValidationError as error:
        problems = [_problem(said, one["loc"], one["msg"]) for one in error.errors(include_url=False, include_input=False)]
        raise Invalid("; ".join(problems[:MOST_PROBLEMS]), problems=[*problems[:MOST_PROBLEMS]]) from None
    _expect_order(definition.steps)
    return definition


def _parsed(text: str) -> Any:
    from yaml import MarkedYAMLError, YAMLError

    loader = None
    try:
        loader = _loader()(text)
        return loader.get_single_data()
    except MarkedYAMLError as error:
        line = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Invalid(f"yamlContent: it is no YAML{line}: {error.problem}.") from None
    except (YAMLError, ValueError, RecursionError):
        raise Invalid("yamlContent: it is no YAML: it has signs or numbers that cannot be, or is nested too deep.") from None
    finally:
        if loader:
            loader.dispose()


@cache
def _loader() -> "type[SafeLoader]":
    """What JSON has, and no more: no dates, `on` and `yes` are words, and no aliases, of which a few lines would be a document without
    end."""
    from yaml import AliasEvent, SafeLoader
    from yaml.composer import ComposerError

    class PlainLoader(SafeLoader):
        yaml_implicit_resolvers = {
            first: [one for one in resolvers if one[0] not in OTHERWISE] for first, resolvers in SafeLoader.yaml_implicit_resolvers.items()
        }

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(AliasEvent):
                raise ComposerError(problem="aliases (*name) are not taken")
            return super().compose_node(parent, index)

    PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(?:true|True|TRUE|false|False|FALSE)$"), [*"tTfF"])
    return PlainLoader


def _json(said: Any) -> bytes:
    """Raises Invalid for what a record cannot keep."""
    try:
        raw = orjson.dumps(said)
    except (TypeError, ValueError, RecursionError):
        raise Invalid("yamlContent: it has values that JSON does not know, like sets or numbers of more than 64 bits.") from None
    if b"\\u0000" in raw:
        raise Invalid("yamlContent: it holds a NUL character, which no text may.")
    return raw


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
