"""Several people make a batch of one name at the same moment: there is one, and the others read why."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now
from engagement.kernel.crypto import keys
from engagement.kernel.db import db, writing
from engagement.roster.folding import fold
from engagement.roster.models import Batch
from engagement.roster.service import BadBatchNameError, add_batch
from tests.events.test_race import all_at_once
from tests.support.given import a_consultation


def test_of_six_open_batches_of_one_name_that_are_made_at_once_one_is_stored(app):
    of = a_consultation().id
    db.session.commit()

    def add(_):
        try:
            add_batch(consultation_id=of, name="Same", actor=SYSTEM)
        except BadBatchNameError:
            return "taken"
        return "stored"

    assert sorted(all_at_once(app, range(6), add)) == ["stored"] + ["taken"] * 5
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Batch)) == 1


def test_the_database_keeps_open_names_apart_and_says_nothing_of_restricted_ones(app):
    of = a_consultation().id
    for _ in range(2):
        add_batch(consultation_id=of, name="Same", restricted=True, actor=SYSTEM)
    add_batch(consultation_id=of, name="same", actor=SYSTEM)
    with pytest.raises(IntegrityError), writing() as session:
        session.add(Batch(consultation_id=of, name="SAME", name_index=keys.blind_index(fold("SAME")), restricted=False, created_at=now()))
