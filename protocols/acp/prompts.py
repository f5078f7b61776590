"""Prompts of an editor: one is answered when its turn is over, and everything that happened in it was told."""

import asyncio
from contextlib import suppress

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Conflict, HubError, NotFound
from hub.domain.model import new_id
from hub.domain.sessions import Delivery, Prompt, Session
from hub.operations.base import Output
from hub.ports import Json
from protocols.acp.attached import Attached
from protocols.acp.following import Following
from protocols.acp.shapes import OneSession, PromptSession
from protocols.jsonrpc.peer import INTERNAL_ERROR, Peer, RpcError

FAILED = "The agent did not come to an end with it. Send it again."


class Prompts:
    def __init__(self, hub: Hub, caller: Caller, peer: Peer, following: Following) -> None:
        self._hub, self._caller, self._peer, self._following = hub, caller, peer, following
        self._withdrawing: set[asyncio.Task[None]] = set()

    async def prompt(self, given: PromptSession) -> Json:
        """While another turn of the session runs, it waits for its own."""
        attached = self._following.get(given.session_id)
        async with self._following.between_pages():
            saying = asyncio.create_task(self._say(attached, given, "queue"))
            try:
                number = (await asyncio.shield(saying)).number
            except asyncio.CancelledError:
                self._leave(attached, saying)
                raise
            ended = attached.waiting[number] = asyncio.get_running_loop().create_future()
        try:
            return _answer(await ended, number in attached.cancelled)
        except asyncio.CancelledError:
            self._leave(attached, saying)
            raise
        finally:
            attached.waiting.pop(number, None)
            attached.cancelled.discard(number)
            attached.taken.discard(number)

    async def cancel(self, given: OneSession) -> None:
        """The turn that runs ends, and what this editor has in the queue is not sent. Their prompts are answered with cancelled."""
        attached = self._following.get(given.session_id)
        attached.cancelled.update(attached.waiting)
        for number in [*attached.waiting]:
            with suppress(Conflict, NotFound):
                await self._call("withdraw_prompt", sessionId=given.session_id, number=number)
        await self._call("cancel_session", sessionId=given.session_id)

    async def steer(self, given: PromptSession) -> Json:
        """`_session/steering`: into the turn that runs, or not at all."""
        attached = self._following.get(given.session_id)
        session = await self._call("get_session", sessionId=given.session_id)
        assert isinstance(session, Session)
        if session.active is None or "steer" not in session.capabilities:
            return {"outcome": "promptRequired"}
        async with self._following.between_pages():
            await self._say(attached, given, "steer")
        return {"outcome": "injected"}

    async def _say(self, attached: Attached, given: PromptSession, delivery: Delivery) -> Prompt:
        """The editor shows by itself what it says."""
        said = {"sessionId": given.session_id, "prompt": given.prompt, "delivery": delivery, "messageId": new_id()}
        prompt = await self._call("prompt_session", **said)
        assert isinstance(prompt, Prompt)
        attached.said.add(prompt.message_id)
        return prompt

    def _leave(self, attached: Attached, saying: "asyncio.Task[Prompt]") -> None:
        """The editor wants no answer any more: the prompt is withdrawn, unless the editor has gone, who may come back for it."""
        withdrawing = asyncio.create_task(self._withdraw(attached.session.id, saying, self._peer.over))
        self._withdrawing.add(withdrawing)
        withdrawing.add_done_callback(self._withdrawing.discard)

    async def _withdraw(self, session_id: str, saying: "asyncio.Task[Prompt]", gone: bool) -> None:
        with suppress(HubError):
            number = (await saying).number
            if gone:
                return
            try:
                await self._call("withdraw_prompt", sessionId=session_id, number=number)
            except Conflict:
                session = await self._call("get_session", sessionId=session_id)
                if isinstance(session, Session) and session.active == number:
                    await self._call("cancel_session", sessionId=session_id)

    async def _call(self, operation: str, **given: object) -> Output:
        return await self._hub.call(operation, given, self._caller)


def _answer(prompt: Prompt | None, cancelled: bool) -> Json:
    """What was cancelled ends as cancelled, however the agent has ended it. Raises RpcError: a turn that failed has no stop reason."""
    if prompt is None or cancelled:
        return {"stopReason": "cancelled"}
    if prompt.status == "failed":
        raise RpcError(INTERNAL_ERROR, prompt.reason or FAILED)
    stopped = prompt.stop_reason or ("cancelled" if prompt.status == "cancelled" else "end_turn")
    return {"stopReason": stopped} | ({"usage": prompt.usage} if prompt.usage else {})
