"""Requests that are no HTTP, no text, compressed, or never come."""

import asyncio
import logging

import anyio
import pytest

from protocols import bodies
from tests.protocols.conftest import Http
from tests.protocols.requirements import meets


@meets("broken requests")
@pytest.mark.parametrize("version", [b"\xff\xfe", b"\xc3\x28"])
async def test_a_version_that_is_no_text_is_refused(http: Http, version: bytes) -> None:
    status, told = await raw(http, b'{"jsonrpc":"2.0","method":"x"}', b"MCP-Protocol-Version: " + version)
    assert status == 400
    assert b"-32022" in told


@meets("broken requests")
@pytest.mark.parametrize("encoding", [b"gzip", b"deflate", b"br", b"zstd", b"x"])
async def test_a_compressed_body_is_refused(http: Http, encoding: bytes, caplog: pytest.LogCaptureFixture) -> None:
    status, told = await raw(http, b"\x1f\x8b\x00", b"Content-Encoding: " + encoding)
    assert status == 415
    assert b"must not be compressed" in told
    assert "Traceback" not in caplog.text


@meets("broken requests")
async def test_an_unknown_expectation_is_ignored(http: Http) -> None:
    for expected in (b"\xff", b"patience", b"100-continue"):
        status, _ = await raw(http, b"{}", b"Expect: " + expected)
        assert status in (100, 400)


@meets("broken requests")
async def test_what_is_no_http_is_refused_and_its_bytes_are_on_no_log(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    status, _ = await raw(http, b"{}", b"Authorization: Bearer trv_secret\x00")
    assert status == 400
    assert "trv_secret" not in caplog.text
    assert "no HTTP" in caplog.text
    assert "Traceback" not in caplog.text


@meets("broken requests")
@pytest.mark.parametrize("body", [b"", b'{"jsonrpc":'])
async def test_a_body_that_does_not_come_is_not_waited_for(http: Http, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    monkeypatch.setattr(bodies, "SLOWEST", 0.05)
    with anyio.fail_after(5):
        status, told = await raw(http, body, length=100)
    assert status == 408
    assert b"not there within" in told


async def raw(http: Http, body: bytes, *headers: bytes, length: int | None = None) -> tuple[int, bytes]:
    """The status, and what was told behind the headers, as far as it came at once."""
    reader, writer = await asyncio.open_connection(http.host, http.port)
    lines = [b"POST /mcp HTTP/1.1", b"Host: localhost", b"Content-Type: application/json", *headers]
    lines.append(b"Content-Length: %d" % (len(body) if length is None else length))
    try:
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        with anyio.fail_after(5):
            status = int((await reader.readuntil(b"\r\n\r\n")).split(b" ")[1])
            return status, b"" if status == 100 else await reader.read(1_000)
    finally:
        writer.close()
