"""What agents are and may use: providers, MCP servers, specialists and skills."""

from protocols.rest import shapes
from protocols.rest.renderings import (
    mcp_server_created,
    mcp_server_deleted,
    mcp_server_updated,
    skills_reloaded,
    specialist_created,
    specialist_deleted,
    specialist_updated,
    specialists_synced,
)  # fmt: skip
from protocols.rest.route import ALL, MCP_SERVER, SKILL, SPECIALIST, STAMPS, Route

ROUTES: tuple[Route, ...] = (
    Route("GET", "/providers", "list_providers", fixed=ALL, ignored=frozenset({"registry"})),
    Route("GET", "/mcp-servers", "get_mcp_server", names=MCP_SERVER, when="id", ignored=frozenset({"workspaceId"})),
    Route("GET", "/mcp-servers", "list_mcp_servers", fixed=ALL),
    Route("POST", "/mcp-servers", "create_mcp_server", status=201, render=mcp_server_created, shape=shapes.ServerSaved),
    Route(
        "PUT", "/mcp-servers", "update_mcp_server", names=MCP_SERVER, render=mcp_server_updated, shape=shapes.ServerSaved,
        ignored=STAMPS | {"workspaceId"},
    ),
    Route("DELETE", "/mcp-servers", "delete_mcp_server", names=MCP_SERVER, render=mcp_server_deleted, shape=shapes.Succeeded),
    Route("GET", "/specialists", "get_specialist", names=SPECIALIST, when="id", ignored=frozenset({"locale"})),
    Route("GET", "/specialists", "list_specialists", fixed={"prompts": True}, ignored=frozenset({"locale"})),
    Route(
        "POST", "/specialists", "list_specialists", when="action", fixed={"prompts": True}, ignored=frozenset({"action"}),
        render=specialists_synced, shape=shapes.Succeeded,
    ),
    Route(
        "POST", "/specialists", "create_specialist", status=201,
        render=specialist_created, shape=shapes.SpecialistSaved, ignored=STAMPS | {"source"},
    ),
    Route(
        "PUT", "/specialists", "update_specialist", names=SPECIALIST,
        render=specialist_updated, shape=shapes.SpecialistSaved, ignored=STAMPS | {"source"},
    ),
    Route("DELETE", "/specialists", "delete_specialist", names=SPECIALIST, render=specialist_deleted, shape=shapes.SpecialistDeleted),
    Route("GET", "/skills", "get_skill", names=SKILL, when="name"),
    Route("GET", "/skills", "list_skills", names=SKILL),
    Route("POST", "/skills", "list_skills", names=SKILL, render=skills_reloaded, shape=shapes.SkillsReloaded),
)  # fmt: skip
