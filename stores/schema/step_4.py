"""Version 4: providers."""

SQLITE = (
    (
        "CREATE TABLE provider (row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, "
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL)"
    ),
    "CREATE UNIQUE INDEX provider_key ON provider (tenant, id)",
)
POSTGRES = (
    (
        'CREATE TABLE provider (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant, id))"
    ),
)
