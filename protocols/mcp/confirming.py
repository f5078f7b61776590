"""Asking the person behind a client before much is lost for good, or an agent is allowed something, where the client shows forms.

In 2026-07-28 the question is a result, `input_required`, and the call comes again with the answer and the sealed `requestState`
(§client/elicitation, multi round-trip requests); before, it is a request of the server on the call's own stream.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
from mcp.shared.exceptions import MCPError

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Invalid, Refused
from hub.domain.model import Instant, instant, later, utc_now
from hub.domain.permissions import Permission
from hub.ports import Json
from protocols.mcp.asking import Ask, Asker

QUESTIONS = {
    "delete_workspace": "Delete the workspace {workspaceId!r} with everything that is in it? Nothing brings it back.",
    "delete_tasks": "Delete all tasks of the workspace {workspaceId!r}? Nothing brings them back.",
    "answer_permission": "Allow agent {agentId!r} this? {title}{command}",
}
"""By operation; filled in with its arguments, and with what they name."""
YES = {"answer_permission": "Yes, allow it"}
KEY = "confirm"
TIME = 600.0
"""Seconds for which an answer is taken."""
TAMPERED = "requestState: it was not made by this hub for this call, or it is too old. Call the tool again without it."
UNASKED = "Nothing was done: the person who has to confirm it could not be asked. Try again, or go on with something else."
DECLINED = "Nothing was done: the person who was asked did not confirm it. Go on with something else."


async def question(hub: Hub, name: str, arguments: Mapping[str, Any], asker: Asker) -> str | None:
    """What is to be answered instead of doing it; None: do it. Raises Invalid and Refused."""
    if hub.vault is None:
        return None
    if name == "answer_permission" and arguments.get("decision") == "deny":
        return None
    if not asker.ask and not asker.elicits:
        return None
    asked = {"message": await _message(hub, name, arguments, asker.caller), "requestedSchema": _form(YES.get(name, "Yes, delete it"))}
    answer: Json | None
    if asker.ask:
        answer = await _asked(asker.ask, asked)
    elif asker.state is None:
        return _input_required(hub, asked, _place(name, arguments, asker.caller))
    else:
        _expect_own(hub, asker.state, _place(name, arguments, asker.caller))
        answer = asker.answers.get(KEY)
    if not _confirmed(answer):
        raise Refused(DECLINED)
    return None


async def _asked(ask: Ask, form: Json) -> Json:
    try:
        return await ask(form)
    except MCPError:  # the client's error, or it was silent for too long
        raise Refused(UNASKED) from None


def _confirmed(answer: object) -> bool:
    """The client may have sent anything."""
    content = answer.get("content") if isinstance(answer, Mapping) and answer.get("action") == "accept" else None
    return isinstance(content, Mapping) and content.get("confirm") is True


def _form(title: str) -> Json:
    return {"type": "object", "properties": {"confirm": {"type": "boolean", "title": title}}, "required": ["confirm"]}


async def _message(hub: Hub, name: str, arguments: Mapping[str, Any], caller: Caller) -> str:
    """Raises HubError, when there is nothing to ask about."""
    told = {"workspaceId": str(arguments.get("workspaceId", ""))[:120]}
    if name == "answer_permission":
        permission = await hub.call("get_permission", {"permissionId": arguments.get("permissionId")}, caller)
        assert isinstance(permission, Permission)
        command = f"\n\n{permission.command[:1_000]}" if permission.command else ""
        told |= {"agentId": permission.agent_id, "title": permission.title[:300], "command": command}
    return QUESTIONS[name].format_map(told)


def _input_required(hub: Hub, asked: Json, place: str) -> str | None:
    assert hub.vault
    try:
        state = hub.vault.seal(later(_now(), TIME), place)
    except Refused:
        return None  # a hub without a key cannot know its own question again
    request = {"method": "elicitation/create", "params": {"mode": "form", **asked}}
    return orjson.dumps({"resultType": "input_required", "inputRequests": {KEY: request}, "requestState": state}).decode()


def _expect_own(hub: Hub, state: str, place: str) -> None:
    assert hub.vault
    try:
        until = hub.vault.open(state, place)
    except Refused:
        raise Invalid(TAMPERED) from None
    if until < _now():
        raise Invalid(TAMPERED)


def _place(name: str, arguments: Mapping[str, Any], caller: Caller) -> str:
    """Whose call it is, and which: a state is worth nothing for another one."""
    call = orjson.dumps([caller.tenant, caller.subject, caller.credential, name, arguments], option=orjson.OPT_SORT_KEYS)
    return f"mcp/requestState/{sha256(call).hexdigest()}"


def _now() -> Instant:
    return instant(utc_now())
