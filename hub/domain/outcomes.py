"""What a call with an idempotency key came to."""

from typing import ClassVar

from hub.domain.model import Record


class Outcome(Record):
    """Committed with the call's changes. Its id is made of operation, subject and key, so a repeat loses its insert."""

    kind: ClassVar[str] = "outcome"
    plural: ClassVar[str] = "outcomes"

    digest: str
    """Of the validated input: a repeat must ask for the same thing."""
    result: str
