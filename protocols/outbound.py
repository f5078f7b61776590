"""Calling others over HTTP: only at addresses that the hub may call, and what may be told of it when that fails."""

import os
import socket
from ipaddress import ip_address
from typing import NamedTuple

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientPayloadError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
    ThreadedResolver,
)  # fmt: skip
from aiohttp.abc import AbstractResolver, ResolveResult

from hub.addresses import Reach, reachable

CONNECT = 10.0
"""Seconds for a connection to stand."""
LARGEST = 16_000_000
"""Bytes of one message that are taken from another server."""
FORBIDDEN = "its address is one that this hub does not call; its operator allows private ones with TRIVIUM_UPSTREAMS=all"


class Forbidden(OSError):
    """The name stands for an address that the hub does not call."""


class TooLong(ClientPayloadError):
    """A message of more than LARGEST bytes."""


class Failure(NamedTuple):
    reason: str
    """For whoever asked to read; nothing of this machine is in it."""
    sent: bool
    """Whether the request may have arrived."""


class CheckedResolver(AbstractResolver):
    """Only addresses that the hub may call come out, and those are the ones that are connected to."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._resolver = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        allowed = [one for one in found if reachable(ip_address(one["host"].partition("%")[0]), self._reach)]
        if found and not allowed:
            raise Forbidden
        return allowed

    async def close(self) -> None:
        await self._resolver.close()


def client(reach: Reach) -> ClientSession:
    """One for all servers and callers: it keeps connections, and nothing of what is said on them."""
    connector = TCPConnector(resolver=CheckedResolver(reach), limit=0)
    return ClientSession(connector=connector, cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=None, sock_connect=CONNECT))


def callable_host(host: str | None, reach: Reach) -> bool:
    """Whether an address that stands in a URL as numbers may be called. Of a name the resolver finds out."""
    try:
        return reachable(ip_address(host or ""), reach)
    except ValueError:
        return reach != "none"


async def body_of(response: ClientResponse, largest: int = LARGEST) -> bytes:
    """Raises TooLong."""
    if (response.content_length or 0) <= largest:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > largest:
                break
        else:
            return bytes(body)
    raise TooLong


def failure(error: Exception) -> Failure:
    """What a ClientError or an OSError means."""
    match error:
        case ClientConnectorDNSError():
            return Failure(FORBIDDEN if isinstance(error.os_error, Forbidden) else "there is no host of that name", sent=False)
        case ClientConnectorCertificateError() | ClientSSLError():
            return Failure("its TLS certificate is not one that this machine trusts", sent=False)
        case ClientConnectorError():
            known = error.os_error.errno
            why = f" ({os.strerror(known)})" if known and known > 0 else ""
            return Failure(f"nothing answers at its address{why}", sent=False)
        case TooLong():
            return Failure("it sent a message that is too long", sent=True)
        case TimeoutError():
            return Failure("it did not answer in time", sent=not isinstance(error, ConnectionTimeoutError))
        case _:
            return Failure("the connection broke", sent=True)
