"""The calls of the stories, made to a backend, and what it answers."""

from asyncio import timeout
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, FormData

from protocols.outbound import body_of, failure
from protocols.parity.contracts import EVENTS, Contract, Operation, shape_of
from protocols.parity.stories.base import Call, Upload
from protocols.parity.world import Missing, World

ANSWER = ClientTimeout(total=60, connect=10)
FIRST_EVENT = 1.0
"""Seconds for which a stream may be silent; that it was opened is what counts."""
LARGEST = 4_000_000


class Answer(NamedTuple):
    status: int
    media: str
    value: Any
    """What the JSON says; of everything else the text, and nothing of a stream."""
    text: str
    headers: Mapping[str, str]


class Told(NamedTuple):
    call: Call
    operation: Operation | None
    """None: the contract has no such one, and others need what it makes."""
    answer: Answer | None = None
    failed: str | None = None
    """Why there was no answer."""
    left_out: str | None = None
    """Why the call was not made."""


class Backend:
    """One that is called. `own`: it was started for this, and holds nothing of anybody else's."""

    def __init__(self, http: ClientSession, url: str, world: World, own: bool, has: Contract | None, token: str | None = None) -> None:
        self._http, self.url, self.world, self.own, self.has = http, url.rstrip("/"), world, own, has
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._undo: list[str] = []

    async def tell(self, contract: Contract, calls: Sequence[Call]) -> list[Told]:
        """Make them all, one after the other, and take away what they made; also when this is cancelled."""
        try:
            return [await self._told(contract, call) for call in calls]
        finally:
            await self._clean()

    async def _told(self, contract: Contract, call: Call) -> Told:
        told = await self._tried(contract, call)
        for name in call.keep.keys() - self.world.names.keys():
            status = f"{call.method} {call.url} was answered {told.answer.status}" if told.answer else None
            self.world.unmade[name] = told.left_out or told.failed or status or f"there is no {call.method} {call.url}"
        return told

    async def _tried(self, contract: Contract, call: Call) -> Told:
        key = call.method, shape_of(call.url.partition("?")[0])
        operation = contract.operations.get(key)
        if self.has and not (key in self.has.operations and self.has.operations[key].done):
            return Told(call, operation)  # the description says so already
        if reason := call.never or (None if self.own else call.own):
            return Told(call, operation, left_out=reason)
        try:
            url, body, headers = _quoted(call.url, self.world), self.world.filled(call.body), self.world.filled(call.headers)
        except Missing as missing:
            return Told(call, operation, left_out=str(missing))
        self._remember(call)
        try:
            answer = await self._ask(call.method, url, body, headers)
        except (ClientError, OSError) as error:
            return Told(call, operation, failed=failure(error).reason)
        if answer.status < 300:
            self.world.keep(call.keep, answer.value, answer.text, answer.headers)
            self._remember(call)
        return Told(call, operation, answer)

    def _remember(self, call: Call) -> None:
        """Before it is made, where the name is ours: nobody may tell whether it was made when there is no answer."""
        if call.undo:
            with suppress(Missing):
                undo = _quoted(call.undo, self.world)
                if undo not in self._undo:
                    self._undo.append(undo)

    async def _clean(self) -> None:
        for undo in reversed(self._undo):
            method, _, url = undo.partition(" ")
            with suppress(ClientError, OSError):
                await self._ask(method, url, None, {})

    async def _ask(self, method: str, url: str, body: Any, headers: Mapping[str, str]) -> Answer:
        """Raises ClientError and OSError."""
        given: dict[str, Any] = {"data": _form(body)} if isinstance(body, Upload) else {} if body is None else {"json": body}
        sent = {**self._headers, **headers}
        async with self._http.request(method, f"{self.url}{url}", headers=sent, timeout=ANSWER, allow_redirects=False, **given) as response:
            if response.content_type == EVENTS:
                await _first_event(response)
                return Answer(response.status, EVENTS, None, "", response.headers)
            return await _whole(response)


async def _whole(response: ClientResponse) -> Answer:
    raw = await body_of(response, LARGEST)
    text = raw.decode(errors="replace")
    media = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    value: Any = text
    if media.endswith("json"):
        with suppress(ValueError):
            value = orjson.loads(raw)
    return Answer(response.status, media, value, text, response.headers)


async def _first_event(response: ClientResponse) -> None:
    with suppress(TimeoutError):
        async with timeout(FIRST_EVENT):
            await response.content.readline()


def _form(upload: Upload) -> FormData:
    form = FormData()
    form.add_field(upload.field, upload.content, filename=upload.file, content_type="application/zip")
    return form


def _quoted(url: str, world: World) -> str:
    """The values of names, as they stand in an address."""
    return str(World({name: quote(value, safe="") for name, value in world.names.items()}, world.unmade).filled(url))
