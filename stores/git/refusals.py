"""What git says no with, as the hub's own errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from hub.domain.errors import HubError, Invalid, Refused
from stores.git.command import GitFailed

LONGEST = 2_000
"""Characters of what git said that a caller reads: a hook may say anything."""
PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")
LOCKED = re.compile(r"Unable to create '(?P<file>[^']*\.lock)': File exists")
WRONG = re.compile(
    r"unknown revision|bad revision|Needed a single revision|not a valid object|invalid reference|did not match any file"
    r"|is outside repository|beyond a symbolic link|ignored by one of your .gitignore|couldn't find remote ref|not something we can merge"
)
"""In what the caller named, not in the repository's state."""
NAMELESS = re.compile(r"no (email|name) was given|Please tell me who you are|empty ident name")


def refusal(failure: GitFailed, what: str) -> HubError:
    """`what` could not be done, like `commit`."""
    said = PASSWORD.sub("", failure.said)[-LONGEST:].strip()
    if found := LOCKED.search(said):
        name = found["file"].rpartition("/")[2]
        return Refused(
            f"The repository is locked: another git is at work in it, or one that ended left {name} behind. Try again; if no git runs, "
            "remove that file."
        )
    if NAMELESS.search(said):
        return Refused(
            "Git does not know whose commit it is. Set it in the repository: git config user.name NAME; git config user.email ADDRESS"
        )
    kind = Invalid if WRONG.search(said) else Refused
    return kind(f"git could not {what}: {said or f'it ended with code {failure.code}'}")


@contextmanager
def refusing(what: str) -> Iterator[None]:
    try:
        yield
    except GitFailed as failure:
        raise refusal(failure, what) from None
