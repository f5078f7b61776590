"""What the tests take from npm."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.node import HERE, OLDEST, modules, node

LOCKED = (HERE, HERE.parent / "agents")


def test_node_is_new_enough_for_what_runs_on_it() -> None:
    said = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True).stdout
    assert int(said.lstrip("v").split(".")[0]) >= OLDEST


@pytest.mark.parametrize("folder", LOCKED, ids=lambda folder: folder.name)
def test_every_package_is_locked_by_its_hash_and_by_no_address(folder: Path) -> None:
    text = (folder / "package-lock.json").read_text()
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert all(one["integrity"].startswith("sha512-") for one in packages.values() if not one.get("inBundle"))
    assert '"resolved"' not in text


@pytest.mark.parametrize("folder", LOCKED, ids=lambda folder: folder.name)
def test_what_is_optional_is_locked_or_not_named(folder: Path) -> None:
    """npm refuses a lock that names a package which its registry did not have when it was made: take that name out."""
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    locked = {name.rpartition("node_modules/")[2] for name in packages}
    assert {name for one in packages.values() for name in one.get("optionalDependencies", {})} <= locked


def test_the_clients_and_the_suite_are_installed() -> None:
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    assert {name: json.loads((modules() / name / "package.json").read_text())["version"] for name in wanted} == wanted
