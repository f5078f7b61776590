"""What renderings answer: the web API's own shapes, for its description and the clients that are made of it."""

from typing import Annotated, Any, Literal

from pydantic import Field

from hub.domain.agents import Agent, AgentRole, AgentStatus
from hub.domain.mcp_servers import McpServer
from hub.domain.model import Instant, Value
from hub.domain.shared_sessions import ApprovalStatus
from hub.domain.specialists import Specialist
from hub.operations.shared_sessions import ApprovalView

Told = dict[str, Any]
"""Whatever an agent said, in the words of ACP."""


class Done(Value):
    ok: Literal[True]


class Succeeded(Value):
    success: Literal[True]
    message: str


class SessionDeleted(Done):
    deleted: Literal[True]


class SpecialistDeleted(Succeeded):
    deleted: Literal[True]


class Updated(Value):
    updated: Literal[True]


class AgentCreated(Value):
    agent_id: str
    name: str
    role: AgentRole
    status: AgentStatus
    agent: Agent


class AgentUpdated(Updated):
    id: str
    status: AgentStatus


class ManyDeleted(Value):
    deleted: Literal[True]
    deleted_count: int


class NoteDeleted(Value):
    deleted: Literal[True]
    note_id: str


class ServerSaved(Value):
    server: McpServer
    message: str


class SpecialistSaved(Value):
    specialist: Specialist
    message: str


class SkillsReloaded(Value):
    reloaded: Literal[True]
    count: int


class RegistryRefreshed(Value):
    success: bool
    version: str
    agent_count: int
    message: str


class AgentUninstalled(Succeeded):
    agent_id: str


class ResumeCapabilities(Value):
    supported: bool
    supports_fork: bool
    mode: Literal["native", "replay", "both"] | None = None


class WebSession(Value):
    session_id: str
    name: str | None = None
    cwd: str | None = None
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
    resume_capabilities: ResumeCapabilities | None = None
    continuity_status: Literal["active", "stale", "restorable", "interrupted"]


class OneSession(Value):
    session: WebSession


class ManySessions(Value):
    sessions: tuple[WebSession, ...]


class Team(WebSession):
    direct_delegates: int
    descendants: int


class Teams(Value):
    sessions: tuple[Team, ...]


class Forked(Value):
    session_id: str
    parent_session_id: str
    name: str | None = None
    provider: str
    role: str | None = None
    cwd: str | None = None
    branch: str | None = None
    workspace_id: str
    created_at: Instant


class Context(Value):
    current: WebSession
    parent: WebSession | None = None
    children: tuple[WebSession, ...]
    siblings: tuple[WebSession, ...]
    recent_in_workspace: tuple[WebSession, ...]


class Notification(Value):
    session_id: str
    update: Told


class History(Value):
    history: tuple[Notification, ...]


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
    tool_raw_input: Told | None = None
    tool_raw_output: Any = None
    plan_entries: tuple[PlanEntry, ...] | None = None
    usage_used: float | None = None
    usage_size: float | None = None
    cost_amount: float | None = None
    cost_currency: Any = None


class Transcript(Value):
    session_id: str
    history: tuple[Notification, ...]
    messages: tuple[ChatMessage, ...]
    source: Literal["history", "empty"]
    history_message_count: int
    trace_message_count: int
    latest_event_kind: str | None = None


class Contributor(Value):
    provider: str
    model: str | None = None


class Trace(Value):
    version: str
    id: str
    timestamp: Instant
    session_id: str
    workspace_id: str
    contributor: Contributor
    vcs: dict[str, str] | None = None
    event_type: str | None = None
    conversation: Told | None = None
    tool: Told | None = None
    files: tuple[Told, ...] | None = None


class OneTrace(Value):
    trace: Trace


class Traces(Value):
    traces: tuple[Trace, ...]
    count: int


class TraceFile(Value):
    version: str
    traces: tuple[Trace, ...]


class ExportedTraces(Value):
    export: TraceFile
    trace_format: Annotated[str, Field(alias="format")]
    version: str


class TraceCounts(Value):
    total_days: int
    total_files: int
    total_records: int
    unique_sessions: int
    event_types: dict[str, int]


class TraceStats(Value):
    stats: TraceCounts


class PromptSent(Value):
    status: ApprovalStatus
    approval: ApprovalView | None
