"""All three looks at a backend, and what came of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from protocols.parity import against, static
from protocols.parity.answers import Checks
from protocols.parity.contracts import Contract
from protocols.parity.findings import NOT_SERVED, Acceptance, Finding, Sorted, sort
from protocols.parity.live import Backend, Told
from protocols.parity.requests import planned
from protocols.parity.stories import ENDINGS, STORIES
from protocols.parity.tiers import TIERS, tier_of

UNDESCRIBED = "the backend does not describe itself at /api/openapi.json, so the contract is held against its answers alone"


@dataclass(frozen=True)
class Tier:
    name: str
    operations: int
    refuses: int
    """Operations that are there to say that they are not served."""
    lacks: int
    differs: int
    """Operations that differ in a way nobody accepted."""
    accepted: int
    """Operations that differ, or are lacking, in an accepted way alone."""
    called: int
    """Operations that were asked for what they do, not for a failure alone."""
    valid: int
    """Of those, the ones whose answers were all as they should be, or differ as accepted."""

    @property
    def has(self) -> int:
        return self.operations - self.refuses - self.lacks


@dataclass(frozen=True)
class Examined:
    contract: Contract
    findings: Sorted
    left_out: Mapping[str, str]
    """Operations that were not called, and why."""
    tiers: Sequence[Tier]
    notes: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        return not self.findings.unexplained and not self.findings.stale


async def examined(contract: Contract, entries: Sequence[Acceptance], one: Backend, other: Backend | None = None) -> Examined:
    """`other` is asked the same. Everything that the calls make is taken away again."""
    calls = planned(contract, STORIES, ENDINGS)
    found = [*static.compared(contract, one.has)] if one.has else []
    told = await one.tell(contract, calls)
    found += Checks(contract).findings(told)
    if other:
        found += against.compared(told, await other.tell(contract, calls), (one.world, other.world))
    return _examined(contract, entries, found, told, described=one.has is not None)


def _examined(
    contract: Contract, entries: Sequence[Acceptance], found: Sequence[Finding], told: Sequence[Told], described: bool
) -> Examined:
    names = {operation.name for operation in contract.operations.values()}
    refused, lacking = ({finding.operation for finding in found if finding.kind == kind} for kind in ("refused", "operation"))
    called = {one.operation.name for one in told if one.operation and one.call.expects is None and (one.answer or one.failed)}
    left_out: dict[str, str] = {}
    for one in told:
        if one.operation and one.left_out and one.operation.name not in called | refused | lacking:
            left_out.setdefault(one.operation.name, one.left_out)

    def looked_for(entry: Acceptance) -> bool:
        """Without a description half of what may differ is not seen."""
        return described and entry.operation in (names if entry.kind in NOT_SERVED else called)

    findings = sort(found, entries, looked_for)
    tiers = [
        _tier(name, {one for one in names if tier_of(one.partition(" ")[2]) == name}, refused, lacking, called, findings) for name in TIERS
    ]
    return Examined(contract, findings, left_out, tiers, [*(() if described else (UNDESCRIBED,)), *_unmade(told)])


def _unmade(told: Iterable[Told]) -> Iterator[str]:
    """The contract has no such operations, so that they fail is no difference."""
    for one in told:
        if one.operation is None and one.call.keep and one.answer and one.answer.status >= 400:
            yield f"{one.call.method} {one.call.url} was answered {one.answer.status}: there is no {', '.join(one.call.keep)} to ask for"


def _tier(name: str, operations: set[str], refused: set[str], lacking: set[str], called: set[str], findings: Sorted) -> Tier:
    unexplained = _operations(findings.unexplained)
    differing, accepted = unexplained - refused - lacking, _operations(finding for finding, _ in findings.accepted) - unexplained
    wrong = _operations(finding for finding in findings.unexplained if finding.part == "live")
    counts = (len(operations & one) for one in (refused, lacking, differing, accepted, called, called - wrong))
    return Tier(name, len(operations), *counts)


def _operations(findings: Iterable[Finding]) -> set[str]:
    return {finding.operation for finding in findings}
