"""Agents elsewhere as the hub's own: a task that is given to one is sent there, and what becomes of it is told here."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from hub.access import LOCAL_TENANT, READ, WRITE, Caller
from hub.app import Hub
from hub.domain.errors import Busy, HubError, NotFound
from hub.domain.model import instant, utc_now
from hub.domain.remote_agents import RemoteAgent, RemoteTask
from hub.domain.tasks import InputKind, InputRequest, Task
from hub.ports import Json
from hub.turns import Declined, Failed, Rejected, Result, Terms, Turn
from hub.unit import UnitOfWork
from protocols.a2a.client import POLLS, Peer
from protocols.a2a.client_links import Refusal, Trouble
from protocols.a2a.client_messages import answer, further, unsent, work
from protocols.a2a.client_peers import Peers
from protocols.a2a.client_relays import Relay, Settled
from protocols.a2a.states import CANCELED, COMPLETED, REJECTED

TERMS = Terms(resumable=True, at_once=1_000)
ASIDE = 30.0
"""Seconds for what nobody waits for. What is not done then is done at the next start."""
LONGEST_QUESTION = 10_000
ASKS = "The remote agent waits for an answer, and does not say to what."
LOOKS = 300
"""Seconds after which it is looked anew whether a question is answered."""

log = logging.getLogger("work")


class RemoteRunner:
    """An AgentRunner for the remote agents of one tenant. Whoever makes it starts it before its worker, and closes it after."""

    kinds: Sequence[str] = (RemoteAgent.kind,)

    def __init__(self, hub: Hub, tenant: str = LOCAL_TENANT, polls: tuple[float, float] = POLLS) -> None:
        self._hub, self._peers = hub, Peers(hub, tenant, polls)
        self._caller = Caller(tenant, "hub", frozenset({READ, WRITE}))
        self._connecting: set[str] = set()
        self._aside: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """What ended while nobody could say so there is over: cancel it at its agent, and begin anew when it is given again."""
        over = [known async for known in self._unit().every(RemoteTask, ended="false") if await self._given_up(known)]
        for known in over:
            await self._end(known)
            self._later(self._cancel(known))

    async def agents(self) -> Mapping[str, Terms]:
        """All of them: one that is out of reach says so when it is given a task. Those that are not read yet are read now."""
        found = [remote async for remote in self._unit().every(RemoteAgent)]
        for remote in found:
            if remote.status == "connecting" and remote.id not in self._connecting:
                self._connecting.add(remote.id)
                self._later(self._connect(remote.id))
        return {remote.id: TERMS for remote in found}

    async def run(self, turn: Turn) -> Result:
        try:
            peer = await self._peers.get(turn.agent_id)
            relay = Relay(turn, await self._begun(turn))
            await peer.connect()
        except Trouble as trouble:
            raise Failed(f"The remote agent cannot be used: {trouble.reason}.") from None
        try:
            return await self._relayed(turn, peer, relay)
        except Trouble as trouble:
            self._later(self._cancel(relay.known))
            raise Failed(f"The remote agent cannot be used: {trouble.reason}.") from None
        except Refusal as refusal:
            raise Failed(f"The remote agent refused: {refusal.message}") from None
        except Declined:
            self._later(self._cancel(relay.known))
            raise
        except asyncio.CancelledError:
            self._later(self._left(relay.known))
            raise
        finally:
            self._later(self._ended(relay.known))

    async def aclose(self) -> None:
        for task in self._aside:
            task.cancel()
        if self._aside:
            await asyncio.wait(self._aside)
        await self._peers.close()

    async def _connect(self, agent_id: str) -> None:
        try:
            await self._peers.connect(agent_id)
        finally:
            self._connecting.discard(agent_id)

    async def _relayed(self, turn: Turn, peer: Peer, relay: Relay) -> Result:
        """From the message, or from where it stands, to the end; each question in between is asked and its answer sent on."""
        request = None if relay.known.remote_task_id else work(turn, relay.known)
        sending = asyncio.Lock()
        passing = asyncio.create_task(self._pass_on(turn, peer, relay, sending))
        try:
            while True:
                settled = await self._settled(peer, relay, request)
                if not settled.asks:
                    break
                async with sending:
                    request = await self._answer(turn, relay, settled)
        finally:
            passing.cancel()
        await relay.close()
        if settled.state == REJECTED:
            raise Rejected(settled.text or "The remote agent does not take it on.")
        if settled.state == CANCELED:
            await self._hub.call("cancel_task", {"taskId": turn.task_id}, self._caller)
            return None
        if settled.state != COMPLETED:
            raise Failed(settled.text or "The remote agent failed.")
        return relay.result(settled)

    async def _settled(self, peer: Peer, relay: Relay, request: Json | None) -> Settled:
        begins = request is not None and "taskId" not in request["message"]
        try:
            return await self._followed(peer, relay, request, begins)
        except Refusal:
            if begins or not relay.known.remote_task_id:
                raise
            settled = await relay.apply({"task": await peer.ask("get", {"id": relay.known.remote_task_id})})
            if settled is None or settled.asks:  # it is not that it ended while nobody looked
                raise
            return settled

    async def _followed(self, peer: Peer, relay: Relay, request: Json | None, begins: bool) -> Settled:
        async with aclosing(peer.events(request, relay.known.remote_task_id)) as events:
            async for event in events:
                settled = await relay.apply(event)
                if begins:
                    await relay.record(sent=relay.turn.task.message_count)
                if settled:
                    return settled
                relay.working.set()
        raise Trouble("it answered nothing")

    async def _answer(self, turn: Turn, relay: Relay, settled: Settled) -> Json:
        """Ask here what is asked there, wait for as long as it takes, and make the answer's message. Raises Declined."""
        question = await self._question(turn, relay, settled)
        while question.answered_at is None:
            async with turn.desk.away():
                given = {"taskId": turn.task_id, "until": "answered", "timeoutSeconds": LOOKS}
                try:
                    await self._hub.call("wait_for_task", given, self._caller)
                except Busy:  # the hub stops, and this turn is about to be cancelled
                    await asyncio.sleep(1)
            question = await turn.desk.question(question.id)
        if question.declined:
            raise Declined(f"It was declined: {question.message}")
        relay.answered = settled.mark
        messages = await unsent(turn, relay.known)
        if not messages:
            return answer(relay.known, question)
        request = further(relay.known, messages)
        await relay.record(sent=messages[-1].number)
        return request

    async def _question(self, turn: Turn, relay: Relay, settled: Settled) -> InputRequest:
        """The one that was asked for it before, if the hub was restarted since."""
        if relay.known.question and relay.known.asked == settled.mark:
            return await turn.desk.question(relay.known.question)
        task = await self._hub.store.get(self._caller.tenant, Task, turn.task_id)
        mine = [one for one in task.questions if one.agent_id == turn.agent_id] if task else []
        kind: InputKind = "authorization" if settled.authorization else "input"
        question = mine[0] if mine else await turn.desk.ask(settled.text[:LONGEST_QUESTION] or ASKS, settled.form, kind)
        await relay.record(question=question.id, asked=settled.mark)
        return question

    async def _pass_on(self, turn: Turn, peer: Peer, relay: Relay, sending: asyncio.Lock) -> None:
        """What is said to the agent while it works, and what was said while nobody could pass it on."""
        await relay.working.wait()
        while True:
            async with sending:
                for message in await unsent(turn, relay.known):
                    await relay.record(sent=message.number)
                    try:
                        request = further(relay.known, [message])
                        await peer.ask("send", {**request, "configuration": {"returnImmediately": True}})
                    except Refusal as refusal:
                        await turn.say(f"The remote agent did not take the message: {refusal.message}")
                    except Trouble as trouble:
                        await turn.say(f"The message did not reach the remote agent: {trouble.reason}.")
            await turn.next_task_message()

    async def _begun(self, turn: Turn) -> RemoteTask:
        """What is known of it; of a run that is over another one is begun."""
        known = await self._hub.store.get(self._caller.tenant, RemoteTask, turn.task_id)
        again = known is not None and (known.ended or known.agent_id != turn.agent_id)
        if known is None or again:
            await turn.desk.report("record_remote_task", agentId=turn.agent_id, again=again)
            known = await self._hub.store.get(self._caller.tenant, RemoteTask, turn.task_id)
        if known is None:
            raise NotFound("remote task", turn.task_id)
        return known

    async def _ended(self, known: RemoteTask) -> None:
        """Once the hub's own task has: until then a restart goes on with it."""
        async with asyncio.timeout(ASIDE):
            await self._hub.call("wait_for_task", {"taskId": known.id, "until": "ended", "timeoutSeconds": ASIDE}, self._caller)
        if await self._given_up(known):
            await self._end(known)

    async def _end(self, known: RemoteTask) -> None:
        if await self._hub.store.get(self._caller.tenant, Task, known.id):
            await self._hub.call("record_remote_task", {"taskId": known.id, "agentId": known.agent_id, "ended": True}, self._caller)

    async def _given_up(self, known: RemoteTask) -> bool:
        task = await self._hub.store.get(self._caller.tenant, Task, known.id)
        return task is None or task.ended or task.assigned_to != known.agent_id

    async def _left(self, known: RemoteTask) -> None:
        """Its turn was cancelled: because the task was, or to be gone on with later."""
        if await self._given_up(known):
            await self._cancel(known)

    async def _cancel(self, known: RemoteTask) -> None:
        if known.remote_task_id:
            peer = await self._peers.get(known.agent_id)
            async with asyncio.timeout(ASIDE):
                await peer.ask("cancel", {"id": known.remote_task_id})

    def _unit(self) -> UnitOfWork:
        return UnitOfWork(self._hub.store, self._caller.tenant, instant(utc_now()))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._quietly(work))
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (HubError, Trouble, Refusal, TimeoutError) as error:
            log.info("%s: %s", getattr(work, "__name__", "a remote agent"), error)
