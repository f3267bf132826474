"""Pages on which the team sees exactly who will be told what, adds a note, and says yes: changes and cancellations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from engagement.events.downloads import staff_file
from engagement.events.forms import CancelForm, TellForm
from engagement.events.guest_list import known_among
from engagement.events.models import Event, EventStatus, Sitting
from engagement.events.notices import as_guest_reads
from engagement.events.service import cancel_event, cancel_sitting, sittings_of
from engagement.events.telling import (
    CANCELLATION,
    CHANGE,
    FATES,
    TOLD,
    TOLD_IN,
    Fate,
    Guest,
    guests_behind,
    guests_of_cancelled,
    holds_after_no,
    people_told,
    seen_mark,
)
from engagement.events.tellings import ChangedMeanwhileError, tell_change
from engagement.events.told import grouped, left_out
from engagement.events.views import events, the_event, the_sitting
from engagement.events.zone_rules import keep_moment, keep_wall_time
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import Permission, Policy, member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engagement.consultations.access import Access
    from engagement.mailing.letters import Written

TELLING_POLICY: Policy = {
    "events.tell": member(Permission.INVITE, per_event=True),
    "events.cancel": member(Permission.SCHEDULE_EVENTS, per_event=True),
    "events.cancel_one": member(Permission.SCHEDULE_EVENTS, per_event=True),
    "events.settle_rules": member(Permission.SCHEDULE_EVENTS, per_event=True),
    "events.calendar_file": member(Permission.SEE_EVENTS, per_event=True),
}
TEMPLATES = {CHANGE: "events/tell.html", CANCELLATION: "events/cancel.html"}


@events.route("/c/<slug>/events/<name>/tell", methods=["GET", "POST"])
def tell(slug: str, name: str) -> Any:
    """Show who knows an older time or place and will be told; tell them, once somebody says yes."""
    access, event = the_event(name, Permission.INVITE)
    form, guests = TellForm(), guests_behind(event)
    good = form.validate_on_submit()
    if good and "read" not in request.form:
        try:
            tell_change(event_id=event.id, note_words=form.bilingual("note"), seen=form.seen.data or "", actor=access.actor)
            flash(_told(guests))
            return redirect(url_for(".event", slug=slug, name=name))
        except ChangedMeanwhileError as error:
            guests = guests_behind(event)
            form.refuse(error)
        except DomainError as error:
            form.refuse(error)
    form.seen.data = seen_mark(guests)
    return _show(CHANGE, access, event, guests, form)


def _told(guests: Sequence[Guest]) -> str:
    number = people_told(guests)
    said = ngettext("%(num)s guest is being told.", "%(num)s guests are being told.", number)
    calls = len({guest.person.id for guest in guests if guest.fate is Fate.CALL})
    if calls:
        said += " " + ngettext(
            "%(num)s of them is to be telephoned by the team.", "%(num)s of them are to be telephoned by the team.", calls
        )
    return str(said)


def _show(purpose: str, access: Access, event: Event, guests: Sequence[Guest], form: TellForm, **more: object) -> Any:
    known = known_among(access, event, [guest.person.id for guest in guests])
    seen = [guest for guest in guests if guest.person.id in known]
    return render_template(
        TEMPLATES[purpose],
        event=event,
        form=form,
        groups=grouped(seen),
        left_out=left_out(seen),
        number=people_told(guests),
        hidden=len({guest.person.id for guest in guests if guest.fate in TOLD} - known),
        FATES=FATES,
        TOLD_IN=TOLD_IN,
        read=_read(seen, form, purpose),
        **more,
    )


def _read(guests: Sequence[Guest], form: TellForm, purpose: str) -> tuple[Guest, Written] | None:
    """Return the mail that was asked for, as its guest will read it, with the note as it was typed."""
    wanted = request.form.get("read")
    if wanted is None or form.errors:
        return None
    for guest in guests:
        if wanted == key_of(guest):
            return guest, as_guest_reads(guest, purpose, form.bilingual("note"))
    raise AbsentError


def key_of(guest: Guest) -> str:
    """Return what names a guest and a sitting on these pages."""
    return f"{guest.invitation.id}:{guest.sitting.id if guest.sitting else ''}"


@events.app_template_filter("guest_key")
def _guest_key(guest: Guest) -> str:
    return key_of(guest)


@events.route("/c/<slug>/events/<name>/cancel", methods=["GET", "POST"])
def cancel(slug: str, name: str) -> Any:
    """Show who will be told that the event does not take place; cancel it, once the box that says so was ticked."""
    access, event = the_event(name, Permission.SCHEDULE_EVENTS)
    if event.status is EventStatus.CANCELLED:
        return redirect(url_for(".event", slug=slug, name=name))
    return _cancel(access, event, None)


@events.route("/c/<slug>/events/<name>/sittings/<uuid:sitting_id>/cancel", methods=["GET", "POST"])
def cancel_one(slug: str, name: str, sitting_id: UUID) -> Any:
    """Show who will be told that one sitting does not take place; cancel it, once the box that says so was ticked."""
    access, event = the_event(name, Permission.SCHEDULE_EVENTS)
    row = the_sitting(event, sitting_id)
    if event.status is EventStatus.CANCELLED or row.cancelled_at is not None:
        return redirect(url_for(".event", slug=slug, name=name))
    return _cancel(access, event, row)


def _cancel(access: Access, event: Event, sitting: Sitting | None) -> Any:
    form, guests = CancelForm(), guests_of_cancelled(event, sitting)
    if _confirmed(form):
        try:
            number = _do_cancel(access, event, sitting, form)
        except DomainError as error:
            form.refuse(error)
        else:
            flash(ngettext("Cancelled. %(num)s guest is told.", "Cancelled. %(num)s guests are told.", number))
            return redirect(url_for(".event", slug=access.consultation.slug, name=event.name))
    after_no = len({guest.person.id for guest in guests if holds_after_no(guest)})
    return _show(CANCELLATION, access, event, guests, form, sitting=sitting, after_no=after_no)


def _confirmed(form: CancelForm) -> bool:
    if "read" in request.form:
        # Whoever only reads a mail need not have said yes.
        del form.sure
        form.validate_on_submit()
        return False
    return bool(form.validate_on_submit())


def _do_cancel(access: Access, event: Event, sitting: Sitting | None, form: CancelForm) -> int:
    words, with_declined = form.bilingual("note"), form.with_declined.data
    told = [guest for guest in guests_of_cancelled(event, sitting) if guest.fate in TOLD or (with_declined and holds_after_no(guest))]
    number = len({guest.person.id for guest in told})
    if sitting is None:
        cancel_event(event_id=event.id, note_words=words, with_declined=with_declined, actor=access.actor)
    else:
        cancel_sitting(sitting_id=sitting.id, note_words=words, with_declined=with_declined, actor=access.actor)
    return number


@events.post("/c/<slug>/events/<name>/sittings/<uuid:sitting_id>/rules")
def settle_rules(slug: str, name: str, sitting_id: UUID) -> Any:
    """Keep the wall time of a sitting that a rule of its zone has moved, or the moment."""
    access, event = the_event(name, Permission.SCHEDULE_EVENTS)
    the_sitting(event, sitting_id)
    verbs = {"wall": keep_wall_time, "moment": keep_moment}
    verb = verbs.get(request.form.get("keep", ""))
    if verb is None:
        flash(gettext("Nothing was changed: choose what stands, the time on the clocks or the moment."))
    else:
        verb(sitting_id=sitting_id, actor=access.actor)
        flash(gettext("Saved. Guests who were told otherwise can be told now."))
    return redirect(url_for(".event", slug=slug, name=name))


@events.get("/c/<slug>/events/<name>/calendar.ics")
def calendar_file(slug: str, name: str) -> Any:  # noqa: ARG001
    """Give the event's sittings as a calendar file, without guests."""
    _, event = the_event(name, Permission.SEE_EVENTS)
    rows = sittings_of(event.id)
    if not rows:
        raise AbsentError
    content = staff_file(event, rows, "fr" if current_language() == "fr" else "en")
    answer = Response(content, content_type="text/calendar; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{event.name}.ics")
    return answer
