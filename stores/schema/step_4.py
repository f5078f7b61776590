"""Version 4: sessions with coding agents, and what these ask permission for; providers and specialists."""

SQLITE = (
    (
        "CREATE TABLE provider (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL)"
    ),
    "CREATE UNIQUE INDEX provider_key ON provider (tenant, id)",
    (
        "CREATE TABLE specialist (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT)"
    ),
    "CREATE UNIQUE INDEX specialist_key ON specialist (tenant, id)",
    "CREATE INDEX specialist_by_workspace_id ON specialist (workspace_id, tenant, id)",
    (
        "CREATE TABLE session (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, agent_id TEXT, "
        "parent_session_id TEXT, status TEXT)"
    ),
    "CREATE UNIQUE INDEX session_key ON session (tenant, id)",
    "CREATE INDEX session_by_workspace_id ON session (workspace_id, tenant, id)",
    "CREATE INDEX session_by_agent_id ON session (agent_id, tenant, id)",
    "CREATE INDEX session_by_parent_session_id ON session (parent_session_id, tenant, id)",
    "CREATE INDEX session_by_status ON session (status, tenant, id)",
    (
        "CREATE TABLE session_servers (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT "
        "NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT)"
    ),
    "CREATE UNIQUE INDEX session_servers_key ON session_servers (tenant, id)",
    "CREATE INDEX session_servers_by_workspace_id ON session_servers (workspace_id, tenant, id)",
    (
        "CREATE TABLE prompt (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, session_id TEXT)"
    ),
    "CREATE UNIQUE INDEX prompt_key ON prompt (tenant, id)",
    "CREATE INDEX prompt_by_session_id ON prompt (session_id, tenant, id)",
    "CREATE INDEX prompt_by_workspace_id ON prompt (workspace_id, tenant, id)",
    (
        "CREATE TABLE session_entry (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, session_id TEXT)"
    ),
    "CREATE UNIQUE INDEX session_entry_key ON session_entry (tenant, id)",
    "CREATE INDEX session_entry_by_session_id ON session_entry (session_id, tenant, id)",
    "CREATE INDEX session_entry_by_workspace_id ON session_entry (workspace_id, tenant, id)",
    (
        "CREATE TABLE permission_policy (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT "
        "NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT)"
    ),
    "CREATE UNIQUE INDEX permission_policy_key ON permission_policy (tenant, id)",
    "CREATE INDEX permission_policy_by_workspace_id ON permission_policy (workspace_id, tenant, id)",
    (
        "CREATE TABLE permission (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, session_id TEXT, status "
        "TEXT)"
    ),
    "CREATE UNIQUE INDEX permission_key ON permission (tenant, id)",
    "CREATE INDEX permission_by_session_id ON permission (session_id, tenant, id)",
    "CREATE INDEX permission_by_workspace_id ON permission (workspace_id, tenant, id)",
    "CREATE INDEX permission_by_status ON permission (status, tenant, id)",
)
POSTGRES = (
    (
        'CREATE TABLE provider (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant, id))"
    ),
    (
        'CREATE TABLE specialist (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", PRIMARY KEY '
        "(tenant, id))"
    ),
    "CREATE INDEX specialist_by_workspace_id ON specialist (workspace_id, tenant, id)",
    (
        'CREATE TABLE session (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", agent_id TEXT '
        'COLLATE "C", parent_session_id TEXT COLLATE "C", status TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX session_by_workspace_id ON session (workspace_id, tenant, id)",
    "CREATE INDEX session_by_agent_id ON session (agent_id, tenant, id)",
    "CREATE INDEX session_by_parent_session_id ON session (parent_session_id, tenant, id)",
    "CREATE INDEX session_by_status ON session (status, tenant, id)",
    (
        'CREATE TABLE session_servers (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", PRIMARY KEY '
        "(tenant, id))"
    ),
    "CREATE INDEX session_servers_by_workspace_id ON session_servers (workspace_id, tenant, id)",
    (
        'CREATE TABLE prompt (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", session_id TEXT '
        'COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX prompt_by_session_id ON prompt (session_id, tenant, id)",
    "CREATE INDEX prompt_by_workspace_id ON prompt (workspace_id, tenant, id)",
    (
        'CREATE TABLE session_entry (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", session_id TEXT '
        'COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX session_entry_by_session_id ON session_entry (session_id, tenant, id)",
    "CREATE INDEX session_entry_by_workspace_id ON session_entry (workspace_id, tenant, id)",
    (
        'CREATE TABLE permission_policy (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT '
        'NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", PRIMARY '
        "KEY (tenant, id))"
    ),
    "CREATE INDEX permission_policy_by_workspace_id ON permission_policy (workspace_id, tenant, id)",
    (
        'CREATE TABLE permission (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", session_id TEXT '
        'COLLATE "C", status TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX permission_by_session_id ON permission (session_id, tenant, id)",
    "CREATE INDEX permission_by_workspace_id ON permission (workspace_id, tenant, id)",
    "CREATE INDEX permission_by_status ON permission (status, tenant, id)",
)
