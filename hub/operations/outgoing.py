"""What the hub calls by itself: which addresses it may be told, and which headers it sends there."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from hub.addresses import host_reachable, http_parts
from hub.domain.errors import Forbidden, Invalid
from hub.operations.base import Call

Secrets = Annotated[dict[str, Annotated[str, Field(max_length=20_000)]], Field(max_length=100)]
ASK = "Ask the hub's operator for TRIVIUM_UPSTREAMS"
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]
"""Scheme, host, port."""


def expect_reachable(url: str | None, call: Call, example: str) -> None:
    """Raises Invalid for what is no address of a server, and Forbidden for one that this hub does not call."""
    parts = http_parts(url or "")
    if parts is None or not parts.hostname:
        raise Invalid(f"url: give the address of a server, like {example}")
    if parts.username or parts.password:
        raise Invalid("url: it must hold no user or password. Give them as a header, where they are kept as a secret.")
    if call.reach == "none":
        raise Forbidden(f"This hub calls no other servers. {ASK}=public or all.")
    if not host_reachable(parts.hostname, call.reach):
        raise Forbidden(f"url: this hub does not call {parts.hostname}. {ASK}=all if it should reach private addresses.")


def expect_header(field: str, name: str, value: str, own: frozenset[str]) -> None:
    """`own`: what the hub says itself, in small letters."""
    if not HEADER.fullmatch(name) or name.lower() in own:
        raise Invalid(f"{field}: {name[:80]!r} is no header that can be set here. Authorization and X-… are such.")
    if not value.isprintable():
        raise Invalid(f"{field}.{name[:80]}: its value has a line break or a control character.")


def expect_secrets_stay(old: str | None, new: str | None, stored: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Raises Invalid when sealed headers that were not given anew would go to another origin than they were given for."""
    if origin(old) != origin(new) and (kept := stored.items() & given.items()):
        names = ", ".join(sorted(name for name, _ in kept))
        raise Invalid(f"headers: a secret is not sent to another address by itself. With this url, give {names} anew or leave it out.")


def origin(url: str | None) -> Origin | None:
    """To whom its secrets go."""
    parts = http_parts(url or "")
    return (parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme]) if parts else None


def origin_text(url: str | None) -> str | None:
    """As it is compared, with its port: `https://api.example.com:443`."""
    if (place := origin(url)) is None:
        return None
    scheme, host, port = place
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
