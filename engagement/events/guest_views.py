"""Pages for one guest of an event: the ledger, a reply that staff write down, the seat, the invitation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.events.forms import RecordedReplyForm, WithdrawForm
from engagement.events.guest_list import guest_named
from engagement.events.guests import needs_of
from engagement.events.models import Event, Seat
from engagement.events.replies import Outcome, promote_from_waitlist, reply_to_event
from engagement.events.seats import seats_of
from engagement.events.service import sittings_of, withdraw_guest
from engagement.events.told import was_told, what_is_known
from engagement.events.views import events, the_event
from engagement.events.vocabulary import INTERPRETATION
from engagement.invitations.models import Channel, Invitation
from engagement.invitations.service import replies_of
from engagement.kernel.audit import note_read
from engagement.kernel.clock import now, on_the_wall
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import refusals_said
from engagement.kernel.wording import span_words

if TYPE_CHECKING:
    from engagement.consultations.access import Access
    from engagement.roster.models import Person

GUEST_POLICY: Policy = {
    "events.invitation": member(Permission.RECORD_REPLIES, per_event=True),
    "events.withdraw_invitation": member(Permission.INVITE, per_event=True),
    "events.give_seat": member(Permission.RECORD_REPLIES, per_event=True),
}


def _the_guest(access: Access, event: Event, invitation_id: UUID) -> tuple[Invitation, Person]:
    found = guest_named(access, event, invitation_id)
    if found is None:
        raise AbsentError
    return found


@events.route("/c/<slug>/events/<name>/invitations/<uuid:invitation_id>", methods=["GET", "POST"])
def invitation(slug: str, name: str, invitation_id: UUID) -> Any:
    """Show everything that was replied to one invitation, and write down a reply that came otherwise."""
    access, event = the_event(name, Permission.RECORD_REPLIES)
    row, person = _the_guest(access, event, invitation_id)
    form = _reply_form(event, access.consultation.zone)
    if row.withdrawn_at is None and form.validate_on_submit():
        try:
            flash(_what_came(_record(form, invitation_id, access)))
            return redirect(url_for(".invitation", slug=slug, name=name, invitation_id=invitation_id))
        except DomainError as error:
            form.refuse(error)
    return _show(event, row, person, form)


def _reply_form(event: Event, zone: str, *, typed: bool = True) -> RecordedReplyForm:
    wall = on_the_wall(now(), zone)
    begins = {"day": wall.date(), "at": wall.time().replace(second=0, microsecond=0)}
    form = RecordedReplyForm(data=begins) if typed else RecordedReplyForm(None, data=begins)
    language = current_language()
    days = [(str(s.id), span_words(s.starts_wall, s.ends_wall, event.zone, language)) for s in sittings_of(event.id) if not s.cancelled_at]
    form.offer_words(event, [("", gettext("The whole event")), *(days if len(days) > 1 else [])])
    return form


def _record(form: RecordedReplyForm, invitation_id: UUID, access: Access) -> list[Outcome]:
    return reply_to_event(
        invitation_id=invitation_id,
        answers=form.answers(),
        reason=form.reason.data or "",
        wants_questionnaire=form.wants_questionnaire.data,
        needs=form.needs(),
        channel=Channel(form.channel.data),
        received_at=form.received_at(access.consultation.zone),
        actor=access.actor,
    )


def _what_came(outcomes: list[Outcome]) -> Any:
    if not any(outcome.counts for outcome in outcomes):
        return gettext("Kept in the ledger. A reply that was received later stands, so nothing else was changed.")
    if any(outcome.seat == "waiting" for outcome in outcomes):
        return gettext("Recorded. The guest is on the waiting list.")
    return gettext("Recorded.")


def _show(event: Event, row: Invitation, person: Person, form: RecordedReplyForm, asked: WithdrawForm | None = None) -> Any:
    told, needs = was_told(row), needs_of(row.id)
    if needs is not None:
        note_read("read_needs", "invitation", row.id, current_access().actor, row.consultation_id)
    if asked is None:
        asked = WithdrawForm(None)
        asked.offer(was_told=told)
    return render_template(
        "events/invitation.html",
        asked=asked,
        event=event,
        invitation=row,
        person=person,
        form=form,
        replies=replies_of(row.id),
        sittings={sitting.id: sitting for sitting in sittings_of(event.id)},
        seats=seats_of(row.id),
        needs=needs,
        knows=what_is_known(event, row, person),
        was_told=told,
        interpretation=INTERPRETATION,
    )


@events.post("/c/<slug>/events/<name>/invitations/<uuid:invitation_id>/withdraw")
def withdraw_invitation(slug: str, name: str, invitation_id: UUID) -> Any:
    """Take the invitation back, once the box that says so was ticked."""
    access, event = the_event(name, Permission.INVITE)
    row, person = _the_guest(access, event, invitation_id)
    asked = WithdrawForm()
    asked.offer(was_told=was_told(row))
    if row.withdrawn_at is None and not asked.validate_on_submit():
        return _show(event, row, person, _reply_form(event, access.consultation.zone, typed=False), asked)
    # Nobody is written to whom nothing was ever sent.
    withdraw_guest(invitation_id=invitation_id, tell="tell" in asked and asked.tell.data == "yes", actor=access.actor)
    flash(gettext("The invitation is withdrawn. Its link opens nothing, and its seat is free."))
    return redirect(url_for(".event", slug=slug, name=name))


@events.post("/c/<slug>/events/<name>/seats/<uuid:seat_id>/give")
def give_seat(slug: str, name: str, seat_id: UUID) -> Any:
    """Give a seat to somebody who waits."""
    access, event = the_event(name, Permission.RECORD_REPLIES)
    seat = db.session.get(Seat, seat_id)
    if seat is None:
        raise AbsentError
    _the_guest(access, event, seat.invitation_id)
    with refusals_said():
        promote_from_waitlist(seat_id=seat_id, actor=access.actor)
        flash(gettext("The seat is theirs. If they have an address, a mail tells them."))
    return redirect(url_for(".event", slug=slug, name=name))
