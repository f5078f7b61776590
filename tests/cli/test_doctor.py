"""`trivium doctor`: what is wrong, and what to do about it."""

import os
import shutil
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hub import doctor
from hub.domain import KINDS
from hub.main import opened
from hub.ports import Finding
from hub.settings import Settings
from stores.sqlite import SqliteStore
from tests.cli.conftest import Trivium
from tests.postgres import free_port


async def test_a_fresh_machine_is_well_and_nothing_is_made_on_it(trivium: Trivium) -> None:
    done = await trivium("doctor", "--port", str(free_port()))
    assert done.code == 0
    assert "the first start makes it" in done.out
    assert "is free" in done.out
    assert list(trivium.home.iterdir()) == []


async def test_a_database_in_use_is_well_beside_a_hub_that_answers(trivium: Trivium) -> None:
    async with trivium.serving("serve", "--port", "0") as serving:
        done = await trivium("doctor", "--port", serving.ready["url"].rpartition(":")[2])
    assert done.code == 0, done.out
    for told in ("the database answers", "as declared", "integrity: ok", "another process has the database open", "a hub answers at port"):
        assert told in done.out


async def test_the_findings_are_json_for_programs(trivium: Trivium) -> None:
    findings = await trivium.json("doctor", "--json", "--port", "0")
    assert all(set(finding) == {"ok", "what", "nextStep"} and finding["ok"] is True for finding in findings)


async def test_a_port_of_somebody_else_is_wrong(trivium: Trivium) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = await trivium("doctor", "--port", str(other.getsockname()[1]))
    assert done.code == 1
    assert "cannot be listened on" in done.out
    assert "--port" in done.out


async def test_a_schema_that_drifted_is_wrong(trivium: Trivium) -> None:
    await (await SqliteStore.open(trivium.home / "hub.db", KINDS)).close()
    with sqlite3.connect(trivium.home / "hub.db") as raw:
        raw.execute("CREATE TABLE stranger (a)")
    raw.close()
    done = await trivium("doctor", "--db", "sqlite:hub.db", "--port", "0")
    assert done.code == 1
    assert "stranger" in done.out


async def test_a_newer_schema_is_wrong(trivium: Trivium) -> None:
    await (await SqliteStore.open(trivium.home / "hub.db", KINDS)).close()
    with sqlite3.connect(trivium.home / "hub.db") as raw:
        raw.execute("UPDATE schema_version SET version = 99")
    raw.close()
    done = await trivium("doctor", "--db", "sqlite:hub.db", "--port", "0")
    assert done.code == 1
    assert "schema 99" in done.out
    assert "Start the newer Trivium" in done.out


@pytest.mark.parametrize(
    ("arguments", "told", "step"),
    [
        (("--port", "x"), "--port: 'x' is not allowed", "0 to 65535"),
        (("--db", "sqlite:text.txt"), "Cannot open", "--db sqlite:PATH"),
        (("--db", "sqlite:text.txt/hub.db"), "there is no file", "--db sqlite:PATH"),
        (("--db", "sqlite:/proc/x/y.db"), "there is no file", "--db sqlite:PATH"),
        (("--db", "sqlite:/tmp"), "/tmp is a folder", "--db sqlite:/tmp/hub.db"),
        (("--db", "postgresql://u:secret@127.0.0.1:1/hub"), "Cannot use the Postgres database", "DATABASE_URL"),
    ],
)  # fmt: skip
async def test_what_is_wrong_comes_with_the_next_step(trivium: Trivium, arguments: tuple[str, ...], told: str, step: str) -> None:
    (trivium.home / "text.txt").write_text("this is no database, but it is long enough to be looked at as one\n" * 100)
    done = await trivium("doctor", "--port", "0", *arguments)
    assert done.code == 1
    assert told in done.out
    assert step in done.out
    assert "secret" not in done.out + done.err
    assert "chmod" not in done.out


async def test_a_postgres_is_looked_at_without_showing_its_password(trivium: Trivium, postgres_url: str) -> None:
    done = await trivium("doctor", "--port", "0", "--db", postgres_url.replace("trivium@", "trivium:secret@"))
    assert done.code == 0, done.out
    assert "schema as declared" in done.out
    assert "secret" not in done.out


async def test_a_key_file_that_others_may_read_is_told_of(trivium: Trivium) -> None:
    given = ("--id", "t", "--name", "t", "--type", "http", "--url", "https://example.com/", "--headers", '{"Authorization": "hush-hush"}')
    assert "hush-hush" not in (await trivium("mcp-servers", "create", *given, "--json")).out
    key = trivium.home / ".local" / "share" / "trivium" / "secret.key"
    assert (await trivium("doctor", "--port", "0")).code == 0
    key.chmod(0o644)
    done = await trivium("doctor", "--port", "0")
    assert done.code == 1
    assert f"chmod 600 {key}" in done.out


async def test_cautions_do_not_make_it_wrong(trivium: Trivium) -> None:
    trivium.environ["TRIVIUM_PROT"] = "1"
    assert "need a token" in (await trivium("doctor", "--host", "0.0.0.0", "--port", "0")).out
    trivium.environ["TRIVIUM_AUTH"] = "off"
    done = await trivium("doctor", "--host", "0.0.0.0", "--port", "0")
    assert done.code == 0
    assert "everyone who reaches that address can use it" in done.out
    assert "TRIVIUM_PROT is no setting of this version, and does nothing; TRIVIUM_PORT is one" in done.out


async def test_only_what_is_wrong_with_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hub.db"
    await (await SqliteStore.open(path, KINDS)).close()
    monkeypatch.setattr(os, "access", lambda *_: False)  # whoever runs this may be allowed everything
    assert [(found.what, found.next_step) for found in await _wrong(path)] == [
        (f"this user may not read and write {path}", f"chmod u+rw {path}")
    ]


async def test_a_folder_of_somebody_else_is_not_to_be_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hub.db"
    await (await SqliteStore.open(path, KINDS)).close()
    monkeypatch.setattr(doctor, "_writable", lambda _: False)
    (found,) = await _wrong(path)
    assert "chmod" not in found.next_step
    monkeypatch.setattr(doctor, "default_database", lambda: path)
    (found,) = await _wrong(path)
    assert found.next_step == f"chmod u+rwx {tmp_path}"


async def test_a_disk_that_is_nearly_full_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def usage(_: Any) -> Any:
        return shutil._ntuple_diskusage(100_000_000, 90_000_000, 10_000_000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    told = [found.what for found in await _examined(tmp_path / "hub.db")]
    assert f"the disk of {tmp_path} has only 10.0 MB free" in told


async def _wrong(path: Path) -> list[Finding]:
    return [found for found in await _examined(path) if not found.ok]


async def _examined(path: Path) -> list[Finding]:
    settings = Settings(database=f"sqlite:{path}", port=0)
    return [found async for found in doctor.examined(settings, path.with_name("config.toml"), opened)]
