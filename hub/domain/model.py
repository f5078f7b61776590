"""The bases of everything stored: a Record has an id and a version, a Value has neither."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import getrandbits
from time import time_ns
from typing import Annotated, Any, ClassVar, Self, TypeVar

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


def numbered_key(of: str, number: int) -> str:
    """Sorts by number what is counted of one record."""
    return f"{of}/{number:010d}"


V = TypeVar("V", bound="Value")


class Value(BaseModel):
    """Frozen, camelCase on the wire. Unknown fields are ignored: a newer node may have written them."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, defer_build=True)

    @classmethod
    def trusted(cls, **fields: Any) -> Self:
        """Of values that are valid already, one for each of its fields."""
        return _made(cls, fields, {*fields})

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, in one step: a call copies a dozen records. `update` is trusted, as there."""
        if deep:
            return super().model_copy(update=update, deep=True)
        return _made(type(self), {**self.__dict__, **(update or {})}, {*self.__pydantic_fields_set__, *(update or ())})

    def to_json(self) -> str:
        """The wire JSON, which is also the stored JSON. An absent field is left out, never null."""
        return self.__pydantic_serializer__.to_json(self, by_alias=True, exclude_none=True).decode()


def _made(type_: type[V], fields: dict[str, Any], named: set[str]) -> V:
    """Of values that are valid already; pydantic's own model_construct takes five times as long."""
    made = type_.__new__(type_)
    object.__setattr__(made, "__dict__", fields)
    object.__setattr__(made, "__pydantic_fields_set__", named)
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", None)
    return made


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
    remembered: ClassVar[bool] = False
    """A call that changes something may rest on the record as this process last knew it: see `UnitOfWork`."""

    id: str = Field(default_factory=new_id)
    version: int = 0
    created_at: Instant = ""
    updated_at: Instant = ""

    @property
    def soon_again(self) -> bool:
        """It will be read again soon, as far as one can tell: it is worth remembering."""
        return True

    @property
    def key(self) -> str:
        """What the record is stored under, unique within tenant and kind."""
        return self.id

    def stamped(self, version: int, at: Instant) -> Self:
        return self.model_copy(update={"version": version, "created_at": self.created_at or at, "updated_at": at})

    def column(self, name: str) -> str | None:
        value = getattr(self, name)
        return value if value is None or isinstance(value, str) else str(value).lower()
