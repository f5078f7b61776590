"""What the Python client stands on: requests and streams over the standard library. Its text goes into the file that is made."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

RETRY_SECONDS = 1.0


class Frame(NamedTuple):
    """Of a stream of server-sent events."""

    id: str | None
    data: Any


class TriviumError(Exception):
    """The hub refused; `kind` says why, in a word."""

    def __init__(self, status: int, message: str, kind: str | None, details: Mapping[str, Any] | None) -> None:
        super().__init__(message)
        self.status, self.message, self.kind, self.details = status, message, kind, details


class Connection:
    """Blocking; it may be used by several threads. Raises TriviumError, and OSError when the hub does not answer."""

    def __init__(self, base_url: str = "http://127.0.0.1:3210", token: str | None = None, timeout: float = 60.0) -> None:
        """`timeout` is in seconds, for a call; a stream waits as long as the hub keeps it alive."""
        self._base, self._timeout = base_url.rstrip("/"), timeout
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def _call(self, method: str, path: str, given: Mapping[str, Any]) -> Any:
        with self._send(method, path, given, {}) as response:
            text = response.read().decode()
            return json.loads(text) if text and "json" in response.headers.get("Content-Type", "") else text

    def _follow(self, method: str, path: str, given: Mapping[str, Any], last: str | None) -> Iterator[Frame]:
        """Goes on where it was after a lost connection, until its caller stops."""
        while True:
            try:
                more = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
                with self._send(method, path, given, more) as response:
                    for frame in _frames(response):
                        last = frame.id or last
                        yield frame
            except TriviumError as error:
                if error.status < 500:
                    raise
            except OSError:
                pass
            if method != "GET":
                return
            time.sleep(RETRY_SECONDS)

    def _send(self, method: str, path: str, given: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        rest = dict(given)
        url = self._base + re.sub(r"\{(\w+)\}", lambda found: quote(str(rest.pop(found[1])), safe=""), path)
        body = None
        if method in ("GET", "DELETE"):
            query = {name: str(value).lower() if isinstance(value, bool) else value for name, value in rest.items() if value is not None}
            url += f"?{urlencode(query)}" if query else ""
        else:
            headers, body = {**headers, "Content-Type": "application/json"}, json.dumps(rest).encode()
        request = Request(url, body, {**self._headers, **headers}, method=method)  # noqa: S310
        try:
            return urlopen(request, timeout=self._timeout)  # noqa: S310
        except HTTPError as error:
            with error:
                raise _refused(error.code, error.read()) from None
        except URLError as error:
            raise OSError(f"The hub at {self._base} does not answer: {error.reason}") from None


def _refused(status: int, body: bytes) -> TriviumError:
    try:
        said = json.loads(body)
        return TriviumError(status, said["error"], said.get("kind"), said.get("details"))
    except (ValueError, KeyError, TypeError):
        return TriviumError(status, f"HTTP {status}", None, None)


def _frames(response: Any) -> Iterator[Frame]:
    """Those whose data are JSON; comments are left out."""
    id_: str | None = None
    data: list[str] = []
    for line in (raw.decode().rstrip("\n") for raw in response):
        if line.startswith("id: "):
            id_ = line[4:]
        elif line.startswith("data: "):
            data.append(line[6:])
        elif not line and data:
            yield Frame(id_, json.loads("\n".join(data)))
            id_, data = None, []
