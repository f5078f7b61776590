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
        "CREATE TABLE workflow (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL)"
    ),
    "CREATE UNIQUE INDEX workflow_key ON workflow (tenant, id)",
    (
        "CREATE TABLE workflow_run (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, workflow_id TEXT, status "
        "TEXT)"
    ),
    "CREATE UNIQUE INDEX workflow_run_key ON workflow_run (tenant, id)",
    "CREATE INDEX workflow_run_by_workspace_id ON workflow_run (workspace_id, tenant, id)",
    "CREATE INDEX workflow_run_by_workflow_id ON workflow_run (workflow_id, tenant, id)",
    (
        "CREATE TABLE background_task (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT "
        "NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, status TEXT, "
        "workflow_run_id TEXT)"
    ),
    "CREATE UNIQUE INDEX background_task_key ON background_task (tenant, id)",
    "CREATE INDEX background_task_by_workspace_id ON background_task (workspace_id, tenant, id)",
    "CREATE INDEX background_task_by_status ON background_task (status, tenant, id)",
    "CREATE INDEX background_task_by_workflow_run_id ON background_task (workflow_run_id, tenant, id)",
    (
        "CREATE TABLE schedule (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, enabled TEXT)"
    ),
    "CREATE UNIQUE INDEX schedule_key ON schedule (tenant, id)",
    "CREATE INDEX schedule_by_workspace_id ON schedule (workspace_id, tenant, id)",
    "CREATE INDEX schedule_by_enabled ON schedule (enabled, tenant, id)",
    (
        "CREATE TABLE webhook_config (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT "
        "NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, repo TEXT)"
    ),
    "CREATE UNIQUE INDEX webhook_config_key ON webhook_config (tenant, id)",
    "CREATE INDEX webhook_config_by_workspace_id ON webhook_config (workspace_id, tenant, id)",
    "CREATE INDEX webhook_config_by_repo ON webhook_config (repo, tenant, id)",
    (
        "CREATE TABLE webhook_log (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT, config_id TEXT)"
    ),
    "CREATE UNIQUE INDEX webhook_log_key ON webhook_log (tenant, id)",
    "CREATE INDEX webhook_log_by_workspace_id ON webhook_log (workspace_id, tenant, id)",
    "CREATE INDEX webhook_log_by_config_id ON webhook_log (config_id, tenant, id)",
    (
        "CREATE TABLE polling_settings (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT "
        "NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL)"
    ),
    "CREATE UNIQUE INDEX polling_settings_key ON polling_settings (tenant, id)",
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
        'CREATE TABLE workflow (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant, id))"
    ),
    (
        'CREATE TABLE workflow_run (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", workflow_id '
        'TEXT COLLATE "C", status TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX workflow_run_by_workspace_id ON workflow_run (workspace_id, tenant, id)",
    "CREATE INDEX workflow_run_by_workflow_id ON workflow_run (workflow_id, tenant, id)",
    (
        'CREATE TABLE background_task (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL,'
        ' created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", status TEXT '
        'COLLATE "C", workflow_run_id TEXT COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX background_task_by_workspace_id ON background_task (workspace_id, tenant, id)",
    "CREATE INDEX background_task_by_status ON background_task (status, tenant, id)",
    "CREATE INDEX background_task_by_workflow_run_id ON background_task (workflow_run_id, tenant, id)",
    (
        'CREATE TABLE schedule (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", enabled TEXT '
        'COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX schedule_by_workspace_id ON schedule (workspace_id, tenant, id)",
    "CREATE INDEX schedule_by_enabled ON schedule (enabled, tenant, id)",
    (
        'CREATE TABLE webhook_config (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", repo TEXT '
        'COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX webhook_config_by_workspace_id ON webhook_config (workspace_id, tenant, id)",
    "CREATE INDEX webhook_config_by_repo ON webhook_config (repo, tenant, id)",
    (
        'CREATE TABLE webhook_log (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        'created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, workspace_id TEXT COLLATE "C", config_id TEXT '
        'COLLATE "C", PRIMARY KEY (tenant, id))'
    ),
    "CREATE INDEX webhook_log_by_workspace_id ON webhook_log (workspace_id, tenant, id)",
    "CREATE INDEX webhook_log_by_config_id ON webhook_log (config_id, tenant, id)",
    (
        'CREATE TABLE polling_settings (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT '
        "NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant, id))"
    ),
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
