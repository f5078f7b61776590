"""The records, their rules, the facts and the ways to fail."""

from hub.domain.agents import Agent
from hub.domain.background_tasks import BackgroundTask
from hub.domain.boards import Board
from hub.domain.clones import Clone
from hub.domain.codebases import Codebase, Worktree
from hub.domain.conversations import Conversation, Message
from hub.domain.mail import Delivery, Letter
from hub.domain.mcp_servers import McpServer
from hub.domain.model import Record
from hub.domain.notes import Note, NoteDocument, NoteUpdate
from hub.domain.outcomes import Outcome
from hub.domain.permissions import Permission, PermissionPolicy
from hub.domain.polling import PollingSettings
from hub.domain.providers import Provider
from hub.domain.push_configs import PushConfig
from hub.domain.remote_agents import RemoteAgent, RemoteTask
from hub.domain.reservations import Reservation, ReservationScope
from hub.domain.schedules import Schedule
from hub.domain.sessions import Prompt, Session, SessionEntry, SessionServers
from hub.domain.shared_sessions import Participant, PromptApproval, SharedMessage, SharedSession
from hub.domain.specialists import Specialist
from hub.domain.subscriptions import Subscription
from hub.domain.task_messages import ArtifactChunk, SentMessage, TaskMessage
from hub.domain.tasks import Artifact, Dependents, Task
from hub.domain.tokens import Token
from hub.domain.webhooks import WebhookConfig, WebhookLog
from hub.domain.workflows import Workflow, WorkflowRun
from hub.domain.workspaces import Workspace

KINDS: tuple[type[Record], ...] = (
    Workspace, Board, Agent, Task, Dependents, Artifact, ArtifactChunk, TaskMessage, SentMessage, Note, NoteDocument, NoteUpdate,
    Conversation, Message, Letter, Delivery, ReservationScope, Reservation, Subscription, McpServer, Provider, RemoteAgent, RemoteTask,
    PushConfig, Specialist, Codebase, Worktree, Workflow, WorkflowRun, BackgroundTask, Schedule, WebhookConfig, WebhookLog,
    PollingSettings, Clone, Session, SessionServers, Prompt, SessionEntry, SharedSession, Participant, SharedMessage, PromptApproval,
    PermissionPolicy, Permission, Outcome, Token,
)  # fmt: skip
"""Every kind of record, in an order in which each comes after what it belongs to."""
