"""What the tests take from npm."""

import json
import subprocess

from tests.node import HERE, OLDEST, modules, node


def test_node_is_new_enough_for_what_runs_on_it() -> None:
    said = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True).stdout
    assert int(said.lstrip("v").split(".")[0]) >= OLDEST


def test_every_package_is_locked_by_its_hash_and_by_no_address() -> None:
    text = (HERE / "package-lock.json").read_text()
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert all(one["integrity"].startswith("sha512-") for one in packages.values() if not one.get("inBundle"))
    assert '"resolved"' not in text


def test_the_clients_and_the_suite_are_installed() -> None:
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    assert {name: json.loads((modules() / name / "package.json").read_text())["version"] for name in wanted} == wanted
