"""Checks the rows of a roster file: which are good, what is wrong with the others, and where.

Pure: a table goes in, and what was found comes out. Nothing is stored here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engagement.kernel.bilingual import Text
from engagement.roster.columns import COLUMNS, BadColumnsError, fields_of, letter
from engagement.roster.folding import fold, name_key, organization_key
from engagement.roster.models import IdentifiedThrough
from engagement.roster.particulars import BadPersonError, Particulars, clean_address, clean_line, refuse_too_long, shown
from engagement.roster.vocabulary import IDENTIFIED_THROUGH, LANGUAGES_SPOKEN, NOT_KNOWN, NOT_KNOWN_FEMININE, REGIONS, SECTORS, by_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engagement.kernel.tables import Table

_LISTS: dict[str, Mapping[str, Any]] = {
    "sector": by_word(SECTORS),
    "region": by_word(REGIONS),
    "language": by_word(LANGUAGES_SPOKEN),
    # What a referral was called in the French of an earlier export.
    "identified_through": {fold("Recommandation"): IdentifiedThrough.REFERRAL, **by_word(IDENTIFIED_THROUGH)},
}
_NOT_KNOWN = {fold(word) for word in (NOT_KNOWN.en, NOT_KNOWN.fr, NOT_KNOWN_FEMININE.fr, "unknown", "n/a", "s. o.")}
_YES = {"yes", "y", "oui", "o", "true", "vrai", "1", "x"}
_NO = {"no", "n", "non", "false", "faux", "0"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one place: the row's number in the file, the column's heading, and one line."""

    row: int
    column: str
    said: Text


@dataclass(frozen=True, slots=True)
class GoodRow:
    """A row that can be a person."""

    number: int
    person: Particulars


@dataclass(frozen=True, slots=True)
class Twice:
    """A row that is the same person as an earlier row of the file."""

    row: int
    first: int
    name: str


@dataclass(slots=True)
class Checked:
    """What a file holds; every row of it is in exactly one of the three, problems may be several to a row."""

    rows: int
    good: list[GoodRow] = field(default_factory=list)
    twice: list[Twice] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def identity(person: Particulars) -> str:
    """Return what makes two entries the same person: the address, or without one the name, organization and telephone."""
    if person.email:
        return person.email.casefold()
    return "\n".join((name_key(person.given_name, person.family_name), organization_key(person.organization), person.phone))


def check_rows(table: Table, through: IdentifiedThrough) -> Checked:
    """Check every row; ``through`` is for rows that do not say how the person became known.

    Raises BadColumnsError where the headings are not those of a roster, or there are no rows.
    """
    fields = fields_of(table)
    if not table.rows:
        said = Text("The file has headings but no rows.", "Le fichier a des en-têtes, mais aucune ligne.")
        raise BadColumnsError(said, field="file")
    checked = Checked(rows=len(table.rows))
    first_rows: dict[str, int] = {}
    for number, row in zip(table.numbers, table.rows, strict=True):
        found = _check_row(number, row, fields, table.header, through)
        if isinstance(found, list):
            checked.problems += found
            continue
        first = first_rows.setdefault(identity(found), number)
        if first == number:
            checked.good.append(GoodRow(number, found))
        else:
            checked.twice.append(Twice(number, first, f"{found.given_name} {found.family_name}".strip()))
    return checked


def _check_row(
    number: int, row: Sequence[str], fields: Sequence[str | None], header: Sequence[str], through: IdentifiedThrough
) -> Particulars | list[Problem]:
    values: dict[str, Any] = {"given_name": "", "family_name": "", "identified_through": through}
    problems: list[Problem] = []
    for place, name in enumerate(fields):
        if name is None or not row[place].strip():
            continue
        try:
            values[name] = _value(name, row[place])
        except BadPersonError as error:
            problems.append(Problem(number, header[place], error.said))
    if len(row) > len(fields):
        said = Text("This cell is beyond the last heading.", "Cette cellule dépasse le dernier en-tête.")
        problems.append(Problem(number, letter(len(row) - 1), said))
    if not problems and not values["given_name"] and not values["family_name"]:
        place = next(place for place, name in enumerate(fields) if name in {"given_name", "family_name"})
        problems.append(Problem(number, header[place], Text("The name is missing.", "Le nom manque.")))
    return problems or Particulars(**values)


def _value(name: str, cell: str) -> Any:
    if name == "email":
        return clean_address(cell)
    if name == "safe_contact":
        refuse_too_long(cell.strip(), name)
        return cell.strip()
    if name in {"given_name", "family_name", "phone", "organization"}:
        return clean_line(cell, name)
    word = fold(cell)
    if name == "do_not_contact":
        if word not in _YES | _NO:
            raise BadPersonError(
                Text("“{words}” is neither yes nor no.", "«\u00a0{words}\u00a0» n’est ni oui ni non.").format(words=shown(cell)), field=name
            )
        return word in _YES
    if word in _NOT_KNOWN and name != "identified_through":
        return None
    if word not in _LISTS[name]:
        said = Text(
            "“{words}” is not in the list for “{column}”.", "«\u00a0{words}\u00a0» ne figure pas dans la liste «\u00a0{column_fr}\u00a0»."
        )
        label = COLUMNS[name].label
        raise BadPersonError(said.format(words=shown(cell), column=label.en, column_fr=label.fr), field=name)
    return _LISTS[name][word]
