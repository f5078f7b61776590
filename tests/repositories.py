"""Small git repositories, made with the git command itself. Their commits have the same names wherever they are made."""

import atexit
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from stores.git.repositories import GitRepositories

AUTHOR = {
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8", "GIT_EDITOR": "true",
}  # fmt: skip


@dataclass
class Tree:
    """A working tree that a test changes as a person would."""

    path: Path
    commits: int = 0

    def git(self, *args: str, fails: bool = False) -> str:
        at = f"2026-01-01T00:{self.commits // 60:02}:{self.commits % 60:02}Z"
        environ = {**os.environ, **AUTHOR, "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        done = subprocess.run(["git", *args], cwd=self.path, env=environ, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) is fails, done.stderr
        return done.stdout.strip()

    def write(self, name: str, content: str | bytes) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def commit(self, message: str, files: dict[str, str | bytes] | None = None) -> str:
        """With everything that was changed, and these files. Its full name."""
        for name, content in (files or {}).items():
            self.write(name, content)
        self.git("add", "--all")
        self.commits += 1
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


def new_tree(path: Path, branch: str = "main") -> Tree:
    """An empty repository, without a commit. Its path is resolved, as the hub knows it."""
    path.mkdir(parents=True, exist_ok=True)
    tree = Tree(path.resolve())
    tree.git("init", "--quiet", "--initial-branch", branch)
    tree.git("config", "user.name", "Ada")
    tree.git("config", "user.email", "ada@example.com")
    return tree


def new_repository(path: Path) -> Tree:
    """With two commits on `main`, a branch `feature` of one more, and a tag `v1`."""
    tree = new_tree(path)
    tree.commit("The first", {"README.md": "# House\n", "src/walls.py": "height = 3\nwidth = 4\n", ".gitignore": "*.log\n"})
    tree.git("tag", "v1")
    tree.git("switch", "--quiet", "--create", "feature")
    tree.commit("A roof", {"src/roof.py": "tiles = 100\n"})
    tree.git("switch", "--quiet", "main")
    tree.commit("Higher\n\nIt was too low.", {"src/walls.py": "height = 4\nwidth = 4\n"})
    return tree


@cache
def _folder() -> Path:
    made = Path(mkdtemp(prefix="repositories-"))
    atexit.register(rmtree, made, ignore_errors=True)
    return made


@cache
def repository_of(user: str) -> str:
    """The path of a repository as `new_repository` makes it, one for each user in a process, there until the process ends."""
    return str(new_repository(_folder() / user).path)


def repositories(tenants: Path | None = None) -> GitRepositories:
    """Anywhere on this machine."""
    return GitRepositories(os.environ, (), tenants or _folder() / "tenants")
