"""Git and other machines: to which it may speak, with whose logins, and what it means when that fails."""

import asyncio
import os
import re
import socket
from ipaddress import ip_address

from hub.addresses import Reach, reachable
from hub.domain.clones import Source
from hub.domain.errors import Busy, Forbidden, HubError, Refused
from hub.repository_remotes import NOT_CALLED, Terms, expect_allowed
from stores.git.command import Setting

RESOLVING = 10.0
"""Seconds for a name to be found."""
PORTS = {"https": 443, "http": 80, "ssh": 22}
SSH = "ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15 -oServerAliveCountMax=4"
"""A server that falls silent is given up after a minute, as over HTTP."""
QUIET = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60")
STRANGERS = {
    "HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip
"""The logins that whoever runs the hub has given to git are no other tenant's."""
MOST = 300
"""Characters of what git said."""


async def setting_for(source: Source, terms: Terms) -> Setting:
    """To speak to this server alone, as `terms` allow it. Raises Forbidden, Refused.

    Over HTTP git connects to the very addresses that were checked, as of git 2.37; a server reached over ssh, or through a proxy, is
    looked up again by whoever connects. Redirects elsewhere are followed only where any address may be called.
    """
    expect_allowed(source, terms)
    addresses = await _addresses(source, terms.reach)
    anywhere = terms.reach == "all"
    args = [*QUIET, "-c", f"http.followRedirects={'initial' if anywhere else 'false'}"]
    env = {"GIT_SSH_COMMAND": SSH}
    protocols = ["https", *(["http"] if anywhere else []), *(["ssh"] if terms.own else [])]
    env["GIT_ALLOW_PROTOCOL"] = ":".join(protocols)
    if not anywhere:
        env["GIT_LFS_SKIP_SMUDGE"] = "1"  # its files may lie on any server that the repository names
        if addresses and source.scheme == "https" and ":" not in source.host:
            args += ["-c", f"http.curloptResolve={source.host}:{source.port or PORTS['https']}:{','.join(addresses)}"]
    if not terms.own:
        args += ["-c", "credential.helper="]
        env |= STRANGERS
    return Setting(tuple(args), env)


async def _addresses(source: Source, reach: Reach) -> list[str]:
    """Those of the host, all of them callable. None are found behind a proxy that looks names up by itself: where any address may be
    called git is left to find out."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVING):
            found = await loop.getaddrinfo(source.host, source.port or PORTS[source.scheme], type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        if reach == "all":
            return []
        raise Refused(f"url: there is no host of the name {source.host}") from None
    addresses = sorted({str(one[4][0]) for one in found})
    if not all(reachable(ip_address(one.partition("%")[0]), reach) for one in addresses):
        raise Forbidden(f"url: {source.host}: {NOT_CALLED}")
    return [f"[{one}]" if ":" in one else one for one in addresses]


def failure_of(said: str, name: str, host: str) -> HubError:
    """What git's words mean. Of its own ones only the last are told, without paths of this machine."""
    for pattern, error, text in MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            return error(text.format(name=name, host=host))
    lines = [line for line in said.splitlines() if line.startswith(("fatal: ", "error: ", "ssh: "))]
    why = re.sub(r"(?<![\w:/])/[^\s'\"]+", "…", lines[-1])[:MOST] if lines else "it did not say why"
    return Refused(f"git could not bring {name}: {why}")


MEANINGS: tuple[tuple[str, type[HubError], str], ...] = (
    (
        r"could not read (Username|Password)|Authentication failed|Permission denied|terminal prompts disabled|returned error: 40[13]",
        Refused,
        "{host} wants a login for {name}: it is private, or not there. Log git in on the hub's machine: git help credentials, or ssh-add.",
    ),
    (
        "Host key verification failed", Refused,
        "The hub's machine does not know {host} yet. Log in there with ssh once, and accept its key.",
    ),
    (
        "repository .*not found|returned error: 404|does not appear to be a git repository|no such repository", Refused,
        "There is no repository {name} at {host}, or it is private. Look at the address.",
    ),
    (
        r"returned error: 30\d|redirect", Refused,
        "{host} has {name} elsewhere, and this hub follows no redirects. Give the new address.",
    ),
    ("No space left", Refused, "There is no room for {name} on the hub's disk."),
    (
        "Could not resolve host|Failed to connect|Connection (refused|timed out|reset)|too slow|timed out|early EOF|hung up|empty reply",
        Busy, "{host} does not answer, or stopped in the middle. Try again later.",
    ),
)  # fmt: skip
"""The first one whose pattern is in what git said counts."""
