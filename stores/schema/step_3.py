"""Version 3: what is said about tasks, artifacts that grow, and agents elsewhere."""

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
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, task_id TEXT, artifact_id TEXT)"
    ),
    "CREATE UNIQUE INDEX artifact_chunk_key ON artifact_chunk (tenant, id)",
    "CREATE INDEX artifact_chunk_by_task_id ON artifact_chunk (task_id, tenant, id)",
    "CREATE INDEX artifact_chunk_by_workspace_id ON artifact_chunk (workspace_id, tenant, id)",
    (
        "CREATE TABLE remote_agent (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, status TEXT)"
    ),
    "CREATE UNIQUE INDEX remote_agent_key ON remote_agent (tenant, id)",
    "CREATE INDEX remote_agent_by_workspace_id ON remote_agent (workspace_id, tenant, id)",
    "CREATE INDEX remote_agent_by_status ON remote_agent (status, tenant, id)",
    (
        "CREATE TABLE remote_task (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, place TEXT, "
        "ended TEXT)"
    ),
    "CREATE UNIQUE INDEX remote_task_key ON remote_task (tenant, id)",
    "CREATE INDEX remote_task_by_workspace_id ON remote_task (workspace_id, tenant, id)",
    "CREATE INDEX remote_task_by_place ON remote_task (place, tenant, id)",
    "CREATE INDEX remote_task_by_ended ON remote_task (ended, tenant, id)",
    (
        "CREATE TABLE push_config (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, task_id TEXT, status TEXT)"
    ),
    "CREATE UNIQUE INDEX push_config_key ON push_config (tenant, id)",
    "CREATE INDEX push_config_by_task_id ON push_config (task_id, tenant, id)",
    "CREATE INDEX push_config_by_workspace_id ON push_config (workspace_id, tenant, id)",
    "CREATE INDEX push_config_by_status ON push_config (status, tenant, id)",
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
        'task_id TEXT COLLATE "C", artifact_id TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX artifact_chunk_by_task_id ON artifact_chunk (task_id, tenant, id)",
    "CREATE INDEX artifact_chunk_by_workspace_id ON artifact_chunk (workspace_id, tenant, id)",
    (
        'CREATE TABLE remote_agent (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", '
        'status TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX remote_agent_by_workspace_id ON remote_agent (workspace_id, tenant, id)",
    "CREATE INDEX remote_agent_by_status ON remote_agent (status, tenant, id)",
    (
        'CREATE TABLE remote_task (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", '
        'place TEXT COLLATE "C", ended TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX remote_task_by_workspace_id ON remote_task (workspace_id, tenant, id)",
    "CREATE INDEX remote_task_by_place ON remote_task (place, tenant, id)",
    "CREATE INDEX remote_task_by_ended ON remote_task (ended, tenant, id)",
    (
        'CREATE TABLE push_config (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", '
        'task_id TEXT COLLATE "C", status TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX push_config_by_task_id ON push_config (task_id, tenant, id)",
    "CREATE INDEX push_config_by_workspace_id ON push_config (workspace_id, tenant, id)",
    "CREATE INDEX push_config_by_status ON push_config (status, tenant, id)",
)
