"""The columns of a roster file: what they are called in English and French, and what a table must have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engagement.kernel.bilingual import Text
from engagement.kernel.errors import DomainError
from engagement.roster.folding import fold

if TYPE_CHECKING:
    from engagement.kernel.tables import Table


class BadColumnsError(DomainError):
    """The headings of a file are not those of a roster; the line names the column."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading in an export, and other headings by which it is recognised."""

    label: Text
    also: tuple[str, ...] = ()


# In the order of an export. The keys are the fields of Particulars.
COLUMNS: dict[str, Column] = {
    "given_name": Column(Text("Given name", "Prénom"), ("first name", "firstname", "given names", "prénoms")),
    "family_name": Column(Text("Family name", "Nom de famille"), ("last name", "lastname", "surname", "nom")),
    "email": Column(
        Text("Email", "Courriel"),
        ("e-mail", "mail", "email address", "e-mail address", "mail address", "adresse courriel", "adresse de courriel",
         "adresse électronique", "adresse e-mail"),
    ),
    "phone": Column(
        Text("Telephone", "Téléphone"),
        ("phone", "phone number", "telephone number", "tel", "mobile", "cell", "numéro de téléphone", "cellulaire"),
    ),
    "organization": Column(Text("Organization", "Organisme"), ("organisation", "employer", "employeur")),
    "sector": Column(Text("Sector", "Secteur")),
    "region": Column(Text("Region", "Région"), ("province", "province or territory", "province ou territoire")),
    "language": Column(Text("Preferred language", "Langue préférée"), ("language", "langue", "langue de correspondance")),
    "identified_through": Column(Text("Identified through", "Moyen de repérage"), ("source", "repérage")),
    "safe_contact": Column(Text("Safe contact", "Contact sécuritaire"), ("safe way to reach", "façon sécuritaire de joindre")),
    "do_not_contact": Column(Text("Do not contact", "Ne pas contacter"), ("no contact", "aucun contact")),
}  # fmt: skip

_MEANT = {fold(word): field for field, column in COLUMNS.items() for word in (field, column.label.en, column.label.fr, *column.also)}


def fields_of(table: Table) -> list[str | None]:
    """Return the field that each column of ``table`` holds; None for a blank column without a heading.

    Raises BadColumnsError for a heading that is not known, two that mean the same, a
    column that is filled but has no heading, and a table without names.
    """
    fields: list[str | None] = []
    for place, heading in enumerate(table.header):
        field = _MEANT.get(fold(heading))
        if field is None and heading.strip():
            raise _refused(
                "The column “{heading}” is not known. A roster has: {known}.",
                "La colonne «\u00a0{heading}\u00a0» est inconnue. Un répertoire comprend\u00a0: {known}.",
                heading=heading[:60],
            )
        if field is None:
            _refuse_filled(table, place)
        elif field in fields:
            raise _refused(
                "The columns “{first}” and “{heading}” mean the same. Keep one of them.",
                "Les colonnes «\u00a0{first}\u00a0» et «\u00a0{heading}\u00a0» veulent dire la même chose. N’en gardez qu’une.",
                first=table.header[fields.index(field)][:60],
                heading=heading[:60],
            )
        fields.append(field)
    if not {"given_name", "family_name"} & set(fields):
        raise _refused(
            "There is no column for names. Add “Given name” or “Family name”.",
            "Il n’y a pas de colonne pour les noms. Ajoutez «\u00a0Prénom\u00a0» ou «\u00a0Nom de famille\u00a0».",
        )
    return fields


def letter(place: int) -> str:
    """Return what a spreadsheet calls the column at ``place``, which counts from 0: A, B, … Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _refuse_filled(table: Table, place: int) -> None:
    for number, row in zip(table.numbers, table.rows, strict=True):
        if row[place].strip():
            raise _refused(
                "Column {letter} has no heading but holds something in row {number}.",
                "La colonne {letter} n’a pas d’en-tête, mais la ligne {number} y contient quelque chose.",
                letter=letter(place),
                number=number,
            )


def _refused(english: str, french: str, **values: object) -> BadColumnsError:
    known = Text(", ".join(column.label.en for column in COLUMNS.values()), ", ".join(column.label.fr for column in COLUMNS.values()))
    return BadColumnsError(Text(english.format(known=known.en, **values), french.format(known=known.fr, **values)), field="file")
