"""What the worker that brings a clone does to its record, under a lease. No door shows these: they are no part of the catalogue."""

from hub.domain.clones import Clone, CloneLease, Progress
from hub.domain.errors import Refused, Stale
from hub.domain.model import later
from hub.operations.base import Call, Mutation, Operation


class ClaimClone(Mutation):
    clone_id: str
    worker: str
    lease_seconds: float


class OfLease(Mutation):
    clone_id: str
    number: int
    """Of the lease that it is brought under."""


class ReportClone(OfLease):
    lease_seconds: float
    progress: Progress
    """As it is now."""


class EndClone(OfLease):
    existed: bool = False
    error: str | None = None
    """None: it is there."""


async def claim_clone(given: ClaimClone, call: Call) -> Clone:
    """Bring it, unless somebody else does."""
    clone = await call.need(Clone, given.clone_id)
    if clone.status != "running":
        raise Refused(f"The clone has {clone.status}: nobody has to bring it.", status=clone.status)
    if clone.leased_at(call.now):
        raise Refused("Another worker brings it.")
    lease = CloneLease(worker=given.worker, expires_at=later(call.now, given.lease_seconds))
    return call.unit.put(clone.model_copy(update={"lease": lease, "lease_count": clone.lease_count + 1}))


async def report_clone(given: ReportClone, call: Call) -> Clone:
    """Keep the lease, and tell how far it is, if it is further."""
    clone = await _held(given, call)
    assert clone.lease
    lease = clone.lease.model_copy(update={"expires_at": later(call.now, given.lease_seconds)})
    if clone.progress == given.progress:
        return call.unit.put(clone.model_copy(update={"lease": lease}))
    changed = clone.model_copy(update={"lease": lease, "progress": given.progress})
    return call.write(changed, "progressed", **given.progress.model_dump())


async def end_clone(given: EndClone, call: Call) -> Clone:
    """It is there, or has failed."""
    clone = (await _held(given, call)).model_copy(update={"lease": None})
    if given.error is not None:
        return call.write(clone.model_copy(update={"status": "failed", "error": given.error}), "failed", error=given.error)
    return call.write(clone.model_copy(update={"status": "completed", "existed": given.existed}), "completed", existed=given.existed)


async def release_clone(given: OfLease, call: Call) -> Clone:
    """This worker stops: another one need not wait for the lease to run out."""
    clone = await _held(given, call)
    return call.write(clone.model_copy(update={"lease": None}), "released")


async def _held(given: OfLease, call: Call) -> Clone:
    """Raises Stale."""
    clone = await call.need(Clone, given.clone_id)
    if clone.status != "running" or clone.lease is None or clone.lease_count != given.number:
        raise Stale("The clone was cancelled, or another worker brings it.", expected=given.number, current=clone.lease_count)
    return clone


OPERATIONS = {handler.__name__: Operation(handler, "*", writes=True) for handler in (claim_clone, report_clone, end_clone, release_clone)}
