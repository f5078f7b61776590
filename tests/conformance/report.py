"""The tables, and what nobody expected."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from hub.version import VERSION
from tests.conformance.deviations import DEVIATIONS, NOT_RUN, Deviation
from tests.conformance.suite import PACKAGE, Check

STATUSES = ("SUCCESS", "FAILURE", "WARNING", "INFO", "SKIPPED")
INTRODUCTION = (
    "The official suite, `{package}` {suite}, against Trivium {hub}: a real process that serves the suite's fixtures on the hub's own "
    "HTTP transport (`trivium serve --conformance`). Its tasks are tasks of the hub. `make conformance` runs it, and fails when anything "
    "differs from this page; `python -m tests.conformance --write` writes the page."
)
COUNTED = (
    "Every check is counted, not only those that the suite calls passed or failed. Info are remarks of the suite; its notes of the "
    "traffic are left out. A set of requirements has the pending scenarios and the tasks extension in it, too."
)
HEAD = "| {} | passed | failed | warnings | info | skipped |\n|---|---:|---:|---:|---:|---:|"


def unexpected(checks: Sequence[Check], known: Sequence[Deviation] = DEVIATIONS) -> Iterator[str]:
    """A line for each check that did not succeed without a reason, and for each reason without such a check."""
    reasons = {deviation[:4] for deviation in known}
    deviated = {check[:4] for check in checks if check.status != "SUCCESS"}
    for check in checks:
        if check.status != "SUCCESS" and check[:4] not in reasons:
            yield f"{check.revision} {check.scenario} {check.id}: {check.status} {check.message[:500]}".rstrip()
    for key in sorted(reasons - deviated):
        yield f"{' '.join(key[:3])}: {key[3]} is known, and did not happen. Take it out of tests/conformance/deviations.py."


def unknown(checks: Iterable[Check], scenarios: set[str]) -> Iterator[str]:
    """A line for each scenario of the suite that was not run, and has no reason for it."""
    for name in sorted(scenarios - {check.scenario for check in checks} - NOT_RUN.keys()):
        yield f"The scenario {name} was not run, and has no reason in tests/conformance/deviations.py."


def document(checks: Sequence[Check], suite: str) -> str:
    """docs/conformance.md."""
    revisions = list(dict.fromkeys(check.revision for check in checks))
    parts = [
        "# MCP conformance",
        INTRODUCTION.format(package=PACKAGE, suite=suite, hub=VERSION),
        COUNTED,
        _table("revision", [(revision, _of(checks, revision)) for revision in revisions]),
        "## What differs, and why",
        "\n".join(f"- {one.revision}, {one.scenario}, `{one.check}`: {one.status}. {one.reason}" for one in DEVIATIONS),
        "\n".join(f"- Not run: {name}. {reason}" for name, reason in NOT_RUN.items()),
    ]
    for revision in revisions:
        of = _of(checks, revision)
        names = dict.fromkeys(check.scenario for check in of)
        parts += [f"## {revision}", _table("scenario", [(name, [one for one in of if one.scenario == name]) for name in names])]
    return "\n\n".join(parts) + "\n"


def _of(checks: Sequence[Check], revision: str) -> list[Check]:
    return [check for check in checks if check.revision == revision]


def _table(what: str, rows: Iterable[tuple[str, Sequence[Check]]]) -> str:
    return "\n".join([HEAD.format(what), *(f"| {name} | {' | '.join(_counts(checks))} |" for name, checks in rows)])


def _counts(checks: Iterable[Check]) -> Iterator[str]:
    count = Counter(check.status for check in checks)
    return (str(count[status]) for status in STATUSES)
