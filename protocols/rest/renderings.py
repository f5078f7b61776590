"""Answers of the web API that are no record in an envelope."""

import orjson

from hub.domain.mcp_servers import McpServer
from hub.domain.specialists import Specialist
from hub.operations.agents import AgentView
from hub.operations.base import Deleted, Output
from hub.operations.board_files import BoardFile
from hub.operations.registry import RegistryAgents
from hub.operations.shared_messages import SharedPrompt
from hub.operations.skills import Skills


def agent_created(output: Output) -> str:
    """Both backends' shapes in one: the agent, and its id and name beside it."""
    assert isinstance(output, AgentView)
    beside = orjson.dumps({"agentId": output.id, "name": output.name, "role": output.role, "status": output.status}).decode()
    return f'{beside[:-1]},"agent":{output.to_json()}}}'


def agent_status_updated(output: Output) -> str:
    assert isinstance(output, AgentView)
    return orjson.dumps({"updated": True, "id": output.id, "status": output.status}).decode()


def task_status_updated(output: Output) -> str:
    return '{"updated":true}'


def tasks_deleted(output: Output) -> str:
    assert isinstance(output, Deleted)
    return orjson.dumps({"deleted": True, "deletedCount": output.deleted_count}).decode()


def note_deleted(output: Output) -> str:
    assert isinstance(output, Deleted)
    return orjson.dumps({"deleted": True, "noteId": output.id}).decode()


def prompt_sent(output: Output) -> str:
    """Where nobody has to approve, that is told, too."""
    assert isinstance(output, SharedPrompt)
    approval = output.approval.to_json() if output.approval else "null"
    return f'{{"status":"{output.status}","approval":{approval}}}'


def mcp_server_created(output: Output) -> str:
    return _server(output, "created")


def mcp_server_updated(output: Output) -> str:
    return _server(output, "updated")


def mcp_server_deleted(output: Output) -> str:
    assert isinstance(output, Deleted)
    return orjson.dumps({"success": True, "message": f"The MCP server {output.id} is deleted."}).decode()


def _server(output: Output, done: str) -> str:
    assert isinstance(output, McpServer)
    message = orjson.dumps(f"The MCP server {output.name} is {done}.").decode()
    return f'{{"server":{output.to_json()},"message":{message}}}'


def specialist_created(output: Output) -> str:
    return _specialist(output, "created")


def specialist_updated(output: Output) -> str:
    return _specialist(output, "updated")


def specialist_deleted(output: Output) -> str:
    assert isinstance(output, Deleted)
    return orjson.dumps({"success": True, "deleted": True, "message": f"The specialist {output.id} is deleted."}).decode()


def specialists_synced(_: Output) -> str:
    """There is nothing to do: files are read again when they have changed."""
    return '{"success":true,"message":"The specialists are as their files are."}'


def _specialist(output: Output, done: str) -> str:
    assert isinstance(output, Specialist)
    message = orjson.dumps(f"The specialist {output.name} is {done}.").decode()
    return f'{{"specialist":{output.to_json()},"message":{message}}}'


def skills_reloaded(output: Output) -> str:
    assert isinstance(output, Skills)
    return orjson.dumps({"reloaded": True, "count": len(output.skills)}).decode()


def history_reset(_: Output) -> str:
    """There is none."""
    return '{"success":true,"message":"The hub keeps no history of its memory."}'


def registry_refreshed(output: Output) -> str:
    assert isinstance(output, RegistryAgents)
    told = output.problem or f"The registry holds {len(output.agents)} agents."
    said = {"success": output.problem is None, "version": output.version, "agentCount": len(output.agents), "message": told}
    return orjson.dumps(said).decode()


def agent_uninstalled(output: Output) -> str:
    assert isinstance(output, Deleted)
    said = {"success": True, "agentId": output.id, "message": f"The hub has no provider {output.id} of its own any more."}
    return orjson.dumps(said).decode()


def board_file(output: Output) -> str:
    assert isinstance(output, BoardFile)
    return output.yaml
