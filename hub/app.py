"""The hub: one call, and following the log."""

import logging
from asyncio import Lock, sleep
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from hashlib import sha256
from random import random
from typing import TypeVar
from weakref import WeakValueDictionary

from hub.access import Caller
from hub.addresses import Reach
from hub.domain.errors import Busy, Conflict, HubError, Internal, Invalid, Refused, Unavailable, UnknownOperation
from hub.domain.model import Value, instant, utc_now
from hub.domain.outcomes import Outcome
from hub.domain.workspaces import DEFAULT, Workspace
from hub.operations import OPERATIONS
from hub.operations.base import Aftermath, Call, Hosts, Input, Mutation, Offers, Operation, Output, Preparation
from hub.operations.workspaces import with_board
from hub.ports import EVERY_EVENT, Clock, Filter, HubStore, Library, Page, Programs, R, Vault
from hub.repositories import Repositories
from hub.unit import Recent, RecordKey, UnitOfWork
from hub.upstreams import Upstreams
from hub.validation import Arguments, validated

ATTEMPTS = 10
"""How often a call that lost a race is run before its Conflict is the answer."""
BACKOFF = 0.002
"""Seconds, doubled with each attempt, within which a loser waits for a random time: other processes know of no turns."""
PAGE = 500
"""Events a page of `follow`."""

T = TypeVar("T")

log = logging.getLogger("hub")


