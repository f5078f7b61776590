"""Git and other machines: to which it may speak, and with whose logins."""

import asyncio
import os
import socket
from ipaddress import ip_address
from pathlib import Path

from hub.addresses import Reach, reachable
from hub.domain.clones import Source, source_of
from hub.domain.errors import Forbidden, Refused
from hub.repository_remotes import NOT_CALLED, Terms, expect_allowed
from stores.git.command import USUAL, Git, GitFailed, Setting
from stores.git.refusals import refusal_of_remote

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
FETCHING = 120.0
"""Seconds: somebody waits for it."""


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


async def fetch(git: Git, folder: Path, terms: Terms, remote: str, *refs: str) -> None:
    """From a remote that the repository's configuration names. Raises Forbidden, Refused, Busy."""
    setting, name, host = USUAL, "the repository", "its remote"
    if not (terms.own and terms.reach == "all"):
        told = await git.run(folder, "ls-remote", "--get-url", remote, setting=USUAL if terms.own else Setting(env=STRANGERS))
        source = source_of(told.decode("utf-8", "replace").strip())
        setting, host = await setting_for(source, terms), source.host
    words = ("fetch", "--quiet", "--prune", "--no-recurse-submodules", remote, *refs)
    try:
        await git.run(folder, *words, writes=True, patience=FETCHING, setting=setting)
    except GitFailed as failure:
        raise refusal_of_remote(failure, name, host) from None
