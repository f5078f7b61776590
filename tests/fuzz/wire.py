"""HTTP/1.1 byte by byte: requests that no client would send, and answers as they are."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import anyio

PATIENCE = 4.0
"""Seconds for an answer, or for the next part of a stream."""
STREAM = "text/event-stream"

Enough = Callable[[bytes], bool]
"""Of a stream's body so far: whether that is enough to leave."""


@dataclass(frozen=True)
class Request:
    method: str = "POST"
    target: str = "/mcp"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    chunked: bool = False
    broken: bool = False
    """Its chunks are no chunks from somewhere on."""
    length: int | None = None
    """What Content-Length says, where that is not the truth."""

    def encode(self) -> bytes:
        lines = [b"%s: %s" % header for header in self.headers]
        if self.chunked:
            lines.append(b"Transfer-Encoding: chunked")
        elif self.body or self.length is not None or self.method == "POST":
            lines.append(b"Content-Length: %d" % (len(self.body) if self.length is None else self.length))
        head = b"%s %s HTTP/1.1\r\n%s\r\n\r\n" % (self.method.encode(), self.target.encode(), b"\r\n".join(lines))
        return head + (chunks(self.body, self.broken) if self.chunked else self.body)

    def __repr__(self) -> str:
        """What is sent, for whoever wants to send it again."""
        raw = self.encode()
        return f"{len(raw)} bytes:\n{raw[:2_000]!r}".replace("\\r\\n", "\n")

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """What hypothesis shows of a case that failed."""
        printer.text(repr(self))

    def named(self, name: bytes) -> list[bytes]:
        return [value for one, value in self.headers if one.lower() == name.lower()]


def chunks(body: bytes, broken: bool = False) -> bytes:
    if broken:
        return chunks(body)[:-5] + b"no chunk\r\n\r\n"
    size = max(7, len(body) // 10)
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class Header(NamedTuple):
    name: str
    value: str


@dataclass(frozen=True)
class Answer:
    status: int = 0
    """0: the server hung up without a word."""
    headers: list[Header] = field(default_factory=list)
    body: bytes = b""
    """Of a stream: as far as it was read."""
    ended: bool = True

    def header(self, name: str) -> str | None:
        return next((value for one, value in self.headers if one.lower() == name.lower()), None)

    @property
    def kind(self) -> str:
        return (self.header("Content-Type") or "").partition(";")[0]


async def exchange(port: int, raw: bytes, enough: Enough, half: bool = False, head_only: bool = False) -> Answer:
    """Send, and read one answer. With `half` the client says no more after that, and closes its side."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        if half:
            writer.write_eof()
        with anyio.fail_after(PATIENCE):
            return await read(reader, enough, head_only)
    finally:
        writer.close()


async def read(reader: asyncio.StreamReader, enough: Enough, head_only: bool = False) -> Answer:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return Answer()
    first, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")[:-2]
    if first.split(" ")[1] == "100":
        return await read(reader, enough, head_only)
    headers = [Header(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    answer = Answer(int(first.split(" ")[1]), headers)
    if head_only or answer.status in (204, 304):
        return answer
    body, ended = await _body(reader, answer, enough)
    return Answer(answer.status, headers, body, ended)


async def _body(reader: asyncio.StreamReader, answer: Answer, enough: Enough) -> tuple[bytes, bool]:
    if (length := answer.header("Content-Length")) is not None:
        return await reader.readexactly(int(length)), True
    if (answer.header("Transfer-Encoding") or "") != "chunked":
        return await reader.read(), True
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        assert await reader.readexactly(2) == b"\r\n", "a chunk has the length that it says"
        if enough(body):
            return body, False
    assert await reader.readline() == b"\r\n"
    return body, True
