"""The backends that are looked at: those at an address, or a hub that is started for it."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout

from hub.addresses import HEALTH, is_loopback
from protocols.outbound import failure
from protocols.parity import agent
from protocols.parity.contracts import Contract, NoContract, contract_of
from protocols.parity.live import Backend
from protocols.parity.world import World

START = 30.0
"""Seconds for a hub to start, and for git."""
LOOK = ClientTimeout(total=20, connect=5)
PROVIDER = "parity"
AT = "2026-01-01T00:00:00Z"
"""Of every commit: a second backend is asked about the same ones."""
AUTHOR = {"GIT_AUTHOR_NAME": "Parity", "GIT_AUTHOR_EMAIL": "parity@example.com", "GIT_AUTHOR_DATE": AT}
COMMITTER = {"GIT_COMMITTER_NAME": "Parity", "GIT_COMMITTER_EMAIL": "parity@example.com", "GIT_COMMITTER_DATE": AT}
PLAIN = {"GIT_CONFIG_GLOBAL": os.devnull}


class Asked(NamedTuple):
    url: str | None = None
    against: str | None = None
    token: str | None = None
    against_token: str | None = None
    provider: str | None = None


@asynccontextmanager
async def opened(asked: Asked) -> AsyncIterator[tuple[Backend, Backend | None]]:
    """Raises NoContract, with what stands in the way."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="trivium-parity-", ignore_cleanup_errors=True)))
        url, provider = asked.url, asked.provider
        if url is None:
            url = await stack.enter_async_context(own_hub(folder / "hub"))
            provider = await _provider(http, url)
        one = await _backend(http, url, folder / "one", asked.token if asked.url else None, provider, asked.url is None)
        other = None
        if asked.against:
            other = await _backend(http, asked.against, folder / "other", asked.against_token, asked.provider, own=False)
        yield one, other


async def _backend(http: ClientSession, url: str, folder: Path, token: str | None, provider: str | None, own: bool) -> Backend:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    for path in (HEALTH, "/api/workspaces"):  # the one may be open to everybody, and the other not
        await _get(http, f"{url.rstrip('/')}{path}", headers)
    has = await _description(http, f"{url.rstrip('/')}/api/openapi.json", headers)
    known = await _made(folder) if is_loopback(url) else {}
    return Backend(http, url, World.new(**known, **({"provider": provider} if provider else {})), own, has, token)


async def _get(http: ClientSession, url: str, headers: Mapping[str, str]) -> Any:
    try:
        async with http.get(url, headers=headers, timeout=LOOK) as response:
            if response.status in (401, 403):
                raise NoContract(f"{url} lets nobody in without a token that it knows: give one with --token.")
            return json.loads(await response.read()) if response.status == 200 else None
    except (ClientError, OSError) as error:
        raise NoContract(f"{url} cannot be asked: {failure(error).reason}. Is a backend running there?") from None
    except ValueError:
        return None


async def _description(http: ClientSession, url: str, headers: Mapping[str, str]) -> Contract | None:
    """None: it has none."""
    document = await _get(http, url, headers)
    return contract_of(document, url) if isinstance(document, dict) and "openapi" in document else None


async def _made(folder: Path) -> dict[str, str]:
    """A folder, a repository with two commits, three branches and a change that is not committed, and a clone; none without git."""
    repository, work, other = folder / "repository", folder / "work", folder / "other"
    for one in (repository, work):
        one.mkdir(parents=True)
    names = {"folder": str(work)}
    if not shutil.which("git"):
        return names
    await _git(repository, "init", "--quiet", "--initial-branch=main")
    for text in ("first", "second"):
        (repository / "README.md").write_text(f"# Parity\n\n{text}\n")
        await _git(repository, "add", ".")
        await _git(repository, "commit", "--quiet", f"--message={text}")
    for branch in ("feature", "old"):
        await _git(repository, "branch", branch)
    await _git(folder, "clone", "--quiet", str(repository), str(other))
    sha = await _git(repository, "rev-parse", "HEAD")
    (repository / "README.md").write_text("# Parity\n\nchanged\n")
    return {**names, "repository": str(repository), "other": str(other), "sha": sha.strip()}


async def _git(folder: Path, *words: str) -> str:
    pipe = asyncio.subprocess.PIPE
    environment = {**os.environ, **AUTHOR, **COMMITTER, **PLAIN}
    process = await asyncio.create_subprocess_exec("git", *words, cwd=folder, env=environment, stdout=pipe, stderr=pipe)
    out, err = await asyncio.wait_for(process.communicate(), START)
    if process.returncode:
        raise NoContract(f"git {words[0]} failed: {err.decode(errors='replace').strip()[:200]}")
    return out.decode()


@asynccontextmanager
async def own_hub(home: Path) -> AsyncIterator[str]:
    """The address of a hub with an empty database, which knows nothing of this user."""
    os.makedirs(home)
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "LANG") if name in os.environ}
    words = ("-m", "hub.cli", "serve", "--port", "0", "--db", f"sqlite:{home / 'hub.db'}", "--ready-json")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=home, env={**kept, "HOME": str(home)}, start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        ready = await asyncio.wait_for(process.stdout.readline(), START)
        if not ready:
            raise NoContract("A hub cannot be started here. `trivium doctor` says why.")
        yield str(json.loads(ready)["url"])
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), START)
        if process.returncode is None:
            process.kill()


async def _provider(http: ClientSession, url: str) -> str:
    """A coding agent for its sessions."""
    given = {"id": PROVIDER, "name": "Parity", "command": sys.executable, "args": [str(agent.__file__)]}
    request = {"jsonrpc": "2.0", "id": 1, "method": "create_provider", "params": given}
    async with http.post(f"{url}/api/rpc", json=request, timeout=LOOK) as response:
        await response.read()
    return PROVIDER
