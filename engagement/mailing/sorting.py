"""Which kind a received mail is: rules, in the order in which they are asked. Pure.

The order matters. A delivery report and a complaint are sent by machines, too, and so is Gmail's
calendar reply, which says "Auto-Submitted: auto-generated" and is somebody's own answer all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engagement.mailing.automatic import answers_by_itself, is_automatic, is_from_nobody
from engagement.mailing.inbound import Kind
from engagement.mailing.mime import LONGEST_TEXT, attachments_of
from engagement.mailing.quoting import own_words, words_brought
from engagement.mailing.wordings import asks_for_the_questionnaire, wants_no_more_mail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engagement.mailing.mime import Mail, Part
    from engagement.mailing.reports import Report

# Methods of iTIP (RFC 5546) by which a guest answers; a REQUEST that comes back is no answer.
ANSWERING = ("REPLY", "COUNTER", "REFRESH", "DECLINECOUNTER")
# A text of this length that somebody wrote themselves is a letter.
LETTER_LENGTH = 1500
_METHOD = re.compile(r"^METHOD(?:;[^:\n]{0,200})?:[ \t]*([A-Za-z-]{1,20})", re.IGNORECASE | re.MULTILINE)
_LETTER_KINDS = (
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml",
    "application/vnd.oasis.opendocument.text",
    "application/rtf",
    "text/rtf",
)
_LETTER_ENDINGS = (".pdf", ".doc", ".docx", ".odt", ".rtf")


def kind_of(mail: Mail, *, report: Report | None, method: str, tokens: Mapping[str, tuple[str, ...]], text: str) -> Kind:
    """Return what a mail is; unplaced where no rule says."""
    if report is not None:
        return Kind.COMPLAINT if report.feedback else Kind.BOUNCE
    if method:
        return Kind.REPLY
    if "unsubscribe" in tokens:
        # Mail programs that press the button for somebody mark what they send as automatic.
        return Kind.UNSUBSCRIBE
    to_bounces = "bounces" in tokens
    if is_automatic(mail, to_bounces=to_bounces):
        return _kind_of_automatic(mail, text, to_bounces=to_bounces)
    if is_from_nobody(mail.headers):
        # A machine's, and nobody knows which: it does nothing, and people read it.
        return Kind.SUBMISSION if brings_a_document(mail) else Kind.UNPLACED
    return _kind_by_words(mail, text)


def _kind_by_words(mail: Mail, text: str) -> Kind:
    """Return what a mail is that a person wrote."""
    subject, own = mail.headers.words("subject"), own_words(text)
    answers = bool(mail.headers.first("in-reply-to") or mail.headers.first("references"))
    if wants_no_more_mail(subject, own, answers=answers):
        return Kind.UNSUBSCRIBE
    if asks_for_the_questionnaire(subject, own):
        return Kind.REQUEST
    return Kind.SUBMISSION if mail.sender()[1] and (brings_a_document(mail) or _is_long(mail, text)) else Kind.UNPLACED


def _kind_of_automatic(mail: Mail, text: str, *, to_bounces: bool) -> Kind:
    """Return what a mail is that a program sent: a scanner's, or a list's, may be somebody's letter."""
    by_itself = answers_by_itself(mail, to_bounces=to_bounces)
    if brings_a_document(mail) or (_is_long(mail, text) and not by_itself):
        return Kind.SUBMISSION
    # Google's calendar marks as automatic what people do in it: somebody invites the team, or cancels.
    return Kind.UNPLACED if not by_itself and any(_holds_an_entry(mail, part) for part in mail.parts) else Kind.AUTO


def calendars_of(mail: Mail) -> list[tuple[str, str]]:
    """Return each different calendar object by which a guest answers, and its method; a REPLY stands before any other."""
    found: list[tuple[str, str]] = []
    for part in mail.parts:
        if _is_calendar(part):
            words = mail.text_of(part)[:LONGEST_TEXT]
            stated = _METHOD.search(words)
            said = [each.strip().upper() for each in (stated[1] if stated else "", part.params.get("method", "")) if each.strip()]
            # The two must be the same (RFC 6047, 2.4); where they are not, whichever is no reply holds.
            method = next((each for each in said if each != "REPLY"), said[0] if said else "")
            if "BEGIN:VEVENT" in words.upper() and method in ANSWERING:
                found.append((words, method))
    # Outlook and Gmail send the same object twice.
    return sorted(dict.fromkeys(found), key=lambda pair: ANSWERING.index(pair[1]))


def _is_calendar(part: Part) -> bool:
    return part.kind in {"text/calendar", "application/ics"} or part.filename.lower().endswith(".ics")


def _holds_an_entry(mail: Mail, part: Part) -> bool:
    return _is_calendar(part) and "BEGIN:VEVENT" in mail.text_of(part)[:LONGEST_TEXT].upper()


def brings_a_document(mail: Mail) -> bool:
    """Return whether a file of a mail is a document by what it says it is."""
    files = attachments_of(mail)
    return any(part.kind.startswith(_LETTER_KINDS) or part.filename.lower().endswith(_LETTER_ENDINGS) for part in files)


def _is_long(mail: Mail, text: str) -> bool:
    """Return whether the words that a mail brings are as long as a letter."""
    return len(words_brought(mail.headers.words("subject"), text)) >= LETTER_LENGTH
