"""A row of the web API: method, path, operation, envelope. What a row cannot say is a rendering."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from hub.app import Hub
from hub.domain.errors import Invalid
from hub.domain.model import Value
from hub.operations import OPERATIONS
from hub.operations.base import Operation, Output


@dataclass(frozen=True)
class Route:
    """One row. Several rows may share method and path: the first whose `when` is in the query, or in the body, is taken."""

    method: str
    path: str
    operation: str
    envelope: str | None = None
    """The key that the answer is put under; None for the answer as it is."""
    status: int = 200
    names: Mapping[str, str] = field(default_factory=dict)
    """The web API's names of fields -> the operation's."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that the web API does not know."""
    ignored: frozenset[str] = frozenset()
    """What the web frontend sends and the hub has no use for."""
    required: frozenset[str] = frozenset()
    """What the web API insists on and the operation does not."""
    when: str | None = None
    render: Callable[[Output], str] | None = None
    shape: type[Value] | None = None
    """What `render` answers, for the description of the API and the clients made of it."""
    media: str = "application/json; charset=utf-8"
    """What the answer is, where it is no JSON."""
    file: str | None = None
    """Under which name a browser keeps it."""
    takes_body: bool = False
    """A DELETE whose arguments are a body: secrets do not belong into an address."""
    upload: str | None = None
    """The argument that a form's `file` may be, too: it is given to the operation in base64."""
    replaces: bool = False
    """It makes or replaces: 201 for what is new, 200 for what was there."""
    rpc: str | None = None
    """The web API's JSON-RPC method for the same thing."""

    @property
    def row(self) -> Operation:
        return OPERATIONS[self.operation]

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The web API's names made the operation's. Raises Invalid."""
        if missing := self.required - given.keys():
            raise Invalid(f"{min(missing)}: it must be given")
        named = {self.names.get(name, name): value for name, value in given.items() if name not in self.ignored}
        return {**self.fixed, **named}

    def answer(self, output: Output) -> str:
        if self.render:
            return self.render(output)
        body = output.to_json()
        return f'{{"{self.envelope}":{body}}}' if self.envelope else body

    def status_of(self, output: Output) -> int:
        return 201 if self.replaces and getattr(output, "version", 0) == 1 else self.status


@dataclass(frozen=True)
class Stream:
    """A stream of server-sent events (WHATWG HTML §9.2)."""

    path: str
    name: str
    """Its operationId."""
    about: str
    frames: Callable[[Hub, web.Request], AsyncIterator[bytes]]
    """What is wrong with the request is raised before the first one."""
    query: tuple[str, ...] = ()
    """Its parameters, beside those that say where to go on."""
    method: str = "GET"
    operation: str | None = None
    """Whose input its body is."""


ALL = {"limit": 10_000}
"""The web API does not page."""
AGENT, TASK, WORKSPACE = {"id": "agentId"}, {"id": "taskId"}, {"id": "workspaceId"}
MCP_SERVER, SESSION = {"id": "mcpServerId"}, {"id": "sessionId"}
PERMISSION = {"id": "permissionId"}
CODEBASE = {"id": "codebaseId"}
SPECIALIST, SKILL = {"id": "specialistId"}, {"repoPath": "repository"}
BACKGROUND_TASK, SCHEDULE, WORKFLOW = {"id": "backgroundTaskId"}, {"id": "scheduleId"}, {"id": "workflowId"}
WEBHOOK_CONFIG = {"id": "webhookConfigId"}
STAMPS = frozenset({"version", "createdAt", "updatedAt"})
EXPAND = frozenset({"expand"})
LEGACY_TASK = frozenset({"expand", "retryTrigger", "retryProviderId", "deliverySnapshot"})
