"""What happens in a shared session, for one of its participants."""

from collections.abc import AsyncIterator

import orjson
from aiohttp import web

from hub.app import Hub
from hub.domain.model import Value, instant, utc_now
from hub.domain.shared_sessions import Participant, PromptApproval, SharedMessage
from hub.operations.shared_messages import message_view
from hub.operations.shared_sessions import SharedSessionDetails, approval_view, participant_view
from hub.ports import Filter, Json, Logged
from protocols.identity import caller_of
from protocols.rest.event_streams import framed
from protocols.streams import PING, pages, starting_cursor
from protocols.web_updates import shown

KINDS = ("shared_session", "participant", "shared_message", "prompt_approval", "session")
NAMES = ("sharedSessionId", "participantId", "participantToken")


async def shared_session_events(hub: Hub, request: web.Request) -> AsyncIterator[bytes]:
    """`connected` with the session as it is, then a frame for each change and each update of its agent, until it is over for this one."""
    asked = {**request.query, **request.match_info}
    cursor = await starting_cursor(hub, request)
    watched = await hub.call("watch_shared_session", {name: asked[name] for name in NAMES if name in asked}, caller_of(request))
    assert isinstance(watched, SharedSessionDetails)
    shared, me = watched.session, asked["participantId"]
    yield framed({"type": "connected", **orjson.loads(watched.to_json())})
    async for page in pages(hub, request, cursor, Filter(shared.workspace_id, KINDS)):
        told = [frame for event in page.events for frame in await _frames(hub, request, event, shared.id, shared.host_session_id)]
        yield b"".join(told) or PING
        gone = any(
            (event.name, event.record_id) in (("shared_session.closed", shared.id), ("participant.left", me)) for event in page.events
        )
        if gone or (shared.expires_at and shared.expires_at <= instant(utc_now())):
            return


async def _frames(hub: Hub, request: web.Request, logged: Logged, shared_id: str, host_session_id: str) -> list[bytes]:
    event = orjson.loads(logged.body)
    data: Json = event.get("data", {})
    common = {"sharedSessionId": shared_id, "timestamp": event["at"]}
    if logged.record_id == host_session_id:
        updates = data.get("updates", ())
        return [framed({"type": "session_update", **common, "update": one}, logged.cursor) for update in updates for one in shown(update)]
    if logged.record_id != shared_id and data.get("sharedSessionId") != shared_id:
        return []
    kind, _, what = logged.name.partition(".")
    record = {name: orjson.Fragment(view.to_json()) for name, view in await _record(hub, request, kind, logged.record_id)}
    return [framed({"type": f"{kind}_{what}", **common, **record}, logged.cursor)]


async def _record(hub: Hub, request: web.Request, kind: str, key: str) -> list[tuple[str, Value]]:
    """As it is now, by the name that it has in answers."""
    tenant = caller_of(request).tenant
    if kind == "shared_message" and (message := await hub.store.get(tenant, SharedMessage, key)):
        return [("message", message_view(message))]
    if kind == "participant" and (participant := await hub.store.get(tenant, Participant, key)):
        return [("participant", participant_view(participant))]
    if kind == "prompt_approval" and (approval := await hub.store.get(tenant, PromptApproval, key)):
        return [("approval", approval_view(approval))]
    return []
