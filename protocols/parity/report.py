"""What an examination has found, for people and for programs."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from hub.ports import Json
from protocols.parity.examining import Examined, Tier
from protocols.parity.findings import NOT_SERVED, Finding
from protocols.parity.tiers import TIERS, tier_of

COLUMNS = ("operations", "has", "refuses", "lacks", "differs", "accepted", "called", "valid")


def told(examined: Examined, everything: bool = False) -> str:
    """`everything`: what is accepted, with its reason, and what was not called stand there, too."""
    return "\n\n".join("\n".join(part) for part in _parts(examined, everything) if part)


def document(examined: Examined) -> Json:
    findings = examined.findings
    return {
        "ok": examined.ok, "notes": [*examined.notes],
        "differences": [finding._asdict() for finding in findings.unexplained],
        "accepted": [{**finding._asdict(), "reason": reason} for finding, reason in findings.accepted],
        "stale": [entry._asdict() for entry in findings.stale],
        "notCalled": dict(examined.left_out),
        "tiers": {tier.name: {name: getattr(tier, name) for name in COLUMNS} for tier in examined.tiers},
    }  # fmt: skip


def _parts(examined: Examined, everything: bool) -> Iterator[list[str]]:
    findings = examined.findings
    yield [f"note: {note}" for note in examined.notes]
    for tier in TIERS:
        of = [one for one in findings.unexplained if tier_of(one.operation.partition(" ")[2]) == tier]
        yield _lines(f"{tier}: differences", [one for one in of if one.kind not in NOT_SERVED])
        for kind, title in (("refused", "not served"), ("operation", "lacking")):
            names = [f"  {one.operation}" for one in of if one.kind == kind]
            yield [f"{tier}: {title}", *names] if names else []
    if everything:
        yield _lines("Accepted differences", [finding._replace(text=reason) for finding, reason in findings.accepted])
        yield ["Not called", *(f"  {name}: {reason}" for name, reason in examined.left_out.items())] if examined.left_out else []
    if findings.stale:
        yield [
            "Accepted, and not so any more: take them out of the file",
            *(f"  {entry.operation}: {entry.where} ({entry.kind})" for entry in findings.stale),
        ]
    yield [*_table(examined.tiers)]
    yield [_summary(examined)]


def _lines(title: str, findings: Sequence[Finding]) -> list[str]:
    lines = []
    for operation, of in groupby(sorted(findings, key=lambda one: one.operation), key=lambda one: one.operation):
        lines += [f"  {operation}", *(f"    {one.where} {one.text} ({one.part}: {one.kind})" for one in of)]
    return [title, *lines] if lines else []


def _table(tiers: Sequence[Tier]) -> Iterator[str]:
    yield "tier " + "".join(name.rjust(len(name) + 2) for name in COLUMNS)
    for tier in tiers:
        yield tier.name.ljust(5) + "".join(str(getattr(tier, name)).rjust(len(name) + 2) for name in COLUMNS)


def _summary(examined: Examined) -> str:
    findings, left_out = examined.findings, len(examined.left_out)
    told = f"{len(findings.unexplained)} differences, {len(findings.accepted)} accepted, {len(findings.stale)} stale"
    told += f"; {left_out} operations not called (--all says why)" if left_out else ""
    return f"{'As the contract says' if examined.ok else 'Not as the contract says'}: {told}."
