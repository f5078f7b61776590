"""One HTTP request of A2A: its address, version, content type; then the binding, and its answer or its stream."""

import re
from typing import Any

import orjson
from aiohttp import web

from hub.app import Hub
from hub.domain.push_configs import PushVersion
from hub.ports import Json
from protocols.a2a import jsonrpc, rest, v03_jsonrpc, v03_rest
from protocols.a2a.cards import HubCards
from protocols.a2a.door import JWKS, WEB, A2ASettings
from protocols.a2a.errors import A2AError, ContentTypeNotSupported, InvalidParams, MethodNotFound, NoSuch, TooMuch, VersionNotSupported
from protocols.a2a.framing import frames
from protocols.a2a.jsonrpc import Id
from protocols.a2a.service import Asked, Service
from protocols.a2a.streams import Place
from protocols.a2a.web_api import WebApi
from protocols.bodies import body_of
from protocols.identity import AGENT_CARD, caller_of
from protocols.streams import Streams

JSON, A2A_JSON = "application/json", "application/a2a+json"
V1: PushVersion = "1.0"
V03: PushVersion = "0.3"
VERSION, EXTENSIONS, OLD_EXTENSIONS = "A2A-Version", "A2A-Extensions", "X-A2A-Extensions"
KEY = "Idempotency-Key"
LAST_EVENT = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,4}))?")
CARD_CACHE = "public, max-age=60"


