"""What the core needs from outside."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from hub.domain.events import Event
from hub.domain.model import Record, Value
from hub.domain.push_configs import PushVersion
from hub.domain.skills import Skill, SkillFile
from hub.domain.specialists import Specialist
from hub.turns import Result, Terms, Turn

R = TypeVar("R", bound=Record)
V = TypeVar("V", bound=Value)
Clock = Callable[[], datetime]


class Find(NamedTuple):
    """A search for the records of a kind whose columns equal these values, in key order. Equal searches that wait together are one."""

    type: type[Record]
    where: tuple[tuple[str, str], ...] = ()
    after: str = ""
    """Only keys beyond this one."""
    limit: int = 100
    key: str = ""
    """Only this one."""
    last: bool = False
    """The last ones instead of the first, in key order all the same."""


class Look(NamedTuple):
    """What several searches found at one moment."""

    found: Sequence[Sequence[str]]
    cursor: int
    """Of the log: what happened behind it is not in here."""


class Search(NamedTuple):
    """A full-text search: records that hold every word, the best first."""

    types: tuple[type[Record], ...]
    words: tuple[str, ...]
    workspace_id: str | None
    offset: int
    limit: int


class Hit(NamedTuple):
    kind: str
    body: str
    score: float
    """Higher is better; comparable within one answer only."""


@dataclass(slots=True)
class Write:
    """One staged change. No record: remove it or, when `guard`, only insist on the version."""

    type: type[Record]
    key: str
    expected: int
    record: Record | None
    guard: bool = False
    _body: str = ""

    @property
    def body(self) -> str:
        """The record's wire JSON, made once."""
        if not self._body and self.record is not None:
            self._body = self.record.to_json()
        return self._body


class Staged(Protocol):
    """A unit of work as a store sees it."""

    @property
    def tenant(self) -> str: ...
    @property
    def writes(self) -> Sequence[Write]: ...
    @property
    def events(self) -> Sequence[Event]: ...


class Filter(NamedTuple):
    """Which events of the log; None means any."""

    workspace_id: str | None = None
    kinds: tuple[str, ...] = ()
    record_id: str | None = None


EVERY_EVENT = Filter()


class Logged(NamedTuple):
    cursor: int
    name: str
    record_id: str
    body: str
    """The Event's wire JSON."""


class Page(NamedTuple):
    events: Sequence[Logged]
    cursor: int
    """Read up to here, matching or not: where to go on."""


class Store(Protocol):
    """Reads see what is committed; a read after an acknowledged commit on the same node sees that commit."""

    async def get(self, tenant: str, type_: type[R], key: str) -> R | None: ...

    async def find(self, tenant: str, query: Find) -> Sequence[str]:
        """The stored bodies as they are; the caller builds records if it needs them."""

    async def look(self, tenant: str, queries: Sequence[Find]) -> Look:
        """Several searches of one moment."""

    async def search(self, tenant: str, query: Search) -> Sequence[Hit]: ...

    async def commit(self, unit: Staged) -> int:
        """All or nothing. Raises Conflict, Duplicate or Busy (nothing was done), or Unavailable (not known).

        Answers a cursor at which the unit's effects are visible. A caller that is cancelled may leave a commit behind it.
        """

    async def close(self) -> None:
        """Refuse new units, finish those accepted, let go."""


class EventLog(Protocol):
    """Cursor order is commit order, without gaps, from 1."""

    async def after(self, cursor: int, tenant: str, filter_: Filter, limit: int) -> Page: ...

    async def news(self, cursor: int, tenant: str, filter_: Filter, limit: int) -> Page:
        """As `after`, but no further than this node has heard: for followers, who need not ask the database then."""

    async def latest(self) -> int: ...

    @property
    def heard(self) -> int:
        """The highest cursor that this node knows of, its own commits among them: others may have gone beyond it."""

    async def beyond(self, cursor: int, patience: float) -> None:
        """Return when the log may hold something beyond the cursor, and after `patience` seconds in any case. Raises Busy."""

    def silence(self) -> None:
        """The hub shuts down: whoever waits in `beyond`, or will, is told Busy at once. Reading goes on."""


class StoredRecord(NamedTuple):
    kind: str
    tenant: str
    body: str


class StoredEvent(NamedTuple):
    cursor: int
    tenant: str
    body: str


class Snapshot(NamedTuple):
    """What a store held at one moment, over all tenants. Read the records to their end, then the events."""

    head: int
    """The log's last cursor: that of its last event, or beyond it where the log was pruned."""
    records: AsyncIterator[Sequence[StoredRecord]]
    events: AsyncIterator[Sequence[StoredEvent]]


class Batch(NamedTuple):
    """A part of what is to be restored, each record and event with its tenant, the events in the log's order."""

    records: Sequence[tuple[str, Record]]
    events: Sequence[tuple[int, str, Event]]


IN_USE = "An archive goes into an empty database only, and this one is in use. Name a new one, like --db sqlite:new.db."


