"""Asking GitHub by and by what is new in repositories, for hubs that GitHub cannot reach."""

from typing import ClassVar

from hub.domain.model import Record

POLLING = "github"
"""The id of a tenant's only one."""


class PollingSettings(Record):
    kind: ClassVar[str] = "polling_settings"
    plural: ClassVar[str] = "pollingSettings"

    id: str = POLLING
    enabled: bool = False
    interval_seconds: int = 30
