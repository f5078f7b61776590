"""What the renderings answer, as types: for the description of the web API, and the clients made of it."""

from typing import Any, Literal

from hub.domain.agents import AgentRole, AgentStatus
from hub.domain.mcp_servers import McpServer
from hub.domain.model import Instant, Value
from hub.domain.specialists import Specialist
from hub.operations.agents import AgentView

Json = dict[str, Any]
"""Of an agent program's own making, or told where it comes from."""


class AgentCreated(Value):
    agent_id: str
    name: str
    role: AgentRole
    status: AgentStatus
    agent: AgentView


class AgentStatusUpdated(Value):
    updated: Literal[True]
    id: str
    status: AgentStatus


class Updated(Value):
    updated: Literal[True]


class TasksDeleted(Value):
    deleted: Literal[True]
    deleted_count: int


class NoteDeleted(Value):
    deleted: Literal[True]
    note_id: str


class Done(Value):
    success: Literal[True]
    message: str


class RecordDeleted(Done):
    deleted: Literal[True]


class McpServerChanged(Value):
    server: McpServer
    message: str


class SpecialistChanged(Value):
    specialist: Specialist
    message: str


class SkillsReloaded(Value):
    reloaded: Literal[True]
    count: int


class SessionDone(Value):
    ok: Literal[True]


class SessionDeleted(SessionDone):
    deleted: Literal[True]


class WebSession(Value):
    session_id: str
    name: str | None = None
    cwd: str
    branch: str | None = None
    workspace_id: str
    routa_agent_id: str | None = None
    provider: str
    role: str | None = None
    mode_id: str | None = None
    model: str | None = None
    created_at: Instant
    parent_session_id: str | None = None
    specialist_id: str | None = None
    acp_status: Literal["connecting", "ready", "error"]
    acp_error: str | None = None
    execution_mode: Literal["embedded"]
    owner_instance_id: str | None = None
    lease_expires_at: Instant | None = None
    first_prompt_sent: bool
    resume_capabilities: Json | None = None
    continuity_status: Literal["active", "stale", "restorable", "interrupted"]


class TeamSession(WebSession):
    direct_delegates: int
    descendants: int


class Teams(Value):
    sessions: tuple[TeamSession, ...]


class Sessions(Value):
    sessions: tuple[WebSession, ...]


class OneSession(Value):
    session: WebSession


class ForkedSession(Value):
    session_id: str
    parent_session_id: str | None = None
    name: str | None = None
    provider: str
    role: str | None = None
    cwd: str
    branch: str | None = None
    workspace_id: str
    created_at: Instant


class SessionContext(Value):
    current: WebSession
    parent: WebSession | None = None
    children: tuple[WebSession, ...]
    siblings: tuple[WebSession, ...]
    recent_in_workspace: tuple[WebSession, ...]


class SessionUpdate(Value):
    """A notification of ACP, as it was."""

    session_id: str
    update: Json


class SessionHistory(Value):
    history: tuple[SessionUpdate, ...]


class PlanEntry(Value):
    content: str
    priority: Literal["high", "medium", "low"] | None = None
    status: Literal["pending", "in_progress", "completed"] | None = None


class ChatMessage(Value):
    id: str
    role: Literal["user", "assistant", "thought", "tool", "plan", "info"]
    content: str
    timestamp: Instant
    tool_name: str | None = None
    tool_status: str | None = None
    tool_call_id: str | None = None
    tool_kind: str | None = None
    tool_raw_input: Json | None = None
    tool_raw_output: Any = None
    plan_entries: tuple[PlanEntry, ...] | None = None
    usage_used: float | None = None
    usage_size: float | None = None
    cost_amount: float | None = None
    cost_currency: str | None = None


class Transcript(Value):
    session_id: str
    history: tuple[SessionUpdate, ...]
    messages: tuple[ChatMessage, ...]
    source: Literal["history", "empty"]
    history_message_count: int
    trace_message_count: int
    latest_event_kind: str | None = None


class Trace(Value):
    version: str
    id: str
    timestamp: Instant
    session_id: str
    workspace_id: str
    contributor: Json
    event_type: str | None = None
    conversation: Json | None = None
    tool: Json | None = None
    files: tuple[Json, ...] | None = None
    vcs: Json | None = None


class Traces(Value):
    traces: tuple[Trace, ...]
    count: int


class OneTrace(Value):
    trace: Trace


class TraceCounts(Value):
    total_days: int
    total_files: int
    total_records: int
    unique_sessions: int
    event_types: dict[str, int]


class TraceStats(Value):
    stats: TraceCounts
