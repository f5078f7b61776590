"""Whatever is sent to the MCP door, it is answered as the protocol says, or refused; nothing breaks, and nothing is left behind."""

import asyncio
import json
from dataclasses import replace

from hypothesis import given, note

from tests.fuzz.expectations import check
from tests.fuzz.hubs import Served, run, serving
from tests.fuzz.profiles import cases
from tests.fuzz.requests import LEGACY_CALLS, LEGACY_REQUESTS, MODERN_CALLS, MODERN_REQUESTS, SESSION, anything
from tests.fuzz.wire import Answer, Request, exchange
from tests.protocols.mcp_messages import initialize_params, message

JSON = ((b"Host", b"localhost"), (b"Content-Type", b"application/json"))


@cases(0.2)
@given(LEGACY_CALLS)
def test_any_call_of_a_tool_in_a_session(request: Request) -> None:
    run(one(request))


@cases(0.2)
@given(LEGACY_REQUESTS)
def test_any_message_in_a_session(request: Request) -> None:
    run(one(request))


@cases(0.2)
@given(MODERN_CALLS)
def test_any_call_of_a_tool_without_a_session(request: Request) -> None:
    run(one(request))


@cases(0.15)
@given(MODERN_REQUESTS)
def test_any_message_without_a_session(request: Request) -> None:
    run(one(request))


@cases(0.05)
@given(anything())
def test_any_other_request(request: Request) -> None:
    run(one(request))


async def one(request: Request) -> None:
    async with serving() as served:
        version = request.named(b"MCP-Protocol-Version")
        session = await opened(served, version[0].decode("ascii", "replace") if version else "2025-11-25")
        sent = replace(request, headers=tuple((name, session if value == SESSION else value) for name, value in request.headers))
        half, head_only = request.length is not None, request.method == "HEAD"
        answer = await exchange(served.port, sent.encode(), lambda body: enough(request, body), half, head_only)
        note(f"the answer: {answer.status} {answer.headers}\n{answer.body[:2_000]!r}")
        check(sent, answer)
        opens = answer.status == 200 and answer.header("Mcp-Session-Id") not in (None, session.decode())
        ends = request.method == "DELETE" and answer.status == 204
        await asyncio.sleep(0)
        assert len(served.sessions) == 1 + opens - ends, "a session is opened by initialize, and ends with DELETE"
        await alive(served)


def enough(request: Request, body: bytes) -> bool:
    """The streams that never end: GET's, and that of a listener."""
    return body.count(b"\n\n") > 0 if request.method == "GET" else b"subscriptions/acknowledged" in body


async def opened(served: Served, version: str) -> bytes:
    """The session of a client that begins as it should."""
    answer = await post(served, message("initialize", initialize_params(version)))
    assert answer.status == 200
    return (answer.header("Mcp-Session-Id") or "").encode()


async def alive(served: Served) -> None:
    session = await opened(served, "2025-06-18")
    answer = await post(served, message("ping"), (b"Mcp-Session-Id", session))
    assert json.loads(answer.body) == {"jsonrpc": "2.0", "id": 1, "result": {}}


async def post(served: Served, body: object, *headers: tuple[bytes, bytes]) -> Answer:
    request = Request("POST", "/mcp", (*JSON, *headers), json.dumps(body).encode())
    return await exchange(served.port, request.encode(), lambda _: False)
