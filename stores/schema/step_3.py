"""Version 3: what is said about tasks, and artifacts that grow."""

SQLITE = (
    (
        "CREATE TABLE task_message (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, task_id TEXT)"
    ),
    "CREATE UNIQUE INDEX task_message_key ON task_message (tenant, id)",
    "CREATE INDEX task_message_by_task_id ON task_message (task_id, tenant, id)",
    "CREATE INDEX task_message_by_workspace_id ON task_message (workspace_id, tenant, id)",
    (
        "CREATE TABLE sent_message (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT)"
    ),
    "CREATE UNIQUE INDEX sent_message_key ON sent_message (tenant, id)",
    "CREATE INDEX sent_message_by_workspace_id ON sent_message (workspace_id, tenant, id)",
    (
        "CREATE TABLE artifact_chunk (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, artifact_id TEXT)"
    ),
    "CREATE UNIQUE INDEX artifact_chunk_key ON artifact_chunk (tenant, id)",
    "CREATE INDEX artifact_chunk_by_artifact_id ON artifact_chunk (artifact_id, tenant, id)",
    "CREATE INDEX artifact_chunk_by_workspace_id ON artifact_chunk (workspace_id, tenant, id)",
)
POSTGRES = (
    (
        'CREATE TABLE task_message (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", '
        'task_id TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX task_message_by_task_id ON task_message (task_id, tenant, id)",
    "CREATE INDEX task_message_by_workspace_id ON task_message (workspace_id, tenant, id)",
    (
        'CREATE TABLE sent_message (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", '
        "PRIMARY KEY (tenant, id))"
    ),
    "CREATE INDEX sent_message_by_workspace_id ON sent_message (workspace_id, tenant, id)",
    (
        'CREATE TABLE artifact_chunk (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", '
        'artifact_id TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX artifact_chunk_by_artifact_id ON artifact_chunk (artifact_id, tenant, id)",
    "CREATE INDEX artifact_chunk_by_workspace_id ON artifact_chunk (workspace_id, tenant, id)",
)
