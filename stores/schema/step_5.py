"""Version 5: what the web API has besides: codebases, boards, jobs and shared sessions."""

SQLITE = (
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
)
POSTGRES = (
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
)
