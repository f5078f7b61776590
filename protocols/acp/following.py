"""Following the log for one editor: what happens in the sessions that it has open, told in the order in which it happened."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import orjson

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Busy, NotFound, Unavailable
from hub.domain.model import numbered_key
from hub.domain.permissions import Permission
from hub.domain.sessions import Prompt, Session, SessionEntry
from hub.domain.tasks import Task
from hub.ports import Filter, Find, Json, Logged, Look, Page
from protocols.acp.attached import Attached
from protocols.acp.choices import Choices
from protocols.acp.plans import concerned, plan_of
from protocols.acp.questions import Questions
from protocols.acp.renderings import updates
from protocols.jsonrpc.peer import Closed, Peer

FOLLOWED = Filter(kinds=(Session.kind, Permission.kind, Task.kind))
log = logging.getLogger("acp")

PAUSE = 1.0
"""Seconds until a store that did not answer is asked again."""
ALL = 1_000_000
"""Entries of a history: it is read at one moment, so that what is told of it and what is told behind it fit together."""
OVER = frozenset({"closed", "deleted"})
ENDS = OVER | {"failed", "dormant", "cancelled", "prompt_withdrawn"}
"""After these a prompt may have ended, as after an update that says that the session is idle."""
OTHER_AGENT = frozenset({"ready", "dormant"})
"""After these its options may be others."""


class Following:
    """One reader of the log for all sessions that an editor has open. What joins them does so between two pages."""

    def __init__(self, hub: Hub, caller: Caller, peer: Peer, choices: Choices) -> None:
        self._hub, self._caller, self._peer, self._choices = hub, caller, peer, choices
        self._questions = Questions(hub, caller, peer)
        self._sessions: dict[str, Attached] = {}
        self._turn = asyncio.Lock()
        self._cursor = 0
        self._task: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self.booleans = False

    def get(self, session_id: str) -> Attached:
        """Raises NotFound."""
        if attached := self._sessions.get(session_id):
            return attached
        raise NotFound("open session", session_id)

    @asynccontextmanager
    async def between_pages(self) -> AsyncIterator[None]:
        """What is committed meanwhile is told afterwards."""
        async with self._turn:
            yield

    async def attach(self, session_id: str, replay: bool = False) -> Attached:
        """From now on the editor is told what happens in it; with `replay`, first of all what has happened so far. Raises NotFound."""
        for grant in ("sessions.read", "events.read"):
            self._caller.require(grant)
        async with self._turn:
            look = await self._look(session_id, replay)
            if not look.found[0]:
                raise NotFound("session", session_id)
            session = Session.model_validate_json(look.found[0][0])
            agents = await self._choices.agents(session.workspace_id)
            if known := self._sessions.pop(session_id, None):
                self._questions.leave(known)
            attached = Attached(session, look.cursor, agents, await self._choices.workspaces(), self.booleans)
            if known:
                attached.said, attached.waiting, attached.cancelled, attached.taken = (
                    known.said,
                    known.waiting,
                    known.cancelled,
                    known.taken,
                )
            for body in look.found[2] if replay else ():
                await self._tell(session_id, *updates(orjson.loads(body)["update"]))
            self._sessions[session_id] = attached
            if self._task is None:
                self._cursor = look.cursor
                self._task = asyncio.create_task(self._follow())
        for body in look.found[1]:
            self._questions.ask(attached, Permission.model_validate_json(body))
        return attached

    async def reread(self, attached: Attached) -> None:
        """Also who and what may be chosen."""
        session = await self._read(attached.session.id)
        attached.agents = await self._choices.agents(session.workspace_id)
        attached.workspaces = await self._choices.workspaces()
        await self._tell(session.id, *attached.refresh(session))

    async def close(self) -> None:
        for attached in self._sessions.values():
            self._questions.leave(attached)
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self, session_id: str, history: bool) -> Look:
        """The session, the permission requests that wait, and the entries of its history."""
        of = (("session_id", session_id),)
        queries = [Find(Session, key=session_id), Find(Permission, (*of, ("status", "pending")))]
        queries += [Find(SessionEntry, of, limit=ALL)] if history else []
        return await self._hub.store.look(self._caller.tenant, queries)

    async def _follow(self) -> None:
        """A store that does not answer is asked again: the editor has no other way to go on from here."""
        while not self._peer.over:
            try:
                async for page in self._hub.follow(self._caller, self._cursor, FOLLOWED):
                    async with self._turn:
                        await self._page(page)
            except (Busy, Unavailable):
                await asyncio.sleep(PAUSE)
            except Closed:
                return
            except Exception:
                log.exception("following the log for an editor failed")
                self._closing = asyncio.create_task(self._peer.close("the hub can tell nothing more; its log says why"))
                return

    async def _page(self, page: Page) -> None:
        planned: set[str] = set()
        for event in page.events:
            kind, _, what = event.name.partition(".")
            if kind == Session.kind:
                await self._session(event, what)
            elif kind == Permission.kind:
                await self._permission(event, what)
            else:
                planned |= concerned(event, {id_: attached.session for id_, attached in self._sessions.items()})
            self._cursor = event.cursor
        for session_id in planned & self._sessions.keys():
            await self._plan(self._sessions[session_id])
        self._cursor = page.cursor
        if not page.events:
            for attached in [*self._sessions.values()]:
                await self._settle(attached, silent=True)

    async def _session(self, event: Logged, what: str) -> None:
        attached = self._sessions.get(event.record_id)
        if attached is None or event.cursor <= attached.since:
            return
        if what == "prompt_taken":
            attached.taken |= {orjson.loads(event.body)["data"]["number"]} & attached.waiting.keys()
        elif what == "progressed":
            happened = orjson.loads(event.body)["data"]["updates"]
            for update in happened:
                await self._tell(event.record_id, *attached.render(update))
            if any(update.get("state") == "idle" for update in happened):
                await self._settle(attached)
        elif what in OTHER_AGENT or what == "updated":
            with suppress(NotFound):
                session = await self._read(event.record_id)
                await self._tell(event.record_id, *(attached.retitle(session) if what == "updated" else attached.refresh(session)))
        if what in ENDS:
            await self._settle(attached, over=what in OVER)
        if what in OVER:
            self._questions.leave(attached)
            del self._sessions[event.record_id]

    async def _settle(self, attached: Attached, over: bool = False, silent: bool = False) -> None:
        """Prompts that have ended are answered; those of a session that is over in any case.

        The record may be ahead of the log: what was said in a turn that was not heard to begin is told first, unless all is `silent`.
        """
        for number, waiting in [*attached.waiting.items()]:
            prompt = await self._hub.store.get(self._caller.tenant, Prompt, numbered_key(attached.session.id, number))
            heard = silent or prompt is None or prompt.started_at is None or number in attached.taken
            ended = prompt if prompt and prompt.ended and heard else None
            if (ended or over) and not waiting.done():
                waiting.set_result(ended)

    async def _permission(self, event: Logged, what: str) -> None:
        attached = self._sessions.get(orjson.loads(event.body).get("sessionId", ""))
        if attached is None or event.cursor <= attached.since:
            return
        if what == "requested":
            await self._questions.requested(attached, event.record_id)
        else:
            self._questions.decided(attached, event.record_id)

    async def _plan(self, attached: Attached) -> None:
        """A plan that the agent itself tells in its turn counts for more."""
        if not attached.planned and (plan := await plan_of(attached.session, self._hub, self._caller)):
            await self._tell(attached.session.id, plan)

    async def _read(self, session_id: str) -> Session:
        session = await self._hub.call("get_session", {"sessionId": session_id}, self._caller)
        assert isinstance(session, Session)
        return session

    async def _tell(self, session_id: str, *told: Json) -> None:
        for update in told:
            await self._peer.notify("session/update", {"sessionId": session_id, "update": update})
