"""What stands for GitHub's REST API: the webhooks of acme/shop, of which it always knows one, and what anybody may read of it. And for
skills.sh.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

from hub.ports import Json

TOKEN = "ghp_good"
ISSUE: Json = {
    "id": 70, "number": 7, "title": "It leaks", "body": None, "html_url": "https://github.com/acme/shop/issues/7", "state": "open",
    "labels": [{"name": "bug"}], "assignees": [{"login": "ada"}], "updated_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
PULL: Json = {**ISSUE, "id": 80, "number": 8, "draft": True, "merged_at": None, "head": {"ref": "fix"}, "base": {"ref": "main"}}
TIDY = Path(__file__).parents[1] / "library" / "skills" / "tidy" / "SKILL.md"
FILES = {
    "README.md": b"# Skills", "skills/.curated/tidy/SKILL.md": TIDY.read_bytes(), "skills/.curated/tidy/scripts/tidy.sh": b"#!/bin/sh",
}  # fmt: skip
"""Of acme/shop. A file's sha is its number here."""
TREE: list[Json] = [
    {"type": "blob", "mode": "100755", "path": path, "sha": f"{number}", "size": len(content)}
    for number, (path, content) in enumerate(FILES.items())
]
NO_FILES: list[Json] = [
    {"type": "tree", "mode": "040000", "path": "skills/.curated/tidy", "sha": "t"},
    {"type": "blob", "mode": "120000", "path": "skills/.curated/tidy/link", "sha": "l", "size": 4},
    {"type": "commit", "mode": "160000", "path": "skills/.curated/tidy/other", "sha": "c"},
]
FOUND: Json = {"id": "acme/shop/tidy", "skillId": "tidy", "name": "tidy", "installs": 5, "source": "acme/shop"}
PUBLIC: dict[str, object] = {
    "/repos/acme/shop/issues": [ISSUE, {**PULL, "pull_request": {}}],
    "/repos/acme/shop/pulls": [PULL],
    "/repos/acme/shop/git/trees/HEAD": {"truncated": False, "tree": [*NO_FILES, *TREE]},
    **{f"/repos/acme/shop/git/blobs/{at}": {"content": b64encode(content).decode()} for at, content in enumerate(FILES.values())},
    "/api/search": {"skills": [FOUND], "count": 1},
}  # fmt: skip
HOOK = 7
asked: list[Json] = []
"""What was posted."""
answering = Event()
"""Until it is set, what is slow waits."""


class Github(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if public := PUBLIC.get(self.path.partition("?")[0]):
            self._answer(200, public)
        elif self._let_in():
            self._answer(200, [{"id": HOOK, "active": True, "events": ["push"], "config": {"url": "https://hub.example.com/"}}])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._let_in():
            return
        asked.append(body)
        match body["config"]["url"].rpartition("/")[2]:
            case "twice":
                errors = [{"resource": "Hook", "message": "Hook already exists on this repository"}]
                self._answer(422, {"message": "Validation Failed", "errors": errors})
            case "odd":
                self._answer(201, ["no webhook"])
            case "long":
                self._answer(201, {"id": HOOK, "more": "x" * 9_000_000})
            case "slow":
                answering.wait(10)
                self._answer(201, {})
            case "elsewhere":
                self.send_response(307)
                self.send_header("Location", "https://elsewhere.example.com/")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case _:
                self._answer(201, {"id": HOOK, "active": True, "events": body["events"], "config": body["config"] | {"secret": "********"}})

    def do_DELETE(self) -> None:
        if self._let_in():
            known = self.path.endswith(f"/{HOOK}")
            self._answer(204 if known else 404, None if known else {"message": "Not Found"})

    def _let_in(self) -> bool:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._answer(401, {"message": "Bad credentials"})
            return False
        if not self.path.lower().startswith("/repos/acme/shop/hooks"):
            self._answer(404, {"message": "Not Found"})
            return False
        return True

    def _answer(self, status: int, told: object) -> None:
        body = json.dumps(told).encode() if told is not None else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_: object) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """The hub did not wait for what is slow."""


@contextmanager
def fake_github() -> Iterator[str]:
    """Its address. It answers on threads of its own: a hub in this process may wait for it on any loop."""
    server = Server(("127.0.0.1", 0), Github)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
