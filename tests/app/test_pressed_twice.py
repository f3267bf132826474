"""A button that is pressed several times at once, or by several people: it is done once, and nobody meets a fault.

On SQLite whoever writes is alone; PostgreSQL lets them look at the same moment, and its constraints speak.
"""

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engagement.accounts.models import User
from engagement.accounts.service import add_user
from engagement.consultations.models import Clearance, ClearedFor, Consultation, Document, Status
from engagement.consultations.service import Particulars, clear, create_consultation, keep_document
from engagement.events.agenda import AgendaPlan, add_agenda_item, add_part
from engagement.events.models import AgendaKind, AgendaPart, Needs, Part, Sitting
from engagement.events.replies import NeedsStated, state_needs
from engagement.events.service import SittingPlan, add_sitting
from engagement.findings.models import Coding
from engagement.findings.service import code_submission
from engagement.invitations.service import invite
from engagement.kernel.audit import SYSTEM, by_link, staff
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.errors import DomainError
from engagement.mailing.models import MailTemplate
from engagement.mailing.service import change_text
from engagement.questionnaires.design import Settings, create_questionnaire
from engagement.questionnaires.models import Questionnaire
from engagement.questionnaires.standard import install_standard
from engagement.referrals.links import forward_link_for, join_by_link, request_questionnaire, team_link_for
from engagement.referrals.models import ForwardLink, Partner, Referral
from engagement.referrals.nominations import nominate
from engagement.referrals.partners import add_partner
from engagement.roster.models import BatchMember
from engagement.roster.service import add_batch, put_in_batch
from tests.events.given import an_event, the_sitting
from tests.events.test_race import all_at_once
from tests.findings.given import a_prompt, a_submission, a_theme
from tests.referrals.given import a_questionnaire, asked, somebody
from tests.support.given import PASSWORD, a_consultation, a_member

TITLE = {"title": Text("Same", "Pareil")}


def a_slug(consultation):
    member = staff(a_member(consultation).id)
    left_out = dict.fromkeys(("opens_on", "closes_on", "received_until"), None) | dict.fromkeys(("contact_email", "contact_phone"), "")
    given = Particulars(status=Status.PLANNED, is_public=False, zone="America/Toronto", texts=TITLE, **left_out)
    return lambda: create_consultation(slug="same", particulars=given, actor=member).id, Consultation, Consultation.slug == "same"


def a_background_document(consultation):
    given = {"consultation_id": consultation.id, "language": "en", "title": "", "filename": "a.pdf", "content": b"%PDF-1.4"}
    return lambda: keep_document(**given, actor=SYSTEM).id, Document


def a_clearance(consultation):
    batch = add_batch(consultation_id=consultation.id, name="Few", restricted=True, actor=SYSTEM).id
    given = {"consultation_id": consultation.id, "user_id": a_member(consultation).id, "kind": ClearedFor.BATCH, "subject_id": batch}
    return lambda: clear(**given, actor=SYSTEM), Clearance


def an_account(consultation):
    return lambda: add_user(email="same@example.org", name=consultation.slug, password=PASSWORD).id, User


def a_persons_place_in_a_batch(consultation):
    batch, person = add_batch(consultation_id=consultation.id, name="All", actor=SYSTEM).id, somebody(consultation).id
    return lambda: put_in_batch(batch_id=batch, person_ids=[person], actor=SYSTEM), BatchMember


def a_sitting(consultation):
    first = the_sitting(an_event(consultation))
    later = timedelta(days=2)
    plan, event_id = SittingPlan(starts_wall=first.starts_wall + later, ends_wall=first.ends_wall + later), first.event_id
    return lambda: add_sitting(event_id=event_id, plan=plan, actor=SYSTEM).id, Sitting, Sitting.starts_wall == plan.starts_wall


def a_part(consultation):
    day, person = the_sitting(an_event(consultation)), somebody(consultation).id
    plan = AgendaPlan(kind=AgendaKind.PANEL, starts_wall=day.starts_wall, ends_wall=day.ends_wall, title=TITLE["title"])
    item = add_agenda_item(sitting_id=day.id, plan=plan, actor=SYSTEM).id
    return lambda: add_part(item_id=item, person_id=person, part=Part.SPEAKER, published=True, actor=SYSTEM).id, AgendaPart


