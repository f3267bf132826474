"""The bell: tells the worker, once a transaction is stored, that there is mail to send.

Nothing depends on it being heard. Who misses it finds the rows at the next tick.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.orm import Session

from engagement.kernel.ports import ports

if TYPE_CHECKING:
    from sqlalchemy.orm import SessionTransaction

_FLAG = "mail_was_planned"

log = logging.getLogger(__name__)


def ring_when_stored(session: Session) -> None:
    """Have the worker told as soon as the current transaction is stored."""
    session.info[_FLAG] = True


@event.listens_for(Session, "after_transaction_end")
def _ring(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None and session.info.pop(_FLAG, False):
        ring()


def ring() -> None:
    """Tell the worker that there is work; a queue that cannot be reached costs a minute."""
    bell = ports().bell
    try:
        if bell is not None:
            bell()
    except Exception as error:  # noqa: BLE001 - whatever the queue's trouble is, the rows are stored.
        log.warning("the worker was not told of new mail (%s); the next tick finds it", type(error).__name__)
