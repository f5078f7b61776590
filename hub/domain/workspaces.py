"""A workspace holds the agents, tasks and notes that belong together."""

from typing import ClassVar, Literal

from hub.domain.model import Record

WorkspaceStatus = Literal["active", "archived", "deleting"]
"""While one is deleted, nothing more is made in it."""
DEFAULT = "default"


class Workspace(Record):
    kind: ClassVar[str] = "workspace"
    plural: ClassVar[str] = "workspaces"
    columns: ClassVar[tuple[str, ...]] = ("status",)
    remembered: ClassVar[bool] = True

    title: str
    status: WorkspaceStatus = "active"
    metadata: dict[str, str] = {}
    default_board_id: str | None = None
    """The board that new tasks go to. None: it was made before there were boards."""