class Archive(Protocol):
    """The whole content of a store, to move it to another one without loss."""

    def snapshot(self, kinds: Sequence[type[Record]]) -> AbstractAsyncContextManager[Snapshot]:
        """Others go on writing, and nothing of that is in it. Raises Unavailable, also while it is read."""

    async def restore(self, batches: AsyncIterator[Batch], head: int) -> None:
        """Write all of it exactly as it was, versions and cursors included, or nothing. The log goes on behind `head`.

        Raises Refused, saying IN_USE, when the store is not empty. Whatever else goes wrong is raised as it comes.
        """


class Finding(NamedTuple):
    """Something that `doctor` saw."""

    ok: bool
    what: str
    next_step: str = ""


class HubStore(Store, EventLog, Archive, Protocol):
    """What a driver in `stores/` is."""

    async def examine(self) -> Sequence[Finding]:
        """Look at the schema for drift; read only."""


class Offer(NamedTuple):
    """That a worker of this process begins at once with what is given to an agent: then it is claimed as it is given."""

    worker: str
    lease_seconds: int


class AgentRunner(Protocol):
    """Does the work of some agents. A worker claims their tasks, calls it for each, and reports how the turn ended."""

    @property
    def kinds(self) -> Sequence[str]:
        """Kinds of records whose events say that `agents` may answer otherwise from now on."""

    async def agents(self) -> Mapping[str, Terms]:
        """Those that it runs now, by their ids."""

    async def run(self, turn: Turn) -> Result:
        """Do it. What it answers is the task's result. Raises Rejected, Failed; anything else is a defect.

        It is cancelled when the task is, when its claim is lost and when the hub stops.
        """


class Notification(NamedTuple):
    """What a receiver of push notifications is sent."""

    url: str
    protocol_version: PushVersion
    body: bytes
    token: str | None
    authorization: str | None
    """The header's value."""


class Told(NamedTuple):
    """What a receiver is to be told of a task, and what it knows then."""

    bodies: Sequence[bytes]
    """One notification each; none: it knows it."""
    version: int
    """The task's."""
    cursor: int
    """Of the log: the rest lies behind it."""
    state: str | None
    """`Task.state`, if it is told."""


class PushRenderer(Protocol):
    """Puts what happened into the words of a wire."""

    async def event(self, tenant: str, logged: Logged, state: str | None) -> Told:
        """An event of a task, for a receiver that knows of this state."""

    async def whole(self, tenant: str, task_id: str, protocol_version: PushVersion) -> Told:
        """How the task stands."""


class PushSender(Protocol):
    async def send(self, notification: Notification) -> str | None:
        """None: it was taken. Otherwise why not, as a reason that whoever asked for it may read."""


class Vault(Protocol):
    """Keeps secrets sealed wherever they are stored: only the sealed text is in records, archives and backups."""

    def seal(self, secret: str, place: str) -> str:
        """`place` says whose secret it is: the sealed text is worth nothing anywhere else. Raises Refused when there is no key."""

    def open(self, sealed: str, place: str) -> str:
        """Raises Refused when the key is not the one that sealed it."""

    def keys(self, purpose: str) -> Sequence[bytes]:
        """48 bytes for each key, as good as random and always the same for a purpose; the sealing key's come first. Raises Refused."""


class Program(NamedTuple):
    """A program of this machine."""

    path: str
    state: tuple[int, ...]
    """Another one when its file was replaced or changed."""


class Programs(Protocol):
    """The programs of this machine that the hub may start."""

    async def find(self, commands: Collection[str]) -> Mapping[str, Program]:
        """Those that there are, by the names or paths that were asked for. An answer may be some seconds old."""

    async def version(self, program: Program, args: Sequence[str]) -> str | None:
        """What it says when it is started with these arguments, if that is a version. It is asked once, whoever waits."""

    def known_version(self, program: Program, args: Sequence[str]) -> str | None:
        """The same as far as it is known now; if it is not, it is asked meanwhile."""


@dataclass(frozen=True, slots=True)
class Shelf(Generic[V]):
    """What is defined in files."""

    found: Mapping[str, V] = field(default_factory=dict)
    """By id."""
    problems: tuple[str, ...] = ()
    """A line for each file that defines nothing: its name, and why not."""


class Library(Protocol):
    """Definitions in files. What was read is kept until its file changes. Raises Busy when the files are not there in time."""

    async def specialists(self, own: bool) -> Shelf[Specialist]:
        """Those that come with the hub; with `own`, before them those in the folders of whoever runs it."""

    async def skills(self, repository: str | None, own: bool = True) -> Shelf[Skill]:
        """With `own` those of whoever runs the hub and, behind them, those of this folder. Raises Invalid when it is none."""

    @property
    def skills_folder(self) -> Path | None:
        """Where skills are installed, if anywhere."""

    async def skill_files(self, repository: str, name: str) -> Sequence[SkillFile]:
        """All files of a skill in this folder. Raises Invalid, NotFound."""

    async def install_skill(self, files: Sequence[SkillFile], replace: bool) -> Skill:
        """Make a skill of these files one of whoever runs the hub, whole or not at all. Raises Invalid, Duplicate, Refused."""


Json = dict[str, Any]
"""A parsed JSON object at a wire's boundary."""
