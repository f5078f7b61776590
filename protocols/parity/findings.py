"""What differs, and which of it is accepted: a reviewed file, an entry and a reason each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import yaml

from protocols.parity.contracts import NoContract

Part = Literal["static", "live", "against"]
Kind = Literal[
    "operation", "refused", "parameter", "required", "type", "null", "enumeration", "property", "additional", "media", "status", "unlike",
    "silent",
]  # fmt: skip
"""What is missing or different. refused: the operation is there to say that it is not served, as with 501; unlike: two backends answer
differently; silent: there was no answer."""
NOT_SERVED: tuple[Kind, ...] = ("operation", "refused")


class Finding(NamedTuple):
    operation: str
    """Method and path, as the contract writes them."""
    where: str
    """Like `query status`, `body title`, `answer 200 tasks[].status`."""
    kind: Kind
    text: str
    part: Part = "static"

    @property
    def key(self) -> tuple[str, str, str]:
        return self.operation, self.where, self.kind


class Acceptance(NamedTuple):
    operation: str
    where: str
    kind: str
    reason: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.operation, self.where, self.kind


@dataclass(frozen=True)
class Sorted:
    unexplained: Sequence[Finding]
    accepted: Sequence[tuple[Finding, str]]
    """Each with its reason."""
    stale: Sequence[Acceptance]
    """What is accepted and is no longer so."""


def accepted(path: Path | None, contract: str) -> list[Acceptance]:
    """Of the file, or of the one that comes with the hub, what is about the contract of this name. Raises NoContract."""
    source = path or resources.files(__package__).joinpath("accepted.yaml")
    try:
        given = yaml.safe_load(source.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        raise NoContract(f"{source} cannot be read as YAML.") from None
    entries = given.get("differences") if isinstance(given, dict) else None
    if not isinstance(entries, list) or not given.keys() <= {"contracts", "differences"}:
        raise NoContract(f"{source} is no mapping with `differences`, and `contracts` for whose they are.")
    found: list[Acceptance] = []
    for number, entry in enumerate(entries if _is_about(given, contract) else (), 1):
        acceptances = _entry(entry, f"{source}: entry {number}")
        found += acceptances if _is_about(entry, contract) else []
    keys = [one.key for one in found]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise NoContract(f"{source}: {' | '.join(twice)} stands there twice.")
    return found


def _is_about(given: Mapping[str, Any], contract: str) -> bool:
    """It is about all of them when it names none."""
    return not given.get("contracts") or contract in given["contracts"]


def _entry(given: object, source: str) -> list[Acceptance]:
    if not isinstance(given, dict) or not given.keys() <= {"reason", "kind", "at", "contracts"}:
        raise NoContract(f"{source} is no mapping of reason, kind and at. Only contracts may be there, too.")
    reason, kind, at = (given.get(name) for name in ("reason", "kind", "at"))
    if not (isinstance(reason, str) and reason.strip() and kind in get_args(Kind) and isinstance(at, list) and at):
        raise NoContract(f"{source} needs a reason, a kind ({', '.join(get_args(Kind))}), and in `at` what it is about.")
    if not all(isinstance(one, dict) and len(one) == 1 for one in at):
        raise NoContract(f"{source}: each line of `at` is an operation and where it differs, like GET /api/tasks: status 200.")
    return [Acceptance(str(operation), str(where), str(kind), reason.strip()) for one in at for operation, where in one.items()]


def sort(findings: Iterable[Finding], entries: Sequence[Acceptance], examined: Callable[[Acceptance], bool]) -> Sorted:
    """`examined`: what an entry accepts was looked for, so that the entry is stale when it was not found."""
    reasons = {entry.key: entry.reason for entry in entries}
    once = {(finding.key, finding.part): finding for finding in reversed([*findings])}
    found = [*reversed(once.values())]
    keys = {finding.key for finding in found}
    return Sorted(
        [finding for finding in found if finding.key not in reasons],
        [(finding, reasons[finding.key]) for finding in found if finding.key in reasons],
        [entry for entry in entries if entry.key not in keys and examined(entry)],
    )
