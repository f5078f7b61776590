"""Who may talk to the hub from a browser: the Host and Origin checks against DNS rebinding and foreign pages."""

import re
from collections.abc import Iterable
from ipaddress import ip_address

AUTHORITY = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^][:/?#@,\s\\]+))(?::[0-9]*)?", re.IGNORECASE)
"""A host and perhaps a port (RFC 3986 §3.2), and nothing beside: no user, no path."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Origins:
    """The hosts that the hub answers to, and the origins whose pages it serves. Ports do not count."""

    def __init__(self, bound_to: str, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        self._hosts = LOOPBACK | {bound_to.lower()} | {host.lower() for host in hosts}
        self._any_address = bound_to not in LOOPBACK
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._known: set[str] = set()

    def host_allowed(self, host: str | None) -> bool:
        """Names must be known; a numeric address cannot be rebound, so it is allowed where the hub listens beyond loopback."""
        if host is None:
            return False
        if host in self._known:
            return True
        name = _name(host)
        if name not in self._hosts and not (self._any_address and _is_address(name)):
            return False
        if len(self._known) < 1_000:
            self._known.add(host)
        return True

    def origin_allowed(self, origin: str | None) -> bool:
        if origin is None or origin.lower() in self._origins:
            return True
        scheme, _, host = origin.partition("://")
        return scheme in ("http", "https") and self.host_allowed(host)

    def is_named(self, origin: str | None) -> bool:
        """Whether the operator named this very origin: its pages may read what the hub answers, which is more than to call it."""
        return origin is not None and origin.lower() in self._origins


def _name(host: str) -> str:
    """Without its port; empty for what is no host."""
    found = AUTHORITY.fullmatch(host)
    return (found[1] or found[2]).lower() if found else ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
