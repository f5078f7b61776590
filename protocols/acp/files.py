"""The text files of a session, for its agent (ACP v1 §file-system).

A path is resolved first, and checked. Then it is walked down from the session's folder, one open folder after the other, and no link is
followed any more: whoever puts a link in its place meanwhile gains nothing. Systems that cannot do this (Windows) offer no files.
"""

import asyncio
import errno
import os
import stat
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from hub.domain.errors import HubError
from hub.ports import Json
from protocols.acp.requests import RESOURCE_NOT_FOUND, ReadTextFile, WriteTextFile, checked
from protocols.acp.roots import Place, Roots
from protocols.jsonrpc.peer import INTERNAL_ERROR, INVALID_PARAMS, RpcError
from protocols.wire import jsonrpc_code

OFFERED = os.open in os.supports_dir_fd
"""Whether this system can do it."""
LONGEST_READ = 5_000_000
"""Bytes of one answer."""
LONGEST_WRITE = 10_000_000
"""Bytes."""
FARTHEST = 100_000_000
"""Bytes from the beginning of a file: finding a line means reading all before it."""
PIECE = 65_536
"""Bytes of a line that are read at a time: it may have no end."""


class Files:
    def __init__(self, roots: Sequence[Path], check_write: Callable[[str], Awaitable[None]]) -> None:
        """The first root is the session's working directory. `check_write` is given a path as `relative` says it, and raises Refused."""
        self._roots = Roots(roots)
        self._check_write = check_write
        self._writing = asyncio.Lock()

    def relative(self, path: str) -> str:
        """As permissions and reservations name it: from the working directory, with `/`, where it lies in there; else in full."""
        return self._roots.relative(path)

    async def read(self, params: Json) -> Json:
        """fs/read_text_file. What is no UTF-8 is replaced. Raises RpcError."""
        asked = checked(ReadTextFile, params)
        return {"content": (await asyncio.to_thread(self._read, asked)).decode("utf-8", "replace")}

    async def write(self, params: Json) -> Json:
        """fs/write_text_file: all of it or nothing, in the order of the requests, with the folders that it needs. Raises RpcError."""
        asked = checked(WriteTextFile, params)
        content = asked.content.encode()
        if len(content) > LONGEST_WRITE:
            raise RpcError(INVALID_PARAMS, f"content has {len(content)} bytes. Write at most {LONGEST_WRITE}")
        async with self._writing:
            place = await asyncio.to_thread(self._roots.locate, asked.path)
            try:
                await self._check_write(self._roots.named(place.path))
            except HubError as refused:
                raise RpcError(jsonrpc_code(refused), refused.message) from None
            await asyncio.to_thread(_write, place, content, asked.path)
        return {}

    def _read(self, asked: ReadTextFile) -> bytes:
        place = self._roots.locate(asked.path)
        with _told("read", asked.path):
            with _folder(place) as folder:  # not blocking: a pipe would wait for somebody who writes
                descriptor = os.open(place.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise _no_file(asked.path)
            with open(descriptor, "rb") as file:
                return _lines(file, asked)


def _lines(file: BinaryIO, asked: ReadTextFile) -> bytes:
    before, left = max((asked.line or 1) - 1, 0), asked.limit
    parts, size, skipped, passed = [], 0, 0, 0
    while left != 0 and (piece := file.readline(PIECE)):
        ends = piece.endswith(b"\n")
        if skipped < before:
            skipped, passed = skipped + ends, passed + len(piece)
            if passed > FARTHEST:
                raise RpcError(INVALID_PARAMS, f"Line {asked.line} lies beyond the first {FARTHEST} bytes. Read it with a command")
            continue
        size += len(piece)
        if size > LONGEST_READ:
            raise RpcError(INVALID_PARAMS, f"That is more than {LONGEST_READ} bytes. Read fewer lines at a time: give line and limit")
        parts.append(piece)
        if left is not None:
            left -= ends
    if skipped < before and left != 0:
        raise RpcError(INVALID_PARAMS, f"There is no line {asked.line}: the file has {skipped} line ends")
    return b"".join(parts)


def _write(place: Place, content: bytes, path: str) -> None:
    """By another file that takes its place: who reads it sees the old text or the new one."""
    with _told("written", path), _folder(place, make=True) as folder:
        before = _status(folder, place.name, path)
        partial = f".{token_hex(8)}.partial"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=folder)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
                if before:
                    with suppress(PermissionError):
                        os.fchown(descriptor, before.st_uid, before.st_gid)
                    os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & 0o777)
            os.replace(partial, place.name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(partial, dir_fd=folder)


def _status(folder: int, name: str, path: str) -> os.stat_result | None:
    """Of the file that is written anew, if there is one. Another one that takes its place needs no right to write it, so that is asked."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not stat.S_ISREG(status.st_mode):
        raise _no_file(path)
    if not os.access(name, os.W_OK, dir_fd=folder):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return status


@contextmanager
def _folder(place: Place, make: bool = False) -> Iterator[int]:
    """The folder of a place, open."""
    flags = os.O_RDONLY | os.O_DIRECTORY
    held = os.open(place.root, flags)
    try:
        for name in place.folders:
            try:
                inner = os.open(name, flags | os.O_NOFOLLOW, dir_fd=held)
            except FileNotFoundError:
                if not make:
                    raise
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=held)
                inner = os.open(name, flags | os.O_NOFOLLOW, dir_fd=held)
            os.close(held)
            held = inner
        yield held
    finally:
        os.close(held)


@contextmanager
def _told(done: str, path: str) -> Iterator[None]:
    """An error of the system, as the agent may read it: with its own words for the path."""
    try:
        yield
    except FileNotFoundError:
        raise RpcError(RESOURCE_NOT_FOUND, f"There is no file {path!r}") from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            told = f"{path!r} leads through a file, through links without end, or through one that has just changed"
            raise RpcError(INVALID_PARAMS, told) from None
        raise RpcError(INTERNAL_ERROR, f"{path!r} cannot be {done}: {os.strerror(error.errno or errno.EIO)}") from None


def _no_file(path: str) -> RpcError:
    return RpcError(INVALID_PARAMS, f"{path!r} is a folder, a pipe or a device. Only files can be read and written")
