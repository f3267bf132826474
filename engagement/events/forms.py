"""Forms for an event, its sittings, its agenda, and a reply that staff write down."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    URLField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from engagement.events.agenda import AgendaPlan
from engagement.events.models import AgendaKind, Event, Format, Kind, Part
from engagement.events.plans import MOST_SEATS, SittingPlan
from engagement.events.replies import Answer, NeedsStated
from engagement.events.seats import modes_of
from engagement.events.service import EventParticulars
from engagement.events.tellings import LONGEST_NOTE
from engagement.events.vocabulary import AGENDA_KINDS, FORMATS, INTERPRETATION, KINDS, PARTS
from engagement.invitations.models import Channel, Choice, Mode
from engagement.invitations.vocabulary import CHANNELS, CHOICES, MODES
from engagement.kernel.clock import in_utc
from engagement.kernel.editing import EditForm
from engagement.kernel.forms import BothLanguages, Form, WallTimeField, WholeNumberField, options
from engagement.kernel.languages import current_language
from engagement.kernel.wording import ZONES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engagement.events.models import Sitting
    from engagement.kernel.bilingual import Text

_LINE, _LONG = 300, 20_000
_WHOLE = BothLanguages(_l("Enter this text in both languages, or in neither."))
_NOTE = BothLanguages(_l("Write the note in both languages, or leave both empty."))
_SURE = _l("Tick the box to confirm that it does not take place.")
_RECORDED = (Channel.TELEPHONE, Channel.LETTER, Channel.EMAIL, Channel.IN_PERSON)
TIME_WANTED = _l("Enter a time, such as 13:30.")
DATE_WANTED = _l("Enter a date.")


def _named(words: Mapping[Any, Text]) -> list[tuple[str, str]]:
    return [(str(key), text.in_(current_language())) for key, text in words.items()]


class EventForm(EditForm):
    """The particulars of an event, in two languages."""

    title_en = StringField(_l("Title in English"), validators=[InputRequired(_l("Enter the title in English.")), Length(max=_LINE)])
    title_fr = StringField(_l("Title in French"), validators=[InputRequired(_l("Enter the title in French.")), Length(max=_LINE)])
    kind = SelectField(_l("Kind"))
    format = SelectField(_l("Format"))
    zone = SelectField(_l("Time zone"))
    date_note_en = StringField(_l("While there is no date, say in English"), validators=[_WHOLE, Length(max=200)])
    date_note_fr = StringField(_l("While there is no date, say in French"), validators=[_WHOLE, Length(max=200)])
    venue_en = StringField(_l("Place, in English"), validators=[_WHOLE, Length(max=500)])
    venue_fr = StringField(_l("Place, in French"), validators=[_WHOLE, Length(max=500)])
    access_en = TextAreaField(_l("Getting in, in English"), validators=[_WHOLE, Length(max=_LONG)])
    access_fr = TextAreaField(_l("Getting in, in French"), validators=[_WHOLE, Length(max=_LONG)])
    about_en = TextAreaField(_l("About the event, in English"), validators=[_WHOLE, Length(max=_LONG)])
    about_fr = TextAreaField(_l("About the event, in French"), validators=[_WHOLE, Length(max=_LONG)])
    online_link = URLField(_l("Online link"), validators=[Length(max=2000)])
    reply_by = DateField(_l("Last day to reply"), validators=[Optional()])
    listed = BooleanField(_l("List it on the public page, as by invitation"))
    restricted = BooleanField(_l("Restricted: only cleared members know of it"))
    discreet = BooleanField(_l("Discreet: nothing outside a mail’s text tells what it is about"))
    without_calendar = BooleanField(_l("Send no calendar entries"))
    confirm_texts = BooleanField(_l("I have compared the English and the French: they say the same"))

    def offer_words(self) -> None:
        """Name the choices in the language of the page."""
        language = current_language()
        self.kind.choices = options(_named(KINDS))
        self.format.choices = options(_named(FORMATS))
        zones = ((zone, f"{name.in_(language)} ({zone.partition('/')[2].replace('_', ' ')})") for zone, name in ZONES.items())
        self.zone.choices = options(zones)

    def particulars(self) -> EventParticulars:
        """Return what was entered."""
        fields = Event.bilingual_fields
        return EventParticulars(
            kind=Kind(self.kind.data),
            format=Format(self.format.data),
            zone=self.zone.data,
            texts={field: self.bilingual(field) for field in fields},
            online_link=self.online_link.data or "",
            listed=self.listed.data,
            restricted=self.restricted.data,
            discreet=self.discreet.data,
            sends_calendar=not self.without_calendar.data,
            reply_by=self.reply_by.data,
            confirmed=frozenset(fields) if self.confirm_texts.data else frozenset(),
        )


class NewEventForm(EventForm):
    """As above, with the name that stands in the address."""

    name = StringField(_l("Name for the address"), validators=[Length(max=80)])


class TellForm(Form):
    """What the team adds to a mail about a change, and what it looked at."""

    note_en = TextAreaField(_l("Note in English"), validators=[_NOTE, Length(max=LONGEST_NOTE)])
    note_fr = TextAreaField(_l("Note in French"), validators=[_NOTE, Length(max=LONGEST_NOTE)])
    seen = HiddenField()


class CancelForm(TellForm):
    """The same for a cancellation, with the yes to it."""

    with_declined = BooleanField(_l("Write to those who said no as well, and take the entry out of their calendars"))
    sure = BooleanField(_l("Yes, it does not take place"), validators=[InputRequired(_SURE)])


class WithdrawForm(Form):
    """Whether an invitation is taken back, and whether its guest is written to."""

    tell = RadioField(_l("Write to the guest?"), validators=[InputRequired(_l("Choose whether to write to the guest."))])
    sure = BooleanField(_l("Yes, withdraw it"), validators=[InputRequired(_l("Tick the box to confirm that the invitation is withdrawn."))])

    def offer(self, *, was_told: bool) -> None:
        """Ask whether to write only where the guest was ever written to."""
        if not was_told:
            del self.tell
            return
        self.tell.choices = [
            ("yes", _l("Yes: tell them that the invitation is taken back, and take the entry out of their calendar")),
            ("no", _l("No: it was made by mistake, or they know already")),
        ]


class SittingForm(EditForm):
    """When a sitting is, and its seats."""

    day = DateField(_l("Date"), validators=[InputRequired(DATE_WANTED)])
    starts = WallTimeField(_l("Starts at"), validators=[InputRequired(TIME_WANTED)])
    ends = WallTimeField(_l("Ends at"), validators=[InputRequired(TIME_WANTED)])
    last_day = DateField(_l("Ends on another day"), validators=[Optional()])
    seats_in_person = WholeNumberField(_l("Seats in person"), validators=[Optional(), NumberRange(min=0, max=MOST_SEATS)])
    seats_online = WholeNumberField(_l("Seats online"), validators=[Optional(), NumberRange(min=0, max=MOST_SEATS)])

    def ask_for_seats(self, event: Event) -> None:
        """Ask only for the seats that the event's format has."""
        for mode in set(Mode) - set(modes_of(event.format)):
            del self[f"seats_{mode}"]

    @classmethod
    def asking(cls, event: Event, **given: Any) -> Self:
        """Return the form for a sitting of ``event``."""
        form = cls(**given)
        form.ask_for_seats(event)
        return form

    @classmethod
    def of(cls, sitting: Sitting, event: Event) -> Self:
        """Return the form as it shows what is stored."""
        form = cls.asking(event, formdata=None)
        form.fill_from(sitting)
        return form

    def fill_from(self, sitting: Sitting) -> None:
        """Show what is stored."""
        self.day.data, self.starts.data = sitting.starts_wall.date(), sitting.starts_wall.time()
        self.ends.data = sitting.ends_wall.time()
        self.last_day.data = None if sitting.ends_wall.date() == sitting.starts_wall.date() else sitting.ends_wall.date()
        for mode in Mode:
            if f"seats_{mode}" in self:
                self[f"seats_{mode}"].data = getattr(sitting, f"seats_{mode}")

    def plan(self) -> SittingPlan:
        """Return what was entered; no seats where none were asked for."""
        seats = {mode: (self[f"seats_{mode}"].data or 0) if f"seats_{mode}" in self else 0 for mode in Mode}
        return SittingPlan(
            starts_wall=datetime.combine(self.day.data, self.starts.data),
            ends_wall=datetime.combine(self.last_day.data or self.day.data, self.ends.data),
            seats_in_person=seats[Mode.IN_PERSON],
            seats_online=seats[Mode.ONLINE],
        )


