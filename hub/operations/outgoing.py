"""What the hub calls and starts by itself: which addresses and programs it may be told, and with which secrets."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from hub.addresses import host_reachable, http_parts
from hub.domain.errors import Forbidden, Invalid
from hub.domain.mcp_servers import MASK
from hub.domain.model import Record
from hub.operations.base import Call

Secrets = Annotated[dict[str, Annotated[str, Field(max_length=20_000)]], Field(max_length=100)]
ASK = "Ask the hub's operator for TRIVIUM_UPSTREAMS"
NO_PROGRAMS = f"This hub starts no programs. {ASK}=all"
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]
"""Scheme, host, port."""
Owner = tuple[type[Record], str]
"""Whose a secret is: the record's type and key."""


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


def expect_variable(field: str, name: str) -> None:
    if not VARIABLE.fullmatch(name):
        raise Invalid(f"{field}: {name[:80]!r} is no name of a variable. Allowed: letters, digits and _, no digit first.")


def sealed(field: str, given: Mapping[str, str], stored: Mapping[str, str], owner: Owner, call: Call) -> dict[str, str]:
    """Each value sealed for the record; one that was read back stays as it is stored. Raises Invalid, Refused."""
    values = {}
    for name, value in given.items():
        if value == MASK and name not in stored:
            raise Invalid(f"{field}.{name[:80]}: there is no value yet that could stay. Give it.")
        values[name] = stored[name] if value == MASK else call.seal(value, *owner)
    return values


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