class Hub:
    """Every door's way in. It owns nothing but the turns of the calls that lost a race; the store is its maker's to close."""

    def __init__(
        self, store: HubStore, clock: Clock = utc_now, operations: Mapping[str, Operation] = OPERATIONS, *,
        vault: Vault | None = None, reach: Reach = "all", programs: Programs | None = None,
        library: Library | None = None, repositories: Repositories | None = None,
        upstreams: Upstreams | None = None,
    ) -> None:  # fmt: skip
        self.store, self._clock, self._operations = store, clock, operations
        self.vault, self.reach, self.programs, self.library = vault, reach, programs, library
        self.repositories, self.upstreams = repositories, upstreams
        self._turns: WeakValueDictionary[tuple[str, str, str], Lock] = WeakValueDictionary()
        self._recent = Recent()
        self.offers: dict[str, Offers] = {}
        """By tenant: the workers of this process say what they would begin with."""
        self.hosts: dict[str, Hosts] = {}
        """By tenant: who of this process runs sessions says that it would run another one."""
        self._furnished: set[str] = set()

    @property
    def tenants(self) -> frozenset[str]:
        """Those that have called this hub since it was made."""
        return frozenset(self._furnished)

    def remembered(self, tenant: str, type_: type[R], key: str) -> R | None:
        """The record as this process last knew it, if it does. Another one may have changed it since."""
        return self._recent.get(tenant, type_, key)

    async def call(self, name: str, arguments: Arguments, caller: Caller) -> Output:
        """Find, authorize, validate, run, commit. Raises a HubError and nothing else, cancellation apart.

        `arguments` are a JSON object with wire names, as bytes or parsed. A cancelled call may have been committed.
        """
        operation = self._operations.get(name)
        if operation is None:
            raise UnknownOperation(name)
        caller.require(operation.grant)
        given = validated(operation.input, arguments)
        try:
            if caller.tenant not in self._furnished:
                await self._furnish(caller.tenant)
            if operation.first:
                await self._run(partial(self._prepare, operation, operation.first), given, caller, operation.writes)
            return await self._handled(operation, given, caller)
        except HubError:
            raise
        except Exception:
            log.exception("%s failed", name)
            raise Internal from None

    async def follow(self, caller: Caller, after: int, filter_: Filter = EVERY_EVENT, patience: float = 15.0) -> AsyncIterator[Page]:
        """The tenant's events beyond the cursor, for ever, a page at a time; an empty page after `patience` seconds of silence.

        A reader that is slow holds no memory: what it has not asked for is read from the log when it does.
        """
        caller.require("events.read")
        page = await self.store.after(after, caller.tenant, filter_, PAGE)
        if page.events:
            yield page
        while True:
            if len(page.events) < PAGE:  # that was all
                await self.store.beyond(page.cursor, patience)
            page = await self.store.news(page.cursor, caller.tenant, filter_, PAGE)
            yield page

    async def _prepare(self, operation: Operation, first: Preparation, given: Input, call: Call) -> None:
        """What was done before to the same idempotency key is not begun again."""
        id_ = _outcome_id(operation, given, call.caller)
        if id_ is None or await call.unit.get(Outcome, id_) is None:
            await first(given, call)

    async def _handled(self, operation: Operation, given: Input, caller: Caller) -> Output:
        try:
            return await self._run(partial(self._once, operation), given, caller, operation.writes and not operation.acts)
        except HubError as error:
            if operation.failed:
                await self._settle(operation.failed, error, given, caller)
            raise

    async def _settle(self, aftermath: Aftermath, error: HubError, given: Input, caller: Caller) -> None:
        """That this fails, too, is no news for the caller: it hears of the first error."""
        try:
            await self._run(lambda given, call: aftermath(given, call, error), given, caller, trusting=False)
        except HubError as another:
            log.warning("behind %r nothing could be noted: %s", error.message, another.message)

    async def _run(self, work: Callable[[Input, Call], Awaitable[T]], given: Input, caller: Caller, trusting: bool) -> T:
        """Run and commit. A first attempt may rest on what is remembered; where that does not lead to a commit, the next one reads.

        Who lost a race goes again, in turn with the others that lost over the same records.

        Without turns, of 50 callers over one record 45 run out of attempts; with turns for the losers alone, newcomers starve
        whoever holds the turn. So a first attempt also waits, holding nothing, for the turns of the records that it reads.
        """
        now, offers, hosts = instant(self._clock()), self.offers.get(caller.tenant), self.hosts.get(caller.tenant)
        outside = self.programs, self.library, self.repositories, self.upstreams
        lost: set[RecordKey] = set()
        turns: AsyncExitStack | None = None
        try:
            for attempt in range(1, ATTEMPTS + 1):
                turns_of_others = None if lost else self._turns
                unit = UnitOfWork(self.store, caller.tenant, now, turns_of_others, self._recent, trusting=trusting and attempt == 1)
                try:
                    output = await work(given, Call(unit, caller, self.vault, self.reach, offers, hosts, *outside))
                    if unit.staged:
                        await self.store.commit(unit)
                        unit.committed()
                    return output
                except (Busy, Unavailable):
                    raise
                except HubError as error:
                    unit.distrust()
                    if unit.trusted:
                        continue
                    if attempt == ATTEMPTS or isinstance(error, Refused) or not isinstance(error, Conflict):
                        raise
                    if not lost.issuperset(unit.written):
                        lost.update(unit.written)
                        turns = turns or AsyncExitStack()
                        await self._take(turns, caller.tenant, lost)
                    elif attempt > 1:
                        await sleep(random() * BACKOFF * 2**attempt)  # noqa: S311
        finally:
            if turns:
                await turns.aclose()
        raise AssertionError("the last attempt answers or raises")

    async def _take(self, turns: AsyncExitStack, tenant: str, lost: set[RecordKey]) -> None:
        """Those that are held are let go first, and all are taken in one order, so that nobody waits in a circle."""
        await turns.aclose()
        for key in sorted(lost):
            await turns.enter_async_context(self._turns.setdefault((tenant, *key), Lock()))

    async def _once(self, operation: Operation, given: Input, call: Call) -> Output:
        """Run the handler, or answer what it answered to the same idempotency key."""
        id_ = _outcome_id(operation, given, call.caller)
        if id_ is None:
            return await operation.handler(given, call)
        digest = sha256(given.model_dump_json(exclude={"idempotency_key"}).encode()).hexdigest()
        if known := await call.unit.get_repeated(Outcome, id_):
            return _replayed(operation, known, digest)
        try:
            output = await operation.handler(given, call)
        except HubError:
            if known := await call.unit.get(Outcome, id_):  # it was refused for what the first call did meanwhile
                return _replayed(operation, known, digest)
            raise
        call.unit.put(Outcome(id=id_, digest=digest, result=output.to_json()))
        return output

    async def _furnish(self, tenant: str) -> None:
        """A tenant has its default workspace before its first call."""
        unit = UnitOfWork(self.store, tenant, instant(self._clock()))
        if await unit.get(Workspace, DEFAULT) is None:
            call = Call(unit, Caller(tenant, "hub"))
            call.create(with_board(Workspace(id=DEFAULT, title="Default Workspace"), call))
            with suppress(Conflict):  # another node was first
                await self.store.commit(unit)
        self._furnished.add(tenant)


def _outcome_id(operation: Operation, given: Input, caller: Caller) -> str | None:
    """Under which it is kept what came of it; None: without an idempotency key it is not."""
    key = given.idempotency_key if isinstance(given, Mutation) else None
    return None if key is None else f"{operation.name}/{len(caller.subject)}/{caller.subject}/{key}"  # the length keeps both apart


def _replayed(operation: Operation, known: Outcome, digest: str) -> Value:
    if known.digest != digest:
        raise Invalid("This idempotency key was used with other arguments. Take a new key for a new request.")
    return operation.output.model_validate_json(known.result)
