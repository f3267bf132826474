"""The local mailbox: every mail that this machine received, a file each.

For trying out and for tests; it does not exist in production. Files are named so that their
order is the order of arrival, and appear whole or not at all.
"""

from __future__ import annotations

import email
import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from typing import TYPE_CHECKING, Any, Literal

from engagement.kernel.clock import on_the_wall

if TYPE_CHECKING:
    from pathlib import Path

# On whose clocks the mailbox shows what it holds.
ZONE = "America/Toronto"
# As headers are folded; a non-breaking space is none of it.
_SPACE = re.compile(r"[ \t\r\n]+")
_NAME = re.compile(r"[0-9]{20}-[0-9a-f]{8}")


def keep(folder: Path, sender: str, recipients: list[str], content: bytes) -> str:
    """Store one mail as a file that appears whole, and return its name."""
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
    top = [f"Return-Path: <{sender}>", *(f"Delivered-To: {each}" for each in recipients)]
    draft = folder / f"{name}.part"
    draft.write_bytes("\r\n".join(top).encode("utf-8", "replace") + b"\r\n" + content)
    draft.rename(folder / f"{name}.eml")
    return name


@dataclass(frozen=True, slots=True)
class Entry:
    """What a calendar part says; its times stand on the clocks of ``ZONE``, None where it names none."""

    method: str
    uid: str
    summary: str
    location: str
    status: str
    starts: datetime | None
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as the local mailbox shows it."""

    name: str
    sender: str
    to: str
    subject: str
    received_at: datetime
    plain: str = ""
    html: str = ""
    entries: list[Entry] = field(default_factory=list)
    return_path: str = ""


def newest(folder: Path, limit: int = 200) -> list[Mail]:
    """Return the newest mails, without their text, the last one first."""
    names = sorted((path.stem for path in folder.glob("*.eml")), reverse=True)
    return [_read(folder, name, whole=False) for name in names[:limit]]


def count(folder: Path) -> int:
    """Return how many mails are kept."""
    return sum(1 for _ in folder.glob("*.eml"))


def open_mail(folder: Path, name: str) -> Mail | None:
    """Return one mail, None where there is none of that name."""
    return _read(folder, name, whole=True) if file_of(folder, name) else None


def file_of(folder: Path, name: str) -> Path | None:
    """Return the file of one mail, None where there is none of that name."""
    path = folder / f"{name}.eml"
    return path if _NAME.fullmatch(name) and path.is_file() else None


def _read(folder: Path, name: str, *, whole: bool) -> Mail:
    with (folder / f"{name}.eml").open("rb") as file:
        # A list needs the headers only: they fit the first 16 kB.
        content = file.read() if whole else file.read(16 * 1024)
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes.
    return Mail(
        name=name,
        sender=_header(content, "From"),
        to=_header(content, "To"),
        subject=_header(content, "Subject"),
        received_at=datetime.fromtimestamp(int(name[:20]) / 1e9, tz=UTC),
        plain=_body(message, "plain").strip() if whole else "",
        html=_body(message, "html") if whole else "",
        entries=_entries(message) if whole else [],
        return_path=str(message.get("Return-Path", "")).strip("<>"),
    )


def _header(content: bytes, name: str) -> str:
    # The newer parser puts a space between the encoded words of a name; this one joins them.
    raw = email.message_from_bytes(content, policy=compat32)[name]
    return _SPACE.sub(" ", str(make_header(decode_header(str(raw))))).strip() if raw else ""


def _body(message: EmailMessage, kind: Literal["plain", "html"]) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def _entries(message: EmailMessage) -> list[Entry]:
    found: list[Entry] = []
    for part in message.walk():
        if part.get_content_type() != "text/calendar":
            continue
        try:
            from icalendar import Calendar  # noqa: PLC0415 - large, and not needed by most pages.

            calendar = Calendar.from_ical(_decoded(part))
        except ValueError:
            continue
        found += [_entry(str(calendar.get("METHOD", "")), event) for event in calendar.walk("VEVENT")]
    return found


def _decoded(part: Any) -> bytes:
    return bytes(part.get_payload(decode=True) or b"")


def _entry(method: str, event: Any) -> Entry:
    def moment(name: str) -> datetime | None:
        value = getattr(event.get(name), "dt", None)
        if not isinstance(value, datetime):
            return None
        return on_the_wall(value, ZONE) if value.tzinfo else value

    return Entry(
        method=method,
        uid=str(event.get("UID", "")),
        summary=str(event.get("SUMMARY", "")),
        location=str(event.get("LOCATION", "")),
        status=str(event.get("STATUS", "")),
        starts=moment("DTSTART"),
        ends=moment("DTEND"),
    )
