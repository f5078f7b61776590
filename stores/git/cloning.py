"""Cloning: into a folder beside the place, which is renamed when it is whole. What is at the place is never half a repository."""

import asyncio
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from hub.domain.clones import ClonePhase, Progress, Source, source_of
from hub.domain.errors import Invalid, Refused
from hub.repository_remotes import Heard, Terms
from stores.git.command import Git, GitFailed, Setting
from stores.git.refusals import refusal_of_remote
from stores.git.transports import setting_for

LONGEST = 6 * 3600.0
"""Seconds for one clone: for the largest repositories over a slow line. A server that is silent for a minute is given up long before."""
PROGRESS = re.compile(
    rb"(?:remote: )?(Enumerating|Counting|Compressing|Receiving|Resolving|Updating|Checking out) [^:\r\n]*: +(\d+)%[^\r\n]*"
)
PHASES: dict[bytes, ClonePhase] = {
    b"Enumerating": "counting", b"Counting": "counting", b"Compressing": "compressing", b"Receiving": "receiving",
    b"Resolving": "resolving", b"Updating": "writing", b"Checking out": "writing",
}  # fmt: skip


async def clone(git: Git, source: Source, place: Path, attempt: int, terms: Terms, heard: Heard) -> bool:
    """As Repositories.clone."""
    setting = await setting_for(source, terms)
    if await asyncio.to_thread(place.exists):
        return await _again(git, source, place, setting, heard)
    beside = place.with_name(f".{place.name}.{attempt}")
    await asyncio.to_thread(_make_room, place, attempt)
    heard(Progress(message=f"Cloning {source.name}"))
    words = ("clone", "--progress", "--no-recurse-submodules", "--", source.url, str(beside))
    try:
        await git.run(place.parent, *words, writes=True, patience=LONGEST, heard=told(heard), setting=setting)
        await asyncio.to_thread(_moved, beside, place)
    except GitFailed as failure:
        raise refusal_of_remote(failure, source.name, source.host) from None
    finally:
        await asyncio.shield(asyncio.to_thread(_remove, beside))
    return False


async def _again(git: Git, source: Source, place: Path, setting: Setting, heard: Heard) -> bool:
    """It is there. Whether it can be fetched just now does not matter to whoever wants to work on it."""
    await _expect_same(git, source, place)
    heard(Progress(phase="fetching", message=f"Fetching {source.name}"))
    words = ("fetch", "--progress", "--prune", "--no-recurse-submodules", "origin")
    try:
        await git.run(place, *words, writes=True, patience=LONGEST, heard=told(heard, "fetching"), setting=setting)
    except GitFailed as failure:
        why = refusal_of_remote(failure, source.name, source.host).message
        heard(Progress(phase="fetching", message=f"It is there, but was not fetched: {why}"))
    return True


async def _expect_same(git: Git, source: Source, place: Path) -> None:
    """Raises Refused when something else lies there."""
    try:
        known = source_of((await git.run(place, "config", "--local", "--get", "remote.origin.url")).decode().strip())
        same = known.id == source.id
    except (GitFailed, Invalid):
        same = False
    if not same:
        raise Refused(f"Something else lies where {source.name} belongs: {place}. Move it away, then clone again.")


def told(heard: Heard, phase: ClonePhase | None = None) -> Callable[[bytes], None]:
    """Of what git writes about its progress the newest line."""

    def hear(written: bytes) -> None:
        if found := [*PROGRESS.finditer(written)]:
            line = found[-1]
            message = line[0].decode("utf-8", "replace").strip()
            heard(Progress(phase=phase or PHASES[line[1]], percent=min(int(line[2]), 100), message=message))

    return hear


def _make_room(place: Path, attempt: int) -> None:
    """The folder, without what earlier attempts left when their hub was killed."""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        raise Refused(f"The hub cannot write into {place.parent}, where clones belong.") from None
    for left in place.parent.glob(f".{place.name}.*"):
        number = left.name.removeprefix(f".{place.name}.")
        if number.isdecimal() and int(number) <= attempt:
            _remove(left)


def _moved(beside: Path, place: Path) -> None:
    try:
        beside.rename(place)
    except OSError:
        if not place.exists():  # otherwise another attempt was faster, and brought the same
            raise Refused(f"The hub cannot write to {place}.") from None


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
