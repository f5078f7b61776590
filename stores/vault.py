"""Secrets at rest: AES-256-GCM under keys that never come near the database.

A sealed text is `v1.<key's number>.<nonce and ciphertext, base64url>`. The place that it belongs to is authenticated with it, so
that a sealed secret copied into another record opens nothing.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from secrets import token_bytes
from typing import TYPE_CHECKING

from hub.domain.errors import Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = "v1"
NONCE = 12
"""Bytes, random: a key seals far fewer than the 2^32 texts at which random ones come near each other (NIST SP 800-38D §8.3)."""
KEY_FILE = "secret.key"
SETTING = "TRIVIUM_SECRET_KEY"
CHANGED = (
    f"A stored secret cannot be opened: the hub's secret key is not the one that sealed it. Start the hub with that key, too "
    f"({SETTING} takes several with commas between them, or bring back the file {KEY_FILE}), or give the secret anew."
)
NO_KEY = f"The hub has no key to keep secrets with. Its operator sets {SETTING}, the same on every node: `openssl rand -hex 32` makes one."

Keys = Callable[[bool], Sequence[str]]
"""The texts that keys are derived from, the sealing one first; when there is none, one is made if the argument says so."""


class KeyVault:
    """A Vault. Its keys are read when the first secret is sealed or opened."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._derived: dict[str, AESGCM] = {}

    def seal(self, secret: str, place: str) -> str:
        name, cipher = next(iter(self._ciphers(True).items()))
        nonce = token_bytes(NONCE)
        sealed = nonce + cipher.encrypt(nonce, secret.encode(), place.encode())
        return f"{FORMAT}.{name}.{urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, place: str) -> str:
        from cryptography.exceptions import InvalidTag

        version, _, rest = sealed.partition(".")
        name, _, text = rest.partition(".")
        cipher = self._ciphers(False).get(name) if version == FORMAT else None
        if cipher is None:
            raise Refused(CHANGED)
        try:
            raw = urlsafe_b64decode(text)
            return cipher.decrypt(raw[:NONCE], raw[NONCE:], place.encode()).decode()
        except (InvalidTag, ValueError):
            raise Refused(CHANGED) from None

    def keys(self, purpose: str) -> list[bytes]:
        texts = self._keys(True)
        if not texts:
            raise Refused(NO_KEY)
        return [_key_material(text, f"trivium {purpose} 1", 48) for text in texts]

    def _ciphers(self, make: bool) -> "dict[str, AESGCM]":
        """By name, the sealing one first."""
        if not self._derived:
            self._derived = dict(map(_derived, self._keys(make)))
        if not self._derived:
            raise Refused(NO_KEY if make else CHANGED)
        return self._derived


def of_texts(*texts: str) -> KeyVault:
    """Whoever has one of these texts can open what was sealed."""
    return KeyVault(lambda _: texts)


def of_file(path: Path) -> KeyVault:
    """The key stands in a file for its owner alone, made with the first secret."""
    return KeyVault(_KeyFile(path).keys)


def ephemeral() -> KeyVault:
    """For what does not outlive the process."""
    return of_texts(_new_text())


class _KeyFile:
    def __init__(self, path: Path) -> None:
        self._path = path

    def keys(self, make: bool) -> Sequence[str]:
        try:
            if make and not self._path.exists():
                self._make()
            text = self._path.read_text("ascii").strip()
        except FileNotFoundError:
            return ()
        except (OSError, ValueError):
            raise Refused(f"The file {KEY_FILE} beside the database cannot be used. Let the hub's user read and write there.") from None
        if len(text) < self._length:
            raise Refused(f"The file {KEY_FILE} beside the database holds no key. Bring back the one that was there, or remove it.")
        return (text,)

    @cached_property
    def _length(self) -> int:
        return len(_new_text())

    def _make(self) -> None:
        """It appears whole or not at all, and the first of several processes wins."""
        draft = self._path.with_name(f"{KEY_FILE}.{os.getpid()}")
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(f"{_new_text()}\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, self._path)
        finally:
            draft.unlink()


def _new_text() -> str:
    return urlsafe_b64encode(token_bytes(32)).decode()


def _derived(text: str) -> "tuple[str, AESGCM]":
    """The key's number, by which a sealed text names it, and the key itself."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    raw = _key_material(text, "trivium vault 1", 36)
    return raw[32:].hex(), AESGCM(raw[:32])


def _key_material(text: str, purpose: str, length: int) -> bytes:
    """RFC 5869: of one purpose nothing follows about another."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose.encode()).derive(text.encode())
