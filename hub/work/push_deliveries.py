"""Delivering one push configuration: what happened to its task since its receiver was told last, in the log's order.

Each delivery is recorded before the next one begins, so after a crash at most one is sent twice. A node delivers under a lease, which
every record of a delivery renews; a node that has lost it learns so when it records.
"""

import logging
from collections.abc import Awaitable
from contextlib import suppress
from random import random
from typing import NamedTuple, TypeVar

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import HubError, Refused
from hub.domain.model import Instant, new_id
from hub.domain.push_configs import PushConfig
from hub.domain.tasks import Task
from hub.operations.base import secret_place
from hub.operations.push_deliveries import OPERATIONS, Delivery
from hub.ports import Clock, Filter, Logged, Notification, PushRenderer, PushSender, Told

log = logging.getLogger("push")

T = TypeVar("T")

LEASE = 30.0
"""Seconds; longer than one delivery may take."""
RETRIES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0, 300.0, 300.0, 300.0)
"""Seconds between a delivery that failed and the next try, half of them to all of them: after 15 failures, which take 17 to 34
minutes, the configuration is disabled."""
PAGE = 100
DELETED = f"{Task.kind}.deleted"
UNSPEAKABLE = "the hub failed to make the notification; the reason is in its log"


class Key(NamedTuple):
    """Which configuration."""

    tenant: str
    task_id: str
    id: str


class Attempt(NamedTuple):
    """What came of one: if it is not over, look again at that time, or when something happens to the task."""

    retry_at: Instant | None = None
    over: bool = False


class _Failed(Exception):
    """The receiver was not told. The text says why."""


class _Stopped(Exception):
    """There is nothing more to deliver here, or somebody else does it."""

    def __init__(self, delivery: Delivery) -> None:
        self.attempt = Attempt(delivery.retry_at, over=delivery.retry_at is None)


class Courier:
    """Delivers under one name: of two at one database, only one has the lease."""

    def __init__(self, hub: Hub, sender: PushSender, renderer: PushRenderer, clock: Clock, lease: float = LEASE) -> None:
        self._hub, self._sender, self._renderer, self._lease = hub, sender, renderer, lease
        self._records = Hub(hub.store, clock, OPERATIONS)
        self.node = new_id()

    async def deliver(self, key: Key, floor: int) -> Attempt:
        """Everything that is due. Nothing about the task lies between the recorded cursor and `floor`. Raises HubError."""
        try:
            config = await self._record("begin_delivery", key, leaseSeconds=self._lease)
            number = config.lease_count
            try:
                cursor = await self._all(key, config, floor)
            except _Failed as failed:
                slack = 0.5 + random() / 2  # noqa: S311
                waits = [seconds * slack for seconds in RETRIES]
                await self._record("record_failure", key, leaseCount=number, reason=str(failed), retrySeconds=waits)
            else:
                await self._record("end_delivery", key, leaseCount=number, cursor=cursor)
        except _Stopped as stopped:
            return stopped.attempt
        return Attempt()

    async def release(self, key: Key) -> None:
        """Let another node have it at once."""
        with suppress(_Stopped):
            await self._record("release_delivery", key)

    async def _all(self, key: Key, config: PushConfig, floor: int) -> int:
        """The cursor up to where there is nothing more. Raises _Failed, _Stopped."""
        letter = self._addressed(key, config)
        if config.whole:
            config = await self._sent(key, config, letter, await self._whole(key, config), whole=True)
        cursor = max(config.cursor, floor)
        while True:
            page = await self._hub.store.after(cursor, key.tenant, Filter(kinds=(Task.kind,), record_id=key.task_id), PAGE)
            cursor = page.cursor
            for logged in page.events:
                if logged.cursor > config.cursor and logged.name != DELETED:
                    config = await self._tell(key, config, logged, letter)
            if not page.events:
                return cursor

    async def _tell(self, key: Key, config: PushConfig, logged: Logged, letter: Notification) -> PushConfig:
        whole = config.protocol_version == "0.3"  # which knows no updates: it is told the task
        told = await (self._whole(key, config) if whole else _worded(self._renderer.event(key.tenant, logged, config.state)))
        if told.version <= config.known or not told.bodies:
            return config
        return await self._sent(key, config, letter, told, whole)

    async def _whole(self, key: Key, config: PushConfig) -> Told:
        return await _worded(self._renderer.whole(key.tenant, key.task_id, config.protocol_version))

    async def _sent(self, key: Key, config: PushConfig, letter: Notification, told: Told, whole: bool) -> PushConfig:
        for body in told.bodies:
            if reason := await self._sender.send(letter._replace(body=body)):
                raise _Failed(reason)
        said = {"version": told.version, "cursor": told.cursor, "state": told.state, "whole": whole}
        return await self._record("record_delivery", key, leaseCount=config.lease_count, leaseSeconds=self._lease, **said)

    def _addressed(self, key: Key, config: PushConfig) -> Notification:
        """Without a body."""
        place, said = secret_place(key.tenant, PushConfig, config.key), config.authentication
        try:
            token = self._opened(config.token, place)
            credentials = self._opened(said.credentials, place) if said else None
        except Refused as refused:
            raise _Failed(refused.message.rstrip(".")) from None
        authorization = " ".join(filter(None, (said.scheme, credentials))) if said else None
        return Notification(config.url, config.protocol_version, b"", token, authorization)

    def _opened(self, sealed: str | None, place: str) -> str | None:
        if sealed is None:
            return None
        if self._hub.vault is None:
            raise Refused("this hub was started without a vault, so its secrets cannot be opened")
        return self._hub.vault.open(sealed, place)

    async def _record(self, operation: str, key: Key, **given: object) -> PushConfig:
        """The configuration, to go on with. Raises _Stopped."""
        arguments = {"taskId": key.task_id, "pushConfigId": key.id, "node": self.node, **given}
        delivery = await self._records.call(operation, arguments, Caller(key.tenant, "hub"))
        assert isinstance(delivery, Delivery)
        if delivery.config is None:
            raise _Stopped(delivery)
        return delivery.config


async def _worded(rendering: Awaitable[T]) -> T:
    try:
        return await rendering
    except HubError:
        raise
    except Exception:
        log.exception("a notification cannot be made")
        raise _Failed(UNSPEAKABLE) from None
