"""A mail as staff read it: as it will be, and as it was sent, without what opens somebody's page."""

from __future__ import annotations

import base64
import email
import quopri
import re
from email.message import EmailMessage
from email.policy import default
from typing import TYPE_CHECKING

from engagement.events.models import Event
from engagement.kernel.bilingual import LANGUAGES, Language, Text
from engagement.kernel.db import db
from engagement.kernel.ports import ports
from engagement.kernel.settings import settings
from engagement.kernel.tokens import new_token
from engagement.mailing.composing import Composed, Composer, Sketch, Values
from engagement.mailing.discretion import discreetly
from engagement.mailing.letters import Written, write
from engagement.mailing.mime import DEEPEST, read_mail
from engagement.mailing.preference_links import with_footer
from engagement.outreach.vocabulary import SAMPLES

if TYPE_CHECKING:
    from engagement.mailing.models import Message
    from engagement.mailing.texts import MailText
    from engagement.outreach.models import Mailing
    from engagement.roster.models import Person

# A personal link lets whoever has it answer for that person: staff read the mail, not the link. Guards
# of other mail systems put it into links of their own, with %2F or (Proofpoint) with _ for the slash,
# and old mail programs break it in two.
_SECRET = re.compile(
    r"(?P<before>(?:/|%(?:25)?2[fF])[a-z]{1,12}(?:/|%(?:25)?2[fF])|-3A__[A-Za-z0-9.-]{1,200}_[a-z]{1,12}_)"
    r"(?P<token>[A-Za-z0-9_-]{8,})(?P<further>(?:=?\r?\n[> \t]*)(?P<rest>[A-Za-z0-9_-]+))?"
)
_LEAST_OF_A_TOKEN, _WHOLE_TOKEN = 30, len(new_token())
# The marks that text in UTF-16 begins with.
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def without_links(text: str) -> str:
    """Return ``text`` with the secret part of every personal link left out."""
    return _SECRET.sub(lambda found: _left_out(found, "…"), text)


def _left_out(found: re.Match[str], mark: str) -> str:
    token, rest = found["token"], found["rest"] or ""
    if len(token) < _WHOLE_TOKEN == len(token) + len(rest):
        return f"{found['before']}{mark}"
    return f"{found['before']}{mark}{found['further'] or ''}" if len(token) >= _LEAST_OF_A_TOKEN else found[0]


def bytes_without_links(content: bytes) -> bytes:
    """Return a file that somebody sent with the secret part of every personal link left out, where it is text; any other as it is."""
    if content.startswith(_WIDE):
        return without_links(content.decode("utf-16", "replace")).encode("utf-16")
    if b"\0" in content:
        return content
    # Each byte is a letter of its own for as long as it takes.
    return _SECRET.sub(lambda found: _left_out(found, "..."), content.decode("latin-1")).encode("latin-1")


def mail_without_links(raw: bytes, depth: int = 0) -> bytes:
    """Return a received mail with the secret part of every personal link left out, in its headers and in each part that is text.

    What holds no such link is returned as it was received. Of a mail with too many parts, or parts
    too deep in one another, the part that could not be read is not handed over.
    """
    mail = read_mail(raw)
    kept, place, changed = list[bytes](), 0, bool(mail.cut)
    for part in mail.parts:
        between, written = mail.raw[place : part.start], mail.raw[part.start : part.end]
        content = mail.content(part)
        nested = part.kind == "message/rfc822" and depth < DEEPEST
        stripped = mail_without_links(content, depth + 1) if nested else bytes_without_links(content)
        if stripped != content:
            written, changed = _encoded(stripped, part.encoding), True
        kept += [bytes_without_links(between), written]
        changed, place = changed or kept[-2] != between, part.end
    rest = b"" if mail.cut else mail.raw[place:]
    kept.append(bytes_without_links(rest))
    return b"".join(kept)[1:] if changed or kept[-1] != rest else raw


def _encoded(content: bytes, encoding: str) -> bytes:
    """Return ``content`` in the transfer encoding that its part says it has."""
    if encoding == "base64":
        return base64.encodebytes(content).rstrip()
    return quopri.encodestring(content) if encoding == "quoted-printable" else content


def text_as_sent(message: Message) -> str | None:
    """Return the plain text of a written message; None where it is not kept, or not for staff."""
    composer: Composer | None = ports().composers.get(message.purpose)
    raw = message.raw
    if raw is None or (composer is not None and composer.private):
        return None
    parsed = email.message_from_bytes(raw, policy=default)
    assert isinstance(parsed, EmailMessage)  # noqa: S101 - what this policy makes.
    part = parsed.get_body(("plain",))
    return without_links(str(part.get_content()).replace("\r\n", "\n").strip()) if part is not None else ""


def subject_as_sent(message: Message) -> str:
    """Return the subject of a written message as staff may read it."""
    return without_links(message.subject)


def as_one_person_reads_it(mailing: Mailing, person: Person, text: MailText) -> Written:
    """Return the mail of a draft as ``person`` will get it; its link opens nothing."""
    footed = with_footer(text, ports().composers.get(mailing.purpose))
    event = db.session.get(Event, mailing.event_id) if mailing.event_id else None
    filled = Composed("", "", values_for(mailing, person), discreet=event is not None and event.discreet)
    shown, said = discreetly(footed, filled, person)
    written = write(shown, said.values, person.language or "both", settings().base_url)
    return Written(without_links(written.subject), without_links(written.plain).strip(), written.html)


def values_for(mailing: Mailing, person: Person) -> Values:
    """Return what is filled in for ``person``, in both languages, with links that open nothing."""
    composer: Composer | None = ports().composers.get(mailing.purpose)
    sketch = Sketch(mailing.consultation_id, person.id, mailing.event_id, mailing.questionnaire_id)
    return composer.preview(sketch) if composer and composer.preview else samples(composer)


def samples(composer: Composer | None) -> Values:
    """Return something that stands for every placeholder, in both languages."""
    names = composer.placeholders if composer else ()
    return {language: {each: sample_of(each).in_(language) for each in names} for language in LANGUAGES}


def sample_of(name: str) -> Text:
    """Return what stands for a placeholder where a text is tried out."""
    own = f"[{name.replace('_', ' ')}]"
    return SAMPLES.get(name) or Text(own, own)


def sample(text: MailText, composer: Composer | None, language: Language) -> Written:
    """Return what a text comes to in one language, for an invented person."""
    return write(with_footer(text, composer), samples(composer), language, settings().base_url)
