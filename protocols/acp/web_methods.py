"""The methods of the web API's ACP door: each is an operation of the hub, in the words of the web frontend."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Invalid, NotFound, Refused
from hub.domain.sessions import Prompt, Session
from hub.domain.specialists import Specialist
from hub.operations.prompts import LONGEST, WaitedForPrompt
from hub.ports import Json
from protocols.web_sessions import PERMISSION, STATUS, owner, present, resume_capabilities, resume_mode
from protocols.web_updates import tokens

FAILED, NO_METHOD = -32000, -32601
PATIENCE: float = LONGEST
"""Seconds after which a prompt whose turn goes on is answered with `pending`; the stream tells the rest."""
PROVIDER = "opencode"
LONGEST_VERSION = 40
STARTING = (
    "provider", "cwd", "name", "branch", "role", "model", "modeId", "specialistId", "systemPrompt", "parentSessionId", "workspaceId",
    "mcpServers", "idempotencyKey",
)  # fmt: skip
"""Parameters of session/new that the hub knows; it has no use for the others."""
Method = Callable[[Json, Caller], Awaitable[Json]]


class Failure(Exception):
    """A JSON-RPC error that no error of the hub is."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Methods:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._methods: dict[str, Method] = {
            "initialize": self._initialize, "session/new": self._new, "session/prompt": self._prompt, "session/load": self._load,
            "session/cancel": self._cancel, "session/set_mode": self._set_mode, "session/respond_user_input": self._respond,
            "_providers/list": self._providers, "terminal/write": self._terminal, "terminal/resize": self._terminal,
        }  # fmt: skip

    async def answer(self, method: str, params: Json, caller: Caller) -> Json:
        """Raises Failure and HubError."""
        known = self._methods.get(method)
        if known is None:
            raise Failure(NO_METHOD, f"There is no method {method[:80]!r}. Allowed: {', '.join(self._methods)}.")
        return await known(params, caller)

    async def _initialize(self, params: Json, _: Caller) -> Json:
        asked = params.get("protocolVersion")
        version = asked if isinstance(asked, int | str) and len(str(asked)) <= LONGEST_VERSION else 1
        about = {"name": "routa-acp", "version": "0.1.0"}  # what the frontend was made for
        return {"protocolVersion": version, "agentCapabilities": {"loadSession": True}, "agentInfo": about}

    async def _new(self, params: Json, caller: Caller) -> Json:
        if not params.get("workspaceId"):
            raise Invalid("workspaceId is required")
        specialist = await self._specialist(params, caller)
        provider = params.get("provider") or (specialist and specialist.default_provider) or PROVIDER
        chosen = {"provider": provider, "modeId": params.get("modeId") or params.get("mode")}
        said = {**params, **chosen, "specialistId": specialist.id if specialist else None}
        given = {name: said[name] for name in STARTING if said.get(name) not in (None, "", [])}
        session = await self._hub.call("start_session", given, caller)
        assert isinstance(session, Session)
        told = {"provider": session.provider, "role": session.role, "model": session.model, "acpStatus": STATUS[session.status]}
        return present({"sessionId": session.id, **told, **owner(session)})

    async def _specialist(self, params: Json, caller: Caller) -> Specialist | None:
        """The frontend names some that its own backend brings; where the hub has none of that name, the session has none."""
        if not params.get("specialistId"):
            return None
        try:
            given = {"specialistId": params["specialistId"], "workspaceId": params["workspaceId"]}
            specialist = await self._hub.call("get_specialist", given, caller)
        except NotFound as missing:
            if missing.details.get("noun") != "specialist":
                raise
            return None
        assert isinstance(specialist, Specialist)
        return specialist

    async def _prompt(self, params: Json, caller: Caller) -> Json:
        session = await self._session(params, caller)
        if session.status == "closed":
            await self._hub.call("resume_session", {"sessionId": session.id}, caller)
        given = {"sessionId": session.id, "prompt": _with_skill(params), "idempotencyKey": params.get("idempotencyKey")}
        prompt = await self._hub.call("prompt_session", present(given), caller)
        assert isinstance(prompt, Prompt)
        waiting = {"sessionId": session.id, "number": prompt.number, "timeoutSeconds": PATIENCE, "until": "ended"}
        waited = await self._hub.call("wait_for_prompt", waiting, caller)
        assert isinstance(waited, WaitedForPrompt)
        return _ended(waited.prompt)

    async def _load(self, params: Json, caller: Caller) -> Json:
        before = await self._session(params, caller)
        session = await self._hub.call("resume_session", {"sessionId": before.id}, caller)
        assert isinstance(session, Session)
        said = {"provider": session.provider, "role": session.role, "acpStatus": STATUS[session.status]}
        how = {"resumeMode": resume_mode(before), "resumeCapabilities": resume_capabilities(before)}
        return present({"sessionId": session.id, **said, **how, **owner(session)})

    async def _cancel(self, params: Json, caller: Caller) -> Json:
        await self._hub.call("cancel_session", _named(params, "sessionId"), caller)
        return {}

    async def _set_mode(self, params: Json, caller: Caller) -> Json:
        mode = params.get("modeId") or params.get("mode")
        await self._hub.call("update_session", _named({**params, "modeId": mode}, "sessionId", "modeId"), caller)
        return {}

    async def _respond(self, params: Json, caller: Caller) -> Json:
        given = _named(params, "sessionId", "toolCallId", "response")
        if not isinstance(given["response"], dict):
            raise Invalid("response: it must be an object with a decision (approve or deny) or an optionId")
        try:
            permission_id = str(given["toolCallId"]).removeprefix(PERMISSION)
            await self._hub.call("answer_permission", {"permissionId": permission_id, **_decision(given["response"])}, caller)
        except (NotFound, Refused):
            raise Failure(FAILED, "No permission request of this id waits for an answer.") from None
        return {"ok": True}

    async def _providers(self, _: Json, caller: Caller) -> Json:
        providers: Json = orjson.loads((await self._hub.call("list_providers", {}, caller)).to_json())
        return {"providers": providers["providers"]}

    async def _terminal(self, params: Json, _: Caller) -> Json:
        """The hub has no interactive terminals of its own."""
        raise Failure(FAILED, f"Terminal not found: {str(params.get('terminalId'))[:80]}")

    async def _session(self, params: Json, caller: Caller) -> Session:
        session = await self._hub.call("get_session", _named(params, "sessionId"), caller)
        assert isinstance(session, Session)
        return session


