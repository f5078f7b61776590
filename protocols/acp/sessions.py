"""What an editor does with sessions, prompts apart."""

from contextlib import suppress

import orjson

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, Invalid
from hub.domain.sessions import Session
from hub.domain.workspaces import DEFAULT
from hub.operations.base import Output
from hub.ports import Json
from protocols.acp.attached import Attached
from protocols.acp.choices import AGENT, MODE, WORKSPACE, Choice, Choices
from protocols.acp.following import Following
from protocols.acp.renderings import modes_of, session_info
from protocols.acp.shapes import ListSessions, NewSession, OneSession, OpenSession, SetConfigOption, SetMode

LISTED = 50
"""Sessions of an answer, unless fewer of those that were looked through fit."""
LOOKED = 1_000


class Sessions:
    def __init__(self, hub: Hub, caller: Caller, following: Following, choices: Choices, workspace_id: str | None) -> None:
        self._hub, self._caller, self._following, self._choices = hub, caller, following, choices
        self._workspace_id = workspace_id or DEFAULT

    async def new(self, given: NewSession) -> Json:
        choice = await self._choices.first(self._workspace_id)
        started = await self._call(
            "start_session", workspaceId=self._workspace_id, cwd=given.cwd, mcpServers=given.mcp_servers, **choice.start
        )
        assert isinstance(started, Session)
        return {"sessionId": started.id, **_state(await self._following.attach(started.id))}

    async def load(self, given: OpenSession) -> Json:
        """All that was said is told before the answer."""
        return _state(await self._open(given.session_id, replay=True))

    async def resume(self, given: OpenSession) -> Json:
        return _state(await self._open(given.session_id))

    async def fork(self, given: OpenSession) -> Json:
        forked = await self._call("fork_session", sessionId=given.session_id)
        assert isinstance(forked, Session)
        return {"sessionId": forked.id, **_state(await self._following.attach(forked.id))}

    async def list(self, given: ListSessions) -> Json:
        asked: Json = {"limit": LISTED if given.cwd is None else LOOKED, "cursor": given.cursor or ""}
        listed = orjson.loads((await self._call("list_sessions", **asked)).to_json())
        sessions = [Session.model_validate(one) for one in listed["sessions"]]
        shown = [session_info(one) for one in sessions if given.cwd in (None, one.cwd)]
        return {"sessions": shown} | ({"nextCursor": listed["nextCursor"]} if "nextCursor" in listed else {})

    async def close(self, given: OneSession) -> Json:
        await self._call("close_session", sessionId=given.session_id)
        return {}

    async def delete(self, given: OneSession) -> Json:
        await self._call("delete_session", sessionId=given.session_id)
        return {}

    async def set_mode(self, given: SetMode) -> Json:
        self._following.get(given.session_id)
        await self._call("update_session", sessionId=given.session_id, modeId=given.mode_id)
        return {}

    async def set_config_option(self, given: SetConfigOption) -> Json:
        attached = self._following.get(given.session_id)
        if given.config_id in (AGENT, WORKSPACE):
            if given.value not in [one["currentValue"] for one in attached.options() if one["id"] == given.config_id]:
                await self._hand_over(attached, given)
                await self._following.reread(attached)
            return {"configOptions": attached.options()}
        if given.config_id == MODE and not any(one.get("id") == MODE for one in attached.session.config_options or ()):
            await self._call("update_session", sessionId=given.session_id, modeId=given.value)
        else:
            await self._call("update_session", sessionId=given.session_id, config={given.config_id: given.value})
        return {"configOptions": attached.options(**{given.config_id: given.value})}

    async def _open(self, session_id: str, replay: bool = False) -> Attached:
        session = await self._call("get_session", sessionId=session_id)
        assert isinstance(session, Session)
        if session.status == "closed":
            await self._call("resume_session", sessionId=session_id)
        return await self._following.attach(session_id, replay)

    async def _hand_over(self, attached: Attached, given: SetConfigOption) -> None:
        """To another agent, or to one in another workspace; it is started at once, so that its own options can be shown."""
        session, workspace_id = attached.session, attached.session.workspace_id
        if given.config_id == WORKSPACE:
            workspace_id = _offered(given, [str(one["value"]) for one in attached.workspaces])
            now = next((one for one in attached.agents if one.is_of(session) and not one.agent_id), None)
            choice = now or await self._choices.first(workspace_id)
        else:
            value = _offered(given, [one.value for one in attached.agents])
            choice = next(one for one in attached.agents if one.value == value)
        agent_id = choice.agent_id or await self._new_agent(choice, workspace_id)
        handed = {"agentId": agent_id} | ({"specialistId": choice.specialist_id} if choice.specialist_id else {})
        await self._call("update_session", sessionId=session.id, **handed)
        with suppress(Forbidden):
            await self._call("resume_session", sessionId=session.id)

    async def _new_agent(self, choice: Choice, workspace_id: str) -> str:
        about = {"provider": choice.provider, "runner": "session"}
        role = "ROUTA" if choice.specialist_id else "CRAFTER"
        made = await self._call("create_agent", name=choice.name, role=role, workspaceId=workspace_id, metadata=about)
        return str(orjson.loads(made.to_json())["id"])

    async def _call(self, operation: str, **given: object) -> Output:
        return await self._hub.call(operation, given, self._caller)


def _offered(given: SetConfigOption, values: list[str]) -> str:
    if given.value not in values:
        raise Invalid(f"value: {given.config_id} is one of {', '.join(values[:30])}.")
    return str(given.value)


def _state(attached: Attached) -> Json:
    """What the answers to session/new, load, resume and fork have in common."""
    modes = modes_of(attached.session)
    return {"configOptions": attached.options()} | ({"modes": modes} if modes else {})
