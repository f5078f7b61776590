"""What git asks of other machines: on whose behalf, and of which."""

from collections.abc import Callable
from dataclasses import dataclass

from hub.addresses import Reach, host_reachable
from hub.domain.clones import Progress, Source
from hub.domain.errors import Forbidden

NOT_CALLED = "its address is one that this hub does not call; its operator allows private ones with TRIVIUM_UPSTREAMS=all"
Heard = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """On whose behalf git speaks to others."""

    own: bool
    """The hub's own tenant's: with the logins, keys and settings that git has on this machine."""
    reach: Reach


def expect_allowed(source: Source, terms: Terms) -> None:
    """As far as it shows without asking anybody: whoever connects checks what the host's name stands for. Raises Forbidden."""
    if terms.reach == "none":
        raise Forbidden("This hub calls no other servers. Ask the hub's operator for TRIVIUM_UPSTREAMS=public or all.")
    if not host_reachable(source.host, terms.reach):
        raise Forbidden(f"url: {source.host}: {NOT_CALLED}")
    if source.scheme == "http" and terms.reach != "all":
        raise Forbidden("url: over http anybody on the way can change what is cloned. Give an https address.")
    if source.scheme == "ssh" and not terms.own:
        raise Forbidden("url: over ssh git would show the keys of whoever runs this hub. Give an https address.")
