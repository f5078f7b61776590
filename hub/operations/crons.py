"""Cron expressions: when their next time is."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from hub.domain.errors import Invalid
from hub.domain.model import Instant, instant

CronExpression = Annotated[str, Field(min_length=1, max_length=200)]
ALLOWED = "Give five fields: minute, hour, day of month, month and day of week, like '0 9 * * MON-FRI' or '*/15 * * * *'. Times are of UTC."


def next_time(expression: str, after: Instant) -> Instant:
    """The first one behind `after`. Raises Invalid."""
    from cronsim import CronSim, CronSimError

    try:
        if len(expression.split()) != 5:
            raise CronSimError("Wrong number of fields")
        found = next(CronSim(expression, datetime.fromisoformat(after)), None)
    except CronSimError as error:
        raise Invalid(f"Invalid cron expression: {expression[:80]!r}: {error}. {ALLOWED}") from None
    if found is None:
        raise Invalid(f"Invalid cron expression: {expression[:80]!r} says a time that never comes. {ALLOWED}")
    return instant(found)
