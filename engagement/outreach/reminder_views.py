"""Pages of reminders: what goes by itself and when, whom a reminder would reach now, and the rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.consultations.models import Status
from engagement.events.models import EventStatus
from engagement.events.service import events_of
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import say_refusal
from engagement.kernel.wording import time_words
from engagement.outreach.models import ReminderSchedule
from engagement.outreach.planning import people_of
from engagement.outreach.reminder_forms import RulesForm, ScheduleForm
from engagement.outreach.reminders import LEFT_OUT, REMINDED, WORDS, Fate
from engagement.outreach.reminding import EVENT, QUESTIONNAIRE, Fates, Thing, draft_reminder, find_thing, thing_about, who_is_silent
from engagement.outreach.rules import Rules, change_rules, rules_of
from engagement.outreach.schedules import (
    KINDS,
    Planned,
    change_schedule,
    next_of,
    schedule_reminder,
    schedules_of,
    switch_schedule,
    was_missed,
    whom_it_would_reach,
)
from engagement.outreach.views import outreach
from engagement.questionnaires.service import questionnaires_of

if TYPE_CHECKING:
    from engagement.consultations.access import Access
    from engagement.outreach.silence import Asked

POLICY: Policy = {
    "outreach.reminders": member(Permission.SEE_MAIL),
    "outreach.reminder_preview": member(Permission.SEE_MAIL),
    "outreach.draft_reminder_now": member(Permission.INVITE),
    "outreach.new_schedule": member(Permission.INVITE),
    "outreach.schedule": member(Permission.INVITE),
    "outreach.switch_schedule_now": member(Permission.INVITE),
    "outreach.reminder_rules": member(Permission.INVITE),
}
THING = f"<any({EVENT},{QUESTIONNAIRE}):kind>/<uuid:thing_id>"
# A page that names more people than this names nobody in particular.
MOST_NAMED = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """What becomes of people as one member may read it. ``hidden`` are asked, too, and may not be known to the member."""

    groups: dict[Fate, list[Asked]]
    hidden: int

    def of(self, fate: Fate) -> list[Asked]:
        """Return the people whom this becomes of."""
        return self.groups.get(fate, [])

    @property
    def reminded(self) -> int:
        """Return how many are reminded."""
        return sum(len(self.of(fate)) for fate in REMINDED)


@dataclass(frozen=True, slots=True)
class Line:
    """One schedule in the list: what it is about, when it goes next, how many it would reach if it went now."""

    schedule: ReminderSchedule
    thing: Thing
    planned: Planned | None
    reached: int
    missed: bool


def _shown(access: Access, fates: Fates) -> Shown:
    everybody = [row.person for rows in fates.groups.values() for row in rows]
    known = {person.id for person in people_of([str(person.id) for person in everybody], access)}
    groups = {fate: [row for row in rows if row.person.id in known] for fate, rows in fates.groups.items()}
    return Shown(groups, len(everybody) - len(known))


def _words() -> dict[str, object]:
    return {"REMINDED": REMINDED, "LEFT_OUT": LEFT_OUT, "FATES": WORDS, "KINDS": KINDS, "MOST_NAMED": MOST_NAMED}


@outreach.get("/c/<slug>/mail/reminders")
def reminders(slug: str) -> Any:  # noqa: ARG001
    """List what goes by itself and when, and what people can be reminded of."""
    access = current_access()
    return render_template(
        "outreach/reminders.html",
        lines=_lines(access),
        things=_things(access),
        rules=rules_of(access.consultation.id),
        quiet=_quiet_words(rules_of(access.consultation.id)),
        paused=access.consultation.status is Status.PAUSED,
        may_change=access.may(Permission.INVITE),
        **_words(),
    )


def _quiet_words(rules: Rules) -> tuple[str, str]:
    language = current_language()
    return time_words(rules.quiet_from, language), time_words(rules.quiet_until, language)


def _lines(access: Access) -> list[Line]:
    moment = now()
    found = []
    for schedule in schedules_of(access.consultation.id):
        thing = _thing_of(access, schedule)
        if thing is None:
            continue
        planned = next_of(schedule, thing, moment) if schedule.active and not thing.is_closed else None
        reached = _shown(access, whom_it_would_reach(schedule, thing, planned, moment)).reminded if planned else 0
        found.append(Line(schedule, thing, planned, reached, was_missed(schedule, thing, moment)))
    return sorted(found, key=lambda line: (line.planned is None, line.planned.occasion.goes_at if line.planned else moment))


def _thing_of(access: Access, schedule: ReminderSchedule) -> Thing | None:
    try:
        return find_thing(
            access, EVENT if schedule.event_id else QUESTIONNAIRE, schedule.event_id or schedule.questionnaire_id or UUID(int=0)
        )
    except AbsentError:
        return None


def _things(access: Access) -> list[Thing]:
    events = [each.id for each in events_of(access) if each.status is EventStatus.SCHEDULED]
    asked = [each.id for each in questionnaires_of(access.consultation.id)]
    found = [*(thing_about(each, None) for each in events), *(thing_about(None, each) for each in asked)]
    return [thing for thing in found if thing is not None and not thing.is_closed]


@outreach.get(f"/c/<slug>/mail/reminders/{THING}")
def reminder_preview(slug: str, kind: str, thing_id: UUID) -> Any:  # noqa: ARG001
    """Show who would be reminded now, and who would be left out and why."""
    access = current_access()
    thing = find_thing(access, kind, thing_id)
    return render_template(
        "outreach/reminder_preview.html",
        thing=thing,
        shown=_shown(access, who_is_silent(thing)),
        schedules=[line for line in _lines(access) if line.thing.id == thing_id],
        rules=rules_of(access.consultation.id),
        paused=access.consultation.status is Status.PAUSED,
        may_change=access.may(Permission.INVITE),
        **_words(),
    )


@outreach.post(f"/c/<slug>/mail/reminders/{THING}/draft")
def draft_reminder_now(slug: str, kind: str, thing_id: UUID) -> Any:
    """Make a draft of a reminder to the silent, to be read and approved."""
    access = current_access()
    thing = find_thing(access, kind, thing_id)
    try:
        made = draft_reminder(thing=thing, actor=access.actor)
    except DomainError as error:
        say_refusal(error)
        return redirect(url_for(".reminder_preview", slug=slug, kind=kind, thing_id=thing_id))
    return redirect(url_for(".mailing", slug=slug, mailing_id=made.id))


@outreach.route(f"/c/<slug>/mail/reminders/{THING}/schedule", methods=["GET", "POST"])
def new_schedule(slug: str, kind: str, thing_id: UUID) -> Any:
    """Have a reminder go by itself."""
    access = current_access()
    thing = find_thing(access, kind, thing_id)
    form = ScheduleForm()
    form.offer_kinds(of_event=thing.event is not None)
    if form.validate_on_submit():
        try:
            schedule_reminder(thing=thing, kind=form.chosen_kind(), days_before=form.days_before.data, at=form.at.data, actor=access.actor)
            flash(gettext("Scheduled. It goes by itself; you can stop it here at any time."))
            return redirect(url_for(".reminders", slug=slug))
        except DomainError as error:
            form.refuse(error)
    return render_template("outreach/reminder_schedule.html", form=form, thing=thing, schedule=None, shown=None, **_words())


def _schedule(access: Access, schedule_id: UUID) -> tuple[ReminderSchedule, Thing]:
    found = db.session.get(ReminderSchedule, schedule_id)
    thing = _thing_of(access, found) if found is not None and found.consultation_id == access.consultation.id else None
    if found is None or thing is None:
        raise AbsentError
    return found, thing


@outreach.route("/c/<slug>/mail/reminders/schedules/<uuid:schedule_id>", methods=["GET", "POST"])
def schedule(slug: str, schedule_id: UUID) -> Any:
    """Change when a reminder goes by itself, and see whom it would reach today."""
    access = current_access()
    found, thing = _schedule(access, schedule_id)
    form = ScheduleForm(days_before=found.days_before, at=found.at)
    form.offer_kinds(of_event=False)
    if form.validate_on_submit():
        try:
            change_schedule(schedule_id=schedule_id, days_before=form.days_before.data, at=form.at.data, actor=access.actor)
            flash(gettext("Saved."))
            return redirect(url_for(".reminders", slug=slug))
        except DomainError as error:
            form.refuse(error)
    return _show_schedule(access, form, thing, found)


def _show_schedule(access: Access, form: ScheduleForm, thing: Thing, found: ReminderSchedule) -> Any:
    planned = next_of(found, thing, now())
    return render_template(
        "outreach/reminder_schedule.html",
        form=form,
        thing=thing,
        schedule=found,
        planned=planned,
        shown=_shown(access, whom_it_would_reach(found, thing, planned, now())),
        **_words(),
    )


@outreach.post("/c/<slug>/mail/reminders/schedules/<uuid:schedule_id>/<any(start,stop):what>")
def switch_schedule_now(slug: str, schedule_id: UUID, what: str) -> Any:
    """Stop a reminder that goes by itself, or have it go again."""
    access = current_access()
    _schedule(access, schedule_id)
    switch_schedule(schedule_id=schedule_id, active=what == "start", actor=access.actor)
    flash(gettext("It goes by itself again.") if what == "start" else gettext("Stopped. Nothing goes by itself here any more."))
    return redirect(url_for(".reminders", slug=slug))


@outreach.route("/c/<slug>/mail/reminders/rules", methods=["GET", "POST"])
def reminder_rules(slug: str) -> Any:
    """Change how decently people are chased, and the quiet hours."""
    access = current_access()
    form = RulesForm(data=_as_fields(rules_of(access.consultation.id)))
    if form.validate_on_submit():
        try:
            change_rules(consultation_id=access.consultation.id, rules=form.rules(), actor=access.actor)
            flash(gettext("Saved."))
            return redirect(url_for(".reminders", slug=slug))
        except DomainError as error:
            form.refuse(error)
    return render_template("outreach/reminder_rules.html", form=form)


def _as_fields(rules: Rules) -> dict[str, object]:
    names = ("most_per_person", "days_apart", "quiet_from", "quiet_until")
    return {name: getattr(rules, name) for name in names}
