"""The whole content of a store as lines of JSON, to move it to another store without loss.

The first line says the format, then every record of every tenant, then every event with its cursor; the last line counts them, so
that a file that was cut off is found out before anything of it is written.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import IO, Any, NamedTuple

from hub.domain import KINDS
from hub.domain.errors import Invalid, Refused, Unavailable
from hub.domain.events import Event
from hub.domain.model import Record, instant, utc_now
from hub.ports import HubStore
from hub.version import VERSION

FORMAT = "trivium-archive"
FORMAT_VERSION = 1
BATCH = 500
OTHER = "Import with the version that exported it."
KIND_NAMED: dict[str, type[Record]] = {type_.kind: type_ for type_ in KINDS}


class Counts(NamedTuple):
    records: int
    events: int


class Line(NamedTuple):
    """A record, or an event when it has a cursor."""

    tenant: str
    record: Record | None
    event: Event | None
    cursor: int = 0


async def export(store: HubStore, write: Callable[[bytes], Any]) -> Counts:
    """Raises Refused when the hub was written to meanwhile: what was read then belongs to no one moment."""
    start = await store.latest()
    write(_json({"format": FORMAT, "version": FORMAT_VERSION, "trivium": VERSION, "exportedAt": instant(utc_now())}) + b"\n")
    records = events = 0
    async for lines in _record_lines(store):
        records += len(lines)
        write(b"".join(lines))
    async for lines in _event_lines(store):
        events += len(lines)
        write(b"".join(lines))
    if await store.latest() != start:
        raise Refused("The hub was written to while it was exported. Export again when its agents are quiet, or stop it first.")
    write(_json({"end": True, "records": records, "events": events}) + b"\n")
    return Counts(records, events)


async def import_(store: HubStore, archive: IO[bytes]) -> Counts:
    """Read it twice: first to see that all of it is good, then to write it. `archive` must be seekable.

    Raises Invalid, Refused for a store that is not empty, and Unavailable when the store fails while it is written to.
    """
    await expect_empty(store)
    counts = check(archive)
    archive.seek(0)
    lines = _lines(archive)
    try:
        while batch := list(islice(lines, BATCH)):
            records = [(line.tenant, line.record) for line in batch if line.record]
            await store.restore(records, [(line.cursor, line.tenant, line.event) for line in batch if line.event])
    except Exception as error:
        raise Unavailable(f"The database failed halfway through: {error}. Empty it, or name a new one, and import again.") from error
    return counts


async def expect_empty(store: HubStore) -> None:
    if await store.latest() == 0:
        async for batch in store.records(KINDS):
            if batch:
                break
        else:
            return
    raise Refused("An archive goes into an empty database only, and this one is in use. Name a new one, like --db sqlite:new.db.")


def check(archive: IO[bytes]) -> Counts:
    """Read the archive to its end, write nothing. Raises Invalid."""
    records = events = 0
    for line in _lines(archive):
        records += line.record is not None
        events += line.event is not None
    return Counts(records, events)


async def _record_lines(store: HubStore) -> AsyncIterator[list[bytes]]:
    """The stored bodies as they are."""
    async for batch in store.records(KINDS):
        yield [b'{"record":%s,"tenant":%s,"body":%s}\n' % (_json(one.kind), _json(one.tenant), one.body.encode()) for one in batch]


async def _event_lines(store: HubStore) -> AsyncIterator[list[bytes]]:
    async for batch in store.events():
        yield [b'{"event":%d,"tenant":%s,"body":%s}\n' % (one.cursor, _json(one.tenant), one.body.encode()) for one in batch]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _lines(archive: IO[bytes]) -> Iterator[Line]:
    """The lines between the first and the last, each checked. Raises Invalid with the number of the bad line."""
    _check_header(archive.readline(10_000))
    counted, cursor = {"end": True, "records": 0, "events": 0}, 0
    for number, raw in enumerate(archive, 2):
        document = _parsed(raw, number)
        if document.get("end"):
            if document != counted:
                raise Invalid(f"Line {number}: the archive lacks lines: it should have {document}, and has {counted}. Export again.")
            if archive.readline():
                raise Invalid(f"Line {number + 1}: something stands behind the archive's end. Export again.")
            return
        line = _line(document, number)
        if line.event and line.cursor <= cursor:
            raise Invalid(f"Line {number}: event {line.cursor} stands behind event {cursor}. Export again.")
        cursor = line.cursor or cursor
        counted["records" if line.record else "events"] += 1
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
