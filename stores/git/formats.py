"""What git writes with -z, made values: fields and entries end with NUL, so that no name can be mistaken for another."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.domain.repositories import Commit, CommitFileStatus, FileStatus, Ref

COMMIT = "--format=%H%x00%h%x00%P%x00%an%x00%ae%x00%aI%x00%D%x00%s%x00%B"
FIELDS = 9
REF_KINDS = (("refs/heads/", "local"), ("refs/remotes/", "remote"), ("tag: refs/tags/", "tag"))
STATUSES: dict[str, FileStatus] = {"A": "added", "D": "deleted", "R": "renamed", "C": "copied", "T": "typechange"}
COMMIT_STATUSES: dict[str, CommitFileStatus] = {"A": "added", "D": "deleted", "R": "renamed", "C": "copied"}


class Lines(NamedTuple):
    """Of a file, added and taken away; None of a binary one."""

    additions: int | None
    deletions: int | None


class Entry(NamedTuple):
    """A file of `git status`."""

    path: str
    previous_path: str | None
    status: FileStatus
    staged: bool | None


class Status(NamedTuple):
    branch: str
    unborn: bool
    ahead: int
    behind: int
    entries: list[Entry]


def words(output: bytes) -> list[str]:
    """Names need not be UTF-8: what is none of it is shown as U+FFFD."""
    return output.decode("utf-8", "replace").split("\0")


def status(output: bytes) -> Status:
    """Of `git status --porcelain=v2 --branch -z`."""
    said, entries = iter(words(output)), []
    about: dict[str, str] = {}
    for line in said:
        if line.startswith("# "):
            name, _, value = line[2:].partition(" ")
            about[name] = value
        elif line:
            entries.append(_entry(line, said))
    ahead, behind = (abs(int(one)) for one in about.get("branch.ab", "+0 -0").split())
    branch = about.get("branch.head", "")
    return Status("HEAD" if branch == "(detached)" else branch, about.get("branch.oid") == "(initial)", ahead, behind, entries)


def _entry(line: str, said: Iterator[str]) -> Entry:
    kind, _, rest = line.partition(" ")
    if kind == "?":
        return Entry(rest, None, "untracked", False)
    if kind == "u":
        return Entry(rest.split(" ", 9)[-1], None, "conflicted", None)
    index, tree = rest[0], rest[1]
    staged = None if index != "." and tree != "." else index != "."
    path = rest.split(" ", 8 if kind == "2" else 7)[-1]
    letter = next((one for one in "RCADT" if one in (index, tree)), "")
    return Entry(path, next(said) if kind == "2" else None, STATUSES.get(letter, "modified"), staged)


def numstat(said: Iterator[str]) -> Iterator[tuple[str, Lines]]:
    """By the file's name now. It ends at an empty word, which stands before a patch and before the next commit, or where it was cut."""
    for word in said:
        parts = word.lstrip("\n").split("\t", 2)
        if len(parts) < 3:
            return
        added, deleted, path = parts
        if not path:
            _, path = next(said, ""), next(said, "")
        yield path, Lines(None if added == "-" else int(added), None if deleted == "-" else int(deleted))


def raw(said: Sequence[str]) -> tuple[list[tuple[str, str | None, CommitFileStatus]], Sequence[str]]:
    """The files of `--raw`, and the words behind them."""
    files: list[tuple[str, str | None, CommitFileStatus]] = []
    at = 0
    while at < len(said) and said[at].lstrip("\n").startswith(":"):
        letter = said[at].rsplit(" ", 1)[1][0]
        moved = letter in "RC"
        files.append((said[at + 1 + moved], said[at + 1] if moved else None, COMMIT_STATUSES.get(letter, "modified")))
        at += 2 + moved
    return files, said[at:]


def commits(output: bytes) -> list[Commit]:
    """Of `git log -z` with COMMIT and nothing besides."""
    said = words(output)
    return [commit(said[at : at + FIELDS]) for at in range(0, len(said) - FIELDS + 1, FIELDS)]


def commit(fields: Sequence[str]) -> Commit:
    sha, short, parents, name, email, at, refs, summary, message = fields
    return Commit(
        sha=sha, short_sha=short, parents=tuple(parents.split()), author_name=name, author_email=email, authored_at=at,
        refs=tuple(_refs(refs, sha)), summary=summary, message=message.rstrip("\n"),
    )  # fmt: skip


def _refs(decoration: str, sha: str) -> Iterator[Ref]:
    """Of %D with full names. A ref's name holds no blank, so a comma and a blank part two."""
    for one in decoration.split(", "):
        head, arrow, name = one.rpartition(" -> ")
        current = True if arrow and head == "HEAD" else None
        for prefix, kind in REF_KINDS:
            if name.startswith(prefix) and not (kind == "remote" and name.endswith("/HEAD")):
                yield ref(kind, name.removeprefix(prefix), sha, current)


def ref(kind: str, name: str, sha: str, current: bool | None = None) -> Ref:
    if kind != "remote":
        return Ref.model_validate({"kind": kind, "name": name, "commit_sha": sha, "is_current": current})
    remote, _, branch = name.partition("/")
    return Ref(kind="remote", remote=remote, name=branch, commit_sha=sha)
