"""The bases of everything stored: a Record has an id and a version, a Value has neither."""

from datetime import UTC, datetime, timedelta
from random import getrandbits
from time import time_ns
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""UTC with milliseconds, `2026-11-21T02:33:46.305Z`: always the same width, so instants compare as text."""

_last_stamp = 0


def instant(at: datetime) -> Instant:
    """`at` is in UTC."""
    return at.isoformat(timespec="milliseconds")[:-6] + "Z"


def utc_now() -> datetime:
    return datetime.now(UTC)


def later(at: Instant, seconds: float) -> Instant:
    return instant(datetime.fromisoformat(at) + timedelta(seconds=seconds))


def new_id() -> str:
    """A UUID version 7 (RFC 9562 §5.7). Ids of one process rise strictly: `rand_a` counts within the millisecond.

    Ids that sort by age keep inserts at the end of an index; random ones cost a SQLite writer two to three times as much.
    """
    global _last_stamp
    _last_stamp = stamp = max(time_ns() // 1_000_000 << 12, _last_stamp + 1)
    head, tail = f"{stamp >> 12:012x}", f"{getrandbits(62) | 1 << 63:016x}"  # an id is no secret
    return f"{head[:8]}-{head[8:]}-7{stamp & 0xFFF:03x}-{tail[:4]}-{tail[4:]}"


class Value(BaseModel):
    """Frozen, camelCase on the wire. Unknown fields are ignored: a newer node may have written them."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, defer_build=True)

    def to_json(self) -> str:
        """The wire JSON, which is also the stored JSON. An absent field is left out, never null."""
        return self.__pydantic_serializer__.to_json(self, by_alias=True, exclude_none=True).decode()


class Record(Value):
    """A stored thing. Version 0 means not stored yet. The tenant stands beside the body, never in it."""

    kind: ClassVar[str]
    plural: ClassVar[str]
    columns: ClassVar[tuple[str, ...]] = ()
    """Fields that a search may compare; each is a real text column."""
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """The columns that a search may start from; each index ends with the key, so its answers come in key order."""
    unique: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Columns of which no two records of a tenant may agree: the one rule that a store enforces."""
    searchable: ClassVar[tuple[str, ...]] = ()
    """The fields under full-text search; the first one counts most."""

    id: str = Field(default_factory=new_id)
    version: int = 0
    created_at: Instant = ""
    updated_at: Instant = ""

    @property
    def key(self) -> str:
        """What the record is stored under, unique within tenant and kind."""
        return self.id

    def stamped(self, version: int, at: Instant) -> Self:
        return self.model_copy(update={"version": version, "created_at": self.created_at or at, "updated_at": at})

    def column(self, name: str) -> str | None:
        value = getattr(self, name)
        return value if value is None or isinstance(value, str) else str(value).lower()
