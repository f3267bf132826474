"""Whether a machine answered for somebody (RFC 3834, RFC 8098, and what is in use besides). Pure.

It is a matter of how a mail was sent, and of its subject only where that is what mail programs
write and people do not: who writes "En vacances jusqu'au 5, mais je serai là le 8" has answered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engagement.mailing.mime import Headers, Mail

# A mail program says that a mail was opened, or thrown away unread.
_OPENED = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_ANSWERING = ("x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply-from", "x-mail-autoreply", "x-autoreply-from")
_SAYS_NO = frozenset({"", "no", "none", "false", "0"})
_RE = r"((re|ré|tr|fw|fwd) ?: ?)?"
# What mail programs write above the subject that they answer. Behind it comes that subject, or nothing.
_BY_A_PROGRAM = re.compile(
    rf"{_RE}((automatic reply|auto[- ]?(matic)?[- ]?(reply|response)|automatische antwort|abwesenheits\w*|vacation reply|"
    r"réponse (automatique|d.absence)|message d.absence|avis d.absence)\b.*|"
    r"((i am |i.m )?(currently )?(out of (the )?office|away from (my|the) office)|absence du bureau)"
    r" ?(autoreply|auto-reply|message|reply)?( ?[:(\[–-].*| re ?:.*)?[ .!]*)",
    re.IGNORECASE,
)
# What programs and people write alike: with a sign that a program sent it, it is a program's.
_AWAY = re.compile(
    rf"{_RE}(i am |i.m |je suis |nous sommes )?(currently |actuellement )?"
    r"(away|out of (the )?office|on (vacation|leave|holidays?)|absent[es]*( du bureau)?|hors du bureau|en (vacances|congé)|"
    r"absences?( pour [^:,;]{1,30})?|congés?|vacances|vacation|leave)"
    r"( (until|till|from|jusqu.au|du \d|dès le) ?[^:,;.]{1,30}| ?:.*)?[ .!]*",
    re.IGNORECASE,
)


def is_automatic(mail: Mail, *, to_bounces: bool = False) -> bool:
    """Return whether a machine answered. ``to_bounces``: the mail came to the address that only machines answer to."""
    return answers_by_itself(mail, to_bounces=to_bounces) or _is_sent_by_a_program(mail.headers)


def answers_by_itself(mail: Mail, *, to_bounces: bool = False) -> bool:
    """Return whether a mail says that it is a machine's answer, and not only that a program sent it, as a scanner or a list does."""
    headers = mail.headers
    if _says_it_was_opened(mail) or _word(headers, "auto-submitted") in {"auto-replied", "auto-notified"}:
        return True
    if any(_word(headers, name) not in _SAYS_NO for name in _ANSWERING):
        return True
    if any(_word(headers, name).replace("_", "-") in {"auto-reply", "autoreply"} for name in ("precedence", "x-precedence")):
        return True
    subject = headers.words("subject").strip()
    signs = to_bounces or is_from_nobody(headers) or bool(headers.first("x-auto-response-suppress")) or _is_sent_by_a_program(headers)
    return bool(_BY_A_PROGRAM.fullmatch(subject)) or (signs and bool(_AWAY.fullmatch(subject)))


def is_from_nobody(headers: Headers) -> bool:
    """Return whether nobody is to be told if a mail does not arrive, as of reports and machines' answers (RFC 5321, 4.5.5)."""
    return "".join(headers.first("return-path").split()) == "<>"


def _is_sent_by_a_program(headers: Headers) -> bool:
    return _word(headers, "auto-submitted") not in _SAYS_NO or _word(headers, "precedence") in {"bulk", "junk"}


def _word(headers: Headers, name: str) -> str:
    """Return the first word of a field, lower-case: what stands before a comment or a parameter."""
    return re.split(r"[\s;(]", headers.first(name).lower().strip(), maxsplit=1)[0]


def _says_it_was_opened(mail: Mail) -> bool:
    """Return whether a mail as a whole is a receipt; a letter that merely carries one is a letter."""
    kind = mail.headers.first("content-type").lower().partition(";")[0].strip()
    return kind in _OPENED or (kind == "multipart/report" and any(part.kind in _OPENED for part in mail.parts))
