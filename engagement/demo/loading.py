"""What every part of the loading needs: the transaction, the consultation, who acts, and the dice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import insert

from engagement.kernel.bulk import store_all
from engagement.mailing.models import MessageEvent

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from engagement.consultations.models import Consultation
    from engagement.kernel.audit import Actor
    from engagement.kernel.base import Base
    from engagement.kernel.bulk import NewRow


@dataclass(frozen=True, slots=True)
class Loading:
    """One consultation being loaded in one transaction. ``tick`` moves the progress bar by one.

    ``later`` gathers rows that hang on others, until ``store`` puts both in their order.
    """

    session: Session
    consultation: Consultation
    actor: Actor
    drawn: random.Random
    tick: Callable[[], None]
    later: list[Base] = field(default_factory=list)
    links: list[NewRow] = field(default_factory=list)
    # What happened to each message: by far the most rows, so they are not made into objects first.
    history: list[dict[str, object]] = field(default_factory=list)

    def store(self) -> None:
        """Send what was made so far to the database: first the rows themselves, then those that hang on them."""
        self.session.flush()
        self.session.add_all(self.later)
        self.later.clear()
        self.session.flush()
        store_all(self.session, self.links)
        self.links.clear()
        if self.history:
            self.session.execute(insert(MessageEvent), self.history)
            self.history.clear()
