"""The settings: which source wins, and how a bad one is told of."""

from pathlib import Path
from typing import Any

import pytest

from hub.databases import SettingsError, masked
from hub.settings import Settings, default_database, load

Words = tuple[str, ...]
URL = "postgresql://u:secret@db/hub"


@pytest.fixture(autouse=True)
def no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.mark.parametrize(
    ("environ", "db", "database"),
    [
        ({}, None, None),
        ({}, "memory:", "memory:"),
        ({}, "memory", "memory:"),
        ({}, "sqlite:/srv/hub.db", "sqlite:/srv/hub.db"),
        ({}, "postgres://u:secret@db/hub", URL),
        ({"TRIVIUM_DB": "memory:"}, None, "memory:"),
        ({"TRIVIUM_DB": "memory:"}, "sqlite:/srv/hub.db", "sqlite:/srv/hub.db"),
        ({"TRIVIUM_DB": ""}, None, None),
        ({"DATABASE_URL": URL}, None, URL),
        ({"DATABASE_URL": URL}, "memory:", "memory:"),
        ({"DATABASE_URL": URL, "TRIVIUM_DB": "memory:"}, None, "memory:"),
        ({"DATABASE_URL": URL, "TRIVIUM_DB_DRIVER": "sqlite"}, None, None),
        ({"DATABASE_URL": URL, "TRIVIUM_DB_DRIVER": "postgres"}, None, URL),
        ({"DATABASE_URL": URL, "ROUTA_DB_DRIVER": "memory"}, None, "memory:"),
        ({"ROUTA_DB_DRIVER": "sqlite", "ROUTA_DB_PATH": "/srv/routa.db"}, None, "sqlite:/srv/routa.db"),
        ({"TRIVIUM_DB_DRIVER": "SQLite", "TRIVIUM_DB_PATH": "/srv/a.db"}, None, "sqlite:/srv/a.db"),
        ({"TRIVIUM_DB_DRIVER": "sqlite", "ROUTA_DB_DRIVER": "sqlite"}, None, None),
        ({"TRIVIUM_DB_PATH": "/srv/a.db"}, None, "sqlite:/srv/a.db"),
        ({"TRIVIUM_DB_DRIVER": "postgres"}, URL, URL),
    ],
)  # fmt: skip
def test_the_database_is_chosen_as_users_of_the_web_backends_know_it(environ: dict[str, str], db: str | None, database: str | None) -> None:
    assert load(environ, {"db": db}).database == database or f"sqlite:{default_database()}"


def test_a_secret_key_is_long_enough_and_shown_nowhere() -> None:
    old, new = "o" * 32, "n" * 40
    settings = load({"TRIVIUM_SECRET_KEY": f"{new}, {old}", "TRIVIUM_DB": "memory:"}, {})
    assert settings.secret_key == (new, old)
    assert new not in repr(settings)
    with pytest.raises(SettingsError, match="32 characters") as raised:
        load({"TRIVIUM_SECRET_KEY": f"{new},short-one"}, {})
    assert new not in str(raised.value)
    assert "short-one" not in str(raised.value)


@pytest.mark.parametrize(
    ("host", "said", "reach"),
    [("127.0.0.1", None, "all"), ("0.0.0.0", None, "public"), ("0.0.0.0", "all", "all"), ("::1", "none", "none")],
)
def test_beyond_loopback_the_hub_reaches_public_servers_only_unless_told(host: str, said: str | None, reach: str) -> None:
    environ = {"TRIVIUM_DB": "memory:", **({"TRIVIUM_UPSTREAMS": said} if said else {})}
    assert load(environ, {"host": host}).reach == reach


@pytest.mark.parametrize(
    ("environ", "db", "words"),
    [
        ({"TRIVIUM_DB_DRIVER": "postgres"}, None, ("DATABASE_URL", "not set")),
        ({"TRIVIUM_DB_DRIVER": "sqlite", "ROUTA_DB_DRIVER": "postgres"}, None, ("TRIVIUM_DB_DRIVER", "ROUTA_DB_DRIVER", "Unset")),
        ({"TRIVIUM_DB_DRIVER": "sqlite"}, URL, ("--db", "TRIVIUM_DB_DRIVER", "***")),
        ({"ROUTA_DB_DRIVER": "memory", "TRIVIUM_DB": "sqlite:/a"}, None, ("TRIVIUM_DB", "ROUTA_DB_DRIVER")),
        ({"TRIVIUM_DB_DRIVER": "oracle"}, None, ("TRIVIUM_DB_DRIVER", "oracle", "sqlite, memory or postgres")),
        ({"TRIVIUM_DB_PATH": "/a", "ROUTA_DB_PATH": "/b"}, None, ("TRIVIUM_DB_PATH", "ROUTA_DB_PATH")),
        ({"TRIVIUM_DB_PATH": "/a", "DATABASE_URL": URL}, None, ("TRIVIUM_DB_PATH", "DATABASE_URL", "TRIVIUM_DB_DRIVER")),
        ({"DATABASE_URL": "mysql://u:secret@db/hub"}, None, ("DATABASE_URL", "postgresql://")),
        ({"DATABASE_URL": "postgresql://u:sec/ret@db:54x32/hub"}, None, ("DATABASE_URL", "%40")),
        ({}, "hub.db", ("--db", "hub.db", "sqlite:PATH")),
        ({}, "sqlite:", ("--db", "sqlite:hub.db")),
        ({}, "sqlite::memory:", ("--db", "memory:")),
        ({}, "sqlite:///srv/hub.db", ("--db", "sqlite:/srv/hub.db")),
        ({}, "mysql://u:secret@db", ("--db", "mysql", "***")),
    ],
)  # fmt: skip
def test_a_database_that_cannot_be_is_one_line_without_its_password(environ: dict[str, str], db: str | None, words: Words) -> None:
    _told(environ, {"db": db}, words)


