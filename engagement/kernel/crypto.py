"""Sealed columns: AES-GCM bound to their table, column and row, and a blind index for equality.

A value copied to another row, column or table does not open. The key that sealed a value
is named in front of it, so that two keys can be live while one replaces the other.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any, overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from engagement.kernel.base import Base

NONCE_BYTES = 12


class SealError(ValueError):
    """A sealed value does not open here: another row's, damaged, or its key is gone."""


class KeyRing:
    """The keys of this process: the first one seals, all of them open."""

    def __init__(self) -> None:
        """Start with no key: nothing can be sealed until ``use`` was called."""
        self._keys: dict[str, AESGCM] = {}
        self._index_key = b""

    def use(self, keys: Mapping[str, bytes]) -> None:
        """Take ``keys`` (id to 32 bytes, newest first); the oldest one also makes the blind index."""
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        oldest = list(keys.values())[-1]
        self._index_key = hmac.digest(oldest, b"blind index", "sha256")

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """Return ``plain`` sealed for ``place``."""
        name, key = next(iter(self._keys.items()))
        nonce = secrets.token_bytes(NONCE_BYTES)
        label = name.encode()
        return bytes([len(label)]) + label + nonce + key.encrypt(nonce, plain, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Return what was sealed for ``place``, or raise SealError."""
        end = 1 + sealed[0]
        key = self._keys.get(sealed[1:end].decode("utf-8", "replace"))
        if key is None:
            msg = "the key that sealed this value is not among ENCRYPTION_KEYS"
            raise SealError(msg)
        try:
            return key.decrypt(sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :], place)
        except InvalidTag:
            msg = "a sealed value was moved or damaged"
            raise SealError(msg) from None

    def blind_index(self, value: str) -> bytes:
        """Return a keyed fingerprint of ``value``: equal for equal values, telling nothing else."""
        return hmac.new(self._index_key, value.encode(), hashlib.sha256).digest()


keys = KeyRing()


def address_index(address: str) -> bytes:
    """Return the blind index of a mail address; case and surrounding space do not count."""
    return keys.blind_index(address.strip().casefold())


def domain_index(address: str) -> bytes:
    """Return the blind index of the domain of a mail address."""
    return keys.blind_index(f"domain {address.strip().rpartition('@')[2].casefold()}")


def place_of(table: str, column: str, row: UUID) -> bytes:
    """Return the place that a sealed value is bound to."""
    return f"{table}.{column}.{row.hex}".encode()


class SealedBytes:
    """An attribute whose bytes are stored sealed, in the column of the same name ending in ``_sealed``."""

    def __set_name__(self, owner: type[Base], name: str) -> None:
        """Learn the attribute's name."""
        self.column = f"{name}_sealed"

    def place(self, row: Base) -> bytes:
        """Return the place of this attribute in ``row``."""
        return place_of(row.__tablename__, self.column, row.id)

    def read(self, row: Base) -> bytes | None:
        """Return the opened bytes, None where nothing is stored."""
        sealed = getattr(row, self.column)
        return None if sealed is None else keys.open(sealed, self.place(row))

    def write(self, row: Base, plain: bytes | None) -> None:
        """Seal and store the bytes; None stores nothing."""
        setattr(row, self.column, None if plain is None else keys.seal(plain, self.place(row)))

    def __set__(self, row: Base, plain: bytes | None) -> None:
        """Seal and store."""
        self.write(row, plain)

    @overload
    def __get__(self, row: None, owner: Any) -> SealedBytes: ...
    @overload
    def __get__(self, row: Base, owner: Any) -> bytes | None: ...
    def __get__(self, row: Base | None, owner: Any) -> SealedBytes | bytes | None:
        """Open what is stored."""
        return self if row is None else self.read(row)


class SealedText:
    """An attribute whose words are stored sealed; nothing stored reads as the empty text."""

    def __set_name__(self, owner: type[Base], name: str) -> None:
        """Learn the attribute's name."""
        self.bytes = SealedBytes()
        self.bytes.__set_name__(owner, name)

    def __set__(self, row: Base, plain: str | None) -> None:
        """Seal and store; the empty text stores nothing."""
        self.bytes.write(row, plain.encode() if plain else None)

    @overload
    def __get__(self, row: None, owner: Any) -> SealedText: ...
    @overload
    def __get__(self, row: Base, owner: Any) -> str: ...
    def __get__(self, row: Base | None, owner: Any) -> SealedText | str:
        """Open what is stored."""
        return self if row is None else (self.bytes.read(row) or b"").decode()
