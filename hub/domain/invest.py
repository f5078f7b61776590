"""Whether a task is a good story by the principles of INVEST: what its canonical story says of itself, else what it looks like."""

from collections.abc import Callable
from typing import Literal

from hub.domain.model import Value
from hub.domain.stories import PRINCIPLES, Check, CheckStatus, Story
from hub.domain.tasks import Task

TELLING, THIN = 60, 25
"""Characters of an objective from which it can say why the task matters, and below which it cannot."""
SMALL, LARGE = (1_500, 6), (4_000, 12)
"""Characters of an objective and acceptance criteria: at most so many in a small task, and more in one that is too large."""


class InvestChecks(Value):
    independent: Check
    negotiable: Check
    valuable: Check
    estimable: Check
    small: Check
    testable: Check


class InvestValidation(Value):
    source: Literal["canonical_story", "heuristic"]
    overall_status: CheckStatus
    checks: InvestChecks
    issues: tuple[str, ...]


def invest_validation(task: Task, story: Story | None) -> InvestValidation:
    """What its canonical story says of itself; where that says nothing, what the task looks like."""
    said = story.checks if story else {}
    checks = {name: said.get(name) or LOOKS[name](task) for name in PRINCIPLES}
    found = {check.status for check in checks.values()}
    overall: CheckStatus = "fail" if "fail" in found else "warning" if "warning" in found else "pass"
    return InvestValidation.trusted(
        source="canonical_story" if said else "heuristic", overall_status=overall, checks=InvestChecks.trusted(**checks),
        issues=story.problems if story else (),
    )  # fmt: skip


def _independent(task: Task) -> Check:
    if count := len(task.dependencies):
        return _check("warning", f"It waits for {count} other task{'s' * (count > 1)}.")
    return INDEPENDENT


def _valuable(task: Task) -> Check:
    length = len(task.objective.strip())
    return VALUABLE[0 if length >= TELLING else 1 if length >= THIN else 2]


def _estimable(task: Task) -> Check:
    return ESTIMABLE[(not task.scope) + (not task.acceptance_criteria)]


def _small(task: Task) -> Check:
    length, criteria = len(task.objective), len(task.acceptance_criteria or ())
    within = [length <= most and criteria <= many for most, many in (SMALL, LARGE)]
    return SIZES[0 if within[0] else 1 if within[1] else 2]


def _testable(task: Task) -> Check:
    return TESTABLE[(not task.acceptance_criteria) + (not (task.verification_commands or task.test_cases))]


def _check(status: CheckStatus, reason: str) -> Check:
    return Check.trusted(status=status, reason=reason)


INDEPENDENT = _check("pass", "It waits for no other task.")
NEGOTIABLE = _check("warning", "People judge whether its details are open: no canonical story says so.")
VALUABLE = (
    _check("pass", "The objective has room to say why it matters."),
    _check("warning", "The objective is short: say for whom it is done, and what they gain."),
    _check("fail", "The objective is too short to say why the work matters."),
)
ESTIMABLE = (
    _check("pass", "Scope and acceptance criteria are there to judge the effort by."),
    _check("warning", "Give both scope and acceptance criteria: one of them is missing."),
    _check("fail", "Without scope and acceptance criteria nobody can judge the effort."),
)
SIZES = (
    _check("pass", "It looks small enough to be done in one go."),
    _check("warning", "It is rather large: look whether it can be divided."),
    _check("fail", "It is too large for one task. Divide it."),
)
TESTABLE = (
    _check("pass", "It says what has to hold and how that is checked."),
    _check("warning", "Give acceptance criteria and a way to check them: one of the two is missing."),
    _check("fail", "Nothing says what has to hold, or how to check it."),
)
LOOKS: dict[str, Callable[[Task], Check]] = {
    "independent": _independent, "negotiable": lambda _: NEGOTIABLE, "valuable": _valuable, "estimable": _estimable, "small": _small,
    "testable": _testable,
}  # fmt: skip
