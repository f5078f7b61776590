"""A file as it is sent: its text filled in, its compressed forms, and what a browser may keep of it."""

import gzip
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from protocols.ui.tree import PAYLOAD, PIECE, PLACEHOLDER, Found

HASHED = "/_next/static/"
"""Where every content of a file has a name of its own."""
FOR_A_YEAR, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""By their names in HTTP, the best first: the endings of files that were compressed beforehand."""
COMPRESSIBLE = re.compile(r"text/.*|application/(javascript|json|manifest\+json|xml|wasm)|image/svg\+xml|font/[ot]tf")
WORTH = 1_024
"""Bytes below which compressing saves nothing."""
LARGEST = 8_000_000
"""Bytes of a file that is held in memory."""
CONTENT_TYPES = {
    ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".json": "application/json", ".mjs": "text/javascript",
    ".svg": "image/svg+xml", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2",
}  # fmt: skip
"""Not as the machine that the hub runs on has it."""


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    encoded: dict[str, bytes]
    """By the name of the encoding, the best first."""
    content_type: str
    etag: str
    modified: float

    @property
    def size(self) -> int:
        return len(self.body) + sum(map(len, self.encoded.values()))


class Version(NamedTuple):
    """A content of a file: after a change it is another one."""

    found: Found
    inode: int
    modified: int
    size: int


class Assets:
    """What was read lately, up to so many bytes. Reading takes its time, so it does not belong on the event loop."""

    def __init__(self, most_bytes: int = 64_000_000) -> None:
        self._room = most_bytes
        self._kept: OrderedDict[Version, Asset] = OrderedDict()
        self._lock = Lock()

    def read(self, found: Found) -> Asset | None:
        """None: the file is too large to be held. Raises OSError."""
        stat = found.path.stat()
        if stat.st_size > LARGEST:
            return None
        version = Version(found, stat.st_ino, stat.st_mtime_ns, stat.st_size)
        with self._lock:
            if version in self._kept:
                self._kept.move_to_end(version)
                return self._kept[version]
        return self._keep(version, _read(found, stat.st_mtime))

    def _keep(self, version: Version, asset: Asset) -> Asset:
        """Two that read the same at once keep one of them."""
        with self._lock:
            if version not in self._kept:
                self._kept[version] = asset
                self._room -= asset.size
            while self._room < 0:
                self._room += self._kept.popitem(last=False)[1].size
        return asset


def content_type(path: Path) -> str:
    if path.suffix == PAYLOAD and (path.name.startswith(PIECE) or path.with_suffix(".html").is_file()):
        return "text/x-component; charset=utf-8"
    known = CONTENT_TYPES.get(path.suffix) or guess_type(path.name)[0] or "application/octet-stream"
    return f"{known}; charset=utf-8" if known.startswith("text/") else known


def _read(found: Found, modified: float) -> Asset:
    body = found.path.read_bytes()
    filled = body.replace(PLACEHOLDER.encode(), found.fill.encode()) if found.fill else body
    encoded = dict(_beforehand(found.path)) if filled is body else {}
    kind = content_type(found.path)
    if "gzip" not in encoded and len(filled) >= WORTH and COMPRESSIBLE.match(kind):
        encoded["gzip"] = gzip.compress(filled, compresslevel=6, mtime=0)
    return Asset(filled, encoded, kind, sha256(filled).hexdigest()[:32], modified)


def _beforehand(path: Path) -> Iterator[tuple[str, bytes]]:
    """Unless the file was changed since."""
    for name, ending in ENCODINGS.items():
        beside = path.with_name(path.name + ending)
        if beside.is_file() and not beside.is_symlink() and beside.stat().st_mtime >= path.stat().st_mtime:
            yield name, beside.read_bytes()
