"""Pages of a draft: the check before sending, the mail as one person reads it, a test, its time, the yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.accounts.models import User
from engagement.consultations.gate import current_access
from engagement.consultations.models import Status
from engagement.kernel.clock import on_the_wall
from engagement.kernel.db import db
from engagement.kernel.errors import DomainError
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import refusals_said
from engagement.outreach.facts import mark_of
from engagement.outreach.forms import ScheduleForm
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.planning import people_of, plan_rest
from engagement.outreach.progress_views import quiet_hours_at, sends_at, show_progress
from engagement.outreach.reach import DOES_NOT, GETS_IT, NOT_REMINDED, WORDS, Reach, survey
from engagement.outreach.readiness import UNWRITTEN
from engagement.outreach.reading import as_one_person_reads_it
from engagement.outreach.reminders import PURPOSES as REMINDERS
from engagement.outreach.reminding import survey_of_reminder
from engagement.outreach.service import approve, discard, faults_before_sending, find_mailing, schedule, title_of
from engagement.outreach.trying import last_test, send_test
from engagement.outreach.views import outreach
from engagement.outreach.words import own_words, words_of
from engagement.roster.folding import fold

if TYPE_CHECKING:
    from engagement.consultations.access import Access
    from engagement.roster.models import Person

# So many seconds of planning wait for the page; the worker plans the rest.
PLANNED_AT_ONCE = 2.0

POLICY: Policy = {
    "outreach.mailing": member(Permission.SEE_MAIL),
    "outreach.letter": member(Permission.SEE_MAIL),
    "outreach.find_letter": member(Permission.SEE_MAIL),
    "outreach.test_mailing": member(Permission.INVITE),
    "outreach.schedule_mailing": member(Permission.INVITE),
    "outreach.approve_mailing": member(Permission.INVITE),
    "outreach.discard_mailing": member(Permission.INVITE),
}


@outreach.get("/c/<slug>/mail/mailings/<uuid:mailing_id>")
def mailing(slug: str, mailing_id: UUID) -> Any:  # noqa: ARG001
    """Show who gets what in which language and who does not; after the yes, how far it is."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    if found.state is not MailingState.DRAFT:
        return show_progress(access, found)
    return render_template("outreach/mailing.html", **_particulars(access, found))


def _particulars(access: Access, found: Mailing) -> dict[str, object]:
    account = db.session.get_one(User, access.user_id)
    people, reminds = people_of(found.people, access), found.purpose in REMINDERS
    faults = faults_before_sending(found)
    return {
        "mailing": found,
        "title": title_of(found),
        "survey": survey_of_reminder(found, people) if reminds else survey(found, people),
        "gets_it": GETS_IT,
        "does_not": NOT_REMINDED if reminds else DOES_NOT,
        "REACH": WORDS,
        "Reach": Reach,
        "faults": faults,
        "unwritten": UNWRITTEN in faults,
        "UNWRITTEN": UNWRITTEN,
        "quiet": quiet_hours_at(found, access.consultation.zone),
        "text": words_of(found),
        "own": own_words(found) is not None,
        "sends_at": sends_at(found, access.consultation.zone),
        "test": last_test(found),
        "account": account,
        "may_approve": access.may(Permission.INVITE),
        "seen": mark_of(found),
        "paused": access.consultation.status is Status.PAUSED,
    }


@outreach.get("/c/<slug>/mail/mailings/<uuid:mailing_id>/letter/<uuid:person_id>")
def letter(slug: str, mailing_id: UUID, person_id: UUID) -> Any:  # noqa: ARG001
    """Show the mail as one person will read it, and lead to the next one."""
    access = current_access()
    found, person = mailing_with(access, mailing_id, person_id)
    return render_template(
        "outreach/letter.html",
        mailing=found,
        person=person,
        written=as_one_person_reads_it(found, person, words_of(found)),
        may_test=access.may(Permission.INVITE),
        draft=found.state is MailingState.DRAFT,
        **_around(people_of(found.people, access), person),
    )


