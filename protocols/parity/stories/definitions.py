"""MCP servers, specialists, skills, and the backend itself."""

from protocols.parity.stories.base import INTERNET, OTHERS, Upload, call, zipped

SERVER = {
    "id": "parity-{tag}", "name": "Parity", "type": "http", "url": "http://127.0.0.1:9/mcp", "enabled": False, "workspaceId": "{workspace}",
}  # fmt: skip
SPECIALIST = {
    "id": "parity-{tag}", "name": "Parity", "role": "DEVELOPER", "defaultModelTier": "FAST", "systemPrompt": "Do nothing.",
}  # fmt: skip
SKILL = zipped("parity/SKILL.md", "---\nname: parity\ndescription: Nothing.\n---\nDo nothing.\n")
MEMORY = {"forceGC": False, "aggressive": False}

CALLS = (
    call("POST /api/mcp-servers", SERVER, undo="DELETE /api/mcp-servers?id=parity-{tag}"),
    call("GET /api/mcp-servers", common=True),
    call("GET /api/mcp-servers?id=parity-{tag}"),
    call("GET /api/mcp-servers?id={absent}", expects=404),
    call("PUT /api/mcp-servers", {"id": "parity-{tag}", "name": "Parity, renamed"}),
    call("PUT /api/mcp-servers", {"id": "{absent}", "name": "Nobody"}, expects=404),
    call("DELETE /api/mcp-servers?id={absent}", expects=404),
    call("GET /api/test-mcp", own=OTHERS),
    call("PATCH /api/mcp/tools", {"mode": "full"}, own=OTHERS),
    call("POST /api/specialists", SPECIALIST, undo="DELETE /api/specialists?id=parity-{tag}"),
    call("GET /api/specialists?workspaceId={workspace}", common=True),
    call("PUT /api/specialists", {"id": "parity-{tag}", "name": "Parity, renamed"}),
    call("GET /api/skills", common=True),
    call("POST /api/skills", common=True),
    call("GET /api/skills/clone?repoPath={repository}"),
    call("POST /api/skills/clone", {}, never=INTERNET),
    call("POST /api/skills/upload", Upload("file", "parity.zip", SKILL), own=OTHERS, common=True),
    call("GET /api/skills/catalog", never=INTERNET),
    call("POST /api/skills/catalog", never=INTERNET),
    call("GET /api/system/memory", common=True),
    call("POST /api/system/memory", MEMORY, own=OTHERS, common=True),
    call("DELETE /api/system/memory", own=OTHERS, common=True),
    call("GET /api/memory", common=True),
    call("POST /api/memory", MEMORY, own=OTHERS, common=True),
    call("DELETE /api/memory", own=OTHERS, common=True),
)  # fmt: skip
