"""Version 4: specialists."""

SQLITE = (
    (
        "CREATE TABLE specialist (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT)"
    ),
    "CREATE UNIQUE INDEX specialist_key ON specialist (tenant, id)",
    "CREATE INDEX specialist_by_workspace_id ON specialist (workspace_id, tenant, id)",
)
POSTGRES = (
    (
        'CREATE TABLE specialist (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", '
        "PRIMARY KEY (tenant, id))"
    ),
    "CREATE INDEX specialist_by_workspace_id ON specialist (workspace_id, tenant, id)",
)