def a_name_of_a_questionnaire(consultation):
    of, settings = consultation.id, Settings(title=TITLE["title"])
    return lambda: create_questionnaire(consultation_id=of, name="same", settings=settings, actor=SYSTEM).id, Questionnaire


def the_eight_areas(consultation):
    of = consultation.id
    return lambda: install_standard(consultation_id=of, actor=SYSTEM).id, Questionnaire


def a_coding(consultation):
    prompt = a_prompt(consultation)
    codes, submission = frozenset([a_theme(prompt).id]), a_submission(prompt).id
    return lambda: code_submission(submission_id=submission, code_ids=codes, actor=SYSTEM), Coding


def a_respondents_link(consultation):
    invitation = asked(a_questionnaire(consultation), somebody(consultation)).id
    return lambda: forward_link_for(invitation, by_link(invitation)), ForwardLink


def the_teams_link(consultation):
    of, questionnaire = consultation.id, a_questionnaire(consultation).id
    return lambda: team_link_for(questionnaire, SYSTEM, consultation_id=of), ForwardLink


def a_nomination(consultation):
    invitation = asked(a_questionnaire(consultation), somebody(consultation)).id
    given = {"given_name": "Grace", "family_name": "Hopper", "email": "grace@example.org", "names_nominator": True}
    return lambda: nominate(invitation_id=invitation, actor=by_link(invitation), **given).id, Referral


def a_way_in_by_link(consultation):
    questionnaire = a_questionnaire(consultation)
    invitation = asked(questionnaire, somebody(consultation)).id
    asked(questionnaire, somebody(consultation, "Grace Hopper"))
    token = forward_link_for(invitation, by_link(invitation))
    given = {"given_name": "Grace", "family_name": "Hopper", "email": "grace.hopper@example.org", "language": "en"}
    return lambda: join_by_link(token=token, actor=SYSTEM, **given), Referral


def a_request_on_the_public_page(consultation):
    of = consultation.id
    asked(a_questionnaire(consultation), somebody(consultation, "Grace Hopper"))
    given = {"given_name": "Grace", "family_name": "Hopper", "email": "grace.hopper@example.org", "language": "en"}
    return lambda: request_questionnaire(consultation_id=of, actor=SYSTEM, **given), Referral


def a_partner(consultation):
    of, questionnaire = consultation.id, a_questionnaire(consultation).id
    return lambda: add_partner(consultation_id=of, questionnaire_id=questionnaire, name="Same", actor=SYSTEM).id, Partner


def the_needs_of_a_guest(consultation):
    guest = invite(
        consultation_id=consultation.id, person_id=somebody(consultation).id, event_id=an_event(consultation).id, actor=SYSTEM
    ).id
    return lambda: state_needs(invitation_id=guest, needs=NeedsStated(diet="Vegetarian."), actor=by_link(guest)), Needs


def the_words_of_a_mail(consultation):
    words = {"subject": TITLE["title"], "body": TITLE["title"], "placeholders": ()}
    of = consultation.id
    return lambda: change_text(consultation_id=of, purpose="announcement", actor=SYSTEM, **words).id, MailTemplate


WHAT = (
    a_slug, a_background_document, a_clearance, an_account, a_persons_place_in_a_batch, a_sitting, a_part, a_name_of_a_questionnaire,
    the_eight_areas, a_coding, a_respondents_link, the_teams_link, a_nomination, a_way_in_by_link, a_request_on_the_public_page, a_partner,
    the_needs_of_a_guest, the_words_of_a_mail,
)  # fmt: skip


@pytest.mark.parametrize("what", WHAT, ids=lambda what: what.__name__)
def test_what_is_asked_for_five_times_at_once_is_stored_once_and_refused_in_words_only(app, what):
    act, kind, *of_these = what(a_consultation())
    db.session.commit()

    def press(_):
        with suppress(DomainError):
            act()

    all_at_once(app, range(5), press)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(kind).where(*of_these)) == 1
