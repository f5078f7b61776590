"""HTTP requests around the messages: with headers and bytes that are as they should be, or not."""

import gzip
import json
import zlib
from base64 import b64encode
from typing import Any

from hypothesis import strategies as st

from hub.ports import Json
from tests.fuzz.messages import BATCHES, NOTIFICATIONS, RESPONSES, VERSIONS, other_requests, tool_calls
from tests.fuzz.values import JSON
from tests.fuzz.wire import Request
from tests.protocols.mcp_messages import MODERN

SESSION = b"SESSION"
"""Stands for the id of the session that a case opened."""
Headers = list[tuple[bytes, bytes]]

ACCEPTS = (
    b"application/json, text/event-stream", b"application/json", b"text/event-stream", b"*/*", b"", b"text/html", b"\xff", b"," * 500,
)  # fmt: skip
STRANGE = (
    b"", b" ", b"\xff\xfe", b"\xc3\x28", b"x" * 8_000, b"0", b"-1", b"1-0", b"1-99999999999999999999", b"99-1", b"1-", b"-", b"9" * 15,
    b"9" * 16, "١".encode(), b"null", b"a, b", b'"x"', b"=?base64?dG9vbHM=?=", b"=?base64?____?=", b"=?base64?/w==?=", b"2025-11-25",
    b"2026-07-28", b"tools/call", b"localhost", b"https://evil.example.com", b"Bearer x", b"Bearer trv_x_y", b"full", b"\t",
)  # fmt: skip
NAMES = (
    b"Mcp-Session-Id", b"Last-Event-ID", b"MCP-Protocol-Version", b"Mcp-Method", b"Mcp-Name", b"Accept", b"Content-Type", b"Origin",
    b"Host", b"Authorization", b"Trivium-Profile", b"Trivium-Workspace", b"Mcp-Param-X", b"Content-Encoding", b"Accept-Encoding",
    b"Expect", b"Connection", b"Upgrade", b"Transfer-Encoding", b"Content-Length", b"X-Forwarded-For", b"Idempotency-Key", b"Cookie",
    b"Range", b"If-Match", b"bad name", b"",
)  # fmt: skip
TYPES = (
    b"application/json; charset=utf-16", b"text/plain", b"application/json-rpc", b"application/json;;;", b"/",
    b"multipart/form-data; boundary=x",
)  # fmt: skip
TARGETS = (
    "/mcp", "/mcp/", "/api/mcp", "/mcp?profile=full", "/mcp?profile=nobody", "/mcp?toolMode=%ff", "/mcp?mcpProfile=%00",
    "/mcp?workspaceId=%00", "/mcp?workspaceId=default", "/api/mcp/tools", "/api/mcp/tools?mode=x", "/mcp/%2e%2e/", "/mcp?" + "a=1&" * 500,
    "/mcp#x", "/mcp?%ed%a0%80",
)  # fmt: skip
DEEP = b"[" * 10_000 + b"]" * 10_000


def named(body: Json) -> Headers:
    """The headers of 2026-07-28, which repeat what the body says, where that can be said at all."""
    method, params = body.get("method"), body.get("params")
    name = next((params[key] for key in ("name", "uri", "taskId") if key in params), None) if isinstance(params, dict) else None
    headers = [(b"MCP-Protocol-Version", MODERN.encode())]
    headers += [(b"Mcp-Method", method.encode("utf-8", "surrogatepass"))] if isinstance(method, str) and method.isprintable() else []
    return headers + ([(b"Mcp-Name", header_value(name))] if isinstance(name, str) else [])


def header_value(text: str) -> bytes:
    if text.isascii() and text.isprintable() and text == text.strip():
        return text.encode()
    return b"=?base64?%s?=" % b64encode(text.encode("utf-8", "surrogatepass"))


