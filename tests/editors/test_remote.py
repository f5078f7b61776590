"""Editors that reach the hub over HTTP: by WebSocket, and by POST and server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import orjson
import pytest
from aiohttp import WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestServer

from hub.app import Hub
from protocols import frames
from protocols.acp import event_streams
from tests.core.support import ask, on_memory
from tests.editors.editor import Editor
from tests.editors.fake_agents import FakeHost
from tests.editors.remote import CONNECTION, SESSION, EventsTransport, SocketTransport
from tests.protocols.conftest import SETTINGS, Http, serving
from tests.protocols.requirements import meets

pytestmark = on_memory
EVENTS = {"Accept": "text/event-stream"}
INITIALIZE = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": 1}}
LIST: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "session/list", "params": {}}


@pytest.fixture
async def http(hub: Hub, host: FakeHost) -> AsyncIterator[Http]:
    async with serving(hub) as client:
        yield client


@asynccontextmanager
async def remote(http: Http, by: str, **headers: str) -> AsyncIterator[Editor]:
    transport = SocketTransport(await http.ws_connect("/acp", headers=headers)) if by == "socket" else EventsTransport(http, headers)
    editor = Editor(transport)
    try:
        await editor.initialize()
        yield editor
    finally:
        await editor.sdk.close()


def message(method: str, id_: int | None = None, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params} | ({} if id_ is None else {"id": id_})


@meets("websocket", "event streams", "reconnect")
@pytest.mark.parametrize("by", ["socket", "events"])
async def test_an_editor_works_and_comes_back(http: Http, by: str) -> None:
    async with remote(http, by) as editor:
        session_id = await editor.new_session()
        await editor.prompt(session_id, "count 500")
        assert editor.texts(session_id) == [*map(str, range(500))]
        assert "result" in editor.wire[-1]
        asking = asyncio.create_task(editor.prompt(session_id, "ask dig"))
        await editor.until(lambda: editor.asked("session/request_permission"))
        editor.answer.set_result("yes")
        await asking
        assert editor.texts(session_id)[-1] == " allowed"
        waiting = asyncio.create_task(editor.prompt(session_id, "wait"))
        await editor.until(lambda: editor.texts(session_id)[-1] == "Waiting.")
        await editor.tell("session/cancel", sessionId=session_id)
        assert await waiting == {"stopReason": "cancelled"}
    async with remote(http, by) as back:
        await back.ask("session/load", sessionId=session_id, cwd="/tmp", mcpServers=[])
        assert back.texts(session_id)[:500] == [*map(str, range(500))]
        assert back.texts(session_id, "user_message_chunk") == ["count 500", "ask dig", "wait"]
        assert (await back.prompt(session_id, "say on"))["stopReason"] == "end_turn"


@meets("websocket")
@pytest.mark.parametrize("path", ["/acp", "/acp/"])
async def test_a_socket_has_its_connections_id_and_garbage_ends_nothing(http: Http, path: str) -> None:
    socket = await http.ws_connect(path)
    assert socket._response.headers[CONNECTION]
    for garbage in ("hello", "[]", "7", '{"id":7,"result":1}'):
        await socket.send_str(garbage)
    await socket.send_json(INITIALIZE)
    assert (await socket.receive_json())["result"]["protocolVersion"] == 1
    await socket.send_bytes(orjson.dumps(LIST))
    assert (await socket.receive(5)).type is WSMsgType.CLOSE
    assert socket.close_code == 1003
    await socket.close()


@meets("origin", "credentials")
async def test_foreign_pages_and_strangers_are_turned_away(http: Http, hub: Hub, host: FakeHost) -> None:
    for path in ("/acp", "/acp/"):
        with pytest.raises(WSServerHandshakeError) as refused:
            await http.ws_connect(path, headers={"Origin": "https://evil.example"})
        assert refused.value.status == 403
        assert (await http.post(path, json=INITIALIZE, headers={"Origin": "https://evil.example"})).status == 403
        assert (await http.get(path, headers={"Host": "evil.example"})).status == 421
    async with serving(hub, replace(SETTINGS, auth="required")) as guarded:
        with pytest.raises(WSServerHandshakeError) as stopped:
            await guarded.ws_connect("/acp")
        assert stopped.value.status == 401
        assert (await guarded.post("/acp", json=INITIALIZE)).status == 401
        token = await ask(hub, "create_token", name="editor", subject="ed", grants=["write"])
        for by in ("socket", "events"):
            async with remote(guarded, by, Authorization=f"Bearer {token['token']}") as editor:
                assert (await editor.prompt(await editor.new_session(), "say hello"))["stopReason"] == "end_turn"


@meets("revoked")
async def test_a_token_that_is_revoked_ends_the_socket(hub: Hub, host: FakeHost) -> None:
    async with serving(hub, replace(SETTINGS, auth="required")) as guarded:
        token = await ask(hub, "create_token", name="editor", subject="ed", grants=["write"])
        socket = await guarded.ws_connect("/acp", headers={"Authorization": f"Bearer {token['token']}"})
        await ask(hub, "revoke_token", tokenId=token["id"])
        with anyio.fail_after(10):
            answer = None
            while answer is None or answer.type is WSMsgType.TEXT:
                await socket.send_json(INITIALIZE)
                answer = await socket.receive()
        assert socket.close_code == 1008


@meets("statuses")
async def test_each_mistake_has_its_status(http: Http) -> None:
    assert (await http.post("/acp", data=b"{}", headers={"Content-Type": "text/plain"})).status == 415
    assert (await http.post("/acp", data=b"{", headers={"Content-Type": "application/json"})).status == 400
    assert (await http.post("/acp", json=[INITIALIZE])).status == 501
    assert (await http.post("/acp", json="hello")).status == 400
    assert (await http.post("/acp", json=LIST)).status == 400
    assert (await http.post("/acp", json=LIST, headers={CONNECTION: "nothing"})).status == 404
    assert (await http.get("/acp", headers={"Accept": "application/json"})).status == 406
    assert (await http.get("/acp", headers=EVENTS)).status == 400
    assert (await http.get("/acp", headers=EVENTS | {CONNECTION: "nothing"})).status == 404
    assert (await http.delete("/acp")).status == 400
    assert (await http.delete("/acp", headers={CONNECTION: "nothing"})).status == 404
    assert (await http.put("/acp", json={})).status == 405
    bad = await http.post("/acp", json=message("initialize", 0))
    assert (bad.status, CONNECTION in bad.headers, (await bad.json())["error"]["code"]) == (200, False, -32602)

    begun = await http.post("/acp", json=INITIALIZE)
    assert (begun.status, (await begun.json())["result"]["protocolVersion"]) == (200, 1)
    of = {CONNECTION: begun.headers[CONNECTION]}
    assert (await http.post("/acp", json=[LIST], headers=of)).status == 501
    prompt = message("session/prompt", 2, sessionId="nothing", prompt=[])
    assert (await http.post("/acp", json=prompt, headers=of)).status == 400
    assert (await http.post("/acp", json=prompt, headers=of | {SESSION: "nothing"})).status == 404
    assert (await http.get("/acp", headers=EVENTS | of | {SESSION: "nothing"})).status == 404
    assert (await http.post("/acp", json=LIST, headers=of)).status == 202
    assert (await http.delete("/acp", headers=of)).status == 202
    assert (await http.post("/acp", json=LIST, headers=of)).status == 404


@meets("streams")
async def test_what_is_said_goes_to_the_stream_that_it_belongs_to(http: Http) -> None:
    begun = await http.post("/acp", json=INITIALIZE)
    of = {CONNECTION: begun.headers[CONNECTION]}
    own = await http.get("/acp", headers=EVENTS | of)
    await http.post("/acp", json=message("session/new", 1, cwd="/tmp", mcpServers=[]), headers=of)
    session_id = (await told(own))["result"]["sessionId"]
    assert own.headers[CONNECTION] == of[CONNECTION]
    of_session = of | {SESSION: session_id}
    prompt = message("session/prompt", 2, sessionId=session_id, prompt=[{"type": "text", "text": "say hello"}])
    assert (await http.post("/acp", json=prompt, headers=of_session)).status == 202
    stream = await http.get("/acp", headers=EVENTS | of_session)
    kinds = []
    while (one := await told(stream)).get("id") != 2:
        kinds.append(one["params"]["update"]["sessionUpdate"])
    assert kinds[-1] == "agent_message_chunk"
    await http.post("/acp", json=LIST | {"id": 3}, headers=of)
    assert (await told(own))["id"] == 3
    stream.close()
    own.close()


async def told(response: Any) -> Any:
    with anyio.fail_after(10):
        while True:
            line = await response.content.readline()
            if line.startswith(b"data: "):
                return orjson.loads(line[6:])


@meets("another's connection")
async def test_a_connection_is_its_callers_alone(hub: Hub, host: FakeHost) -> None:
    async with serving(hub, replace(SETTINGS, auth="required")) as guarded:
        tokens = [(await ask(hub, "create_token", name=name, subject=name, grants=["write"]))["token"] for name in ("ann", "bob")]
        ann, bob = ({"Authorization": f"Bearer {token}"} for token in tokens)
        begun = await guarded.post("/acp", json=INITIALIZE, headers=ann)
        of = {CONNECTION: begun.headers[CONNECTION]}
        assert (await guarded.post("/acp", json=LIST, headers=bob | of)).status == 404
        assert (await guarded.get("/acp", headers=EVENTS | bob | of)).status == 404
        assert (await guarded.delete("/acp", headers=bob | of)).status == 404
        assert (await guarded.post("/acp", json=LIST, headers=ann | of)).status == 202


@meets("slow reader")
async def test_an_editor_that_does_not_read_holds_the_speaker_up_and_nothing_else(
    http: Http, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "ROOM", 10)
    async with remote(http, "socket") as quick:
        session_id = await quick.new_session()
        begun = await http.post("/acp", json=INITIALIZE)
        of = {CONNECTION: begun.headers[CONNECTION], SESSION: session_id}
        await http.post("/acp", json=message("session/resume", 1, sessionId=session_id, cwd="/tmp"), headers=of)
        stream = await http.get("/acp", headers=EVENTS | of)
        assert (await told(stream))["id"] == 1
        stream.close()
        await quick.prompt(session_id, "count 200")
        again = await http.get("/acp", headers=EVENTS | of)
        texts: list[str] = []
        while len(texts) < 200:
            update = (await told(again))["params"]["update"]
            texts += [update["content"]["text"]] if update["sessionUpdate"] == "agent_message_chunk" else []
        assert sorted(map(int, texts)) == list(map(int, texts))
        again.close()


@meets("idle")
async def test_a_connection_that_nobody_uses_ends_and_one_that_is_read_stays(http: Http, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "IDLE", 0.05)
    begun = [await http.post("/acp", json=INITIALIZE) for _ in range(2)]
    kept, left = ({CONNECTION: one.headers[CONNECTION]} for one in begun)
    stream = await http.get("/acp", headers=EVENTS | kept)
    with anyio.fail_after(10):
        while await missing(http, left) != "connection":
            assert await missing(http, kept) == "session"
    assert await missing(http, kept) == "session"
    stream.close()


async def missing(http: Http, of: dict[str, str]) -> str:
    """What is not there of a session of this connection. Asking does not use it."""
    response = await http.get("/acp", headers=EVENTS | of | {SESSION: "nothing"})
    return str((await response.json())["details"]["noun"])


@meets("shutdown")
async def test_shutting_down_ends_every_connection(hub: Hub, host: FakeHost) -> None:
    async with serving(hub) as http:
        assert isinstance(http.server, TestServer)
        socket = await http.ws_connect("/acp")
        await socket.send_json(INITIALIZE)
        await socket.receive_json()
        begun = await http.post("/acp", json=INITIALIZE)
        stream = await http.get("/acp", headers=EVENTS | {CONNECTION: begun.headers[CONNECTION]})
        with anyio.fail_after(5):
            await asyncio.gather(http.server.close(), socket.receive(), stream.read())
        assert socket.close_code == 1001


@meets("large")
@pytest.mark.parametrize("by", ["socket", "events"])
async def test_a_large_prompt_is_taken_as_far_as_the_door_goes(http: Http, by: str) -> None:
    async with remote(http, by) as editor:
        session_id = await editor.new_session()
        image = {"type": "image", "mimeType": "image/png", "data": "A" * 500_000}
        prompt = [{"type": "text", "text": "say seen"}, image]
        assert (await editor.ask("session/prompt", sessionId=session_id, prompt=prompt))["stopReason"] == "end_turn"
