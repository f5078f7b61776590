"""What git says no with, as the hub's own errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from hub.domain.errors import Busy, HubError, Invalid, Refused
from stores.git.command import GitFailed

LONGEST = 2_000
"""Characters of what git said that a caller reads: a hook may say anything."""
SHOWN = 5
"""Files that are named."""
CREDENTIALS = re.compile(r"//[^/@\s]+@")
Meanings = tuple[tuple[str, type[HubError], str], ...]
"""A pattern of what git says, and what is told. The first that fits is taken."""

HERE: Meanings = (
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
        r"(?P<lock>[^/']*\.lock)': File exists", Refused,
        "The repository is locked: another git is at work in it, or one that ended left {lock} behind. Try again, or remove that file.",
    ),
    (
        "no (email|name) was given|Please tell me who you are|empty ident name", Refused,
        "Git does not know whose commit it is. Set it in the repository: git config user.name NAME; git config user.email ADDRESS",
    ),
    ("does not have any commits yet", Refused, "This branch has no commit yet. Make the first one."),
    (
        "unmerged files", Refused,
        "There are conflicts from a merge or rebase. Resolve them, or give it up with git merge --abort or git rebase --abort.",
    ),
    ("would be overwritten", Refused, "Local changes stand in the way: {files}. Commit or discard them first."),
    ("rebase-merge directory", Refused, "A rebase is under way here. Finish it, or give it up with git rebase --abort."),
    ("not fully merged", Refused, "It has commits that are merged nowhere. Merge them, or use force=true: a saved ref keeps them."),
    (
        "(?i)checked out at|used by worktree", Refused,
        "The branch is checked out in another worktree. Work there, remove that worktree, or take another branch.",
    ),
    (
        "bad revision|unknown revision|bad object|not a valid object|Needed a single revision|Not a valid object name", Invalid,
        "There is no such branch, tag or commit here. list_git_refs shows what there is.",
    ),
    (
        "invalid reference|did not match any file|is outside repository|beyond a symbolic link|ignored by one of|not something we can",
        Invalid, "git could not {what}: {said}",
    ),
)  # fmt: skip
"""Of a repository of this machine."""

THERE: Meanings = (
    (
        r"could not read (Username|Password)|Authentication failed|Permission denied|terminal prompts disabled|returned error: 40[13]",
        Refused,
        "{host} wants a login for {name}: it is private, or not there. Log git in on the hub's machine: git help credentials, or ssh-add.",
    ),
    (
        "Host key verification failed", Refused,
        "The hub's machine does not know {host} yet. Log in there with ssh once, and accept its key.",
    ),
    ("couldn't find remote ref (?P<ref>.*)", Invalid, "There is no {ref} at {host}. Name another branch; fetch_branches shows them."),
    (
        "repository .*not found|returned error: 404|does not appear to be a git repository|no such repository", Refused,
        "There is no repository {name} at {host}, or it is private. Look at the address.",
    ),
    (
        r"returned error: 30\d|redirect", Refused,
        "{host} has {name} elsewhere, and this hub follows no redirects. Give the new address.",
    ),
    ("No space left", Refused, "There is no room for {name} on the hub's disk."),
    (
        "Could not resolve host|Failed to connect|Connection (refused|timed out|reset)|too slow|timed out|early EOF|hung up|empty reply",
        Busy, "{host} does not answer, or stopped in the middle. Try again later.",
    ),
)  # fmt: skip
"""Of what another machine was asked for."""


def refusal(failure: GitFailed, what: str) -> HubError:
    """`what` could not be done, like `commit`. Of what is not known git's own words are told."""
    said = CREDENTIALS.sub("//", failure.said)[-LONGEST:].strip() or f"it ended with code {failure.code}"
    known = _known(HERE, failure.said, what=what, said=said, files=_files(failure.said))
    return known or Refused(f"git could not {what}: {said}")


def refusal_of_remote(failure: GitFailed, name: str, host: str) -> HubError:
    """The repository `name` could not be brought. Of git's own words only the last are told, without paths of this machine."""
    lines = [line for line in CREDENTIALS.sub("//", failure.said).splitlines() if line.startswith(("fatal: ", "error: ", "ssh: "))]
    why = re.sub(r"(?<![\w:/])/[^\s'\"]+", "…", lines[-1])[:300] if lines else "it did not say why"
    return _known(THERE, failure.said, flags=re.IGNORECASE, name=name, host=host) or Refused(f"git could not bring {name}: {why}")


@contextmanager
def refusing(what: str) -> Iterator[None]:
    try:
        yield
    except GitFailed as failure:
        raise refusal(failure, what) from None


def _known(meanings: Meanings, heard: str, flags: int = 0, **words: str) -> HubError | None:
    for pattern, kind, text in meanings:
        if found := re.search(pattern, heard, flags):
            return kind(text.format(**words, **found.groupdict()))
    return None


def _files(said: str) -> str:
    """Those that git names, each in a line of its own."""
    files = [line.strip() for line in said.splitlines() if line.startswith("\t")]
    return (", ".join(files[:SHOWN]) or "see git status") + (f" and {len(files) - SHOWN} more" if len(files) > SHOWN else "")
