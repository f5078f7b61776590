"""Polling: whether and how often the hub asks GitHub what is new."""

from typing import Annotated

from pydantic import Field, JsonValue

from hub.domain.model import Instant, Value
from hub.domain.polling import POLLING, PollingSettings
from hub.operations.base import Call, Input, Mutation, Operation, Result

NOT_YET = "This hub does not poll GitHub yet: what is set here is kept, and nothing is asked. Webhooks work: see /api/webhooks/configs."


class GetPollingConfig(Input):
    pass


class UpdatePollingConfig(Mutation):
    enabled: bool | None = None
    interval_seconds: Annotated[int, Field(ge=10, le=86_400)] | None = None


class CheckPolling(Input):
    pass


class ShownPolling(Value):
    enabled: bool
    interval_seconds: int
    is_running: bool = False
    message: str = NOT_YET


class PollingConfig(Result):
    ok: bool = True
    config: ShownPolling


class PollingSummary(Value):
    repos_checked: int = 0
    total_events_found: int = 0
    total_events_processed: int = 0
    total_events_skipped: int = 0


class PollingCheck(Result):
    ok: bool = True
    checked_at: Instant
    summary: PollingSummary = PollingSummary()
    results: tuple[dict[str, JsonValue], ...] = ()
    message: str = NOT_YET


async def get_polling_config(given: GetPollingConfig, call: Call) -> PollingConfig:
    """Read whether and how often the hub is to ask GitHub what is new."""
    return _shown(await call.unit.get(PollingSettings, POLLING) or PollingSettings())


async def update_polling_config(given: UpdatePollingConfig, call: Call) -> PollingConfig:
    """Say whether and how often the hub is to ask GitHub what is new. Nothing is asked yet."""
    stored = await call.unit.get(PollingSettings, POLLING)
    changed = {name: value for name in ("enabled", "interval_seconds") if (value := getattr(given, name)) is not None}
    settings = stored or PollingSettings()
    return _shown(call.write(settings.model_copy(update=changed), "updated" if stored else "created"))


async def check_polling(given: CheckPolling, call: Call) -> PollingCheck:
    """Ask GitHub now what is new. This hub asks nothing yet, and says so."""
    return PollingCheck(checked_at=call.now)


def _shown(settings: PollingSettings) -> PollingConfig:
    return PollingConfig(config=ShownPolling(enabled=settings.enabled, interval_seconds=settings.interval_seconds))


OPERATIONS = (
    Operation(get_polling_config, "polling.read"),
    Operation(update_polling_config, "polling.write", writes=True, repeatable=True),
    Operation(check_polling, "polling.read"),
)
