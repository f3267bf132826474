"""Forms of the roster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, EmailField, SelectField, StringField, TelField, TextAreaField

from engagement.kernel.editing import EditForm
from engagement.kernel.forms import Form, Ticks, WallTimeField, options
from engagement.kernel.web import said
from engagement.roster.models import Batch, IdentifiedThrough, Person
from engagement.roster.particulars import Particulars
from engagement.roster.safe_hours import DAYS, EVERY_DAY, BadHoursError, SafeHours, read_hours
from engagement.roster.vocabulary import IDENTIFIED_THROUGH, LANGUAGES_SPOKEN, NOT_KNOWN, NOT_KNOWN_FEMININE, REGIONS, SECTORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engagement.kernel.bilingual import Text
    from engagement.kernel.errors import DomainError


def offer(vocabulary: Mapping[Any, Text], empty: str = "") -> Any:
    """Return the options for a closed list in the language of the page, after ``empty`` for none of them."""
    first = [("", empty)] if empty else []
    return options([*first, *((str(key), said(label)) for key, label in vocabulary.items())])


def offer_batches(batches: Iterable[Batch], empty: str) -> Any:
    """Return the options for a batch, after ``empty`` for none."""
    return options([("", empty), *((str(batch.id), batch.name) for batch in batches)])


class PersonForm(EditForm):
    """What is written down about a person. The rules are those of Particulars, for files and links too."""

    given_name = StringField(_l("Given name"))
    family_name = StringField(_l("Family name"))
    email = EmailField(_l("Email address"))
    phone = TelField(_l("Telephone"))
    organization = StringField(_l("Organization"))
    sector = SelectField(_l("Sector"))
    region = SelectField(_l("Region"))
    language = SelectField(_l("Preferred language"))
    identified_through = SelectField(_l("Identified through"), default=IdentifiedThrough.STAFF)
    safe_contact = TextAreaField(_l("Where and when it is safe to reach this person"))
    safe_days = Ticks(_l("Days on which this person may be reached"))
    safe_from = WallTimeField(_l("Reachable from"))
    safe_until = WallTimeField(_l("Reachable until"))
    calls_only = BooleanField(_l("By telephone only, never by mail"))
    do_not_contact = BooleanField(_l("Has asked not to be contacted"))

    def __init__(self, person: Person | None = None, **given: Any) -> None:
        """Fill in what is known of ``person``."""
        if person is not None:
            known = {name: getattr(person, name) for name in _PLAIN} | {"organization": person.organization_name}
            given["data"] = known | _hours_shown(read_hours(person.safe_hours))
        super().__init__(**given)
        self.safe_days.choices = options((str(day), said(name).capitalize()) for day, name in enumerate(DAYS))
        unknown = said(NOT_KNOWN_FEMININE)
        self.sector.choices = offer(SECTORS, said(NOT_KNOWN))
        self.region.choices = offer(REGIONS, unknown)
        self.language.choices = offer(LANGUAGES_SPOKEN, unknown)
        self.identified_through.choices = offer(IDENTIFIED_THROUGH)

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether the particulars can be stored; every one that cannot says so at once."""
        good = super().validate(extra_validators)
        if good:
            problems: list[DomainError] = [*self.particulars().problems(), *self._wrong_hours()]
            for problem in problems:
                self.refuse(problem)
                good = False
        return good

    def _wrong_hours(self) -> list[DomainError]:
        try:
            self.safe_hours()
        except BadHoursError as error:
            return [error]
        return []

    def safe_hours(self) -> SafeHours:
        """Return when the person may be reached, or raise BadHoursError; no day ticked means any day."""
        days = frozenset(int(day) for day in self.safe_days.data or ()) or EVERY_DAY
        return SafeHours(days=days, opens=self.safe_from.data, until=self.safe_until.data, calls_only=self.calls_only.data)

    def particulars(self) -> Particulars:
        """Return what was entered."""
        return Particulars(
            given_name=self.given_name.data or "",
            family_name=self.family_name.data or "",
            email=self.email.data or None,
            phone=self.phone.data or "",
            organization=self.organization.data or "",
            sector=self.sector.data or None,
            region=self.region.data or None,
            language=self.language.data or None,
            identified_through=IdentifiedThrough(self.identified_through.data),
            safe_contact=self.safe_contact.data or "",
            do_not_contact=self.do_not_contact.data,
        )


_PLAIN = (
    "given_name", "family_name", "email", "phone", "sector", "region", "language", "identified_through", "safe_contact",
    "do_not_contact",
)  # fmt: skip


def _hours_shown(hours: SafeHours) -> dict[str, Any]:
    days = [] if hours.days == EVERY_DAY else [str(day) for day in sorted(hours.days)]
    return {"safe_days": days, "safe_from": hours.opens, "safe_until": hours.until, "calls_only": hours.calls_only}


class NewPersonForm(PersonForm):
    """As above, and the batch a new person is for."""

    batch_id = SelectField(_l("Batch"))

    def chosen_batch(self) -> UUID | None:
        """Return the batch that was chosen."""
        return batch_id_of(self.batch_id.data)


class BatchForm(Form):
    """A new batch."""

    name = StringField(_l("Name of the batch"))
    restricted = BooleanField(_l("Restricted: its name and its people are for cleared members only"))


class UploadForm(Form):
    """A file with people."""

    file = FileField(_l("File with people"))
    batch_id = SelectField(_l("Put everybody in the file in a batch"))
    through = SelectField(_l("Identified through, where the file does not say"), default=IdentifiedThrough.STAFF)

    def __init__(self, batches: Iterable[Batch], none: str) -> None:
        """Offer the batches that the member knows of."""
        super().__init__()
        self.batch_id.choices = offer_batches(batches, none)
        self.through.choices = offer(IDENTIFIED_THROUGH)

    def chosen_batch(self) -> UUID | None:
        """Return the batch that was chosen."""
        return batch_id_of(self.batch_id.data)


def batch_id_of(value: str | None) -> UUID | None:
    """Return the id in an option's value; the empty one is none."""
    return UUID(value) if value else None
