"""A repository's refs and commits."""

import asyncio
from collections.abc import Sequence

from hub.domain.errors import Invalid
from hub.domain.repositories import Base, Commit, CommitChange, CommitDetail, CommitDiff, CommitFile, CommitPage, Ref, Refs
from stores.git import formats
from stores.git import graph as graphs
from stores.git.formats import Lines
from stores.git.reading import LARGEST_DIFF, numbered_patch
from stores.git.trees import GitTree

LOG = ("log", "-z", "--date-order", "--decorate=full", formats.COMMIT)
ALL = ("--exclude=refs/stash", "--exclude=refs/notes/*", "--all")
DRAWN = 5000
"""Newest commits that the graph is made of: a page of it begins with the lanes of the page before."""
SEARCHED = 5000
"""Newest commits that a search looks through."""
MOST_BEYOND = 100
"""Commits beyond a base that are shown."""
CHANGE = "--format=%H%x00%h%x00%s%x00%an%x00%aI"
PATCH = ("--no-ext-diff", "--no-textconv", "--find-renames", "--diff-merges=first-parent", "-z", "--numstat")
REF = "--format=%(HEAD)%00%(refname)%00%(objectname)%00%(*objectname)"


class History(GitTree):
    """A repository's refs and commits, looked at."""

    async def refs(self) -> Refs:
        output = await self.run("for-each-ref", REF, "refs/heads", "refs/remotes", "refs/tags")
        found: dict[str, list[Ref]] = {"heads": [], "remotes": [], "tags": []}
        head = None
        for line in output.decode("utf-8", "replace").split("\n")[:-1]:
            current, name, sha, peeled = line.split("\0")
            _, space, short = name.split("/", 2)
            if space == "remotes" and short.endswith("/HEAD"):
                continue
            kind = {"heads": "local", "remotes": "remote", "tags": "tag"}[space]
            found[space].append(formats.ref(kind, short, peeled or sha, current == "*" if space == "heads" else None))
            if current == "*":
                head = formats.ref("head", short, sha, True)
        return Refs(head=head, local=tuple(found["heads"]), remote=tuple(found["remotes"]), tags=tuple(found["tags"]))

    async def commits(self, refs: Sequence[str], search: str, skip: int, limit: int) -> CommitPage:
        chosen = ("--end-of-options", *refs, "--") if refs else (*ALL, "--")
        if search:
            found = _found(formats.commits(await self.run(*LOG, f"--max-count={SEARCHED}", *chosen)), search.casefold())
            return _page(found[skip : skip + limit], skip, len(found))
        output, count, graph = await asyncio.gather(
            self.run(*LOG, f"--skip={skip}", f"--max-count={limit}", *chosen), self.run("rev-list", "--count", *chosen),
            self.run("rev-list", "--parents", "--date-order", f"--max-count={min(skip + limit, DRAWN)}", *chosen),
        )  # fmt: skip
        rows = list(graphs.rows(tuple(line.split()) for line in graph.decode().splitlines()))[skip:]
        page = formats.commits(output)
        drawn = [one.model_copy(update={"lane": row[0], "graph_edges": row[1]}) for one, row in zip(page, rows, strict=False)]
        return _page([*drawn, *page[len(drawn) :]], skip, int(count))

    async def commit(self, sha: str) -> CommitDetail:
        output = await self.run(*LOG, "--max-count=1", "--raw", *PATCH, "--end-of-options", named(sha), "--")
        said = formats.words(output)
        files, rest = formats.raw(said[formats.FIELDS :])
        lines = dict(formats.numstat(iter(rest)))
        return CommitDetail(commit=formats.commit(said[: formats.FIELDS]), files=tuple(_file(*one, lines) for one in files))

    async def commit_diff(self, sha: str, context: int) -> CommitDiff:
        shape = (CHANGE, "--max-count=1", *PATCH, "--patch", f"--unified={context}")
        output = await self.run("log", *shape, "--end-of-options", named(sha), "--", cut=True, largest=LARGEST_DIFF)
        *fields, rest = output.split(b"\0", 5)
        lines, patch, truncated = numbered_patch(rest)
        change = _change([field.decode("utf-8", "replace") for field in fields], lines)
        return CommitDiff(**change.__dict__, patch=patch, truncated=truncated)

    async def beyond(self, branches: Sequence[str]) -> Base | None:
        places = ("refs/remotes/origin/", "refs/heads/", "refs/remotes/")
        output = await self.run("for-each-ref", "--format=%(HEAD)%(refname)", *(place + one for one in branches for place in places))
        there = {line[1:] for line in output.decode("utf-8", "replace").split("\n") if line[:1] == " "}  # not the one that grows
        for branch in branches:
            if bases := [place + branch for place in places if place + branch in there]:
                shape = ("log", CHANGE, *PATCH, f"--max-count={MOST_BEYOND}", "--end-of-options", "HEAD")
                output = await self.run(*shape, *(f"^{base}" for base in bases), "--", fine=(0, 128))  # 128: there is no commit yet
                return Base(ref=bases[0].removeprefix("refs/heads/").removeprefix("refs/remotes/"), commits=_changes(formats.words(output)))
        return None


def named(sha: str) -> str:
    """A commit by any name of it; it goes after --end-of-options. Raises Invalid."""
    if ".." in sha or sha.startswith("^"):
        raise Invalid("sha: name one commit, like 1a2b3c4 or main")
    return f"{sha}^{{commit}}"


def _page(commits: Sequence[Commit], skip: int, total: int) -> CommitPage:
    end = skip + len(commits)
    more = bool(commits) and end < total
    return CommitPage(commits=tuple(commits), total=total, has_more=more, next_skip=end if more else None)


def _found(commits: Sequence[Commit], text: str) -> list[Commit]:
    return [one for one in commits if text in f"{one.sha}\n{one.summary}\n{one.author_name}\n{one.author_email}".casefold()]


def _file(path: str, previous_path: str | None, status: str, lines: dict[str, Lines]) -> CommitFile:
    counted = lines.get(path, Lines(0, 0))
    return CommitFile.trusted(
        path=path, previous_path=previous_path, status=status, additions=counted.additions or 0, deletions=counted.deletions or 0
    )


def _changes(said: Sequence[str]) -> tuple[CommitChange, ...]:
    """Of `git log` with CHANGE and --numstat: fields, then numbers, which have tabs as no commit's name has."""
    changes, at = [], 0
    while at < len(said):
        if not said[at]:
            at += 1
            continue
        fields, counted = said[at : at + 5], []
        at += 5
        while at < len(said) and "\t" in said[at]:
            size = 1 if said[at].split("\t", 2)[2] else 3
            counted += [lines for _, lines in formats.numstat(iter(said[at : at + size]))]
            at += size
        changes.append(_change(fields, counted))
    return tuple(changes)


def _change(fields: Sequence[str], lines: Sequence[Lines]) -> CommitChange:
    sha, short, summary, name, at = fields
    return CommitChange(
        sha=sha, short_sha=short, summary=summary, author_name=name, authored_at=at,
        additions=sum(one.additions or 0 for one in lines), deletions=sum(one.deletions or 0 for one in lines),
    )  # fmt: skip
