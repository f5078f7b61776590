"""What is right and wrong with this installation, each thing with the next step. It changes nothing that a start would not."""

import asyncio
import json
import os
import socket
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from hub.addresses import HEALTH, base_url
from hub.databases import driver_of, sqlite_path
from hub.domain.errors import HubError
from hub.ports import Finding, HubStore
from hub.settings import Settings
from hub.version import VERSION

OpenStore = Callable[[Settings], AbstractAsyncContextManager[HubStore]]
PATIENCE = 2.0
"""Seconds for whatever listens on the port to say that it is a hub."""


async def examined(settings: Settings, config: Path, open_store: OpenStore) -> AsyncIterator[Finding]:
    """`config` is where the settings file would be; `open_store` opens what the settings name."""
    yield Finding(True, f"Trivium {VERSION} on Python {sys.version.partition(' ')[0]}")
    yield Finding(True, _told(config))
    yield Finding(True, f"database: {settings.shown_database}{', durability normal' if settings.durability == 'normal' else ''}")
    path = sqlite_path(settings.database) if driver_of(settings.database) == "sqlite" else None
    if path and (missing := _missing(path)):
        yield missing
    else:
        for finding in _file(path) if path else ():
            yield finding
        async for finding in _store(settings, open_store):
            yield finding
    yield await asyncio.to_thread(_port, settings)


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


def _missing(path: Path) -> Finding | None:
    """No file yet is well where one can be made."""
    if path.exists():
        return None
    if _writable(path):
        return Finding(True, f"there is no file {path} yet: the first start makes it")
    return Finding(False, f"there is no file {path}, and this user may not make it", "Name another folder with --db sqlite:PATH.")


def _file(path: Path) -> Iterator[Finding]:
    """Who may read and write it, and whether somebody has it open."""
    if not os.access(path, os.R_OK | os.W_OK) or not _writable(path):
        yield Finding(False, f"this user may not write {path} or its folder", f"chmod u+rw {path}; chmod u+rwx {path.parent}")
    file, folder = path.stat().st_mode, path.parent.stat().st_mode
    if os.name == "posix" and file & (stat.S_IRGRP | stat.S_IROTH) and folder & (stat.S_IXGRP | stat.S_IXOTH):
        yield Finding(True, f"other users of this machine may read {path}", f"If they should not: chmod go-rwx {path}")
    if path.with_name(f"{path.name}-wal").exists():
        yield Finding(True, "another process has the database open, or died with it open: both are safe")


def _writable(path: Path) -> bool:
    """Whether the nearest folder that exists may be written to."""
    folder = next((parent for parent in path.parents if parent.exists()), path.parent)
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


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
