"""The catalogue: everything that the hub can do, in the order in which doors show it."""

from itertools import chain

from hub.operations import (
    agents,
    claims,
    conversations,
    events,
    inputs,
    mail,
    mcp_servers,
    notes,
    outputs,
    permissions,
    prompts,
    push_configs,
    remote_agents,
    reports,
    reservations,
    search,
    session_claims,
    session_entries,
    session_views,
    sessions,
    system,
    task_messages,
    tasks,
    tokens,
    waiting,
    workspaces,
)  # fmt: skip
from hub.operations.base import Operation

_NOUNS = (
    workspaces,
    agents,
    tasks,
    claims,
    inputs,
    waiting,
    reports,
    task_messages,
    outputs,
    push_configs,
    notes,
    conversations,
    mail,
    reservations,
    events,
    search,
    mcp_servers,
    remote_agents,
    sessions,
    session_views,
    prompts,
    session_claims,
    session_entries,
    permissions,
    tokens,
    system,
)

OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in chain.from_iterable(noun.OPERATIONS for noun in _NOUNS)}
