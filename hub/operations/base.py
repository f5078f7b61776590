"""What an operation is, and what a handler has in its hands."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

import orjson
from pydantic import ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from hub.access import LOCAL_TENANT, Caller
from hub.addresses import Reach
from hub.domain.agents import Agent
from hub.domain.errors import HubError, NotFound, Refused, Stale
from hub.domain.events import fact
from hub.domain.model import Instant, Record, Value
from hub.domain.tasks import Task
from hub.domain.workspaces import Workspace
from hub.ports import Find, Library, Offer, Programs, R, Vault
from hub.repositories import Files, Repositories, Repository
from hub.repository_remotes import Terms
from hub.unit import UnitOfWork
from hub.upstreams import Upstreams

Profile = str
"""A named part of the catalogue: one of PROFILES."""
CORE, COORDINATION, KANBAN, FULL = "core", "coordination", "kanban", "full"
PROFILES: tuple[Profile, ...] = (CORE, COORDINATION, KANBAN, FULL)
"""What an agent sees by default; also what those need who lead others; what plans with tasks and notes; everything."""

Text = Annotated[str, Field(max_length=1_000_000)]
Name = Annotated[str, Field(min_length=1, max_length=400)]
Id = Annotated[str, Field(min_length=1, max_length=200)]
Limit = Annotated[int, Field(ge=1, le=10_000)]


class Input(Value):
    """What an operation is asked with. A field that it does not know is an error."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid", defer_build=True, use_attribute_docstrings=True
    )
    brief: ClassVar[tuple[str, ...]] = ()
    """The wire names that a short description shows; none: all of them. The others work all the same."""


class Mutation(Input):
    """The input of every operation that writes."""

    idempotency_key: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """A repeat with the same key answers the first outcome instead of acting twice."""


class Page(Input):
    """The input of a list: where to go on, and how many at most."""

    cursor: str = ""
    """nextCursor of the page before."""
    limit: Limit = 100


class Result(Value):
    """An answer that is no record."""


class Deleted(Result):
    deleted: Literal[True] = True
    id: str
    deleted_count: int = 1


