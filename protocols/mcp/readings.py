"""Reading a resource: from its address to a text, through the hub's operations, so that grants and tenants hold."""

from asyncio import gather
from typing import Any, NamedTuple

import orjson
from mcp_types import TextResourceContents

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import NotFound
from hub.operations import OPERATIONS
from hub.ports import Json
from protocols.mcp.uris import Address, Place, uri

JSON, MARKDOWN = "application/json", "text/markdown"
MOST = 500
"""Records that a list shows. Where there are more it has a nextCursor, which the tool that lists the same goes on from."""
LAST = 50
"""Entries of a session's history that its resource shows; read_session_history reads on."""
LONGEST_EVIDENCE = 20_000
"""Characters of an artifact's content that a list shows; get_artifact reads a longer one."""

OPERATION: dict[Place, str] = {
    "workspaces": "list_workspaces",
    "workspace": "get_workspace",
    "agents": "list_agents",
    "tasks": "list_tasks",
    "ready": "list_ready_tasks",
    "notes": "list_notes",
    "agent": "get_agent",
    "task": "get_task",
    "artifacts": "list_artifacts",
    "note": "get_note",
    "session": "list_tasks",
}
"""What answers it. A template's variables have the names of the operation's fields."""


class Reading(NamedTuple):
    address: Address
    record: Json
    """As the operation answered it."""
    text: str
    mime_type: str = JSON

    @property
    def contents(self) -> TextResourceContents:
        """The versions of a note stand beside its text: set_note_content wants textVersion as its baseVersion."""
        beside = {name: self.record[name] for name in ("title", "version", "textVersion")} if self.mime_type == MARKDOWN else None
        return TextResourceContents(uri=self.address.uri, mime_type=self.mime_type, text=self.text, _meta=beside)


def may(caller: Caller, operation: str) -> bool:
    return caller.opens(OPERATIONS[operation].grant)


async def read(hub: Hub, caller: Caller, address: Address) -> Reading:
    """Raises HubError, NotFound among them.

    A record is its JSON. A note is its text, as people and models read and quote it; list_notes tells of the rest.
    """
    if address.place == "session":
        return _reading(address, await _session(hub, caller, address.ids["sessionId"]))
    limit = {"limit": MOST} if OPERATION[address.place].startswith("list_") else {}
    text = (await hub.call(OPERATION[address.place], {**address.ids, **limit}, caller)).to_json()
    record = orjson.loads(text)
    match address.place:
        case "note":
            return Reading(address, record, record.get("content", ""), MARKDOWN)
        case "notes":
            return _reading(address, {**record, "notes": [_overview(one) for one in record["notes"]]})
        case "artifacts":
            return _reading(address, {**record, "artifacts": [_evidence(one) for one in record["artifacts"]]})
        case _:
            return Reading(address, record, text)


def _reading(address: Address, record: Json) -> Reading:
    return Reading(address, record, orjson.dumps(record).decode())


async def _session(hub: Hub, caller: Caller, id_: str) -> Json:
    """What was done in a session, wherever: its tasks whole, and its notes; how it stands and what was said last, if the hub runs it."""
    spaces = orjson.loads((await hub.call("list_workspaces", {"limit": MOST}, caller)).to_json())["workspaces"]

    async def found(operation: str) -> list[Any]:
        asked = [{"workspaceId": space["id"], "sessionId": id_, "limit": MOST} for space in spaces]
        answers = await gather(*(hub.call(operation, one, caller) for one in asked))
        return [record for answer in answers for record in orjson.loads(answer.to_json())[operation.removeprefix("list_")]]

    tasks, notes = await found("list_tasks"), await found("list_notes")
    run = await _run(hub, caller, id_)
    if not tasks and not notes and not run:
        raise NotFound("session", id_)
    return {"sessionId": id_, **run, "tasks": tasks, "notes": [_overview(one) for one in notes]}


async def _run(hub: Hub, caller: Caller, id_: str) -> Json:
    """Empty: the hub does not run it, it is only what tasks and notes belong to."""
    try:
        session = await hub.call("get_session", {"sessionId": id_}, caller)
    except NotFound:
        return {}
    history = await hub.call("read_session_history", {"sessionId": id_, "lastN": LAST}, caller)
    entries = [entry["update"] for entry in orjson.loads(history.to_json())["sessionEntries"]]
    return {"session": orjson.loads(session.to_json()), "history": entries}


def _overview(note: Json) -> Json:
    """Without its text, which all together would be a book, but with the address where it is."""
    kept = {name: value for name, value in note.items() if name not in ("content", "documentId")}
    return {"uri": uri("note", workspaceId=note["workspaceId"], noteId=note["id"]), **kept}


def _evidence(artifact: Json) -> Json:
    length = len(artifact.get("content", ""))
    if length <= LONGEST_EVIDENCE:
        return artifact
    return {**{name: value for name, value in artifact.items() if name != "content"}, "contentLength": length}