@st.composite
def written(draw: st.DrawFn, body: Any) -> bytes:
    """As bytes; in one of five cases there is something wrong with them."""
    text = json.dumps(body, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    match draw(st.integers(0, 49)):
        case 0:
            return text[: draw(st.integers(0, len(text)))]
        case 1:
            return b"\xef\xbb\xbf" + text
        case 2:
            return text.replace(b'"', b"\xff", 1)
        case 3:
            return text.replace(b'"params"', b'"deep":%s,"params"' % DEEP)
        case 4:
            return text.replace(b"{", b'{"id":"first","method":"ping",', 1)
        case 5:
            return text + draw(st.sampled_from((b"\n", b"{}", b"\x00", b" " * 100_000)))
        case 6:
            return text.replace(b"1", b"1e999")
        case 7:
            return text.decode("utf-8", "replace").encode("utf-16")
        case 8:
            return b'{"jsonrpc":"2.0","id":%s,"method":"ping"}' % (b"9" * draw(st.integers(1, 5_000)))
        case 9:
            return text + b" " * 1_000_001
    return text


@st.composite
def altered(draw: st.DrawFn, headers: Headers) -> Headers:
    """Some of them are gone, or something else, or there twice."""
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 1, 2, 3)))):
        name = draw(st.sampled_from(NAMES))
        value = draw(st.sampled_from(ACCEPTS if name == b"Accept" else TYPES if name == b"Content-Type" else STRANGE))
        how = draw(st.integers(0, 2))
        kept = [one for one in headers if how == 0 or one[0].lower() != name.lower()]
        headers = kept if how == 1 else [*kept, (name, value)]
    return headers


@st.composite
def posted(draw: st.DrawFn, body: Any, era: Headers) -> Request:
    accept = draw(st.sampled_from(ACCEPTS[:2]) | st.sampled_from(ACCEPTS))
    headers: Headers = [(b"Host", b"localhost"), (b"Content-Type", b"application/json"), (b"Accept", accept), *era]
    headers = draw(altered(headers))
    content, encoded = draw(written(body)), draw(st.integers(0, 39))
    if encoded < 4:
        headers = [*headers, (b"Content-Encoding", (b"gzip", b"deflate", b"gzip", b"br")[encoded])]
        content = (gzip.compress(content, mtime=0), zlib.compress(content), content, content)[encoded]
    length = len(content) + draw(st.sampled_from((-1, 1, 5))) if not draw(st.integers(0, 39)) and content else None
    chunked = not draw(st.integers(0, 9)) and length is None
    return Request("POST", "/mcp", tuple(headers), content, chunked, chunked and not draw(st.integers(0, 4)), length)


def of_session(version: str) -> Headers:
    return [(b"Mcp-Session-Id", SESSION), (b"MCP-Protocol-Version", version.encode())]


LEGACY_CALLS = tool_calls(modern=False).flatmap(lambda body: posted(body, of_session("2025-11-25")))
LEGACY_REQUESTS = (other_requests(modern=False) | RESPONSES | BATCHES | JSON).flatmap(
    lambda body: st.sampled_from(VERSIONS).flatmap(lambda version: posted(body, of_session(version)))
)
NO_REQUESTS = RESPONSES | BATCHES | JSON | NOTIFICATIONS
MODERN_CALLS = tool_calls(modern=True).flatmap(lambda body: posted(body, named(body)))
MODERN_REQUESTS = other_requests(modern=True).flatmap(lambda body: posted(body, named(body))) | NO_REQUESTS.flatmap(
    lambda body: st.sampled_from((MODERN.encode(), *STRANGE)).flatmap(lambda version: posted(body, [(b"MCP-Protocol-Version", version)]))
)


@st.composite
def anything(draw: st.DrawFn) -> Request:
    """Other methods, other addresses, and headers of every kind."""
    method = draw(st.sampled_from(("GET", "GET", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "TRACE", "get", "M-SEARCH")))
    era = draw(st.sampled_from(([], of_session("2025-11-25"), of_session("2025-11-25"), [(b"MCP-Protocol-Version", MODERN.encode())])))
    accept = draw(st.sampled_from((b"text/event-stream", *ACCEPTS)))
    headers = draw(altered([(b"Host", b"localhost"), (b"Accept", accept), (b"Content-Type", b"application/json"), *era]))
    if not draw(st.integers(0, 3)):
        headers = [*headers, (b"Last-Event-ID", draw(st.sampled_from(STRANGE)))]
    content = draw(written(draw(JSON))) if draw(st.booleans()) else b""
    return Request(method, draw(st.sampled_from(TARGETS)), tuple(headers), content, draw(st.booleans()) and bool(content))