class AgendaForm(Form):
    """One item of the agenda."""

    starts = WallTimeField(_l("Starts at"), validators=[InputRequired(TIME_WANTED)])
    ends = WallTimeField(_l("Ends at"), validators=[InputRequired(TIME_WANTED)])
    kind = SelectField(_l("Kind"))
    title_en = StringField(_l("Title in English"), validators=[Length(max=_LINE)])
    title_fr = StringField(_l("Title in French"), validators=[Length(max=_LINE)])

    def offer_words(self) -> None:
        """Name the choices in the language of the page."""
        self.kind.choices = options(_named(AGENDA_KINDS))

    def plan(self, sitting: Sitting) -> AgendaPlan:
        """Return what was entered; a time before the sitting's start is of its next day."""

        def on_the_day(wall: time) -> datetime:
            moment = datetime.combine(sitting.starts_wall.date(), wall)
            overnight = sitting.ends_wall.date() > sitting.starts_wall.date() and moment < sitting.starts_wall
            return moment + timedelta(days=1) if overnight else moment

        return AgendaPlan(
            kind=AgendaKind(self.kind.data),
            starts_wall=on_the_day(self.starts.data),
            ends_wall=on_the_day(self.ends.data),
            title=self.bilingual("title"),
        )


class PartForm(Form):
    """Somebody gets a part in an agenda item."""

    person = StringField(_l("Name or email address on the roster"), validators=[InputRequired(_l("Enter a name or an address."))])
    part = SelectField(_l("Part"))
    published = BooleanField(_l("The person agreed to be named to the guests"))

    def offer_words(self) -> None:
        """Name the choices in the language of the page."""
        self.part.choices = options(_named(PARTS))

    def chosen_part(self) -> Part:
        """Return the part that was chosen."""
        return Part(self.part.data)


