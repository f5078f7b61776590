"""A repository as a person made it, and as the hub sees it."""

from pathlib import Path

import pytest

from hub.access import LOCAL_TENANT
from hub.repositories import Repository
from tests.repositories import Tree, new_repository, repositories


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return new_repository(tmp_path / "house")


@pytest.fixture
async def house(tree: Tree) -> Repository:
    return await repositories().open(str(tree.path), LOCAL_TENANT)
