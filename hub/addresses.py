"""Where a hub that listens somewhere is reached from this machine."""

from ipaddress import ip_address

LOOPBACK = ("127.0.0.1", "::1", "localhost")
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
"""An address that means all of them, and one to reach it at from here."""
HEALTH = "/api/health"
MCP = "/mcp"


def exposed(host: str) -> str | None:
    """What to know of listening there, if it is more than this machine."""
    return None if host in LOOPBACK else f"it listens on {host} without a password: everyone who reaches that address can use it"


def base_url(host: str, port: int) -> str:
    """With an IPv6 address in brackets."""
    host = EVERYWHERE.get(host, host)
    try:
        bracketed = f"[{host}]" if ip_address(host).version == 6 else host
    except ValueError:
        bracketed = host
    return f"http://{bracketed}:{port}"
