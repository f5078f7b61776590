"""A schedule makes a background task of its prompt whenever its cron expression says so, in UTC."""

import re
from typing import ClassVar

from hub.domain.model import Instant, Record


class Schedule(Record):
    kind: ClassVar[str] = "schedule"
    plural: ClassVar[str] = "schedules"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "enabled")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",), ("enabled",))

    workspace_id: str
    name: str
    cron_expr: str
    """Minute, hour, day of month, month, day of week: of UTC."""
    task_prompt: str
    agent_id: str
    """Of the provider or the specialist that its tasks are for."""
    enabled: bool = True
    last_run_at: Instant | None = None
    next_run_at: Instant | None = None
    """None: it is not enabled."""
    last_task_id: str | None = None
    prompt_template: str | None = None
    """Stands for task_prompt, with {timestamp}, {cronExpr} and {scheduleName} filled in."""

    def prompt(self, now: Instant) -> str:
        filling = {"timestamp": now, "cronExpr": self.cron_expr, "scheduleName": self.name}
        if self.prompt_template is None:
            return self.task_prompt
        return re.sub(r"\{(\w+)\}", lambda found: filling.get(found[1], found[0]), self.prompt_template)
