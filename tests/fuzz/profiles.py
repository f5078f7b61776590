"""How many cases, and which."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

LONG = "fuzz"
"""The hypothesis profile of `make fuzz`."""
MANY, FEW = 10_000, 300
LEAST = 3


def cases(share: float) -> Callable[[Any], Any]:
    """This part of all cases. Without the profile they are the same in each run; with it `--hypothesis-seed` says which."""
    long = settings.get_current_profile_name() == LONG
    return settings(
        max_examples=max(round((MANY if long else FEW) * share), LEAST), deadline=None, derandomize=not long, database=None,
        print_blob=long,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )  # fmt: skip
