"""Version 5: what the web API has besides: codebases, boards, jobs and shared sessions."""

TASK_INDEXES = (
    "CREATE INDEX task_by_status_workspace_id ON task (status, workspace_id, tenant, id)",
    "CREATE INDEX task_by_assigned_to_workspace_id ON task (assigned_to, workspace_id, tenant, id)",
    "CREATE INDEX task_by_session_id_workspace_id ON task (session_id, workspace_id, tenant, id)",
)
SQLITE = (
    *TASK_INDEXES,
    (
        "CREATE TABLE board (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT)"
    ),
    "CREATE UNIQUE INDEX board_key ON board (tenant, id)",
    "CREATE INDEX board_by_workspace_id ON board (workspace_id, tenant, id)",
    (
        "CREATE TABLE codebase (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, repo_path TEXT)"
    ),
    "CREATE UNIQUE INDEX codebase_key ON codebase (tenant, id)",
    "CREATE INDEX codebase_by_workspace_id ON codebase (workspace_id, tenant, id)",
    "CREATE UNIQUE INDEX codebase_one_workspace_id_repo_path ON codebase (workspace_id, repo_path, tenant)",
    (
        "CREATE TABLE worktree (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, codebase_id TEXT, branch "
        "TEXT, worktree_path TEXT)"
    ),
    "CREATE UNIQUE INDEX worktree_key ON worktree (tenant, id)",
    "CREATE INDEX worktree_by_workspace_id ON worktree (workspace_id, tenant, id)",
    "CREATE INDEX worktree_by_codebase_id ON worktree (codebase_id, tenant, id)",
    "CREATE UNIQUE INDEX worktree_one_codebase_id_branch ON worktree (codebase_id, branch, tenant)",
    "CREATE UNIQUE INDEX worktree_one_worktree_path ON worktree (worktree_path, tenant)",
    (
        "CREATE TABLE clone (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, status TEXT)"
    ),
    "CREATE UNIQUE INDEX clone_key ON clone (tenant, id)",
    "CREATE INDEX clone_by_status ON clone (status, tenant, id)",
    (
        "CREATE TABLE shared_session (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT "
        "NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, host_session_id TEXT)"
    ),
    "CREATE UNIQUE INDEX shared_session_key ON shared_session (tenant, id)",
    "CREATE INDEX shared_session_by_workspace_id ON shared_session (workspace_id, tenant, id)",
    "CREATE INDEX shared_session_by_host_session_id ON shared_session (host_session_id, tenant, id)",
    (
        "CREATE TABLE participant (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, shared_session_id TEXT)"
    ),
    "CREATE UNIQUE INDEX participant_key ON participant (tenant, id)",
    "CREATE INDEX participant_by_shared_session_id ON participant (shared_session_id, tenant, id)",
    "CREATE INDEX participant_by_workspace_id ON participant (workspace_id, tenant, id)",
    (
        "CREATE TABLE shared_message (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT "
        "NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, shared_session_id "
        "TEXT)"
    ),
    "CREATE UNIQUE INDEX shared_message_key ON shared_message (tenant, id)",
    "CREATE INDEX shared_message_by_shared_session_id ON shared_message (shared_session_id, tenant, id)",
    "CREATE INDEX shared_message_by_workspace_id ON shared_message (workspace_id, tenant, id)",
    (
        "CREATE TABLE prompt_approval (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT "
        "NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, shared_session_id "
        "TEXT)"
    ),
    "CREATE UNIQUE INDEX prompt_approval_key ON prompt_approval (tenant, id)",
    "CREATE INDEX prompt_approval_by_shared_session_id ON prompt_approval (shared_session_id, tenant, id)",
    "CREATE INDEX prompt_approval_by_workspace_id ON prompt_approval (workspace_id, tenant, id)",
)
POSTGRES = (
    *TASK_INDEXES,
    (
        'CREATE TABLE board (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", PRIMARY KEY '
        "(tenant, id))"
    ),
    "CREATE INDEX board_by_workspace_id ON board (workspace_id, tenant, id)",
    (
        'CREATE TABLE codebase (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", repo_path TEXT '
        'COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX codebase_by_workspace_id ON codebase (workspace_id, tenant, id)",
    "CREATE UNIQUE INDEX codebase_one_workspace_id_repo_path ON codebase (workspace_id, repo_path, tenant)",
    (
        'CREATE TABLE worktree (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", codebase_id '
        'TEXT COLLATE "C", branch TEXT COLLATE "C", worktree_path TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX worktree_by_workspace_id ON worktree (workspace_id, tenant, id)",
    "CREATE INDEX worktree_by_codebase_id ON worktree (codebase_id, tenant, id)",
    "CREATE UNIQUE INDEX worktree_one_codebase_id_branch ON worktree (codebase_id, branch, tenant)",
    "CREATE UNIQUE INDEX worktree_one_worktree_path ON worktree (worktree_path, tenant)",
    (
        'CREATE TABLE clone (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, status TEXT COLLATE "C", PRIMARY KEY (tenant, '
        "id))"
    ),
    "CREATE INDEX clone_by_status ON clone (status, tenant, id)",
    (
        'CREATE TABLE shared_session (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", host_session_id'
        ' TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX shared_session_by_workspace_id ON shared_session (workspace_id, tenant, id)",
    "CREATE INDEX shared_session_by_host_session_id ON shared_session (host_session_id, tenant, id)",
    (
        'CREATE TABLE participant (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", '
        'shared_session_id TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX participant_by_shared_session_id ON participant (shared_session_id, tenant, id)",
    "CREATE INDEX participant_by_workspace_id ON participant (workspace_id, tenant, id)",
    (
        'CREATE TABLE shared_message (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", '
        'shared_session_id TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX shared_message_by_shared_session_id ON shared_message (shared_session_id, tenant, id)",
    "CREATE INDEX shared_message_by_workspace_id ON shared_message (workspace_id, tenant, id)",
    (
        'CREATE TABLE prompt_approval (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL,'
        ' created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", '
        'shared_session_id TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX prompt_approval_by_shared_session_id ON prompt_approval (shared_session_id, tenant, id)",
    "CREATE INDEX prompt_approval_by_workspace_id ON prompt_approval (workspace_id, tenant, id)",
)
