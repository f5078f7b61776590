"""Change notifications, from the event log: for `subscriptions/listen` (2026-07-28) and for the GET stream before it.

The log is one for all processes on one store, so a change is told whichever node it was made on.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    EmptyResult,
    Notification,
    SubscribeRequestParams,
    SubscriptionFilter,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)  # fmt: skip

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import NotFound
from hub.ports import Logged, Page
from protocols.mcp.exchange import Exchange
from protocols.mcp.tasks import followed, notifications
from protocols.mcp.uris import changes_list, parse, touched

MOST = 1_000
"""URIs that one client may follow."""
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"


class Told(NamedTuple):
    cursor: int
    """Of the log: up to here the client knows everything once it has this."""
    method: str
    params: dict[str, Any]


Tell = Callable[[str, Mapping[str, Any]], Awaitable[None]]
Context = ServerRequestContext[Any, Any]


@dataclass(slots=True)
class Wanted:
    """What a client asked to be told of. A session's grows and shrinks while it is followed."""

    uris: dict[str, str] = field(default_factory=dict)
    """As the hub writes an address, and as the client did."""
    lists: bool = True
    """resources/list_changed."""
    tools: bool = True
    """tools/list_changed: the registration of an upstream server changed."""

    def add(self, uri: str) -> None:
        """Raises MCPError, and NotFound for what is no address of the hub."""
        address = parse(uri).uri
        if len(self.uris) >= MOST and address not in self.uris:
            raise MCPError(INVALID_PARAMS, f"A client may follow {MOST} resources. Unsubscribe from others first.")
        self.uris[address] = uri

    def remove(self, uri: str) -> None:
        self.uris.pop(parse(uri).uri, None)


WantedOf = Callable[[Context], Awaitable[Wanted]]
"""The session's, in the handshake era."""
CallerOf = Callable[[Context], Caller]


def add_to(made: Server[Any], hub: Hub, caller_of: CallerOf, wanted_of: WantedOf) -> None:
    async def listen(ctx: Context, params: SubscriptionsListenRequestParams) -> SubscriptionsListenResult:
        """The answer is the stream; it ends when the client leaves (2026-07-28 §basic/utilities/subscriptions)."""
        caller, tell, meta = caller_of(ctx), _tell(ctx), {"_meta": {SUBSCRIPTION: ctx.request_id}}
        caller.require("events.read")
        asked = params.notifications
        wanted = Wanted(lists=bool(asked.resources_list_changed), tools=bool(asked.tools_list_changed))
        honored: dict[str, Any] = {"resourcesListChanged": wanted.lists, "toolsListChanged": wanted.tools}
        cursor = await hub.store.latest()
        if uris := _add_all(wanted, asked.resource_subscriptions or ()):
            honored["resourceSubscriptions"] = uris
        if task_ids := await followed(hub, ctx, caller, _task_ids(asked)):
            honored["taskIds"] = task_ids
        await tell("notifications/subscriptions/acknowledged", {"notifications": {k: v for k, v in honored.items() if v}, **meta})
        async for page, news in changes(hub, caller, cursor, wanted):
            for told in news:
                await tell(told.method, {**told.params, **meta})
            for method, task in await notifications(hub, caller, page.events, task_ids, ctx.session.client_capabilities):
                await tell(method, {**task, **meta})
        raise AssertionError("the log is followed for ever")

    async def subscribe(ctx: Context, params: SubscribeRequestParams) -> EmptyResult:
        (await wanted_of(ctx)).add(params.uri)
        return EmptyResult()

    async def unsubscribe(ctx: Context, params: UnsubscribeRequestParams) -> EmptyResult:
        (await wanted_of(ctx)).remove(params.uri)
        return EmptyResult()

    made.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, listen)
    made.add_request_handler("resources/subscribe", SubscribeRequestParams, subscribe)
    made.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, unsubscribe)


async def changes(hub: Hub, caller: Caller, after: int, wanted: Wanted) -> AsyncIterator[tuple[Page, list[Told]]]:
    """Each page of the log, and what the caller is to be told of it; an empty one after a time of silence."""
    async for page in hub.follow(caller, after):
        news = [told for event in page.events for told in _updates(event, wanted)]
        news += [Told(page.cursor, method, {}) for method in _changed_lists(page.events, wanted)]
        yield page, news


def _updates(event: Logged, wanted: Wanted) -> Iterator[Told]:
    if wanted.uris:
        for address in sorted(touched(event) & wanted.uris.keys()):
            yield Told(event.cursor, "notifications/resources/updated", {"uri": wanted.uris[address]})


def _changed_lists(events: Iterable[Logged], wanted: Wanted) -> Iterator[str]:
    """Once a page of the log, however many records came and went."""
    if wanted.lists and any(map(changes_list, events)):
        yield "notifications/resources/list_changed"
    if wanted.tools and any(event.name.startswith("mcp_server.") for event in events):
        yield "notifications/tools/list_changed"


def _add_all(wanted: Wanted, uris: Iterable[str]) -> list[str]:
    """Those that are addresses of the hub: the others are not honored, which the acknowledgement tells."""
    added = []
    for uri in uris:
        try:
            wanted.add(uri)
        except NotFound:
            continue
        added.append(uri)
    return added


def _task_ids(asked: SubscriptionFilter) -> list[str]:
    """The tasks extension's own field of the filter (§Status Notifications)."""
    given = (asked.model_extra or {}).get("taskIds") or []
    if not isinstance(given, list) or len(given) > MOST or not all(isinstance(one, str) for one in given):
        raise MCPError(INVALID_PARAMS, f"taskIds: it must be a list of up to {MOST} ids of tasks")
    return given


def _tell(ctx: Context) -> Tell:
    if isinstance(ctx.request, Exchange):
        return ctx.request.notify

    async def tell(method: str, params: Mapping[str, Any]) -> None:
        said: Any = Notification[dict[str, Any], str](method=method, params=dict(params))
        await ctx.session.send_notification(said, ctx.request_id)

    return tell
