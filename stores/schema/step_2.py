"""Version 2: the registrations of other MCP servers, and tokens."""

SQLITE = (
    (
        "CREATE TABLE mcp_server (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, prefix TEXT)"
    ),
    "CREATE UNIQUE INDEX mcp_server_key ON mcp_server (tenant, id)",
    "CREATE INDEX mcp_server_by_workspace_id ON mcp_server (workspace_id, tenant, id)",
    "CREATE UNIQUE INDEX mcp_server_one_prefix ON mcp_server (prefix, tenant)",
    (
        "CREATE TABLE token (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL)"
    ),
    "CREATE UNIQUE INDEX token_key ON token (tenant, id)",
)
POSTGRES = (
    (
        'CREATE TABLE mcp_server (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", '
        'prefix TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX mcp_server_by_workspace_id ON mcp_server (workspace_id, tenant, id)",
    "CREATE UNIQUE INDEX mcp_server_one_prefix ON mcp_server (prefix, tenant)",
    (
        'CREATE TABLE token (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant, id))"
    ),
)
