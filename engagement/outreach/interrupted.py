"""What would go by itself after something that nobody foresaw: a restored database, a long absence, a pause that is over.

Mail that is planned is held message by message (``mailing.holding``). What is owed and not
planned yet waits as a whole: the mailing stands paused and says why, and the team resumes it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from engagement.kernel.audit import SYSTEM, note_each
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.errors import what_broke
from engagement.mailing.models import Hold
from engagement.outreach.models import Mailing, MailingState, ReminderSchedule
from engagement.outreach.planning import unfinished
from engagement.outreach.schedules import leave_to_the_team

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

log = logging.getLogger(__name__)


def wait_after_restore() -> None:
    """Have every approved mailing that is not planned to its end wait for the team, and every reminder whose time is today.

    A later state of the database may have sent them; or somebody may have stopped them there.
    """
    _pause(unfinished(), Hold.RESTORED)
    with_schedules = select(ReminderSchedule.consultation_id).where(ReminderSchedule.active).distinct()
    for consultation_id in db.session.scalars(with_schedules).all():
        try:
            leave_to_the_team(consultation_id)
        except Exception as error:  # noqa: BLE001 - the reminders of one consultation hold up no other's mail.
            db.session.rollback()
            log.error("reminders cannot be left to the team: %s", what_broke(error))  # noqa: TRY400 - no message.


def wait_after_absence(limit: datetime) -> None:
    """Have approved mailings wait for the team whose time came before ``limit``, while nobody was there to plan them."""
    came = func.coalesce(Mailing.send_at, Mailing.approved_at)
    _pause(and_(unfinished(), came < limit), Hold.TOO_OLD)


def wait_after_pause(consultation_id: UUID) -> None:
    """Have approved mailings wait for the team whose time came while the consultation was paused, and that nobody planned then."""
    came = or_(Mailing.send_at.is_(None), Mailing.send_at <= now())
    _pause(and_(unfinished(), came, Mailing.consultation_id == consultation_id), Hold.RESUMED)


def _pause(which: ColumnElement[bool], because: Hold) -> None:
    with writing() as session:
        paused = session.scalars(
            update(Mailing)
            .where(which, Mailing.state == MailingState.APPROVED)
            .values(state=MailingState.PAUSED, paused_because=because)
            .returning(Mailing.id)
            .execution_options(synchronize_session="fetch")
        ).all()
        note_each(session, "pause_mailing", Mailing, paused, SYSTEM)