def _named(params: Json, *names: str) -> Json:
    """These parameters, all of which are needed."""
    if missing := [name for name in names if params.get(name) in (None, "")]:
        raise Invalid(f"{missing[0]} is required")
    return {name: params[name] for name in names}


def _with_skill(params: Json) -> Any:
    prompt, skill = _named(params, "prompt")["prompt"], params.get("skillContent")
    if not isinstance(skill, str) or not skill or not isinstance(prompt, str | list):
        return prompt
    name = params.get("skillName")
    before = {"type": "text", "text": f"Use the skill {name}:\n\n{skill}" if name else skill}
    return [before, *([{"type": "text", "text": prompt}] if isinstance(prompt, str) else prompt)]


def _ended(prompt: Prompt) -> Json:
    if not prompt.ended:
        return {"sessionId": prompt.session_id, "pending": True}
    if prompt.status == "failed":
        raise Failure(FAILED, prompt.reason or "The agent has failed.")
    stop = prompt.stop_reason or ("cancelled" if prompt.status == "cancelled" else "end_turn")
    return present({"stopReason": stop, "usage": tokens(prompt.usage)})


def _decision(response: Json) -> Json:
    if option := response.get("optionId"):
        return {"optionId": option}
    said = response.get("decision", "approve")
    if said not in ("approve", "deny"):
        raise Invalid("decision: it must be approve or deny")
    return {"decision": "allow" if said == "approve" else "deny", "always": response.get("scope") == "session"}
