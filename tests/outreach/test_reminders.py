"""Who is reminded and who is not: the rule over all facts, and the way from the preview to the mail that arrives."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engagement.consultations.models import Status
from engagement.events.replies import Answer, reply_to_event, withdraw_guest
from engagement.invitations.models import Channel, Choice, Invitation, Mode
from engagement.invitations.service import mark_bounced
from engagement.kernel.audit import SYSTEM, by_link
from engagement.kernel.clock import now, today
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.mailing.models import ContactTask, Message, State, Suppression, TaskState
from engagement.mailing.service import plan
from engagement.mailing.worker import send_due
from engagement.outreach.models import Mailing
from engagement.outreach.planning import plan_rest
from engagement.outreach.reminders import LEFT_OUT, REMINDED, Facts, Fate, Limits, day_before_fate, fate_of
from engagement.outreach.reminding import NobodyToRemindError, draft_reminder, thing_about, who_is_silent
from engagement.outreach.service import approve
from engagement.questionnaires.service import ask_to_answer, save_answers, start_response, submit
from engagement.roster.wishes import Wishes, change_wishes
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_silent_guest, a_silent_respondent, never_quiet
from tests.questionnaires.given import Typed, a_questionnaire
from tests.support.given import a_consultation

NOW = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)
SILENT = Facts(language="en", has_address=True)
COMING = Answer(Choice.ACCEPTED, Mode.IN_PERSON)

anything = st.builds(
    Facts,
    language=st.sampled_from(["en", "fr", None]),
    has_address=st.booleans(),
    withdrawn=st.booleans(),
    answered=st.booleans(),
    declined=st.booleans(),
    distributed=st.booleans(),
    nominated=st.booleans(),
    opted_out=st.booleans(),
    bounced=st.booleans(),
    reminders=st.integers(0, 5),
    written_at=st.lists(st.timedeltas(timedelta(days=-30), timedelta(days=30)).map(lambda each: NOW + each), max_size=3).map(tuple),
    deadline=st.one_of(st.none(), st.timedeltas(timedelta(days=-5), timedelta(days=5)).map(lambda each: NOW + each)),
)
limits = st.builds(Limits, st.integers(0, 5), st.integers(0, 20))


@given(anything, limits)
def test_only_the_silent_are_reminded_whatever_else_is_true(facts, rules):
    if fate_of(facts, rules, NOW) in REMINDED:
        assert facts.distributed
        assert not any((facts.answered, facts.declined, facts.withdrawn, facts.nominated, facts.opted_out))
        assert not (facts.bounced and facts.has_address)
        assert facts.deadline is None or facts.deadline >= NOW
        assert facts.reminders < rules.most_per_person
        assert all(abs(NOW - each) >= timedelta(days=rules.days_apart) for each in facts.written_at)


@given(anything, limits)
def test_whoever_is_left_out_would_be_reminded_without_that_reason(facts, rules):
    fate = fate_of(facts, rules, NOW)
    mended = {
        Fate.WITHDRAWN: replace(facts, withdrawn=False),
        Fate.DECLINED: replace(facts, declined=False, answered=False),
        Fate.ANSWERED: replace(facts, answered=False),
        Fate.NOT_SENT: replace(facts, distributed=True),
        Fate.NOMINEE: replace(facts, nominated=False),
        Fate.OPTED_OUT: replace(facts, opted_out=False),
        Fate.BOUNCED: replace(facts, bounced=False),
        Fate.TOO_LATE: replace(facts, deadline=None),
        Fate.ENOUGH: replace(facts, reminders=-1),
        Fate.TOO_SOON: replace(facts, written_at=()),
    }
    order = [*mended, *REMINDED]
    if fate in mended:
        assert order.index(fate_of(mended[fate], rules, NOW)) > order.index(fate)


@given(anything, limits, st.integers(0, 5), st.integers(0, 20))
def test_stricter_rules_remind_nobody_more(facts, rules, fewer, farther):
    stricter = Limits(max(0, rules.most_per_person - fewer), rules.days_apart + farther)
    if fate_of(facts, stricter, NOW) in REMINDED:
        assert fate_of(facts, rules, NOW) in REMINDED


@given(anything)
def test_the_note_before_a_sitting_reaches_everybody_who_holds_a_seat_and_nobody_else(facts):
    assert (day_before_fate(facts, holds_seat=True) in REMINDED) is not facts.withdrawn
    assert day_before_fate(facts, holds_seat=False) in LEFT_OUT
    if day_before_fate(facts, holds_seat=True) in {Fate.ENGLISH, Fate.FRENCH, Fate.BOTH}:
        assert facts.has_address
        assert not any((facts.opted_out, facts.bounced))


def test_each_is_reminded_in_their_language_and_in_both_where_it_is_not_known():
    fates = [fate_of(replace(SILENT, language=each), Limits(), NOW) for each in ("en", "fr", None)]
    assert fates == [Fate.ENGLISH, Fate.FRENCH, Fate.BOTH]
    assert fate_of(replace(SILENT, has_address=False), Limits(), NOW) is Fate.TELEPHONE


def test_three_days_are_three_days_to_the_second():
    for apart, fate in ((timedelta(days=3), Fate.ENGLISH), (timedelta(days=3, seconds=-1), Fate.TOO_SOON)):
        for when in (NOW - apart, NOW + apart):
            assert fate_of(replace(SILENT, written_at=(when,)), Limits(), NOW) is fate


@pytest.fixture
def consultation(app):
    return never_quiet(a_consultation())


def fates(event=None, questionnaire=None):
    db.session.rollback()
    found = who_is_silent(thing_about(event.id if event else None, questionnaire.id if questionnaire else None))
    return {row.person.given_name: fate for fate, rows in found.groups.items() for row in rows}


def messages(purpose):
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.purpose == purpose).order_by(Message.created_at)))


def remind(event=None, questionnaire=None):
    thing = thing_about(event.id if event else None, questionnaire.id if questionnaire else None)
    mailing = draft_reminder(thing=thing, actor=SYSTEM)
    approve(mailing_id=mailing.id, actor=SYSTEM)
    plan_rest(mailing.id)
    return mailing


def another_mail(person, **more):
    plan(
        consultation_id=person.consultation_id, person_id=person.id, purpose="event_confirmation", language="en",
        dedup_key=f"another:{person.id}", actor=SYSTEM, **more,
    )  # fmt: skip


def test_everybody_who_is_left_out_is_left_out_for_the_first_reason_that_holds(consultation):
    event = an_event(consultation)
    people = {name: a_person(consultation, f"{name.lower()}@example.org", given_name=name) for name in "ABCDEFGHIJK"}
    invitations = {name: a_silent_guest(event, person) for name, person in people.items() if name != "F"}
    reply_to_event(invitation_id=invitations["B"].id, answers=COMING, actor=by_link(invitations["B"].id))
    reply_to_event(invitation_id=invitations["C"].id, answers=Answer(Choice.DECLINED), actor=by_link(invitations["C"].id))
    reply_to_event(invitation_id=invitations["D"].id, answers=Answer(Choice.TENTATIVE), actor=by_link(invitations["D"].id))
    withdraw_guest(invitation_id=invitations["E"].id, actor=SYSTEM)
    with writing() as session:
        session.add(Invitation(consultation_id=consultation.id, person_id=people["F"].id, event_id=event.id, wave=0, created_at=now()))
        session.add(Suppression(address_index=address_index("i@example.org"), reason="bounced", at=now()))
        session.add(Suppression(address_index=address_index("j@example.org"), reason="complained", at=now()))
    change_wishes(person_id=people["G"].id, wishes=Wishes(wants_reminders=False), actor=SYSTEM)
    mark_bounced(invitation_id=invitations["H"].id, at=now())
    change_wishes(person_id=people["K"].id, wishes=Wishes(do_not_contact=True), actor=SYSTEM)
    assert fates(event) == {
        "A": Fate.ENGLISH,
        "B": Fate.ANSWERED,
        "C": Fate.DECLINED,
        "D": Fate.ANSWERED,
        "E": Fate.WITHDRAWN,
        "F": Fate.NOT_SENT,
        "G": Fate.OPTED_OUT,
        "H": Fate.BOUNCED,
        "I": Fate.BOUNCED,
        "J": Fate.OPTED_OUT,
        "K": Fate.OPTED_OUT,
    }


def test_a_wish_heard_by_another_consultation_holds_here_too(consultation):
    event, person = an_event(consultation), a_person(consultation)
    a_silent_guest(event, person)
    a_person(a_consultation("forests"), "ada@example.org", do_not_contact=True)
    assert fates(event) == {"Ada": Fate.OPTED_OUT}


def test_a_mail_that_bounced_after_it_was_taken_leaves_its_person_out(consultation):
    event, person = an_event(consultation), a_person(consultation)
    a_silent_guest(event, person)
    another_mail(person)
    with writing() as session:
        session.scalars(select(Message)).one().bounced_at = now()
    assert fates(event) == {"Ada": Fate.BOUNCED}


def test_nobody_is_reminded_within_three_days_of_another_mail(consultation):
    event = an_event(consultation)
    people = [a_person(consultation, f"{name.lower()}@example.org", given_name=name) for name in ("Ada", "Bea", "Cal", "Dee")]
    for person in people:
        a_silent_guest(event, person)
        another_mail(person, due_at=now() + timedelta(days=2))
    by_person = {message.person_id: message.id for message in messages("event_confirmation")}
    with writing() as session:
        for person, days in ((people[1], 2.9), (people[2], 3.1)):
            row = session.get(Message, by_person[person.id])
            row.state, row.sent_at = State.SENT, now() - timedelta(days=days)
        session.get(Message, by_person[people[3].id]).state = State.CANCELLED
    # Planned counts as sent; what was cancelled was never sent.
    assert fates(event) == {"Ada": Fate.TOO_SOON, "Bea": Fate.TOO_SOON, "Cal": Fate.ENGLISH, "Dee": Fate.ENGLISH}


def test_at_most_so_many_reminders_about_one_thing_go_to_one_person(consultation, post):
    never_quiet(consultation, most_per_person=2, days_apart=0)
    event, other, person = an_event(consultation), an_event(consultation, "Session 2"), a_person(consultation)
    for each in (event, other):
        a_silent_guest(each, person)
    for _ in range(2):
        remind(event)
        send_due()
    assert fates(event) == {"Ada": Fate.ENOUGH}
    assert fates(other) == {"Ada": Fate.ENGLISH}
    with pytest.raises(NobodyToRemindError):
        remind(event)
    assert len(post.received) == 2


def a_nominee(consultation, questionnaire):
    person = a_person(consultation, "nominee@example.org", given_name="Nell")
    invitation = ask_to_answer(questionnaire_id=questionnaire.id, person_id=person.id, purpose="nomination_invitation", actor=SYSTEM)
    with writing() as session:
        row = session.get(Invitation, invitation.id)
        row.distributed_at = now() - timedelta(days=20)
        message = session.scalars(select(Message)).one()
        message.state, message.sent_at = State.SENT, now() - timedelta(days=20)
    return person, invitation


def test_a_nominee_who_has_not_answered_is_never_reminded(consultation):
    questionnaire, event = a_questionnaire(consultation), an_event(consultation)
    person, invitation = a_nominee(consultation, questionnaire)
    a_silent_guest(event, person)
    assert fates(questionnaire=questionnaire) == fates(event) == {"Nell": Fate.NOMINEE}
    # Nor one who has only begun; whoever answered is a person like any other.
    response = start_response(invitation_id=invitation.id, language="en", actor=by_link(invitation.id))
    assert fates(questionnaire=questionnaire) == {"Nell": Fate.NOMINEE}
    save_answers(response_id=response.id, typed={"pick": Typed("a")}, actor=by_link(invitation.id))
    submit(response_id=response.id, language="en", actor=by_link(invitation.id))
    assert fates(event) == {"Nell": Fate.ENGLISH}


def test_a_draft_is_silence_and_a_submitted_part_is_an_answer(consultation):
    questionnaire = a_questionnaire(consultation)
    begun, part = (a_person(consultation, f"{name.lower()}@example.org", given_name=name) for name in ("Bea", "Cal"))
    for person in (begun, part):
        invitation = a_silent_respondent(questionnaire, person)
        response = start_response(invitation_id=invitation.id, language="en", actor=by_link(invitation.id))
        save_answers(response_id=response.id, typed={"pick": Typed("a")}, actor=by_link(invitation.id))
    submit(response_id=response.id, language="en", actor=by_link(invitation.id))
    assert fates(questionnaire=questionnaire) == {"Bea": Fate.ENGLISH, "Cal": Fate.ANSWERED}


def test_nobody_is_reminded_after_the_deadline(consultation):
    event = an_event(consultation, reply_by=today(consultation.zone) - timedelta(days=1))
    a_silent_guest(event, a_person(consultation))
    assert fates(event) == {"Ada": Fate.TOO_LATE}


def test_the_deadline_lasts_to_the_end_of_its_day(consultation):
    event = an_event(consultation, reply_by=today(consultation.zone))
    a_silent_guest(event, a_person(consultation))
    assert fates(event) == {"Ada": Fate.ENGLISH}


def test_somebody_who_answered_between_yes_and_sending_gets_none(consultation, post):
    event = an_event(consultation)
    early, late = (a_silent_guest(event, a_person(consultation, f"{name}@example.org")) for name in ("ada", "bea"))
    mailing = draft_reminder(thing=thing_about(event.id, None), actor=SYSTEM)
    approve(mailing_id=mailing.id, actor=SYSTEM)
    reply_to_event(invitation_id=early.id, answers=Answer(Choice.DECLINED), channel=Channel.EMAIL, actor=SYSTEM)
    plan_rest(mailing.id)
    # One had replied before the planning, the other between that and the sending.
    assert [message.invitation_id for message in messages("event_reminder")] == [late.id]
    reply_to_event(invitation_id=late.id, answers=COMING, channel=Channel.EMAIL, actor=SYSTEM)
    send_due()
    [message] = messages("event_reminder")
    assert (message.state, message.outcome, post.received) == (State.CANCELLED, "replied meanwhile", [])


def test_a_withdrawn_guest_gets_no_reminder(consultation, post):
    event = an_event(consultation)
    invitation = a_silent_guest(event, a_person(consultation))
    remind(event)
    withdraw_guest(invitation_id=invitation.id, tell=False, actor=SYSTEM)
    send_due()
    assert post.received == []


def test_a_reminder_planned_twice_is_one(consultation, post):
    event = an_event(consultation)
    a_silent_guest(event, a_person(consultation))
    mailing = remind(event)
    with writing() as session:
        session.get(Mailing, mailing.id).planned = 0
    plan_rest(mailing.id)
    assert len(messages("event_reminder")) == 1


def test_two_reminders_approved_at_once_reach_a_person_once(consultation):
    event, questionnaire, person = an_event(consultation), a_questionnaire(consultation), a_person(consultation)
    a_silent_guest(event, person)
    a_silent_respondent(questionnaire, person)
    drafts = [draft_reminder(thing=thing_about(*about), actor=SYSTEM) for about in ((event.id, None), (None, questionnaire.id))]
    for mailing in drafts:
        approve(mailing_id=mailing.id, actor=SYSTEM)
    for mailing in drafts:
        plan_rest(mailing.id)
    assert len(messages("event_reminder")) == 1
    assert messages("questionnaire_reminder") == []


def test_the_silent_without_an_address_are_telephoned(consultation, post):
    event = an_event(consultation)
    a_silent_guest(event, a_person(consultation, None))
    remind(event)
    send_due()
    db.session.rollback()
    task = db.session.scalars(select(ContactTask)).one()
    assert (task.purpose, task.state) == ("event_reminder", TaskState.OPEN)
    # The call is the reminder: it counts, and nothing follows on its heels.
    assert fates(event) == {"Ada": Fate.TOO_SOON}


def test_nobody_is_reminded_of_what_is_closed(consultation):
    event = an_event(consultation)
    a_silent_guest(event, a_person(consultation))
    with writing() as session:
        session.merge(consultation).status = Status.REPORTED
    with pytest.raises(NobodyToRemindError):
        draft_reminder(thing=thing_about(event.id, None), actor=SYSTEM)
