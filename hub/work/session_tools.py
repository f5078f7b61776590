"""What a session's agent is given beside its prompts: the hub's own tools, a credential of its own for them, and who it is there."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import orjson

from hub.access import EVERYTHING, Caller
from hub.app import Hub
from hub.domain.errors import NotFound
from hub.domain.sessions import Session, SessionServers
from hub.domain.specialists import Specialist
from hub.operations.base import secret_place
from hub.operations.sessions import BY_TASKS
from hub.operations.tokens import NewToken
from hub.ports import Json

INTRODUCTION = """You work in the hub Trivium, which other agents share: its MCP server `trivium` has the workspace's tasks, notes, mail
and file reservations. There you are agentId {agent_id} in workspaceId {workspace_id}, and this is sessionId {session_id}. Reserve files
before you edit what others may be editing (reserve_files), and look at what is to be done with list_tasks."""


class SessionTools:
    """For the sessions of one tenant. `door` says how the hub's MCP server is reached with a token, as ACP has MCP servers; None: it is
    not."""

    def __init__(self, hub: Hub, tenant: str, door: Callable[[str], Json | None]) -> None:
        self._hub, self._tenant, self._door = hub, tenant, door
        self._caller = Caller(tenant, "hub", EVERYTHING)

    @asynccontextmanager
    async def servers(self, session: Session) -> AsyncIterator[Sequence[Json]]:
        if session.provider == BY_TASKS:  # it takes tasks, and no tools
            yield ()
            return
        assert session.claim
        given = {"sessionId": session.id, "claimToken": session.claim.token}
        token = await self._hub.call("issue_session_token", given, self._caller)
        assert isinstance(token, NewToken)
        own = self._door(token.token)
        yield [*([own] if own else []), *await self._others(session)]

    async def preface(self, session: Session) -> str:
        where = {"agent_id": session.agent_id, "workspace_id": session.workspace_id, "session_id": session.id}
        who = "" if session.provider == BY_TASKS else INTRODUCTION.format(**where)
        return "\n\n".join(part for part in (await self._role(session), session.system_prompt, who) if part)

    async def _role(self, session: Session) -> str:
        """What its specialist is told to be. One that was deleted since tells nothing."""
        if session.specialist_id is None:
            return ""
        try:
            given = {"specialistId": session.specialist_id, "workspaceId": session.workspace_id}
            specialist = await self._hub.call("get_specialist", given, self._caller)
        except NotFound:
            return ""
        assert isinstance(specialist, Specialist)
        return "\n\n".join(part for part in (specialist.system_prompt, specialist.role_reminder) if part)

    async def _others(self, session: Session) -> Sequence[Json]:
        """Those of whoever started the session."""
        servers = await self._hub.store.get(self._tenant, SessionServers, session.id)
        if servers is None or self._hub.vault is None:
            return ()
        opened: list[Json] = orjson.loads(self._hub.vault.open(servers.sealed, secret_place(self._tenant, SessionServers, session.id)))
        return opened
