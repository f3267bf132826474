"""Which of many replies counts: a pure rule over what each of them says of its own time.

Across channels the last one received counts; for a call or a letter that is the time that
staff stated, not the moment at which they wrote it down. Every reply stays in the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from engagement.invitations.models import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class Timed(Protocol):
    """Something that was received at one moment and written down at another."""

    @property
    def received_at(self) -> datetime:
        """When it reached us."""

    @property
    def recorded_at(self) -> datetime:
        """When it was written down."""


AnyReply = TypeVar("AnyReply", bound=Timed)


def standing(replies: Iterable[AnyReply], since: datetime | None = None) -> AnyReply | None:
    """Return the reply that counts: the last one received, and of two at one moment the later recorded.

    Replies recorded before ``since`` (the invitation was withdrawn after them, and then made
    again) are history and do not count.
    """
    counting = [reply for reply in replies if since is None or reply.recorded_at >= since]
    return max(counting, key=lambda reply: (reply.received_at, reply.recorded_at), default=None)


def overall(choices: Iterable[Choice]) -> Choice | None:
    """Return the reply for the whole of an event: coming if to any sitting of it, else maybe, else not."""
    given = set(choices)
    return next((choice for choice in (Choice.ACCEPTED, Choice.TENTATIVE, Choice.DECLINED) if choice in given), None)