def _around(people: list[Person], person: Person) -> dict[str, object]:
    """Return who comes before and after ``person``, and at which place of how many they stand."""
    at = [each.id for each in people].index(person.id)
    return {
        "before": people[at - 1] if at else None,
        "after": people[at + 1] if at + 1 < len(people) else None,
        "place": at + 1,
        "whole": len(people),
    }


def mailing_with(access: Access, mailing_id: UUID, person_id: UUID) -> tuple[Mailing, Person]:
    """Return a mailing that can be read and one of its people, or answer 404."""
    found = find_mailing(access, mailing_id)
    person = next(iter(people_of([str(person_id)], access)), None)
    text = words_of(found)
    if person is None or str(person_id) not in found.people or not (text.subject.whole and text.body.whole):
        abort(404)
    return found, person


@outreach.get("/c/<slug>/mail/mailings/<uuid:mailing_id>/letter")
def find_letter(slug: str, mailing_id: UUID) -> Any:
    """Lead to the mail of somebody whose name holds what was searched for."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    words = fold(request.args.get("search", "")[:200]).split()
    person = next((each for each in people_of(found.people, access) if words and all(word in each.name_key for word in words)), None)
    if person is None:
        return render_template("outreach/no_letter.html", mailing=found, search=request.args.get("search", "")), 404
    return redirect(url_for(".letter", slug=slug, mailing_id=mailing_id, person_id=person.id))


@outreach.post("/c/<slug>/mail/mailings/<uuid:mailing_id>/test/<uuid:person_id>")
def test_mailing(slug: str, mailing_id: UUID, person_id: UUID) -> Any:
    """Send the mail as one person would read it to whoever is signed in."""
    access = current_access()
    mailing_with(access, mailing_id, person_id)
    send_test(mailing_id=mailing_id, person_id=person_id, actor=access.actor)
    flash(gettext("A test is on its way to %(address)s.", address=db.session.get_one(User, access.user_id).email))
    return redirect(url_for(".mailing", slug=slug, mailing_id=mailing_id))


@outreach.route("/c/<slug>/mail/mailings/<uuid:mailing_id>/schedule", methods=["GET", "POST"])
def schedule_mailing(slug: str, mailing_id: UUID) -> Any:
    """Set when a draft goes."""
    access = current_access()
    found, zone = find_mailing(access, mailing_id), access.consultation.zone
    if found.state is not MailingState.DRAFT:
        return redirect(url_for(".mailing", slug=slug, mailing_id=mailing_id))
    wall = on_the_wall(found.send_at, zone) if found.send_at else None
    form = ScheduleForm(data={"day": wall.date(), "at": wall.time()} if wall else {})
    if form.validate_on_submit():
        try:
            schedule(mailing_id=mailing_id, day=form.day.data, at=form.at.data, zone=zone, actor=access.actor)
            return redirect(url_for(".mailing", slug=slug, mailing_id=mailing_id))
        except DomainError as error:
            form.refuse(error)
    return render_template("outreach/schedule.html", mailing=found, form=form)


@outreach.post("/c/<slug>/mail/mailings/<uuid:mailing_id>/approve")
def approve_mailing(slug: str, mailing_id: UUID) -> Any:
    """Let the mailing go."""
    access = current_access()
    find_mailing(access, mailing_id)
    with refusals_said():
        approve(mailing_id=mailing_id, seen=request.form.get("seen"), actor=access.actor)
        plan_rest(mailing_id, at_most=PLANNED_AT_ONCE)
    return redirect(url_for(".mailing", slug=slug, mailing_id=mailing_id))


@outreach.post("/c/<slug>/mail/mailings/<uuid:mailing_id>/discard")
def discard_mailing(slug: str, mailing_id: UUID) -> Any:
    """Give a draft up."""
    access = current_access()
    find_mailing(access, mailing_id)
    with refusals_said():
        discard(mailing_id=mailing_id, actor=access.actor)
        flash(gettext("Discarded. Nothing was sent."))
    return redirect(url_for(".mail", slug=slug))
