"""What git's own words for a failure mean to a caller."""

import re

from hub.domain.errors import HubError, Invalid, Refused
from stores.git.command import GitFailed

LONGEST = 300
"""Characters of git's own words."""
CREDENTIALS = re.compile(r"//[^/@\s]+@")
PREFIX = re.compile(r"^(fatal|error|warning|hint): ")

MEANINGS: tuple[tuple[str, type[HubError], str], ...] = (
    (
        "must be run in a work tree", Invalid,
        "This is a bare git repository, without files. Name a working tree of it: git worktree add makes one.",
    ),
    (
        "dubious ownership", Refused,
        "This repository belongs to somebody else. Its operator allows it with: git config --global --add safe.directory FOLDER",
    ),
    ("not a git repository", Invalid, "This is no git repository. Make it one with: git init"),
    (
        ".lock': File exists", Refused,
        "Another git is at work in this repository. Try again; if none runs any more, remove the .lock file that it left in .git.",
    ),
    ("does not have any commits yet", Refused, "This branch has no commit yet. Make the first one."),
    (
        "unmerged files", Refused,
        "There are conflicts from a merge or rebase. Resolve them, or give it up with git merge --abort or git rebase --abort.",
    ),
    ("would be overwritten", Refused, "Local changes stand in the way. Commit or discard them first."),
    ("rebase-merge directory", Refused, "A rebase is under way here. Finish it, or give it up with git rebase --abort."),
    *(
        (said, Invalid, "There is no such branch, tag or commit here. list_git_refs shows what there is.")
        for said in ("bad revision", "unknown revision", "bad object", "Needed a single revision", "Not a valid object name")
    ),
)  # fmt: skip
"""A part of what git says, and what is told. The first that fits is taken."""


def told(failure: GitFailed) -> HubError:
    """What to raise: for what is not known, git's own first line."""
    for part, kind, message in MEANINGS:
        if part in failure.said:
            return kind(message)
    lines = [PREFIX.sub("", line) for line in failure.said.splitlines() if line.strip()]
    said = CREDENTIALS.sub("//", lines[0])[:LONGEST] if lines else f"it ended with code {failure.code}"
    return Refused(f"Git refused: {said}")
