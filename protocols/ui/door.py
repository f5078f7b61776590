"""Serving a frontend's static export beside the hub's doors, which keep their paths."""

import asyncio
import re
from http import HTTPStatus
from pathlib import Path

from aiohttp import ETag, web

from hub.domain.errors import NotFound
from protocols.ui.assets import ASK_AGAIN, FOR_A_YEAR, HASHED, Asset, Assets, content_type
from protocols.ui.tree import Found, Tree

REFUSED = re.compile(r";\s*q=0(\.0*)?\s*$")
"""RFC 9110 §12.4.2."""
NOT_FOUND = "404.html"
HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "frame-ancestors 'self'", "Referrer-Policy": "same-origin"}
"""No other page may show the frontend within itself, and click there."""


class Pages:
    def __init__(self, root: Path) -> None:
        self._tree, self._assets = Tree(root), Assets()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        found, asset = await asyncio.to_thread(self._read, request.path)
        if found is None:
            raise NotFound("page", request.path)
        status = HTTPStatus.NOT_FOUND if found.path.name == NOT_FOUND else HTTPStatus.OK
        headers = {**HEADERS, "Cache-Control": FOR_A_YEAR if HASHED in request.path and status is HTTPStatus.OK else ASK_AGAIN}
        if asset is None:
            return web.FileResponse(found.path, headers={**headers, "Content-Type": content_type(found.path)})
        return _answer(request, asset, status, headers)

    def _read(self, address: str) -> tuple[Found | None, Asset | None]:
        """In a thread: the event loop waits for no disk."""
        try:
            found = self._tree.find(address) or self._tree.page(NOT_FOUND)
            return found, found and self._assets.read(found)
        except OSError:  # it was deleted just now
            return None, None


def _answer(request: web.Request, asset: Asset, status: HTTPStatus, headers: dict[str, str]) -> web.Response:
    encoding = next((name for name in asset.encoded if name in _accepted(request)), None)
    headers |= {"Vary": "Accept-Encoding"} if asset.encoded else {}
    if status is HTTPStatus.OK and _is_known(request, asset):
        response = web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    else:
        headers |= {"Content-Type": asset.content_type, **({"Content-Encoding": encoding} if encoding else {})}
        response = web.Response(body=asset.encoded[encoding] if encoding else asset.body, status=status, headers=headers)
    response.etag = ETag(asset.etag, is_weak=True)  # the same for all encodings
    response.last_modified = asset.modified
    return response


def _accepted(request: web.Request) -> set[str]:
    return {part.partition(";")[0].strip() for part in request.headers.get("Accept-Encoding", "").split(",") if not REFUSED.search(part)}


def _is_known(request: web.Request, asset: Asset) -> bool:
    """RFC 9110 §13.2.2: the time counts where no tag is sent."""
    if request.if_none_match is not None:
        return any(tag.value in (asset.etag, "*") for tag in request.if_none_match)
    since = request.if_modified_since
    return since is not None and int(asset.modified) <= since.timestamp()