class Removed(Deleted):
    success: bool = True
    """The word that the web API has for it beside."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[R]):
    """Records as they are stored, rendered by joining: never parsed, never built."""

    type: type[R]
    bodies: Sequence[str]
    next_cursor: str | None = None

    def to_json(self) -> str:
        cursor = f',"nextCursor":{orjson.dumps(self.next_cursor).decode()}' if self.next_cursor else ""
        return f'{{"{to_camel(self.type.plural)}":[{",".join(self.bodies)}]{cursor}}}'

    def records(self) -> list[R]:
        return [self.type.model_validate_json(body) for body in self.bodies]


NO_REPOSITORIES = "This hub works on no files: it was started without access to git repositories."
Output = Value | Listing[Any]
Offers = Callable[[str], Offer | None]
"""By an agent's id."""
Hosts = Callable[[], Offer | None]
In = TypeVar("In", bound=Input)


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a handler: who asks, when, and the unit of work that its changes go into."""

    unit: UnitOfWork
    caller: Caller
    vault: Vault | None = None
    reach: Reach = "all"
    """How far the hub goes for other MCP servers."""
    offers: Offers | None = None
    hosts: Hosts | None = None
    programs: Programs | None = None
    library: Library | None = None
    repositories: Repositories | None = None
    upstreams: Upstreams | None = None

    @property
    def now(self) -> Instant:
        return self.unit.now

    def offer(self, agent: Agent) -> Offer | None:
        """A worker's, to begin with what is given to the agent now."""
        return self.offers(agent.id) if self.offers else None

    def host(self) -> Offer | None:
        """A worker's, to run a session that begins now."""
        return self.hosts() if self.hosts else None

    async def need(self, type_: type[R], key: str, shown: str | None = None) -> R:
        """The record, or NotFound."""
        record = await self.unit.get(type_, key)
        if record is None:
            raise NotFound(type_.kind.replace("_", " "), shown or key)
        return record

    async def workspace(self, id_: str) -> Workspace:
        """The workspace that something is made in: it must still be there when that is committed."""
        workspace = await self.need(Workspace, id_)
        self.unit.guard(workspace)
        if workspace.status == "deleting":
            raise Refused(f"Workspace {id_!r} is being deleted: nothing more is made in it.")
        return workspace

    async def within(self, workspace_id: str) -> str:
        """The workspace that is looked into: it is there, or was not long ago."""
        if await self.unit.get_recent(Workspace, workspace_id) is None:
            raise NotFound("workspace", workspace_id)
        return workspace_id

    async def list(self, type_: type[R], page: Page, **where: str | None) -> Listing[R]:
        bodies = await self.unit.bodies(type_, page.cursor, page.limit, **where)
        full = len(bodies) == page.limit
        return Listing(type_, bodies, type_.model_validate_json(bodies[-1]).key if full else None)

    async def newest(self, type_: type[R], limit: int, **where: str | None) -> Listing[R]:
        """The last ones made, the newest first."""
        compared = tuple((name, value) for name, value in where.items() if value is not None)
        [bodies] = (await self.unit.look(Find(type_, compared, limit=limit, last=True))).found
        return Listing(type_, bodies[::-1])

    async def repository(self, path: str) -> Repository:
        """The git repository at a path of the hub's machine. Raises Invalid, Refused."""
        return await self.all_repositories.open(path, self.caller.tenant)

    @property
    def all_repositories(self) -> Repositories:
        """Raises Refused where there are none."""
        if self.repositories is None:
            raise Refused(NO_REPOSITORIES)
        return self.repositories

    @property
    def terms(self) -> Terms:
        """On which git speaks to other machines for the caller."""
        return Terms(self.caller.tenant == LOCAL_TENANT, self.reach)

    def elsewhere(self) -> Upstreams:
        """The other servers that this hub asks. Raises Refused."""
        if self.upstreams is None:
            raise Refused("This hub asks no other servers.")
        return self.upstreams

    async def files(self, path: str) -> Files:
        """Those in a folder of the hub's machine, whether it is a repository's or not. Raises Invalid, Refused."""
        return await self.all_repositories.files(path, self.caller.tenant)

    async def worktree_folder(self, root: str | None) -> Path:
        """In which working trees are made: `root`, or one that the hub keeps. Raises Invalid, Refused."""
        return await self.all_repositories.worktree_folder(root, self.caller.tenant)

    def seal(self, secret: str, type_: type[Record], key: str) -> str:
        """What is stored in the place of a secret of this record. Raises Refused."""
        if self.vault is None:
            raise Refused("This hub was started without a vault, so it keeps no secrets.")
        return self.vault.seal(secret, secret_place(self.caller.tenant, type_, key))

    def unseal(self, sealed: str, type_: type[Record], key: str) -> str:
        """What `seal` was given. Raises Refused."""
        if self.vault is None:
            raise Refused("This hub was started without a vault, so it cannot read the secrets that it keeps.")
        return self.vault.open(sealed, secret_place(self.caller.tenant, type_, key))

    def create(self, record: R, **data: JsonValue) -> R:
        return self.write(record, "created", **data)

    def update(self, record: R, **changes: Any) -> R:
        """The record with these fields changed. A name that the record lacks is a mistake in the handler."""
        if unknown := changes.keys() - type(record).model_fields.keys():
            raise TypeError(f"{record.kind} has no {unknown}")
        return self.write(record.model_copy(update=changes), "updated", changed=[to_camel(name) for name in changes])

    def write(self, record: R, what: str, **data: JsonValue) -> R:
        """Stage the record and the fact."""
        stored = self.unit.put(_counted(record))
        self.emit(stored, what, **data)
        return stored

    def tell(self, record: R, what: str, **data: JsonValue) -> R:
        """Stage a fact of a record that is written behind it, in the same call: that is what it answers."""
        record = _counted(record)
        self.emit(record.model_copy(update={"version": record.version + 1}), what, **data)
        return record

    def delete(self, record: Record) -> None:
        self.unit.remove(record)
        self.emit(_counted(record), "deleted")

    def emit(self, record: Record, what: str, **data: JsonValue) -> None:
        self.unit.emit(fact(record, what, at=self.now, by=self.caller.subject, data=data or None))


