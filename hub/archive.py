"""The whole content of a store as lines of JSON, to move it to another store without loss.

The first line says the format, then every record of every tenant, then every event with its cursor; the last line counts them, so
that a file that was cut off is found out before anything of it is written, and says where the log goes on.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, NamedTuple

from hub.domain import KINDS
from hub.domain.errors import HubError, Invalid, Unavailable
from hub.domain.events import Event
from hub.domain.model import Record, instant, utc_now
from hub.ports import Batch, HubStore, StoredEvent, StoredRecord
from hub.version import VERSION

FORMAT = "trivium-archive"
FORMAT_VERSION = 1
BATCH = 500
OTHER = "Import with the version that exported it."
KIND_NAMED: dict[str, type[Record]] = {type_.kind: type_ for type_ in KINDS}


@dataclass(slots=True)
class Counts:
    records: int = 0
    events: int = 0
    head: int = 0
    """Where the log goes on: the last event's cursor, or beyond it where the log was pruned."""

    def line(self) -> dict[str, Any]:
        """The last one of an archive."""
        return {"end": True, "records": self.records, "events": self.events, "head": self.head}


class Line(NamedTuple):
    """A record, or an event when it has a cursor."""

    tenant: str
    record: Record | None
    event: Event | None
    cursor: int = 0


async def export(store: HubStore, write: Callable[[bytes], Any]) -> Counts:
    """What the store held at one moment, however busy it is meanwhile."""
    write(_json({"format": FORMAT, "version": FORMAT_VERSION, "trivium": VERSION, "exportedAt": instant(utc_now())}) + b"\n")
    async with store.snapshot(KINDS) as snapshot:
        counts = Counts(head=snapshot.head)
        async for records in snapshot.records:
            counts.records += len(records)
            write(b"".join(map(_record_line, records)))
        async for events in snapshot.events:
            counts.events += len(events)
            write(b"".join(map(_event_line, events)))
    write(_json(counts.line()) + b"\n")
    return counts


async def import_(store: HubStore, archive: IO[bytes]) -> Counts:
    """Read it twice: first to see that all of it is good, then to write it, all or nothing. `archive` must be seekable.

    Raises Invalid, Refused for a store that is not empty, and Unavailable when the store fails.
    """
    counts = check(archive)
    archive.seek(0)
    try:
        await store.restore(_batches(archive), counts.head)
    except HubError:
        raise
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise Unavailable(f"The import failed: {reason}. Nothing of it is in the database, or all: import again, and it tells.") from error
    return counts


def check(archive: IO[bytes]) -> Counts:
    """Read the archive to its end, write nothing. Raises Invalid."""
    counts = Counts()
    for _ in _lines(archive, counts):
        pass
    return counts


async def _batches(archive: IO[bytes]) -> AsyncIterator[Batch]:
    lines = _lines(archive, Counts())
    while some := list(islice(lines, BATCH)):
        records = [(line.tenant, line.record) for line in some if line.record]
        yield Batch(records, [(line.cursor, line.tenant, line.event) for line in some if line.event])


def _record_line(one: StoredRecord) -> bytes:
    """The stored body as it is."""
    return b'{"record":%s,"tenant":%s,"body":%s}\n' % (_json(one.kind), _json(one.tenant), one.body.encode())


def _event_line(one: StoredEvent) -> bytes:
    return b'{"event":%d,"tenant":%s,"body":%s}\n' % (one.cursor, _json(one.tenant), one.body.encode())


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _lines(archive: IO[bytes], counts: Counts) -> Iterator[Line]:
    """The lines between the first and the last, each checked and counted. Raises Invalid with the number of the bad line."""
    _check_header(archive.readline(10_000))
    for number, raw in enumerate(archive, 2):
        document = _parsed(raw, number)
        if document.get("end"):
            _check_end(document, counts, number)
            if archive.readline():
                raise Invalid(f"Line {number + 1}: something stands behind the archive's end. Export again.")
            return
        line = _line(document, number)
        if line.event and line.cursor <= counts.head:
            raise Invalid(f"Line {number}: event {line.cursor} stands behind event {counts.head}. Export again.")
        counts.records += line.record is not None
        counts.events += line.event is not None
        counts.head = line.cursor or counts.head
        yield line
    raise Invalid("The archive is cut off: its last line is missing. Nothing was imported. Export again, or copy it again.")


def _check_header(raw: bytes) -> None:
    try:
        header = json.loads(raw)
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise Invalid("This is no Trivium archive. `trivium export FILE` makes one.")
    if header.get("version") != FORMAT_VERSION:
        raise Invalid(f"The archive has format {header.get('version')}, and Trivium {VERSION} reads {FORMAT_VERSION}. {OTHER}")


def _check_end(document: dict[str, Any], counts: Counts, number: int) -> None:
    head = document.get("head")
    if isinstance(head, int) and head > counts.head:
        counts.head = head
    if document != counts.line():
        raise Invalid(f"Line {number}: the archive lacks lines: it should have {document}, and has {counts.line()}. Export again.")


def _parsed(raw: bytes, number: int) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except ValueError:
        document = None
    if not raw.endswith(b"\n") or not isinstance(document, dict):
        raise Invalid(f"Line {number} of the archive is cut off or damaged. Nothing was imported. Export again, or copy it again.")
    return document


def _line(document: dict[str, Any], number: int) -> Line:
    """Nothing of the body may be lost on the way, so a field that this version does not know is an error."""
    tenant, body = document.get("tenant"), document.get("body")
    model = Event if "event" in document else KIND_NAMED.get(str(document.get("record")))
    cursor = document.get("event", 0)
    if model is None or not isinstance(tenant, str) or not isinstance(body, dict) or not isinstance(cursor, int):
        raise Invalid(f"Line {number}: this is neither a record nor an event that Trivium {VERSION} knows. {OTHER}")
    try:
        made = model.model_validate(body, by_alias=True, by_name=False)
        kept = json.loads(made.to_json())
    except ValueError:
        raise Invalid(f"Line {number}: this is no {model.__name__} as Trivium {VERSION} knows it. {OTHER}") from None
    if lost := [name for name, value in body.items() if kept.get(name) != value]:
        raise Invalid(f"Line {number}: Trivium {VERSION} would lose {', '.join(lost[:5])}. {OTHER}")
    return Line(tenant, made, None) if isinstance(made, Record) else Line(tenant, None, made, cursor)
