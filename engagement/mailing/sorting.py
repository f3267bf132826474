"""Which kind a received mail is: rules, in the order in which they are asked. Pure.

The order matters. A delivery report and a complaint are sent by machines, too, and so is Gmail's
calendar reply, which says "Auto-Submitted: auto-generated" and is somebody's own answer all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engagement.mailing.inbound import Kind
from engagement.mailing.mime import LONGEST_TEXT, attachments_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engagement.mailing.mime import Mail
    from engagement.mailing.reports import Report

# Methods of iTIP (RFC 5546) by which a guest answers; a REQUEST that comes back is no answer.
ANSWERING = ("REPLY", "COUNTER", "REFRESH", "DECLINECOUNTER")
# A text of this length that somebody wrote themselves is a letter.
LETTER_LENGTH = 1500
_LONGEST_REQUEST = 1200
# A mail program says that a mail was opened, or thrown away unread.
_OPENED = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_METHOD = re.compile(r"^METHOD(?:;[^:\n]{0,200})?:[ \t]*([A-Za-z-]{1,20})", re.IGNORECASE | re.MULTILINE)
_AUTO_SUBJECT = re.compile(
    r"(re ?: ?|ré ?: ?)?(automatic reply|auto(matic)?[- ]?(reply|response|matische)|out of (the )?office|away from (my|the) office|"
    r"vacation reply|réponse automatique|réponse d.absence|(message|avis) d.absence|absence du bureau|absente? du bureau|en vacances)",
    re.IGNORECASE,
)
_UNSUBSCRIBE = re.compile(
    r"(re ?: ?|ré ?: ?)?(please )?(unsubscribe( me)?|d[ée]sabonnement|(me |se )?d[ée]sabonner|désinscription|stop)[ .!]*",
    re.IGNORECASE,
)
_A_QUESTIONNAIRE = r"(the|your|a|this|a copy of the) (questionnaire|survey)"
_UN_QUESTIONNAIRE = r"(le|votre|un|ce|l’|l')( |)(questionnaire|sondage)"
_REQUEST = re.compile(
    rf"\b(send|email|e-mail|mail|forward) (me|us) {_A_QUESTIONNAIRE}"
    rf"|\b(would like|want|wish|love|like) to (receive|get|have|answer|complete|fill in|fill out) {_A_QUESTIONNAIRE}"
    rf"|\b(can|could|may) (i|we) (please )?(get|have|receive) {_A_QUESTIONNAIRE}"
    rf"|\b(me |nous |m[’'])(faire parvenir|envoyer|transmettre|acheminer) {_UN_QUESTIONNAIRE}"
    rf"|\b(envoyez|transmettez|acheminez)-(moi|nous) {_UN_QUESTIONNAIRE}"
    rf"|\b(aimerais|voudrais|souhaite|souhaiterais|désire|aimerions|voudrions|souhaitons) "
    rf"(recevoir|avoir|obtenir|remplir|répondre à) {_UN_QUESTIONNAIRE}",
    re.IGNORECASE,
)
_NOT_WANTED = re.compile(r"\b(not|don.t|never|stop|no longer|cannot|ne|n.|pas|plus|jamais|arrêtez|cessez)\b", re.IGNORECASE)
_LETTER_KINDS = (
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml",
    "application/vnd.oasis.opendocument.text",
    "application/rtf",
    "text/rtf",
)
_LETTER_ENDINGS = (".pdf", ".doc", ".docx", ".odt", ".rtf")
_QUOTE_BEGINS = re.compile(
    r"(?m)^(-{2,} ?(original message|message d.origine|forwarded message)|_{10,}$|On .{5,120} wrote:$|Le .{5,120} a écrit)"
)


def kind_of(mail: Mail, *, report: Report | None, method: str, tokens: Mapping[str, tuple[str, ...]], text: str) -> Kind:
    """Return what a mail is; unplaced where no rule says."""
    subject = mail.headers.words("subject")
    if report is not None:
        return Kind.COMPLAINT if report.feedback else Kind.BOUNCE
    if method:
        return Kind.REPLY
    # Mail programs that press the button for somebody mark what they send as automatic.
    if is_automatic(mail) and "unsubscribe" not in tokens:
        return Kind.AUTO
    if "unsubscribe" in tokens or _UNSUBSCRIBE.fullmatch(subject.strip()):
        return Kind.UNSUBSCRIBE
    own = own_words(text)
    if asks_for_the_questionnaire(subject, own):
        return Kind.REQUEST
    return Kind.SUBMISSION if mail.sender()[1] and is_letter(mail, own) else Kind.UNPLACED


def calendar_of(mail: Mail) -> tuple[str, str]:
    """Return the calendar object by which a guest answers, and its method; a REPLY is preferred to any other."""
    found: list[tuple[str, str]] = []
    for part in mail.parts:
        if part.kind in {"text/calendar", "application/ics"} or part.filename.lower().endswith(".ics"):
            words = mail.text_of(part)[:LONGEST_TEXT]
            stated = _METHOD.search(words)
            said = [each.strip().upper() for each in (stated[1] if stated else "", part.params.get("method", "")) if each.strip()]
            # The two must be the same (RFC 6047, 2.4); where they are not, whichever is no reply holds.
            method = next((each for each in said if each != "REPLY"), said[0] if said else "")
            if "BEGIN:VEVENT" in words.upper() and method in ANSWERING:
                found.append((words, method))
    return min(found, key=lambda pair: ANSWERING.index(pair[1]), default=("", ""))


def _says_it_was_opened(mail: Mail) -> bool:
    """Return whether a mail as a whole is a receipt; a letter that merely carries one is a letter."""
    kind = mail.headers.first("content-type").lower().partition(";")[0].strip()
    return kind in _OPENED or (kind == "multipart/report" and any(part.kind in _OPENED for part in mail.parts))


def is_automatic(mail: Mail) -> bool:
    """Return whether a machine answered (RFC 3834, RFC 8098, and what is in use besides)."""
    headers = mail.headers
    if _says_it_was_opened(mail):
        return True
    submitted = headers.first("auto-submitted").lower().partition(";")[0].strip()
    if submitted and submitted != "no":
        return True
    if any(headers.first(name) for name in ("x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply-from")):
        return True
    if headers.first("precedence").lower().strip() in {"auto_reply", "bulk", "junk"}:
        return True
    return bool(_AUTO_SUBJECT.match(headers.words("subject").strip()))


def own_words(text: str) -> str:
    """Return what somebody wrote themselves: without quoted lines, and without the message that stands below."""
    quote = _QUOTE_BEGINS.search(text)
    upper = text[: quote.start()] if quote else text
    return "\n".join(line for line in upper.splitlines() if not line.lstrip().startswith(">")).strip()


def asks_for_the_questionnaire(subject: str, own: str) -> bool:
    """Return whether a short mail asks for the questionnaire in so many words, and no sentence of it says no."""
    if len(own) > _LONGEST_REQUEST:
        return False
    sentences = re.split(r"[.!?\n]+", f"{subject}\n{' '.join(own.split())}")
    asking = [each for each in sentences if _REQUEST.search(each)]
    return bool(asking) and not any(_NOT_WANTED.search(each) for each in asking)


def is_letter(mail: Mail, own: str) -> bool:
    """Return whether a mail is, or brings, a letter: a document, or a long text that somebody wrote."""
    files = attachments_of(mail)
    documents = (part for part in files if part.kind.startswith(_LETTER_KINDS) or part.filename.lower().endswith(_LETTER_ENDINGS))
    return any(documents) or len(own) >= LETTER_LENGTH
