"""What a sending domain publishes, read as receivers read it: DMARC (RFC 7489), DKIM keys (RFC 6376), MX and names.

Pure: whoever calls brings the records. SPF has a file of its own (spf.py).
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ED25519_BYTES = 32
# RFC 8301, section 3.2: shorter ones do not count; 2,048 bits are what signers should use.
LEAST_RSA_BITS = 1024
GOOD_RSA_BITS = 2048
_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.DOTALL)


def tags_of(record: str) -> dict[str, str] | None:
    """Return the tags of a "name=value; name=value" record (RFC 6376, section 3.2); None where it is none or names one twice."""
    tags: dict[str, str] = {}
    parts = record.split(";")
    if parts and not parts[-1].strip():
        parts.pop()
    for part in parts:
        found = _TAG.fullmatch(part)
        if found is None or found[1] in tags:
            return None
        tags[found[1]] = found[2]
    return tags or None


class DmarcFault(StrEnum):
    """Why a domain has no policy that counts."""

    MISSING = "missing"
    SEVERAL = "several"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Dmarc:
    """A DMARC policy. ``strict_dkim`` and ``strict_spf``: names must be equal, not only of one domain."""

    policy: str
    subdomain_policy: str
    strict_dkim: bool
    strict_spf: bool
    percent: int
    reports_to: tuple[str, ...]


def read_dmarc(texts: Sequence[str]) -> Dmarc | DmarcFault:
    """Return the policy among the text records of ``_dmarc.<domain>``, or why none of them counts (RFC 7489, 6.3 and 6.6.3)."""
    found = [text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(?:;|$)", text)]
    if len(found) != 1:
        return DmarcFault.SEVERAL if found else DmarcFault.MISSING
    tags = tags_of(found[0])
    if tags is None:
        return DmarcFault.BROKEN
    policy = tags.get("p", "").lower()
    reports = tuple(address.strip() for address in tags.get("rua", "").split(",") if address.strip().lower().startswith("mailto:"))
    if policy not in {"none", "quarantine", "reject"}:
        if not reports:
            return DmarcFault.BROKEN
        # With somewhere to report to, a policy that cannot be read counts as "none".
        policy = "none"
    percent = tags.get("pct", "100")
    return Dmarc(
        policy=policy,
        subdomain_policy=tags.get("sp", policy).lower(),
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        percent=min(int(percent), 100) if percent.isascii() and percent.isdigit() and len(percent) < 5 else 100,
        reports_to=reports,
    )


def parents_of(domain: str) -> Iterator[str]:
    """Give the domain, then each domain above it down to two labels: where a policy may stand that holds for it."""
    labels = domain.rstrip(".").split(".")
    for start in range(max(1, len(labels) - 1)):
        yield ".".join(labels[start:])


class KeyFault(StrEnum):
    """Why a DKIM key does not count, or should not stay as it is."""

    MISSING = "missing"
    SEVERAL = "several"
    BROKEN = "broken"
    REVOKED = "revoked"
    TOO_SHORT = "too_short"
    SHORT = "short"
    TESTING = "testing"
    NOT_FOR_MAIL = "not_for_mail"


@dataclass(frozen=True, slots=True)
class Key:
    """A DKIM key that counts: its kind, and for RSA its length in bits."""

    kind: str
    bits: int


def read_key(texts: Sequence[str]) -> Key | KeyFault:
    """Return the key among the text records of ``<selector>._domainkey.<domain>`` (RFC 6376, 3.6.1; RFC 8301; RFC 8463)."""
    if len(texts) != 1:
        return KeyFault.SEVERAL if texts else KeyFault.MISSING
    tags = tags_of(texts[0])
    if tags is None or tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        return KeyFault.BROKEN
    fault = _fault_of_tags(tags)
    return fault if fault is not None else _key_in(tags)


def _fault_of_tags(tags: Mapping[str, str]) -> KeyFault | None:
    if not tags["p"]:
        return KeyFault.REVOKED
    if "sha256" not in tags.get("h", "sha256").replace(" ", "").split(":"):
        return KeyFault.BROKEN
    if not {"*", "email"} & set(tags.get("s", "*").replace(" ", "").split(":")):
        return KeyFault.NOT_FOR_MAIL
    return KeyFault.TESTING if "y" in tags.get("t", "").replace(" ", "").split(":") else None


def _key_in(tags: Mapping[str, str]) -> Key | KeyFault:
    try:
        raw = base64.b64decode("".join(tags["p"].split()), validate=True)
    except (binascii.Error, ValueError):
        return KeyFault.BROKEN
    kind = tags.get("k", "rsa")
    if kind == "ed25519" and len(raw) == ED25519_BYTES:
        return Key(kind, ED25519_BYTES * 8)
    return _rsa_key(raw) if kind == "rsa" else KeyFault.BROKEN


def _rsa_key(raw: bytes) -> Key | KeyFault:
    try:
        key = load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        return KeyFault.BROKEN
    if not isinstance(key, RSAPublicKey):
        return KeyFault.BROKEN
    if key.key_size < LEAST_RSA_BITS:
        return KeyFault.TOO_SHORT
    return Key("rsa", key.key_size) if key.key_size >= GOOD_RSA_BITS else KeyFault.SHORT


class Exchange(StrEnum):
    """Whether mail that comes back to a domain has somewhere to go."""

    NAMED = "named"
    # Without a record the domain's own address is tried (RFC 5321, section 5.1).
    BY_ADDRESS = "by_address"
    # "MX 0 ." says that the domain takes no mail (RFC 7505).
    REFUSED = "refused"
    NOWHERE = "nowhere"


def exchange_of(exchangers: Sequence[tuple[int, str]], addresses: Sequence[str]) -> Exchange:
    """Return where mail to a domain goes, from its MX records and its own addresses."""
    if any(name.rstrip(".") == "" for _, name in exchangers):
        return Exchange.REFUSED
    if exchangers:
        return Exchange.NAMED
    return Exchange.BY_ADDRESS if addresses else Exchange.NOWHERE


def is_public(address: str) -> bool:
    """Return whether an address is one of the open network, and so says how others see a server."""
    return ipaddress.ip_address(address).is_global


def reverse_name(address: str) -> str:
    """Return the name under which the owner of an address says what it is called."""
    return ipaddress.ip_address(address).reverse_pointer