@pytest.mark.parametrize(
    ("environ", "given", "words"),
    [
        ({}, {"port": "http"}, ("--port", "'http'", "0 to 65535")),
        ({"TRIVIUM_PORT": "70000"}, {}, ("TRIVIUM_PORT", "'70000'", "0 to 65535")),
        ({"TRIVIUM_HOST": "a b"}, {}, ("TRIVIUM_HOST", "'a b'")),
        ({}, {"durability": "half"}, ("--durability", "'half'", "full or normal")),
        ({"TRIVIUM_MAX_BODY_BYTES": "1"}, {}, ("TRIVIUM_MAX_BODY_BYTES", "1024")),
        ({"TRIVIUM_LOG_FORMAT": "xml"}, {}, ("TRIVIUM_LOG_FORMAT", "text or json")),
        ({"TRIVIUM_LOG_LEVEL": "loud"}, {}, ("TRIVIUM_LOG_LEVEL", "debug")),
        ({"TRIVIUM_SHUTDOWN_SECONDS": "nan"}, {}, ("TRIVIUM_SHUTDOWN_SECONDS", "'nan'")),
        ({}, {"allowed_origins": ("hub.example.com",)}, ("--allowed-origin:", "https://")),
        ({}, {"allowed_hosts": ("http://x/",)}, ("--allowed-host:", "'http://x/'", "hub.example.com")),
        ({"TRIVIUM_CONFIG": "/nowhere/config.toml"}, {}, ("TRIVIUM_CONFIG", "/nowhere/config.toml")),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told_with_what_it_was_and_what_is_allowed(environ: dict[str, str], given: dict[str, Any], words: Words) -> None:
    _told(environ, given, words)


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('host = "::1"\nport = 1\nlog_level = "debug"\nallowed_hosts = ["a", "b"]\ndb = "memory:"\nskills = ["/a"]\n')
    environ = {"TRIVIUM_CONFIG": str(file), "TRIVIUM_PORT": "2", "TRIVIUM_HOST": "[::]", "TRIVIUM_SPECIALISTS": "/b"}
    settings = load(environ, {"port": "3", "host": None})
    expected = Settings(
        host="::", port=3, database="memory:", log_level="debug", allowed_hosts=("a", "b"), specialists=(Path("/b"),), skills=(Path("/a"),)
    )
    assert settings == expected


def test_definitions_are_looked_for_beside_the_file_and_where_agents_keep_their_skills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    settings = load({"TRIVIUM_DB": "memory:"}, {})
    beside = tmp_path / "config" / "trivium"
    assert settings.specialists == (beside / "specialists",)
    assert settings.skills == (beside / "skills", Path("/home/ada/.agents/skills"), Path("/home/ada/.claude/skills"))
    named = load({"TRIVIUM_DB": "memory:", "TRIVIUM_SPECIALISTS": "~/mine, /srv/ours"}, {})
    assert named.specialists == (Path("/home/ada/mine"), Path("/srv/ours"))


def test_the_users_own_file_is_read_where_the_platform_keeps_it(tmp_path: Path) -> None:
    file = tmp_path / "config" / "trivium" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("port = 4321\n")
    assert load({}, {}).port == 4321


@pytest.mark.parametrize(
    ("text", "words"),
    [("prot = 1", ("prot", "port")), ("port = ", ("config.toml", "TOML")), ("port = true", ("port in", "'True'")), ("db = 3", ("db in",))],
)
def test_a_wrong_line_of_the_file_is_told_of_with_the_file(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    _told({"TRIVIUM_CONFIG": str(file)}, {}, (*words, str(tmp_path)))


@pytest.mark.parametrize(
    ("database", "shown"),
    [
        ("memory:", "memory:"), ("sqlite:/srv/hub.db", "sqlite:/srv/hub.db"), (URL, "postgresql://u:***@db/hub"),
        ("postgresql://db/hub?user=u&password=secret", "postgresql://db/hub?user=u&password=***"),
        ("postgresql://u:se?cr@et@db/hub", "postgresql://u:***@db/hub"), ("postgresql:///hub?host=/tmp", "postgresql:///hub?host=/tmp"),
    ],
)  # fmt: skip
def test_a_database_is_shown_without_its_password(database: str, shown: str) -> None:
    assert masked(database) == shown
    assert Settings(database=database).shown_database == shown


def _told(environ: dict[str, str], given: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ, given)
    told = str(caught.value)
    assert all(word in told for word in words), told
    assert "\n" not in told
    assert "secret" not in told.replace("secret_key", "")
    assert "sec/ret" not in told


def test_the_environment_is_kept_for_programs_and_never_shown() -> None:
    settings = load({"OPENAI_API_KEY": "hush", "TRIVIUM_DB": "memory:"}, {})
    assert settings.environment["OPENAI_API_KEY"] == "hush"
    assert "hush" not in repr(settings)
