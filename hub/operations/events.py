"""Events: what happened, in commit order, and durable subscriptions to it."""

from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, Field

from hub.domain import KINDS
from hub.domain.agents import Agent
from hub.domain.errors import Invalid
from hub.domain.events import Event
from hub.domain.subscriptions import Subscription
from hub.operations.base import Call, Deleted, Id, Input, Limit, Mutation, Operation, Result
from hub.ports import Filter
from hub.ports import Page as LogPage

Cursor = Annotated[int, Field(ge=0, lt=2**53)]
LOGGED = tuple(type_.kind for type_ in KINDS)


def _known(kind: str) -> str:
    if kind not in LOGGED:
        raise ValueError(f"there is no kind {kind!r}; allowed: {', '.join(LOGGED)}")
    return kind


Kinds = Annotated[tuple[Annotated[str, AfterValidator(_known)], ...], Field(max_length=50)]


class ListEvents(Input):
    after: Cursor = 0
    """Only events beyond this cursor."""
    workspace_id: Id | None = None
    kinds: Kinds = ()
    """Kinds of record: task, note, agent, letter …"""
    record_id: Id | None = None
    limit: Limit = 100


class SubscribeToEvents(Mutation):
    agent_id: Id
    workspace_id: Id = "default"
    kinds: Kinds = ()
    record_id: Id | None = None
    after: Cursor | None = None
    """Begin beyond this cursor; left out: from now on."""


class UnsubscribeFromEvents(Mutation):
    subscription_id: Id


class DrainEvents(Mutation):
    subscription_id: Id
    acknowledged: Cursor | None = None
    """The cursor of the drain before: its events are done and will not come again."""
    limit: Limit = 100


class LoggedEvent(Event):
    cursor: int


class Events(Result):
    events: tuple[LoggedEvent, ...]
    cursor: int
    """Read up to here: where to go on."""


async def list_events(given: ListEvents, call: Call) -> Events:
    """List events beyond a cursor, in commit order; filter by workspace, kinds of record, or one record."""
    return _answer(await call.unit.events_after(given.after, Filter(given.workspace_id, given.kinds, given.record_id), given.limit))


async def subscribe_to_events(given: SubscribeToEvents, call: Call) -> Subscription:
    """Subscribe an agent to events. It lasts until unsubscribe_from_events; read it with drain_events."""
    await call.need(Agent, given.agent_id)
    await call.workspace(given.workspace_id)
    cursor = given.after if given.after is not None else await call.unit.latest()
    return call.create(
        Subscription(agent_id=given.agent_id, workspace_id=given.workspace_id, kinds=given.kinds, record_id=given.record_id, cursor=cursor)
    )


async def unsubscribe_from_events(given: UnsubscribeFromEvents, call: Call) -> Deleted:
    """End a subscription."""
    call.delete(await call.need(Subscription, given.subscription_id))
    return Deleted(id=given.subscription_id)


async def drain_events(given: DrainEvents, call: Call) -> Events:
    """Read a subscription's events. They come again until you call with acknowledged = the cursor of this answer."""
    subscription = await call.need(Subscription, given.subscription_id)
    if given.acknowledged is not None and given.acknowledged > (latest := await call.unit.latest()):
        raise Invalid(f"acknowledged: the newest event is {latest}. Give the cursor of the drain before.")
    start = max(subscription.cursor, given.acknowledged or 0)
    if start > subscription.cursor:
        call.unit.put(subscription.model_copy(update={"cursor": start}))
    wanted = Filter(subscription.workspace_id, subscription.kinds, subscription.record_id)
    return _answer(await call.unit.events_after(start, wanted, given.limit))


def _answer(page: LogPage) -> Events:
    events: list[Any] = [orjson.loads(event.body) | {"cursor": event.cursor} for event in page.events]
    return Events.model_validate({"events": events, "cursor": page.cursor})


OPERATIONS = (
    Operation(list_events, "events.read", profiles=frozenset({"coordination"})),
    Operation(subscribe_to_events, "events.read", writes=True, profiles=frozenset({"coordination"})),
    Operation(unsubscribe_from_events, "events.read", writes=True, repeatable=True, profiles=frozenset({"coordination"})),
    Operation(drain_events, "events.read", writes=True, repeatable=True, profiles=frozenset({"coordination"})),
)
