"""Domains that want no mail for now (a breaker), or only so much a minute (a token bucket).

All workers share both through the database. A domain is known by its blind index; its row is
there only while there is something to remember.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, or_, select

from engagement.kernel.clock import now
from engagement.kernel.db import db, stored_once, writing
from engagement.kernel.settings import settings
from engagement.mailing.due import shut
from engagement.mailing.models import MailDomain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
# A domain of which nothing happened for so long is forgotten.
REMEMBERED = timedelta(days=1)


def jittered(wait: timedelta) -> timedelta:
    """Return half to one and a half of ``wait``: not all of them come back at once."""
    return wait * (0.5 + secrets.randbelow(1000) / 1000)


def doubling(times: int) -> timedelta:
    """Return how long to wait after so many failures in a row: a minute, doubling, up to four hours, with jitter."""
    return jittered(min(FIRST_WAIT * (1 << min(max(times, 1) - 1, 20)), LONGEST_WAIT))


def shut_out(session: Session, domain_index: bytes, name: str, reply: str) -> None:
    """Send nothing to a domain for a while, ever longer while it keeps turning us away."""
    row, moment = _row_of(session, domain_index, name), now()
    row.failures += 1
    row.why = reply
    row.shut_at, row.shut_until = moment, moment + doubling(row.failures)


def let_in(session: Session, domain_index: bytes) -> None:
    """Close the breaker of a domain: it took a mail."""
    row = session.scalar(select(MailDomain).where(MailDomain.domain_index == domain_index).with_for_update())
    if row is not None:
        row.failures, row.why, row.shut_at, row.shut_until = 0, "", None, None


def take_token(session: Session, domain_index: bytes, name: str, *, per_minute: int, moment: datetime) -> bool:
    """Take one mail out of what a domain gets in a minute; False where its share is used up."""
    row = _row_of(session, domain_index, name)
    row.tokens = filled(row.tokens, row.filled_at, moment, per_minute)
    row.filled_at = moment
    if row.tokens >= 1:
        row.tokens -= 1
        row.empty_until = None
        return True
    row.empty_until = moment + timedelta(minutes=(1 - row.tokens) / _refill(per_minute))
    return False


def depth(per_minute: int) -> int:
    """Return how many may go at once: a sixth of a minute's share."""
    return max(1, per_minute // 6)


def _refill(per_minute: int) -> int:
    # What comes after those at once: together never more than the share, in whichever minute.
    return max(1, per_minute - depth(per_minute))


def filled(tokens: float | None, since: datetime | None, moment: datetime, per_minute: int) -> float:
    """Return how much is in the bucket at ``moment``; a clock that was put back fills nothing and costs nothing."""
    if tokens is None or since is None:
        return float(depth(per_minute))
    minutes = max(0.0, (moment - since) / timedelta(minutes=1))
    return min(float(depth(per_minute)), tokens + minutes * _refill(per_minute))


def _row_of(session: Session, domain_index: bytes, name: str) -> MailDomain:
    chosen = select(MailDomain).where(MailDomain.domain_index == domain_index).with_for_update()
    row = session.scalar(chosen)
    if row is None:
        row = MailDomain(domain_index=domain_index, failures=0, why="")
        row.name = name
        row = stored_once(session, row, chosen)
    return row


def troubled(indexes: Iterable[bytes | None]) -> frozenset[bytes]:
    """Return those of these domains that have turned us away before: a success there is worth writing down."""
    chosen = select(MailDomain.domain_index).where(MailDomain.domain_index.in_({each for each in indexes if each}), MailDomain.failures > 0)
    return frozenset(db.session.scalars(chosen))


def closed_domains() -> Sequence[MailDomain]:
    """Return the domains that turned us away and get nothing now, the first to open first."""
    moment = now()
    found = select(MailDomain).where(MailDomain.shut_until > moment, MailDomain.shut_at <= moment).order_by(MailDomain.shut_until)
    return db.session.scalars(found).all()


def next_share(moment: datetime) -> datetime | None:
    """Return when the first domain that has had its share gets more, None where there is none."""
    return db.session.scalar(
        select(func.min(MailDomain.empty_until)).where(MailDomain.empty_until > moment, MailDomain.filled_at <= moment)
    )


def forget_quiet_ones() -> None:
    """Drop the rows of domains of which nothing happened for a day."""
    moment = now()
    quiet = and_(
        or_(MailDomain.shut_until.is_(None), MailDomain.shut_until < moment - REMEMBERED),
        or_(MailDomain.filled_at.is_(None), MailDomain.filled_at < moment - REMEMBERED),
    )
    if db.session.scalar(select(MailDomain.id).where(quiet).limit(1)) is not None:
        with writing() as session:
            session.execute(delete(MailDomain).where(quiet))


def per_minute() -> int:
    """Return how many mails a domain gets in a minute; 0 where there is no limit."""
    return settings().mail_per_domain_per_minute


def is_shut(domain_index: bytes) -> bool:
    """Return whether nothing goes to this domain now."""
    found = select(MailDomain.id).where(MailDomain.domain_index == domain_index, shut(now()))
    return db.session.scalar(found) is not None
