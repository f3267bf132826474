"""Several people add at the same moment: every submission has a number of its own."""

from sqlalchemy import select

from engagement.findings.models import Submission
from engagement.findings.service import add_prompt, add_submissions
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from tests.events.test_race import all_at_once
from tests.support.given import a_consultation


def test_six_who_add_at_once_number_on_from_each_other(app):
    prompt = add_prompt(consultation_id=a_consultation().id, wording=Text("What?", "Quoi?"), actor=SYSTEM).id
    db.session.commit()

    def add(who):
        return len(add_submissions(prompt_id=prompt, words=[f"{who}, {each}" for each in range(3)], language="en", actor=SYSTEM))

    assert all_at_once(app, range(6), add) == [3] * 6
    db.session.rollback()
    assert sorted(db.session.scalars(select(Submission.number))) == list(range(1, 19))
