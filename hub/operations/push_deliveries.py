"""What the deliverer of push notifications does to their configurations. No door shows these: they are no part of the catalogue."""

from hub.domain.model import Instant, later
from hub.domain.push_configs import PushConfig, PushLease, push_key
from hub.domain.tasks import Task
from hub.operations.base import Call, Input, Operation, Result
from hub.ports import Filter


class Delivering(Input):
    """Which configuration, and who delivers it."""

    task_id: str
    push_config_id: str
    node: str


class BeginDelivery(Delivering):
    lease_seconds: float


class Leased(Delivering):
    lease_count: int
    """Of the lease under which it was delivered."""


class RecordDelivery(Leased):
    lease_seconds: float
    version: int
    """The task's, up to which the receiver was told."""
    cursor: int
    state: str | None = None
    """What the receiver was told of it, if it was."""
    whole: bool = False
    """It was told how the whole task stands."""


class RecordFailure(Leased):
    reason: str
    retry_seconds: tuple[float, ...]
    """How long to wait after the first failure in a row, the second and so on; after the last one it is disabled."""


class EndDelivery(Leased):
    cursor: int


class Delivery(Result):
    """Either the configuration, to go on with, or when to look again. Neither: it wants nothing any more."""

    config: PushConfig | None = None
    """With its sealed secrets."""
    retry_at: Instant | None = None


async def begin_delivery(given: BeginDelivery, call: Call) -> Delivery:
    """Take the lease, or keep it."""
    config = await _get(given, call)
    if config is None:
        return Delivery()
    if await call.unit.get(Task, config.task_id) is None:  # it went while this was made
        call.unit.remove(config)
        return Delivery()
    if config.status != "active":
        return Delivery()
    if config.next_at and call.now < config.next_at:
        return Delivery(retry_at=config.next_at)
    if (lease := config.lease) and call.now < lease.expires_at:
        if lease.node != given.node:
            return Delivery(retry_at=lease.expires_at)
        if later(call.now, given.lease_seconds / 2) < lease.expires_at:
            return Delivery(config=config)
    lease = PushLease(node=given.node, expires_at=later(call.now, given.lease_seconds))
    return Delivery(config=call.unit.put(config.model_copy(update={"lease": lease, "lease_count": config.lease_count + 1})))


async def record_delivery(given: RecordDelivery, call: Call) -> Delivery:
    """The receiver was told this. It keeps the lease."""
    config = await _held(given, call)
    if config is None or config.lease is None:
        return Delivery(retry_at=call.now)
    changed: dict[str, object] = {"delivered": given.version, "cursor": given.cursor, "failures": 0, "last_error": None, "next_at": None}
    if given.state:
        changed |= {"state": given.state}
    if given.whole:
        changed |= {"known": given.version, "whole": False}
    lease = config.lease.model_copy(update={"expires_at": later(call.now, given.lease_seconds)})
    return Delivery(config=call.unit.put(config.model_copy(update={**changed, "lease": lease})))


async def record_failure(given: RecordFailure, call: Call) -> Delivery:
    """It was not told. The lease is given back."""
    config = await _held(given, call)
    if config is None:
        return Delivery(retry_at=call.now)
    failures = config.failures + 1
    changed = {"failures": failures, "last_error": given.reason, "lease": None}
    if failures <= len(given.retry_seconds):
        next_at = later(call.now, given.retry_seconds[failures - 1])
        call.unit.put(config.model_copy(update={**changed, "next_at": next_at}))
        return Delivery(retry_at=next_at)
    why = f"{failures} deliveries failed in a row; the last one: {given.reason}. resume_push_config tries them again."
    changed |= {"status": "disabled", "disabled_reason": why, "next_at": None}
    call.write(config.model_copy(update=changed), "disabled", taskId=config.task_id, failures=failures)
    return Delivery()


async def end_delivery(given: EndDelivery, call: Call) -> Delivery:
    """Nothing was left behind the cursor. If the task has ended, and still nothing is, the configuration is done."""
    config, task = await _held(given, call), await call.unit.get(Task, given.task_id)
    if config is None or task is None:
        return Delivery(retry_at=call.now)
    if not task.ended:
        return Delivery(config=config)
    more = await call.unit.events_after(given.cursor, Filter(kinds=(Task.kind,), record_id=task.id), 1)
    if more.events:
        return Delivery(retry_at=call.now)
    call.unit.guard(task)
    call.unit.put(config.model_copy(update={"status": "done", "lease": None}))
    return Delivery()


async def release_delivery(given: Delivering, call: Call) -> Delivery:
    """This node stops: another one need not wait for the lease to run out."""
    config = await _get(given, call)
    if config and config.lease and config.lease.node == given.node:
        call.unit.put(config.model_copy(update={"lease": None}))
    return Delivery()


async def _get(given: Delivering, call: Call) -> PushConfig | None:
    return await call.unit.get(PushConfig, push_key(given.task_id, given.push_config_id))


async def _held(given: Leased, call: Call) -> PushConfig | None:
    """None: it is gone, or somebody else's by now."""
    config = await _get(given, call)
    held = config and config.lease and (config.lease.node, config.lease_count) == (given.node, given.lease_count)
    return config if held else None


OPERATIONS = {
    handler.__name__: Operation(handler, "*", writes=True)
    for handler in (begin_delivery, record_delivery, record_failure, end_delivery, release_delivery)
}
