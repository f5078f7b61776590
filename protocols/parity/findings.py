"""What differs, and which of it is accepted: a reviewed file, an entry and a reason each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal, NamedTuple

import yaml

from protocols.parity.contracts import NoContract

Part = Literal["static", "live", "against"]
Kind = Literal[
    "operation", "parameter", "required", "type", "null", "enumeration", "property", "additional", "media", "status", "unlike", "silent"
]  # fmt: skip
"""What is missing or different. unlike: two backends answer differently; silent: there was no answer."""
FIELDS = ("operation", "where", "kind")


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
    contracts: tuple[str, ...] = ()
    """Names of the files that it is about; none: all."""

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
    """Of the file, or of the one that comes with the hub, what is about this contract. Raises NoContract."""
    source = path or resources.files(__package__).joinpath("accepted.yaml")
    try:
        given = yaml.safe_load(source.read_text(encoding="utf-8")) or []
    except (OSError, ValueError, yaml.YAMLError):
        raise NoContract(f"{source} cannot be read as YAML.") from None
    entries = [_acceptance(one, number, str(source)) for number, one in enumerate(given if isinstance(given, list) else [given], 1)]
    if twice := next((one for at, one in enumerate(entries) if one in entries[:at]), None):
        raise NoContract(f"{source}: {' | '.join(twice.key)} stands there twice.")
    return [one for one in entries if not one.contracts or contract in one.contracts]


def _acceptance(given: object, number: int, source: str) -> Acceptance:
    known = (*FIELDS, "reason", "contracts")
    if not isinstance(given, dict) or not given.keys() <= {*known} or not all(str(given.get(name) or "").strip() for name in known[:4]):
        raise NoContract(f"{source}: entry {number} must have {', '.join(known[:4])}, and may have contracts.")
    operation, where, kind, reason = (str(given[name]) for name in known[:4])
    return Acceptance(operation, where, kind, reason, tuple(given.get("contracts") or ()))


def sort(findings: Iterable[Finding], entries: Sequence[Acceptance], examined: set[str]) -> Sorted:
    """`examined` are the operations of which everything that can be found was looked for: only there an entry can be stale."""
    reasons = {entry.key: entry.reason for entry in entries}
    once = {(finding.key, finding.part): finding for finding in reversed([*findings])}
    found = [*reversed(once.values())]
    keys = {finding.key for finding in found}
    return Sorted(
        [finding for finding in found if finding.key not in reasons],
        [(finding, reasons[finding.key]) for finding in found if finding.key in reasons],
        [entry for entry in entries if entry.key not in keys and entry.operation in examined],
    )
