"""A specialist is a role with the prompt that an agent takes it on with."""

from typing import ClassVar, Literal

from hub.domain.agents import AgentRole, ModelTier
from hub.domain.model import Record

SpecialistSource = Literal["workspace", "user", "file", "bundled"]
"""Where it comes from, the strongest first: of those with one id it is the one that counts. `user` is made for every workspace,
`file` stands in a folder of whoever runs the hub, `bundled` comes with it."""


class Specialist(Record):
    """One out of a file has version 0, and the file's time."""

    kind: ClassVar[str] = "specialist"
    plural: ClassVar[str] = "specialists"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)

    name: str
    description: str | None = None
    """When to take this one."""
    role: AgentRole
    default_model_tier: ModelTier = "SMART"
    system_prompt: str
    role_reminder: str = ""
    """Said again with every task."""
    locale: str | None = None
    """The prompt's language, like en or zh-CN."""
    default_provider: str | None = None
    """The agent that a session is started with, unless another one is named."""
    default_adapter: str | None = None
    model: str | None = None
    enabled: bool = True
    source: SpecialistSource = "user"
    workspace_id: str | None = None
    """None: it is there in every workspace."""

    @property
    def key(self) -> str:
        return specialist_key(self.workspace_id, self.id)

    def column(self, name: str) -> str:
        """Empty for none, so that a search can ask for those of no workspace."""
        return super().column(name) or ""


def specialist_key(workspace_id: str | None, id_: str) -> str:
    return f"{workspace_id or ''}/{id_}"
