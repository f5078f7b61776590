"""MCP servers: others whose tools the hub shows to its own clients."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from hub.domain.errors import Duplicate, Forbidden, Invalid
from hub.domain.mcp_servers import BETWEEN, LONGEST_PREFIX, McpServer, McpServerType
from hub.domain.model import new_id
from hub.operations.base import Call, Deleted, Id, Input, Mutation, Name, Operation, Page, Result, Text, changes, expect_version
from hub.operations.outgoing import (
    NO_PROGRAMS,
    Secrets,
    expect_header,
    expect_reachable,
    expect_secrets_stay,
    expect_variable,
    sealed,
)  # fmt: skip

Prefix = Annotated[str, Field(min_length=1, max_length=LONGEST_PREFIX, pattern="^[a-z0-9]+([_-][a-z0-9]+)*$")]
"""Small letters and digits, with single dashes or underscores between them."""
Arguments = Annotated[tuple[Text, ...], Field(max_length=200)]
Seconds = Annotated[float, Field(ge=0.1, le=3600)]
SEALED = ("headers", "env")

OWN_HEADERS = frozenset({"accept", "connection", "content-length", "content-type", "host", "last-event-id", "transfer-encoding"})
"""The hub says these itself, as it does all that begin with mcp-."""


class CreateMcpServer(Mutation):
    id: Annotated[Id, Field(pattern="^[^/]*$")] | None = None
    """Chosen by the hub unless given. It has no slash."""
    name: Name
    description: Text | None = None
    type: McpServerType
    """stdio: a program that the hub starts; http: an address; sse: a name of before, tried as http."""
    command: Name | None = None
    """The program, for stdio. What it is given goes into args."""
    args: Arguments | None = None
    url: Name | None = None
    """Where it is, for http."""
    headers: Secrets | None = None
    """Sent with every request; the values are kept as secrets."""
    env: Secrets | None = None
    """The program's environment variables; the values are kept as secrets."""
    enabled: bool = True
    workspace_id: Id = "default"
    prefix: Prefix | None = None
    """Its tools are called PREFIX__TOOL. Made of the name unless given."""
    connect_seconds: Seconds | None = None
    call_seconds: Seconds | None = None


class GetMcpServer(Input):
    mcp_server_id: Id


class ListMcpServers(Page):
    workspace_id: Id = "default"


class UpdateMcpServer(Mutation):
    mcp_server_id: Id
    name: Name | None = None
    description: Text | None = None
    type: McpServerType | None = None
    command: Name | None = None
    args: Arguments | None = None
    url: Name | None = None
    headers: Secrets | None = None
    """Replaces all of them. A value that was read back (••••) stays as it is."""
    env: Secrets | None = None
    """Replaces all of them. A value that was read back (••••) stays as it is."""
    enabled: bool | None = None
    prefix: Prefix | None = None
    connect_seconds: Seconds | None = None
    call_seconds: Seconds | None = None
    expected_version: int | None = None


class DeleteMcpServer(Mutation):
    mcp_server_id: Id


class McpServers(Result):
    servers: tuple[McpServer, ...]
    next_cursor: str | None = None


async def create_mcp_server(given: CreateMcpServer, call: Call) -> McpServer:
    """Register another MCP server: its tools appear among the hub's as PREFIX__TOOL. Secret values are never shown again."""
    await call.workspace(given.workspace_id)
    id_ = given.id or new_id()
    if given.id and await call.unit.get(McpServer, id_):
        raise Duplicate(f"There is an MCP server {id_!r} already. Take another id, or leave it out.")
    fields = {name: value for name in McpServer.model_fields if (value := getattr(given, name, None)) is not None}
    fields |= {"id": id_, "prefix": given.prefix or await _free_prefix(given.name, call)}
    fields |= {field: _sealed(field, getattr(given, field) or {}, {}, id_, call) for field in SEALED}
    server = McpServer(**fields)
    await _check(server, call)
    return call.create(server).shown()


async def get_mcp_server(given: GetMcpServer, call: Call) -> McpServer:
    """Read how an MCP server is reached. Of a secret it tells only that it is set."""
    return (await call.need(McpServer, given.mcp_server_id)).shown()


async def list_mcp_servers(given: ListMcpServers, call: Call) -> McpServers:
    """List the workspace's MCP servers."""
    await call.within(given.workspace_id)
    listing = await call.list(McpServer, given, workspace_id=given.workspace_id)
    return McpServers(servers=tuple(server.shown() for server in listing.records()), next_cursor=listing.next_cursor)


async def update_mcp_server(given: UpdateMcpServer, call: Call) -> McpServer:
    """Change how an MCP server is reached, or switch it off with enabled=false. What is connected is connected anew."""
    server = await call.need(McpServer, given.mcp_server_id)
    expect_version(server, given.expected_version)
    changed = changes(given, McpServer)
    for field in SEALED:
        if field in changed:
            changed[field] = _sealed(field, changed[field], getattr(server, field), server.id, call)
    updated = server.model_copy(update=changed)
    await _check(updated, call)
    expect_secrets_stay(server.url, updated.url, server.headers, updated.headers)
    return call.update(server, **changed).shown()


async def delete_mcp_server(given: DeleteMcpServer, call: Call) -> Deleted:
    """Forget an MCP server and its secrets: its tools disappear."""
    server = await call.need(McpServer, given.mcp_server_id)
    call.delete(server)
    return Deleted(id=server.id)


async def _check(server: McpServer, call: Call) -> None:
    """What it needs is there, and this hub may connect to it."""
    if server.type == "stdio" and not server.command:
        raise Invalid("command: a stdio server needs the program to start; its arguments go into args")
    if server.type != "stdio":
        expect_reachable(server.url, call, "https://mcp.example.com/mcp")
    elif call.reach != "all":
        raise Forbidden(f"{NO_PROGRAMS}, or give the url of a server that runs already.")
    if taken := [one for one in await call.unit.find(McpServer, prefix=server.prefix) if one.id != server.id]:
        raise Duplicate(f"prefix: {server.prefix!r} is the MCP server {taken[0].name!r}'s. Take another one.")


def _sealed(field: str, given: Mapping[str, str], stored: Mapping[str, str], id_: str, call: Call) -> dict[str, str]:
    for name, value in given.items():
        _check_secret(field, name, value)
    return sealed(field, given, stored, (McpServer, id_), call)


def _check_secret(field: str, name: str, value: str) -> None:
    if field == "env":
        expect_variable("env", name)
    elif name.lower().startswith("mcp-"):
        raise Invalid(f"headers: {name[:80]!r} is the hub's to say. Authorization and X-… can be set here.")
    else:
        expect_header("headers", name, value, OWN_HEADERS)


async def _free_prefix(name: str, call: Call) -> str:
    words = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-") or "mcp"
    prefix, number = words[:LONGEST_PREFIX].strip("-"), 1
    while await call.unit.find(McpServer, limit=1, prefix=prefix):
        number += 1
        ending = f"-{number}"
        prefix = words[: LONGEST_PREFIX - len(ending)].strip("-") + ending
    assert BETWEEN not in prefix
    return prefix


OPERATIONS = (
    Operation(create_mcp_server, "mcp_servers.write", writes=True),
    Operation(get_mcp_server, "mcp_servers.read"),
    Operation(list_mcp_servers, "mcp_servers.read"),
    Operation(update_mcp_server, "mcp_servers.write", writes=True, repeatable=True),
    Operation(delete_mcp_server, "mcp_servers.write", writes=True, destructive=True, repeatable=True),
)
