"""Many people asked to one thing at once: what is stored is what asking each of them stores."""

from sqlalchemy import func, select

from engagement.invitations.inviting import invite_many
from engagement.invitations.models import Channel, Choice, Invitation
from engagement.invitations.service import invite, record_reply, withdraw
from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.db import db
from tests.events.given import a_person, an_event
from tests.questionnaires.given import a_questionnaire
from tests.support.given import a_consultation


def stored(invitation_id):
    db.session.rollback()
    row = db.session.get_one(Invitation, invitation_id, populate_existing=True)
    audit = db.session.scalars(select(AuditEntry).where(AuditEntry.subject_id == invitation_id).order_by(AuditEntry.at)).all()
    values = {column.key: getattr(row, column.key) for column in Invitation.__table__.columns}
    unlike = {"id", "person_id", "created_at"}
    noted = [(each.verb, each.subject_table, each.actor_kind, each.consultation_id) for each in audit]
    return {name: value for name, value in values.items() if name not in unlike}, noted


def test_asking_many_stores_what_asking_one_stores(app):
    consultation = a_consultation()
    event, asked = an_event(consultation), a_questionnaire(consultation)
    people = [a_person(consultation) for _ in range(4)]
    ids = [each.id for each in people]
    for about in ({"event_id": event.id}, {"questionnaire_id": asked.id, "wave": 2}):
        one = invite(consultation_id=consultation.id, person_id=ids[0], **about, actor=SYSTEM)
        many = invite_many(consultation_id=consultation.id, person_ids=[*ids[1:], ids[2]], **about, actor=SYSTEM)
        assert set(many) == set(ids[1:])
        assert all(stored(each.id) == stored(one.id) for each in many.values())


def test_asking_many_twice_is_asking_once_and_the_wave_is_kept(app):
    consultation = a_consultation()
    asked, people = a_questionnaire(consultation), [a_person(consultation).id for _ in range(3)]
    given = {"consultation_id": consultation.id, "questionnaire_id": asked.id, "actor": SYSTEM}
    first = invite_many(person_ids=people[:2], wave=1, **given)
    again = invite_many(person_ids=people, wave=3, **given)
    assert {person: again[person].id for person in people[:2]} == {person: each.id for person, each in first.items()}
    db.session.rollback()
    waves = {row.person_id: row.wave for row in db.session.scalars(select(Invitation))}
    assert [waves[person] for person in people] == [1, 1, 3]
    assert db.session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "invite")) == 3


def test_an_invitation_that_was_withdrawn_is_revived_among_many(app):
    consultation = a_consultation()
    event, people = an_event(consultation), [a_person(consultation).id for _ in range(2)]
    given = {"consultation_id": consultation.id, "event_id": event.id, "actor": SYSTEM}
    first = invite_many(person_ids=people, **given)
    for each in first.values():
        record_reply(invitation_id=each.id, choice=Choice.DECLINED, channel=Channel.TELEPHONE, actor=SYSTEM)
    withdraw(invitation_id=first[people[0]].id, actor=SYSTEM)
    again = invite_many(person_ids=people, **given)
    assert (again[people[0]].choice, again[people[1]].choice) == (None, Choice.DECLINED)
    assert again[people[0]].created_at > first[people[0]].created_at
    values, noted = stored(first[people[0]].id)
    assert (values["withdrawn_at"], values["choice"], values["replied_at"]) == (None, None, None)
    assert noted[-1][0] == "invite_again"


def test_nobody_asked_is_nothing_done(app):
    consultation = a_consultation()
    assert invite_many(consultation_id=consultation.id, person_ids=[], event_id=an_event(consultation).id, actor=SYSTEM) == {}
