"""Pages of a mailing: what and whom, the check before sending, the mail as one person reads it, the yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.consultations.models import Status
from engagement.kernel.errors import DomainError
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import said
from engagement.mailing.texts import text_of
from engagement.outreach.listing import states_of
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.reach import DOES_NOT, GETS_IT, NOT_REMINDED, WORDS, Reach, survey
from engagement.outreach.reading import as_one_person_reads_it
from engagement.outreach.reminders import PURPOSES as REMINDERS
from engagement.outreach.reminding import survey_of_reminder
from engagement.outreach.service import (
    Offer,
    approve,
    discard,
    draft_mailing,
    faults_before_sending,
    find_mailing,
    find_offer,
    offers_to,
    people_of,
    plan_rest,
    title_of,
)
from engagement.outreach.task_listing import tasks_of
from engagement.outreach.views import outreach
from engagement.roster.filters import Filter, list_people, matching_ids
from engagement.roster.models import IdentifiedThrough
from engagement.roster.service import batches_of
from engagement.roster.vocabulary import IDENTIFIED_THROUGH, LANGUAGES_SPOKEN, REGIONS, SECTORS

if TYPE_CHECKING:
    from engagement.consultations.access import Access

MOST_TICKED = 500
# So many seconds of planning wait for the page; the worker plans the rest.
PLANNED_AT_ONCE = 2.0

POLICY: Policy = {
    "outreach.new_mailing": member(Permission.INVITE),
    "outreach.mailing": member(Permission.SEE_MAIL),
    "outreach.letter": member(Permission.SEE_MAIL),
    "outreach.approve_mailing": member(Permission.INVITE),
    "outreach.discard_mailing": member(Permission.INVITE),
}


# Nothing is chosen beforehand: a forgotten tick must not write to everybody.
WHOM = ("all", "ticked")


@outreach.route("/c/<slug>/mail/new", methods=["GET", "POST"])
def new_mailing(slug: str) -> Any:
    """Choose what people are invited to, and whom."""
    access = current_access()
    asked = Filter.from_query(request.values)
    if request.method == "GET":
        return _show_choice(access, asked, None)
    offer = find_offer(access, request.form.get("about", ""))
    if offer is None:
        return _show_choice(access, asked, ("about", gettext("Choose what people are invited to.")))
    if request.form.get("whom") not in WHOM:
        return _show_choice(access, asked, ("people", gettext("Choose whom it is for: everybody found, or only those ticked.")))
    try:
        made = _draft(access, offer, asked)
    except DomainError as error:
        return _show_choice(access, asked, ("people", said(error.said)))
    return redirect(url_for(".mailing", slug=slug, mailing_id=made.id))


def _draft(access: Access, offer: Offer, asked: Filter) -> Mailing:
    chosen = _people_chosen(access, asked)
    return draft_mailing(consultation_id=access.consultation.id, offer=offer, people=chosen, chosen_by=asked.as_query(), actor=access.actor)


def _people_chosen(access: Access, asked: Filter) -> list[UUID]:
    found = matching_ids(access, asked)
    if request.form.get("whom") != "ticked":
        return found
    ticked = set(request.form.getlist("person"))
    return [each for each in found if str(each) in ticked]


def _show_choice(access: Access, asked: Filter, problem: tuple[str, str] | None) -> Any:
    return render_template(
        "outreach/new_mailing.html",
        offers=offers_to(access),
        about=request.values.get("about", ""),
        whom=request.form.get("whom", ""),
        ticked=set(request.form.getlist("person")),
        asked=asked,
        people=list_people(access, asked, 1, MOST_TICKED),
        batches=batches_of(access),
        sectors=SECTORS,
        regions=REGIONS,
        languages=LANGUAGES_SPOKEN,
        throughs={each: IDENTIFIED_THROUGH[each] for each in IdentifiedThrough},
        problem=problem,
    )


@outreach.get("/c/<slug>/mail/mailings/<uuid:mailing_id>")
def mailing(slug: str, mailing_id: UUID) -> Any:  # noqa: ARG001
    """Show who gets what in which language and who does not; after the yes, how far it is."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    template = "outreach/mailing.html" if found.state is MailingState.DRAFT else "outreach/mailing_sent.html"
    return render_template(template, **_particulars(access, found))


def _goes_on(found: Mailing) -> bool:
    owed = found.state is MailingState.APPROVED and found.planned < len(found.people)
    return owed or found.state is MailingState.DRAFT


def _particulars(access: Access, found: Mailing) -> dict[str, object]:
    people, reminds = people_of(found.people, access), found.purpose in REMINDERS
    return {
        "mailing": found,
        "title": title_of(found),
        "survey": survey_of_reminder(found, people) if reminds else survey(found, people),
        "tasks": tasks_of(access, found.id),
        "gets_it": GETS_IT,
        "does_not": NOT_REMINDED if reminds else DOES_NOT,
        "REACH": WORDS,
        "Reach": Reach,
        "faults": faults_before_sending(found) if _goes_on(found) else [],
        "text": text_of(found.consultation_id, found.purpose),
        "counts": states_of(access, found.id),
        "may_approve": access.may(Permission.INVITE),
        "paused": access.consultation.status is Status.PAUSED,
    }


@outreach.get("/c/<slug>/mail/mailings/<uuid:mailing_id>/letter/<uuid:person_id>")
def letter(slug: str, mailing_id: UUID, person_id: UUID) -> Any:  # noqa: ARG001
    """Show the mail of a draft as one person will read it."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    person = next(iter(people_of([str(person_id)], access)), None)
    text = text_of(found.consultation_id, found.purpose)
    if person is None or str(person_id) not in found.people or not (text.subject.whole and text.body.whole):
        abort(404)
    written = as_one_person_reads_it(found, person, text)
    return render_template("outreach/letter.html", mailing=found, person=person, written=written)


@outreach.post("/c/<slug>/mail/mailings/<uuid:mailing_id>/approve")
def approve_mailing(slug: str, mailing_id: UUID) -> Any:
    """Let the mailing go."""
    access = current_access()
    find_mailing(access, mailing_id)
    try:
        approve(mailing_id=mailing_id, actor=access.actor)
        plan_rest(mailing_id, at_most=PLANNED_AT_ONCE)
    except DomainError as error:
        flash(said(error.said))
    return redirect(url_for(".mailing", slug=slug, mailing_id=mailing_id))


@outreach.post("/c/<slug>/mail/mailings/<uuid:mailing_id>/discard")
def discard_mailing(slug: str, mailing_id: UUID) -> Any:
    """Give a draft up."""
    access = current_access()
    find_mailing(access, mailing_id)
    try:
        discard(mailing_id=mailing_id, actor=access.actor)
        flash(gettext("Discarded. Nothing was sent."))
    except DomainError as error:
        flash(said(error.said))
    return redirect(url_for(".mail", slug=slug))