class A2ADoor:
    def __init__(self, hub: Hub, streams: Streams, settings: A2ASettings) -> None:
        self._streams, self._settings = streams, settings
        self._cards = HubCards(hub, settings)
        self.service = Service(hub, self._cards)
        self._web_api = WebApi(hub, self.service, self._cards, streams)

    async def close(self) -> None:
        await self.service.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info.get("path", "")
        if request.path == JWKS:
            return self._keys()
        if request.path.startswith(WEB):
            return await self._web_api.handle(request, path, self._asked(request, V1))
        if AGENT_CARD in (request.path, f"/{path}"):
            return await self._card(request)
        if not path and request.method == "POST":
            return await self._jsonrpc(request)
        old = path.startswith("v1/")
        try:
            return await (self._old_rest(request, path[3:]) if old else self._rest(request, path))
        except A2AError as error:
            return _refused(request, error, v03_rest.error_of(error) if old else error.rest())

    async def _jsonrpc(self, request: web.Request) -> web.StreamResponse:
        """The transport's own status tells nothing of the error (§9.5), but that the body was too large."""
        id_: Id = None
        old = False
        try:
            if request.content_type not in (JSON, A2A_JSON):
                raise ContentTypeNotSupported(f"The body must be JSON, with the header Content-Type: {JSON}.")
            id_, method, params, problem = jsonrpc.read(await self._body(request))
            if problem:
                raise problem
            old = "/" in method
            self._expect_version(request, V03 if old else V1)
            asked = self._asked(request, V03 if old else V1)
            if old:
                return await self._old_jsonrpc(request, id_, method, params, asked)
            if streaming := jsonrpc.STREAMING.get(method):
                return await self._streams.send(request, frames(streaming(self.service, params, asked), *jsonrpc.enclosing(id_)))
            if unary := jsonrpc.UNARY.get(method):
                return _json(jsonrpc.answer(id_, await unary(self.service, params, asked)))
            allowed = ", ".join([*jsonrpc.UNARY, *jsonrpc.STREAMING])
            raise MethodNotFound(f"There is no method {method[:80]!r} in A2A 1.0. Allowed: {allowed}.")
        except A2AError as error:
            said = v03_jsonrpc.error_of(error) if old else error.jsonrpc()
            return _json(jsonrpc.failure(id_, said), 413 if isinstance(error, TooMuch) else 200)

    async def _old_jsonrpc(self, request: web.Request, id_: Id, method: str, params: Json, asked: Asked) -> web.StreamResponse:
        if method in v03_jsonrpc.STREAMING:
            told = frames(v03_jsonrpc.stream(self.service, method, params, asked), *jsonrpc.enclosing(id_))
            return await self._streams.send(request, v03_jsonrpc.with_errors(told, id_))
        return _json(jsonrpc.answer(id_, await v03_jsonrpc.answer(self.service, method, params, asked)))

    async def _rest(self, request: web.Request, path: str) -> web.StreamResponse:
        self._expect_version(request, V1)
        params, unary, streaming = rest.meant(request.method, path, request.query, await self._rest_body(request))
        asked = self._asked(request)
        if streaming:
            return await self._streams.send(request, frames(streaming(self.service, params, asked)))
        assert unary is not None
        return _json(orjson.dumps(await unary(self.service, params, asked)), 200, _content_type(request))

    async def _old_rest(self, request: web.Request, path: str) -> web.StreamResponse:
        self._expect_version(request, V03)
        given, unary, streaming = v03_rest.meant(request.method, path, request.query, await self._rest_body(request))
        asked = self._asked(request, V03)
        if streaming:
            return await self._streams.send(request, frames(v03_rest.stream(self.service, streaming, given, asked)))
        assert unary is not None
        return _json(orjson.dumps(await v03_rest.answer(self.service, unary, given, asked)))

    async def _card(self, request: web.Request) -> web.Response:
        """With an ETag and a Last-Modified, so that who has it already is told so (§8.6, RFC 9110 §13)."""
        card = await self._cards.served(self._asked(request))
        if card is None:
            return _refused(request, NoSuch("There is no such agent. The card of the hub stands under /.well-known/agent-card.json."))
        headers = {"ETag": card.etag, "Last-Modified": card.modified, "Cache-Control": CARD_CACHE, "Access-Control-Allow-Origin": "*"}
        seen, since = request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")
        if card.etag in _listed(seen) or seen == "*" or (seen is None and since == card.modified):
            return web.Response(status=304, headers=headers)
        return web.Response(body=card.body, content_type=JSON, headers=headers)

    def _keys(self) -> web.Response:
        if self._cards.signer is None:
            raise web.HTTPNotFound
        return web.Response(body=orjson.dumps(self._cards.signer.published()), content_type=JSON, headers={"Cache-Control": CARD_CACHE})

    def _asked(self, request: web.Request, version: PushVersion = V1) -> Asked:
        """The Host is one that the hub answers to: the boundary has seen to that."""
        base_url = self._settings.public_url or f"{request.scheme}://{request.host}"
        extensions = frozenset(_listed(request.headers.get(EXTENSIONS) or request.headers.get(OLD_EXTENSIONS)))
        key = request.headers.get(KEY)
        return Asked(caller_of(request), request.match_info.get("agent_id"), base_url, extensions, version, _last_event(request), key)

    def _expect_version(self, request: web.Request, needed: str) -> None:
        """Major and minor count (§3.6); who says nothing speaks 0.3."""
        said = request.headers.get(VERSION) or request.query.get(VERSION) or V03
        version = ".".join(said.strip().split(".")[:2])
        if version not in self._settings.a2a_versions:
            allowed = " and ".join(self._settings.a2a_versions)
            raise VersionNotSupported(f"A2A {said[:20]!r} is not spoken here. Send the header {VERSION} with one of: {allowed}.")
        if version != needed:
            raise VersionNotSupported(f"This is a request of A2A {needed}, and {VERSION} says {version}. Send {VERSION}: {needed}.")

    async def _rest_body(self, request: web.Request) -> bytes:
        """Where nothing is sent, its type does not matter."""
        body = await self._body(request)
        if body and request.content_type not in (JSON, A2A_JSON):
            raise ContentTypeNotSupported(f"The body must be JSON, with the header Content-Type: {A2A_JSON} or {JSON}.")
        return body

    async def _body(self, request: web.Request) -> bytes:
        try:
            return await body_of(request)
        except web.HTTPRequestEntityTooLarge:
            raise TooMuch(f"The body is larger than {self._settings.max_body_bytes} bytes (TRIVIUM_MAX_BODY_BYTES).") from None


def _last_event(request: web.Request) -> Place | None:
    given = request.headers.get("Last-Event-ID")
    if given is None:
        return None
    found = LAST_EVENT.fullmatch(given)
    if found is None:
        raise InvalidParams("Last-Event-ID: it must be the id of an event of this stream.")
    return Place(int(found[1]), int(found[2] or 0))


def _listed(text: str | None) -> list[str]:
    return [one.strip() for one in (text or "").split(",") if one.strip()]


def _content_type(request: web.Request) -> str:
    """1.0.1 has a media type of its own, which clients of 1.0.0 do not know: who asks for it gets it."""
    return A2A_JSON if A2A_JSON in request.headers.get("Accept", "") else JSON


def _json(body: bytes, status: int = 200, content_type: str = JSON) -> web.Response:
    return web.Response(body=body, status=status, content_type=content_type)


def _refused(request: web.Request, error: A2AError, said: Any = None) -> web.Response:
    response = _json(orjson.dumps(said or error.rest()), error.http, _content_type(request))
    if isinstance(error, rest.NotAllowed):
        response.headers["Allow"] = ", ".join(error.methods)
    return response
