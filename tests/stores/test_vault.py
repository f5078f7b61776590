"""The vault: what is sealed is opened by its key, in its place, and by nothing else."""

from pathlib import Path

import pytest

from hub.domain.errors import Refused
from hub.ports import Vault
from stores import vault

OLD, NEW = "the first of two keys, long enough", "the second of two keys, long enough"


def test_what_is_sealed_is_opened_again_and_tells_nothing_of_itself() -> None:
    ours: Vault = vault.ephemeral()
    for secret in ("", "a", "hush-hush", "Ünïcode ☃ 𝄞", "x" * 20_000):
        sealed = ours.seal(secret, "here")
        assert len(secret) < 4 or secret not in sealed
        assert sealed != ours.seal(secret, "here")
        assert ours.open(sealed, "here") == secret


def test_a_sealed_secret_is_worth_nothing_in_another_place_or_with_another_key_or_changed() -> None:
    ours = vault.of_texts(OLD)
    sealed = ours.seal("hush", "acme/mcp_server/a")
    version, name, text = sealed.split(".")
    changed = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
    attempts = [
        (ours, sealed, "acme/mcp_server/b"), (vault.of_texts(NEW), sealed, "acme/mcp_server/a"), (ours, "hush", "acme/mcp_server/a"),
        (ours, f"{version}.{name}.{changed}", "acme/mcp_server/a"), (ours, f"{version}.{name}.", "acme/mcp_server/a"),
        (ours, f"v2.{name}.{text}", "acme/mcp_server/a"), (ours, "••••", "acme/mcp_server/a"),
    ]  # fmt: skip
    for opener, given, place in attempts:
        with pytest.raises(Refused, match="secret key") as raised:
            opener.open(given, place)
        assert "hush" not in raised.value.message


def test_after_a_new_key_the_old_one_still_opens_and_the_new_one_seals() -> None:
    sealed = vault.of_texts(OLD).seal("hush", "here")
    both = vault.of_texts(NEW, OLD)
    assert both.open(sealed, "here") == "hush"
    assert vault.of_texts(NEW).open(both.seal("again", "here"), "here") == "again"


def test_without_a_key_it_says_which_setting_is_missing_and_only_when_one_is_needed() -> None:
    none = vault.of_texts()
    with pytest.raises(Refused, match="TRIVIUM_SECRET_KEY"):
        none.seal("hush", "here")
    with pytest.raises(Refused, match="TRIVIUM_SECRET_KEY"):
        none.open(vault.of_texts(OLD).seal("hush", "here"), "here")


def test_a_key_file_is_made_with_the_first_secret_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / vault.KEY_FILE
    first = vault.of_file(path)
    with pytest.raises(Refused, match="secret key"):
        first.open(vault.of_texts(OLD).seal("hush", "here"), "here")
    assert not path.exists()
    sealed = first.seal("hush", "here")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [vault.KEY_FILE]
    assert vault.of_file(path).open(sealed, "here") == "hush"


def test_of_several_processes_that_make_a_key_file_all_use_the_first_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one looked before the first one's file was there."""
    path = tmp_path / vault.KEY_FILE
    sealed = vault.of_file(path).seal("hush", "here")
    kept, exists = path.read_text(), Path.exists
    monkeypatch.setattr(Path, "exists", lambda one: one.name != vault.KEY_FILE and exists(one))
    other = vault.of_file(path)
    assert other.open(other.seal("again", "here"), "here") == "again"
    assert path.read_text() == kept
    assert other.open(sealed, "here") == "hush"


@pytest.mark.parametrize("content", ["", "short\n", "\xff\xfe"])
def test_a_key_file_that_holds_no_key_is_told_of_and_stays(tmp_path: Path, content: str) -> None:
    path = tmp_path / vault.KEY_FILE
    path.write_text(content, "latin-1")
    with pytest.raises(Refused, match=r"secret\.key") as raised:
        vault.of_file(path).seal("hush", "here")
    assert str(tmp_path) not in raised.value.message
    assert path.read_text("latin-1") == content
