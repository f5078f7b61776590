"""Note text as a CRDT: a Yjs document whose shared text is named `content`. Updates are Yjs's v1 encoding.

A text is known by its history: a snapshot and the updates since. Nothing here is kept in memory between calls.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import chain
from re import findall

from pycrdt import Doc, Text, merge_updates

from hub.domain.errors import Invalid

HUB_CLIENT = 1
"""The Yjs client of every edit made on the newest text: those are serialised by the note's version, so its clock never forks,
and the state names one client instead of one an edit. Yjs's own clients take random numbers of 32 bits."""

MOST_PARTS, MOST_PAIRS = 2_000, 400_000
"""So many lines or words are compared one by one, and so many pairs of equal ones among them: some 0.2 s at worst."""

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
    head = _shared(old, new)
    tail = _shared(old[: head - 1 if head else None : -1], new[: head - 1 if head else None : -1])
    lines = old[head : len(old) - tail].splitlines(keepends=True)
    new_lines = new[head : len(new) - tail].splitlines(keepends=True)
    for start, end, begin, stop in _changed(lines, new_lines):
        words, new_words = _words(lines[start:end]), _words(new_lines[begin:stop])
        offset = head + sum(map(len, lines[:start]))
        for first, last, left, right in _changed(words, new_words):
            at = offset + sum(map(len, words[:first]))
            yield at, at + sum(map(len, words[first:last])), "".join(new_words[left:right])


def _shared(one: str, other: str) -> int:
    """How many characters the two begin with together, found by halving: comparing slices is quick, characters are not."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """The parts that differ; one part where comparing would take too long."""
    counts = Counter(new)
    if max(len(old), len(new)) > MOST_PARTS or sum(counts[part] for part in old) > MOST_PAIRS:
        yield 0, len(old), 0, len(new)
        return
    for tag, start, end, begin, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield start, end, begin, stop


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
