"""Note text as a CRDT: a Yjs document whose shared text is named `content`. Updates are Yjs's v1 encoding.

A text is known by its history: a snapshot and the updates since. Nothing here is kept in memory between calls.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import chain
from re import findall

from pycrdt import Doc, Text, merge_updates

from hub.domain.errors import Invalid

HUB_CLIENT = 1
"""The Yjs client of every edit made on the newest text. Those are serialised by the note's version, so its clock never
forks, and a text written from start to end stays as small as its characters."""

FINE = 2_000
"""Hunks of up to so many words are compared word by word, and texts of up to so many lines line by line."""

NOTHING = b"\0\0"
"""The update that changes nothing."""

Edit = tuple[int, int, str]
"""Replace the characters from, up to, by this."""


def read(history: Sequence[bytes]) -> str:
    return str(_text(_document(history)))


def rewrite(history: Sequence[bytes], content: str, *, newest: bool = True) -> bytes:
    """The update that turns the text of this history into `content`.

    `newest=False` says that the history has gone on since: the edits are then a new client's, and merge with what came after.
    """
    document = _document(history, HUB_CLIENT if newest else None)
    before, text = document.get_state(), _text(document)
    old = str(text)
    with document.transaction():
        for start, end, replacement in reversed(list(edits(old, content))):
            at = len(old[:start].encode())  # Yrs counts UTF-8 bytes
            if end > start:
                del text[at : at + len(old[start:end].encode())]
            if replacement:
                text.insert(at, replacement)
    return document.get_update(before)


def merge(history: Sequence[bytes]) -> bytes:
    """One update for many. What waits for a missing predecessor is kept."""
    return merge_updates(*history) if history else NOTHING


def check(update: bytes) -> None:
    """Raises Invalid for bytes that are no Yjs update."""
    _text(_document([update]))


def edits(old: str, new: str) -> Iterator[Edit]:
    """The changes from old to new, in order, as small as lines and words tell them."""
    lines, new_lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for start, end, begin, stop in _changed(lines, new_lines):
        words, new_words = _words(lines[start:end]), _words(new_lines[begin:stop])
        offset = sum(map(len, lines[:start]))
        for first, last, head, tail in _changed(words, new_words):
            at = offset + sum(map(len, words[:first]))
            yield at, at + sum(map(len, words[first:last])), "".join(new_words[head:tail])


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """The parts that differ; one big part where comparing would take too long."""
    head = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new)))
    rest = min(len(old), len(new)) - head
    pairs = zip(reversed(old), reversed(new), strict=False)
    tail = min(next((at for at, (one, other) in enumerate(pairs) if one != other), rest), rest)
    middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(middle) > FINE or len(new_middle) > FINE:
        yield head, head + len(middle), head, head + len(new_middle)
        return
    for tag, start, end, begin, stop in SequenceMatcher(None, middle, new_middle, autojunk=False).get_opcodes():
        if tag != "equal":
            yield head + start, head + end, head + begin, head + stop


def _words(lines: Sequence[str]) -> list[str]:
    return list(chain.from_iterable(findall(r"\w+|\W", line) for line in lines))


def _document(history: Sequence[bytes], client_id: int | None = None) -> Doc[Text]:
    document: Doc[Text] = Doc(client_id=client_id)
    try:
        for update in history:
            document.apply_update(update)
    except BaseException as error:  # bytes that break Yrs's own rules panic there, which is no Exception here
        if isinstance(error, KeyboardInterrupt):
            raise
        raise Invalid("The update is not in Yjs's v1 encoding. Send what Y.encodeStateAsUpdate gives, not V2.") from None
    return document


def _text(document: Doc[Text]) -> Text:
    return document.get("content", type=Text)
