"""What other mail systems say of a message of ours: delivery reports (RFC 3464), complaints (RFC 5965), and bounces in plain words.

Pure. A report says whom it is about and which message; whether that is true is found out elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engagement.mailing.mime import HEADER_BYTES, Headers, plain_text, read_headers

if TYPE_CHECKING:
    from engagement.mailing.mime import Mail

MOST_RECIPIENTS = 50
# The name of our own header, which a returned message brings back; it holds the message's bounce token.
OWN_HEADER = "x-convoke-message"
VERP = re.compile(r"\bbounces\+([a-z2-7]{8,40})@", re.IGNORECASE)
_ID = re.compile(r"<[^<>\s@]{1,180}@[^<>\s@]{1,180}>")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE_AND_STATUS = re.compile(r"\b[45]\d\d[ -]#?([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]]{1,64}@[A-Za-z0-9.-]{1,255}[A-Za-z0-9]")
_FROM_A_SYSTEM = re.compile(r"(mailer-daemon|postmaster|mail-daemon|mmdf|microsoftexchange[0-9a-f]*)@", re.IGNORECASE)
# How the subject of a report begins; a person's may hold the same words further on, and a machine's, too, that answers for somebody.
_CAME_BACK = re.compile(
    r"[\[(*]*(postmaster|mail system error|warning|avertissement)?[\])*:]* ?[-–]? ?(undeliver|returned (e-?)?mail|delayed (e-?)?mail|"
    r"(e-?mail )?delivery (status notification|failure|has (failed|been delayed)|report|delayed)|"
    r"mail delivery (failed|failure|system|delayed|status)|failure notice|failed delivery|"
    r"(your |the )?(e-?mail|message)\b.{0,80}\b(could not be|was not|not|has not been) delivered|not delivered|"
    r"could not (be )?(send|deliver)|"
    r"message .{1,80}\bdelayed\b|non[- ]?remis|non distribu|[ée]chec de (la )?(remise|distribution|livraison)|remise (impossible|retardée)|"
    r"(rapport|avis) de non[- ]remise)",
    re.IGNORECASE,
)
_ONLY_LATE = re.compile(r"delay|warning|retard|will (be )?(retr|keep trying)", re.IGNORECASE)
# A status of 4.x.x says why the last try failed; whether there will be another one, the words say.
_TRIED_AGAIN = re.compile(
    r"not yet been delivered|will (be |keep |continue |go on )?(retr|try)|still being (retried|tried)|no action is required|sera réessay|"
    r"nouvelles? tentatives?",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(r"permanent error|retry timeout exceeded|giving up|not going to try again|too old|erreur permanente", re.IGNORECASE)
# These say that a text speaks of an address that is none.
_NOBODY_THERE = re.compile(
    r"(user|recipient|mailbox|address|account) (is )?unknown|unknown (user|recipient|mailbox|account)|"
    r"no such (user|address|recipient|mailbox|account)|no mailbox here by that name|"
    r"(recipient|mailbox|user|account|address) (was )?not found|unrouteable address|"
    r"does(n.t| not) exist|n.existe pas|(utilisateur|destinataire|adresse) inconnue?",
    re.IGNORECASE,
)
_HEX = re.compile(r"\+([0-9A-F]{2})")


class Action(StrEnum):
    """What became of a message for one recipient (RFC 3464, 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class Recipient:
    """What a report says of one recipient. ``addresses`` holds the final and the original one, lower-case."""

    addresses: frozenset[str]
    action: Action
    status: str

    @property
    def no_such_address(self) -> bool:
        """Return whether the address is none (RFC 3463); 5.1.7 and 5.1.8 are about the sender's."""
        return self.action is Action.FAILED and self.status in {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}

    @property
    def refused_us(self) -> bool:
        """Return whether it was refused for what we are or do: 5.7 is security and policy, never the person's fault."""
        return self.action is Action.FAILED and self.status.startswith("5.7.")


@dataclass(frozen=True, slots=True)
class Report:
    """A report on a message. ``feedback`` is the type of a feedback report ("abuse"), empty for a delivery report.

    ``ids`` are Message-IDs and ``tokens`` bounce tokens that stand in what was returned of the message.
    """

    recipients: tuple[Recipient, ...]
    ids: tuple[str, ...]
    tokens: tuple[str, ...]
    feedback: str = ""


def read_report(mail: Mail) -> Report | None:
    """Return what a report says, None for a mail that is none."""
    for part in mail.parts:
        if part.kind in {"message/delivery-status", "message/global-delivery-status"}:
            return _delivery(mail, mail.text_of(part))
        if part.kind == "message/feedback-report":
            return _feedback(mail, read_headers(mail.content(part)))
    return _in_words(mail) if _is_from_a_system(mail) else None


def _delivery(mail: Mail, text: str) -> Report:
    blocks = [block for block in re.split(r"\n[ \t]*\n", text[:HEADER_BYTES].strip()) if block.strip()]
    # The first block is about the whole message; some systems write one block for everything.
    fields = [read_headers(block.encode()) for block in (blocks[1:] or blocks)]
    recipients = [
        _recipient(each) for each in fields[:MOST_RECIPIENTS] if each.first("final-recipient") or each.first("original-recipient")
    ]
    return Report(tuple(recipients), *_returned(mail))


def _recipient(fields: Headers) -> Recipient:
    named = [fields.first("final-recipient"), fields.first("original-recipient")]
    # The original one is written with +2B for a plus (xtext, RFC 3461); who does not know that writes a plus.
    named.append(_HEX.sub(lambda found: chr(int(found[1], 16)), named[1]))
    addresses = frozenset(each.rpartition(";")[2].strip(" <>").casefold() for each in named if "@" in each)
    said = fields.first("action").lower().split()
    found = _status(fields)
    known = {action.value: action for action in Action}
    # "failed" is final whatever the status (RFC 3464, 2.3.3): 4.4.1 with it says that the last of many tries failed.
    action = known.get(said[0] if said else "", Action.DELAYED if found.startswith("4.") else Action.FAILED)
    return Recipient(addresses, action, found)


def _status(fields: Headers) -> str:
    """Return the status of a recipient (RFC 3463), empty where none can be told."""
    status, said = _STATUS.search(fields.first("status")), fields.first("diagnostic-code")
    if status and not status[1].endswith(".0.0"):
        return status[1]
    # A server that says "5.0.0" there, as Exim always does, often says it better in its own words.
    better = _CODE_AND_STATUS.search(said)
    if better:
        return better[1]
    if _NOBODY_THERE.search(said) and not (status and status[1].startswith("4.")):
        return "5.1.1"
    return status[1] if status else ""


def _feedback(mail: Mail, fields: Headers) -> Report:
    addresses = frozenset(each.casefold().strip("<> ") for each in fields.all("original-rcpt-to"))
    ids, tokens = _returned(mail)
    sent_from = VERP.search(fields.first("original-mail-from"))
    if sent_from:
        tokens = (*tokens, sent_from[1].lower())
    kind = fields.first("feedback-type").lower().split() or ["other"]
    return Report((Recipient(addresses, Action.DELIVERED, ""),), ids, tokens, kind[0])


def _returned(mail: Mail) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the Message-IDs and bounce tokens in the headers that were returned of the message."""
    ids: list[str] = []
    tokens: list[str] = []
    for part in mail.parts:
        if part.kind in {"text/rfc822-headers", "message/rfc822", "message/global", "message/global-headers"}:
            headers = read_headers(mail.content(part)[:HEADER_BYTES].lstrip())
            ids += _ID.findall(headers.first("message-id"))
            tokens += [token.lower() for token in VERP.findall(headers.first("return-path"))]
            tokens += [token.strip().lower() for token in headers.all(OWN_HEADER)]
    return tuple(ids), tuple(tokens)


def _is_from_a_system(mail: Mail) -> bool:
    if mail.headers.first("x-failed-recipients"):
        return True
    from_nobody = mail.headers.first("return-path").replace(" ", "") == "<>"
    return (from_nobody or bool(_FROM_A_SYSTEM.match(mail.sender()[1]))) and bool(_CAME_BACK.match(mail.headers.words("subject").strip()))


def _in_words(mail: Mail) -> Report:
    """Return what a bounce in plain words says: the addresses in it, and the first status that it names."""
    text = plain_text(mail)[:20_000]
    found = _CODE_AND_STATUS.search(text) or _STATUS.search(text)
    status = found[1] if found else ("5.1.1" if _NOBODY_THERE.search(text) else "")
    late = not _GIVEN_UP.search(text) and bool(
        _ONLY_LATE.search(mail.headers.words("subject")) or (status.startswith("4.") and _TRIED_AGAIN.search(text))
    )
    named = mail.headers.addresses("x-failed-recipients") or _ADDRESS.findall(text)[:MOST_RECIPIENTS]
    ids, tokens = _returned(mail)
    written = re.findall(r"(?im)^\s*message-id:\s*(<[^<>\s]{3,200}>)", text)
    recipient = Recipient(frozenset(each.casefold() for each in named), Action.DELAYED if late else Action.FAILED, status)
    return Report((recipient,), (*ids, *written[:5]), tokens)
