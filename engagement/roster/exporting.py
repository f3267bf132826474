"""The roster as a file: the columns that an import takes, so that what was exported can be read in again.

What is safe to say to somebody and when stays in the program: it is in no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engagement.kernel.audit import SYSTEM, note_read
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.errors import DomainError
from engagement.kernel.tables import write_csv, write_xlsx
from engagement.roster.columns import COLUMNS
from engagement.roster.filters import Filter, chosen
from engagement.roster.models import Person
from engagement.roster.vocabulary import IDENTIFIED_THROUGH, LANGUAGES_SPOKEN, REGIONS, SECTORS

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement

    from engagement.consultations.access import Access

MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
YES = Text("Yes", "Oui")
_EXPORTED = [field for field in COLUMNS if field != "safe_contact"]


class BadFileKindError(DomainError):
    """The file's name ends in something that we do not write."""


def kind_of(filename: str) -> str:
    """Return "csv" or "xlsx" by the end of a file's name, or raise BadFileKindError."""
    kind = filename.rpartition(".")[2].lower()
    if kind not in MEDIA_TYPES:
        said = Text("“{name}” must end in .csv or .xlsx.", "«\u00a0{name}\u00a0» doit se terminer par .csv ou .xlsx.")
        raise BadFileKindError(said.format(name=filename), field="file")
    return kind


def export_for(access: Access, asked: Filter, kind: str, language: str) -> bytes:
    """Return the people whom the filter chooses as a file, and note who took them out."""
    content, _ = _written(chosen(access, asked), kind, language)
    note_read("export_people", "consultation", access.consultation.id, access.actor, access.consultation.id)
    return content


def export_open(consultation_id: UUID, kind: str, language: str = "en") -> tuple[bytes, int]:
    """Return everybody whom the whole team sees as a file, and how many they are; note that it was taken out on the command line."""
    note_read("export_people", "consultation", consultation_id, SYSTEM, consultation_id)
    return _written((Person.consultation_id == consultation_id) & Person.open_to_team, kind, language)


def _written(condition: ColumnElement[bool], kind: str, language: str) -> tuple[bytes, int]:
    people = db.session.scalars(select(Person).where(condition).order_by(Person.name_key, Person.id)).all()
    header = [COLUMNS[field].label.in_(language) for field in _EXPORTED]
    rows = [_row(person, language) for person in people]
    return (write_csv if kind == "csv" else write_xlsx)(header, rows), len(rows)


def _row(person: Person, language: str) -> list[str]:
    return [
        person.given_name,
        person.family_name,
        person.email or "",
        person.phone,
        person.organization_name,
        SECTORS[person.sector].in_(language) if person.sector else "",
        REGIONS[person.region].in_(language) if person.region else "",
        LANGUAGES_SPOKEN[person.language].in_(language) if person.language else "",
        IDENTIFIED_THROUGH[person.identified_through].in_(language),
        YES.in_(language) if person.do_not_contact else "",
    ]
