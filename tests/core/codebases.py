"""Codebases that lie in a test's own folder, and what git says of them."""

import asyncio
import os
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import anyio

from hub.app import Hub
from hub.domain.codebases import Codebase
from hub.unit import UnitOfWork
from tests.repositories import Tree


async def new_codebase(hub: Hub, tree: Tree, workspace: str = "default") -> str:
    unit = UnitOfWork(hub.store, "local", "2026-01-01T00:00:00.000Z")
    codebase = unit.put(Codebase(workspace_id=workspace, repo_path=str(tree.path), is_default=True))
    await hub.store.commit(unit)
    return codebase.id


def program(path: Path, *lines: str) -> Path:
    """One that git may run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


async def cancelled_when(told: Path, call: Awaitable[Any]) -> None:
    """Cancel it when a program that it runs writes to this pipe, and wait for its end."""
    os.mkfifo(told)
    pipe, heard = os.open(told, os.O_RDWR | os.O_NONBLOCK), asyncio.Event()
    running = asyncio.ensure_future(call)
    asyncio.get_running_loop().add_reader(pipe, heard.set)
    try:
        with anyio.fail_after(10):
            await heard.wait()
        running.cancel()
        with anyio.fail_after(10):
            await asyncio.wait([running])
        assert running.cancelled()
    finally:
        running.cancel()
        asyncio.get_running_loop().remove_reader(pipe)
        os.close(pipe)
        told.unlink()


def saved(tree: Tree) -> list[str]:
    return tree.git("for-each-ref", "--format=%(refname)", "refs/trivium/saved/").splitlines()