def _counted(record: R) -> R:
    """Before an event of it."""
    return record.model_copy(update={"generation": record.generation + 1}) if isinstance(record, Task) else record


def secret_place(tenant: str, type_: type[Record], key: str) -> str:
    """Whose secret it is."""
    return f"{tenant}/{type_.kind}/{key}"


def changes(given: Input, type_: type[Record]) -> dict[str, Any]:
    """The record's fields that the caller named. Null takes an optional field away; of another one it says nothing."""
    named = [(name, optional) for name, optional in _common(type(given), type_).items() if name in given.model_fields_set]
    return {name: value for name, optional in named if (value := getattr(given, name)) is not None or optional}


@lru_cache(256)
def _common(given: type[Input], type_: type[Record]) -> dict[str, bool]:
    """The fields that both have, and whether the record may be without them."""
    return {
        name: field.get_default() is None and not field.is_required()
        for name, field in type_.model_fields.items() if name in given.model_fields
    }  # fmt: skip


def expect_version(record: Record, expected: int | None) -> None:
    if expected is not None and expected != record.version:
        raise Stale(
            f"Version conflict: expected {expected}, current {record.version}. Read the {record.kind} again and repeat the change on it.",
            expected=expected, current=record.version,
        )  # fmt: skip


Handler = Callable[[Any, Call], Awaitable[Output]]
Preparation = Callable[[Any, Call], Awaitable[None]]
Aftermath = Callable[[Any, Call, HubError], Awaitable[None]]


@dataclass(frozen=True)
class Operation:
    """A row of the catalogue. Name, models and text come from the handler, resolved once."""

    handler: Handler
    grant: str
    writes: bool = False
    destructive: bool = False
    """It removes something, or replaces it beyond recall."""
    repeatable: bool = False
    """It writes, and doing it again with the same input changes nothing more."""
    profiles: frozenset[Profile] = frozenset()
    """Those that name it. `coordination` has what is in `core` too, and `full` has everything."""
    titled: str = ""
    """Its title for people, where the one made of its name would not do."""
    waits: bool = False
    """For what others do: a door may have more to say before the answer."""
    first: Preparation | None = None
    """Run and committed before the handler, with the same input; after a crash between the two it is run again."""
    failed: Aftermath | None = None
    """Run and committed when the handler has failed, with the same input, before its caller hears of it."""
    acts: bool = False
    """It changes what lies outside the store: it rests on nothing that is only remembered, so that it is not run to see whether it may."""

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def title(self) -> str:
        return self.titled or self.name.replace("_", " ").capitalize().replace("mcp", "MCP")

    def in_profile(self, profile: Profile) -> bool:
        return profile == FULL or profile in self.profiles or (profile == COORDINATION and CORE in self.profiles)

    @cached_property
    def hints(self) -> dict[str, Any]:
        return get_type_hints(self.handler)

    @cached_property
    def input(self) -> type[Input]:
        model: type[Input] = self.hints["given"]
        model.model_rebuild()
        return model

    @cached_property
    def output(self) -> type[Value]:
        """The output model; of a Listing, the listed record."""
        returned = self.hints["return"]
        model: type[Value] = get_args(returned)[0] if get_origin(returned) is Listing else returned
        model.model_rebuild()
        return model

    @property
    def lists(self) -> bool:
        return get_origin(self.hints["return"]) is Listing

    @property
    def description(self) -> str:
        return " ".join((self.handler.__doc__ or "").split())
