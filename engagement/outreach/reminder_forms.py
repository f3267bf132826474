"""Forms of reminders that go by themselves, of their rules, and of calls and letters."""

from __future__ import annotations

from typing import TypedDict

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import InputRequired

from engagement.kernel.forms import Form, WallTimeField, WholeNumberField, options
from engagement.kernel.web import said
from engagement.mailing.models import TaskChannel, TaskOutcome
from engagement.outreach.models import ReminderKind
from engagement.outreach.rules import Rules
from engagement.outreach.schedules import KINDS
from engagement.outreach.task_words import OUTCOMES

_NUMBER = _l("Enter a whole number.")
_TIME = _l("Enter a time, such as 13:30.")


class ScheduleForm(Form):
    """So many days before, at what time, and for an event to whom."""

    kind = RadioField(_l("For whom"), validators=[InputRequired(_l("Choose whom it is for."))])
    days_before = WholeNumberField(_l("Days before"), validators=[InputRequired(_NUMBER)])
    at = WallTimeField(_l("At"), validators=[InputRequired(_TIME)])

    def offer_kinds(self, *, of_event: bool) -> None:
        """Offer whom a reminder of an event is for; a questionnaire has one kind only."""
        if not of_event:
            del self.kind
            return
        kinds = (ReminderKind.REPLY_DEADLINE, ReminderKind.DAY_BEFORE)
        self.kind.choices = options((kind.value, said(KINDS[kind])) for kind in kinds)

    def chosen_kind(self) -> ReminderKind:
        """Return whom it is for."""
        return ReminderKind(self.kind.data) if "kind" in self else ReminderKind.QUESTIONNAIRE


class RulesForm(Form):
    """How decently people are chased, and the quiet hours."""

    most_per_person = WholeNumberField(_l("Reminders about one thing to one person, at most"), validators=[InputRequired(_NUMBER)])
    days_apart = WholeNumberField(_l("Days between a reminder and anything else we send"), validators=[InputRequired(_NUMBER)])
    quiet_from = WallTimeField(_l("Quiet from"), validators=[InputRequired(_TIME)])
    quiet_until = WallTimeField(_l("Quiet until"), validators=[InputRequired(_TIME)])

    def rules(self) -> Rules:
        """Return what was entered."""
        return Rules(
            most_per_person=self.most_per_person.data,
            days_apart=self.days_apart.data,
            quiet_from=self.quiet_from.data,
            quiet_until=self.quiet_until.data,
        )


class Told(TypedDict):
    """What was written down about a call or a letter."""

    outcome: TaskOutcome
    remark: str
    seen: str | None


class OutcomeForm(Form):
    """What came of a call or a letter."""

    outcome = RadioField(_l("What came of it"), validators=[InputRequired(_l("Choose what came of it."))])
    note = TextAreaField(_l("Note"))
    # The mark of the script that the page showed.
    seen = HiddenField()

    def told(self) -> Told:
        """Return what was written down, as ``record_outcome`` takes it."""
        return {"outcome": TaskOutcome(self.outcome.data), "remark": self.note.data or "", "seen": self.seen.data or None}

    def offer_outcomes(self, channel: TaskChannel) -> None:
        """Offer what can come of this channel: a letter is not answered by a wrong number."""
        of_letter = (TaskOutcome.LETTER_SENT, TaskOutcome.REACHED, TaskOutcome.NOT_NEEDED)
        of_call = tuple(outcome for outcome in TaskOutcome if outcome is not TaskOutcome.LETTER_SENT)
        chosen = of_letter if channel is TaskChannel.LETTER else of_call
        self.outcome.choices = options((each.value, said(OUTCOMES[each])) for each in chosen)
