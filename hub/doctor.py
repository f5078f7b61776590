"""What is right and wrong with this installation, each thing with the next step. It changes nothing that a start would not."""

import asyncio
import json
import os
import shutil
import socket
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.request import ProxyHandler, build_opener

from hub.addresses import HEALTH, base_url, exposed
from hub.databases import driver_of, key_path, sqlite_path
from hub.domain.errors import HubError
from hub.ports import Finding, HubStore
from hub.settings import Settings, default_database
from hub.version import VERSION

OpenStore = Callable[[Settings], AbstractAsyncContextManager[HubStore]]
ROOM = 20_000_000
"""Bytes that the disk of a database should have free."""
ELSEWHERE = "Name a file in another folder with --db sqlite:PATH."
PATIENCE = 2.0
"""Seconds for whatever listens on the port to say that it is a hub."""


async def examined(settings: Settings, config: Path, open_store: OpenStore) -> AsyncIterator[Finding]:
    """`config` is where the settings file would be; `open_store` opens what the settings name."""
    yield Finding(True, f"Trivium {VERSION} on Python {sys.version.partition(' ')[0]}")
    yield Finding(True, _told(config))
    yield Finding(True, f"database: {settings.shown_database}{', durability normal' if settings.durability == 'normal' else ''}")
    path = sqlite_path(settings.database) if driver_of(settings.database) == "sqlite" else None
    usable = True
    for finding in _file(path) if path else ():
        yield finding
        usable &= finding.ok
    if usable and (path is None or path.exists()):
        answers = True
        async for finding in _store(settings, open_store):
            yield finding
            answers &= finding.ok
        if path and answers and (others := _others(path)):
            yield others
        if key := _key(settings):
            yield key
    yield await asyncio.to_thread(_port, settings)
    if settings.auth_required:
        yield Finding(True, "callers over HTTP need a token: `trivium tokens create --name NAME` makes one")
    if caution := exposed(settings.host, settings.auth_required):
        yield Finding(True, caution, "If they should not: --auth required, or --host 127.0.0.1.")


def _key(settings: Settings) -> Finding | None:
    """What is to be known of the key that seals credentials for other MCP servers."""
    path, driver = key_path(settings.database), driver_of(settings.database)
    if not settings.secret_key and driver == "postgres":
        step = "To keep any: set it to what `openssl rand -hex 32` prints, the same on every node."
        return Finding(True, "TRIVIUM_SECRET_KEY is not set, so no credentials for other MCP servers are kept", step)
    if path and path.exists() and os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding(False, f"other users of this machine may read the key in {path}", f"chmod 600 {path}")
    return None


def _told(config: Path) -> str:
    return f"settings: {config}" if config.is_file() else f"settings: environment and defaults (there is no {config})"


async def _store(settings: Settings, open_store: OpenStore) -> AsyncIterator[Finding]:
    try:
        async with open_store(settings) as store:
            yield Finding(True, f"the database answers; its log is at event {await store.latest()}")
            for finding in await store.examine():
                yield finding
    except HubError as error:
        yield Finding(False, *_what_and_next(error.message))


def _what_and_next(message: str) -> tuple[str, str]:
    """A HubError says what is wrong and then, in its last sentence, what to do."""
    what, _, step = message.rpartition(". ")
    return (f"{what}.", step) if what else (message, "Look into the hub's log.")


def _file(path: Path) -> Iterator[Finding]:
    """Whether it can be used or made, whether there is room for it, and whether somebody has it open."""
    folder = _nearest_folder(path)
    if os.path.isdir(path):
        yield Finding(False, f"{path} is a folder, not a file", f"Name a file in it: --db sqlite:{path / 'hub.db'}")
        return
    if not os.path.exists(path):
        if not _writable(folder):
            yield Finding(False, f"there is no file {path}, and this user may not make it", ELSEWHERE)
            return
        yield Finding(True, f"there is no file {path} yet: the first start makes it")
    else:
        if not os.access(path, os.R_OK | os.W_OK):
            step = f"chmod u+rw {path}" if _own(path) else "Name a file of yours with --db sqlite:PATH."
            yield Finding(False, f"this user may not read and write {path}", step)
        if not _writable(folder):
            own = folder == default_database().parent and _own(folder)
            told = f"this user may not write in {folder}, where SQLite keeps files of its own beside {path.name}"
            yield Finding(False, told, f"chmod u+rwx {folder}" if own else ELSEWHERE)
    if (free := shutil.disk_usage(folder).free) < ROOM:
        yield Finding(True, f"the disk of {folder} has only {free / 1e6:.1f} MB free", "Make room: without any, nothing can be written.")
    if path.with_name(f"{path.name}-wal").exists():
        yield Finding(True, "another process has the database open, or died with it open: both are safe")


def _others(path: Path) -> Finding | None:
    """Whether more than its owner may read a database of ours."""
    file, folder = path.stat().st_mode, path.parent.stat().st_mode
    if os.name == "posix" and file & (stat.S_IRGRP | stat.S_IROTH) and folder & (stat.S_IXGRP | stat.S_IXOTH):
        return Finding(True, f"other users of this machine may read {path}", f"If they should not: chmod go-rwx {path}")
    return None


def _own(path: Path) -> bool:
    return os.name == "posix" and path.stat().st_uid == os.getuid()


def _nearest_folder(path: Path) -> Path:
    """The first above it that exists, which may be no folder at all."""
    return next(parent for parent in path.parents if os.path.exists(parent))


def _writable(folder: Path) -> bool:
    """Found out by doing it: what the mode says is not true of every file system. What is made has no name, or is gone at once."""
    try:
        TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _port(settings: Settings) -> Finding:
    """Free, a hub's, or somebody else's."""
    place = f"port {settings.port} of {settings.host}"
    if settings.port == 0:
        return Finding(True, "port: any free one")
    try:
        with socket.create_server((settings.host, settings.port), family=_family(settings.host)):
            return Finding(True, f"{place} is free: no hub runs there")
    except OSError as error:
        version = _hub_at(settings)
        if version is None:
            return Finding(False, f"{place} cannot be listened on: {error.strerror}", "Take another one with --port, or 0 for any.")
    if version != VERSION:
        return Finding(True, f"a hub answers at {place}, version {version}; this is {VERSION}", "Restart it to run this version.")
    return Finding(True, f"a hub answers at {place}, version {version}; a second one needs another port (--port 0)")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _hub_at(settings: Settings) -> str | None:
    """The version of the hub that answers, past any proxy."""
    try:
        with build_opener(ProxyHandler({})).open(base_url(settings.host, settings.port) + HEALTH, timeout=PATIENCE) as answer:
            health: dict[str, Any] = json.loads(answer.read(10_000))
            return str(health["version"]) if health.get("server") == "trivium" else None
    except (OSError, ValueError, KeyError, AttributeError):
        return None
