"""A story in the canonical form: YAML under `story:` in a fenced block of a task's objective."""

import re
from typing import Any, Literal, cast

from hub.domain.model import Value

CheckStatus = Literal["pass", "warning", "fail"]
BLOCK = re.compile(r"^```ya?ml[ \t]*\n(.*?)^```", re.MULTILINE | re.DOTALL | re.IGNORECASE)
LONGEST = 65_536
"""Characters of a block; a longer one is not read."""
LONGEST_REASON, MOST_PROBLEMS = 500, 20
TEXTS = ("title", "problem_statement", "user_value")
LISTS = ("acceptance_criteria", "constraints_and_affected_areas", "out_of_scope")
PRINCIPLES = ("independent", "negotiable", "valuable", "estimable", "small", "testable")
"""INVEST."""


class Check(Value):
    """Whether a story keeps to one of the principles of INVEST."""

    status: CheckStatus
    reason: str


class Story(Value):
    """What could be read of it. One without problems is whole."""

    checks: dict[str, Check] = {}
    """By the principle; those that the story says of itself."""
    sequenced: bool = False
    """It says what it depends on, be that nothing."""
    problems: tuple[str, ...] = ()
    """What is missing in it, or wrong: a line each."""


def story_of(objective: str) -> Story | None:
    """The first block that is a story; None: the objective has none."""
    if "story:" not in objective:
        return None
    for block in BLOCK.finditer(objective):
        if re.search(r"^story:", block[1], re.MULTILINE):
            return _read(block[1])
    return None


def _read(block: str) -> Story:
    if len(block) > LONGEST:
        return Story(problems=(f"The story's YAML is longer than {LONGEST} characters.",))
    try:
        said = _yaml(block)
    except ValueError as error:
        return Story(problems=(str(error),))
    story = said.get("story") if isinstance(said, dict) else None
    if not isinstance(story, dict):
        return Story(problems=("story: it must have fields.",))
    order = story.get("dependencies_and_sequencing")
    depends_on = order.get("depends_on") if isinstance(order, dict) else None
    return Story(
        checks=_checks(story.get("invest")), sequenced=isinstance(depends_on, list), problems=tuple(_problems(story)[:MOST_PROBLEMS])
    )


def _yaml(block: str) -> object:
    """Every scalar is a text. Raises ValueError."""
    import yaml

    try:
        return yaml.load(block, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506 - it makes no objects
    except yaml.MarkedYAMLError as error:
        line = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(f"The story is no YAML{line}: {error.problem}.") from None
    except (yaml.YAMLError, RecursionError):
        raise ValueError("The story is no YAML: it has signs that no text may have, or is nested too deep.") from None


def _checks(invest: Any) -> dict[str, Check]:
    known = invest if isinstance(invest, dict) else {}
    return {name: check for name in PRINCIPLES if (check := _check(known.get(name)))}


def _check(said: Any) -> Check | None:
    status, reason = (said.get("status"), said.get("reason")) if isinstance(said, dict) else (None, None)
    if status not in ("pass", "warning", "fail") or not isinstance(reason, str):
        return None
    return Check(status=cast(CheckStatus, status), reason=reason[:LONGEST_REASON])


def _problems(story: dict[str, Any]) -> list[str]:
    problems = [f"story.{name}: a text is missing." for name in TEXTS if not isinstance(story.get(name), str) or not story[name].strip()]
    problems += [f"story.{name}: a list is missing." for name in LISTS if not isinstance(story.get(name), list)]
    criteria = story.get("acceptance_criteria")
    for number, one in enumerate(criteria if isinstance(criteria, list) else (), 1):
        if not isinstance(one, dict) or not one.get("text"):
            problems.append(f"story.acceptance_criteria: number {number} has no text.")
    if criteria == []:
        problems.append("story.acceptance_criteria: there is none.")
    if not isinstance(story.get("dependencies_and_sequencing"), dict):
        problems.append("story.dependencies_and_sequencing: its fields are missing.")
    missing = [name for name in PRINCIPLES if name not in _checks(story.get("invest"))]
    return [*problems, *(f"story.invest.{name}: give status pass, warning or fail, and a reason." for name in missing)]
