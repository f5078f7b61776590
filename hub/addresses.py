"""Where a hub that listens somewhere is reached from this machine, and which addresses it may call itself."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal
from urllib.parse import SplitResult, urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
"""An address that means all of them, and one to reach it at from here."""
HEALTH = "/api/health"
MCP = "/mcp"
ACP = "/acp"
DOORS = {
    "rest": "/api", "mcp": MCP, "acp": ACP, "a2a": "/a2a", "rpc": "/api/rpc", "openapi": "/api/openapi.json", "docs": "/api/docs",
    "events": "/api/events", "health": HEALTH,
}  # fmt: skip

Reach = Literal["all", "public", "none"]
"""How far the hub goes by itself, to MCP servers, remote agents, receivers of push notifications and repositories: programs and any
address, public addresses only, or not at all."""
REACHES: tuple[Reach, ...] = ("all", "public", "none")
Address = IPv4Address | IPv6Address
TRANSLATED = ip_network("64:ff9b::/96")
"""IPv4 behind NAT64 (RFC 6052)."""
METADATA = {ip_address(one) for one in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")}
"""Where clouds tell a machine its credentials, beside the link-local address that most of them use."""


def reachable(address: Address, reach: Reach) -> bool:
    """Whether the hub may call this address. Link-local ones and the clouds' metadata services never."""
    address = _meant(address)
    if reach == "none" or address.is_link_local or address.is_multicast or address in METADATA:
        return False
    return reach == "all" or address.is_global


def http_parts(url: str) -> SplitResult | None:
    """The parts of an address that begins with http:// or https:// and names a host; None: it is no such address."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def host_reachable(host: str, reach: Reach) -> bool:
    """Whether the hub may call this host, as far as that shows: what a name stands for is checked whenever it is called."""
    try:
        return reachable(ip_address(host), reach)
    except ValueError:
        return reach == "all" or (reach == "public" and host.rstrip(".").rpartition(".")[2] not in ("localhost", "local", "internal"))


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, IPv4Address):
        return address
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def exposed(host: str, auth_required: bool) -> str | None:
    """What to know of listening there, if it is more than this machine and asks nobody for a token."""
    if host in LOOPBACK or auth_required:
        return None
    return f"it listens on {host} without asking for tokens: everyone who reaches that address can use it"


def is_loopback(url: str) -> bool:
    try:
        return urlsplit(url).hostname in LOOPBACK
    except ValueError:
        return False


def base_url(host: str, port: int) -> str:
    """With an IPv6 address in brackets."""
    host = EVERYWHERE.get(host, host)
    try:
        bracketed = f"[{host}]" if ip_address(host).version == 6 else host
    except ValueError:
        bracketed = host
    return f"http://{bracketed}:{port}"