class Boxes(SelectMultipleField):
    """Several of a list, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RecordedReplyForm(Form):
    """A reply that came by telephone, letter, email or in conversation."""

    channel = RadioField(_l("How it came"), validators=[InputRequired(_l("Choose how the reply came."))])
    day = DateField(_l("Received on"), validators=[InputRequired(DATE_WANTED)])
    at = WallTimeField(_l("At"), validators=[InputRequired(TIME_WANTED)])
    sitting = SelectField(_l("For"), default="")
    choice = RadioField(_l("Reply"), validators=[InputRequired(_l("Choose the reply."))])
    mode = SelectField(_l("Takes part"), validators=[Optional()])
    may_wait = BooleanField(_l("If all seats are taken, wants to be on the waiting list"))
    reason = TextAreaField(_l("Reason"), validators=[Length(max=_LONG)])
    wants_questionnaire = BooleanField(_l("Asked for the questionnaire instead"))
    states_needs = BooleanField(_l("Also stated what they need, as follows"))
    access = TextAreaField(_l("To get in and take part"), validators=[Length(max=_LONG)])
    diet = TextAreaField(_l("Food"), validators=[Length(max=_LONG)])
    interpretation = Boxes(_l("Interpretation and captioning"))

    def offer_words(self, event: Event, sittings: list[tuple[str, str]]) -> None:
        """Name the choices in the language of the page; ``sittings`` are (id, words)."""
        self.channel.choices = options((str(key), CHANNELS[key].in_(current_language())) for key in _RECORDED)
        self.choice.choices = options(_named(CHOICES))
        self.mode.choices = options([("", "–"), *((str(m), MODES[m].in_(current_language())) for m in modes_of(event.format))])
        self.sitting.choices = options(sittings)
        if len(sittings) == 1:
            # Nothing to choose: the field is not shown, and what is sent for it is not read.
            del self.sitting
        self.interpretation.choices = options(_named(INTERPRETATION))

    def answers(self) -> dict[UUID, Answer] | Answer:
        """Return what was replied, for one sitting if one was chosen."""
        chosen = self.sitting.data if "sitting" in self else ""
        return {UUID(chosen): self._answer()} if chosen else self._answer()

    def _answer(self) -> Answer:
        mode = Mode(self.mode.data) if self.mode.data else None
        return Answer(Choice(self.choice.data), mode, self.may_wait.data)

    def received_at(self, zone: str) -> datetime:
        """Return when it was received, in UTC, from the clocks of ``zone``."""
        return in_utc(datetime.combine(self.day.data, self.at.data), zone)

    def needs(self) -> NeedsStated | None:
        """Return the needs that were stated, None where none were."""
        if not self.states_needs.data:
            return None
        return NeedsStated(self.access.data or "", self.diet.data or "", tuple(self.interpretation.data or ()))
