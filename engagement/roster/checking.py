"""Checks the rows of a roster file: which are good, what is wrong with the others, and where.

Pure: a table goes in, and what was found comes out. Nothing is stored here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
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
    # What everybody who writes French calls a non-governmental organization.
    "sector": {fold("ONG"): "ngo", **by_word(SECTORS)},
    "region": by_word(REGIONS),
    "language": by_word(LANGUAGES_SPOKEN),
    # What a referral was called in the French of an earlier export.
    "identified_through": {fold("Recommandation"): IdentifiedThrough.REFERRAL, **by_word(IDENTIFIED_THROUGH)},
}
_NOT_KNOWN = {fold(word) for word in (NOT_KNOWN.en, NOT_KNOWN.fr, NOT_KNOWN_FEMININE.fr, "unknown", "n/a", "s. o.")}
# As Excel and LibreOffice write them, in English and in French.
_ERROR = re.compile(r"#(N/A|DIV/0!|REF!|VALUE!|VALEUR!|NAME\?|NOM\?|NUM!|NOMBRE!|NULL!|NUL!|SPILL!|CALC!|GETTING_DATA)|Err:\d{3}")
# The sign for a letter that could not be read, and what UTF-8 becomes that was read in another encoding.
_MISREAD = re.compile("\ufffd|Ã[\u00a0-\u00bf]|â€")
# Signs of money, of mathematics and others; what is for private use, and what is nothing at all.
_NO_LETTERS = {"Sc", "Sm", "So", "Co", "Cn"}
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
    """A row that is the same person as an earlier row of the file.

    ``wish``: it alone says that they are not to be contacted, and that holds. ``differs``: it
    says something else about safe contact, which is left out.
    """

    row: int
    first: int
    name: str
    wish: bool = False
    differs: bool = False


@dataclass(slots=True)
class Checked:
    """What a file holds; every row of it is in exactly one of the three, problems may be several to a row.

    ``sheet`` is the one that was read of a workbook, ``unread`` the others that hold something.
    """

    rows: int
    sheet: str = ""
    unread: tuple[str, ...] = ()
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
    try:
        fields = _fields_with_rows(table)
    except BadColumnsError as error:
        raise _of_sheet(error, table) from None
    checked = Checked(rows=len(table.rows), sheet=table.sheet, unread=table.unread)
    places: dict[str, int] = {}
    for number, row in zip(table.numbers, table.rows, strict=True):
        found = _check_row(number, row, fields, table.header, through)
        if isinstance(found, list):
            checked.problems += found
            continue
        place = places.setdefault(identity(found), len(checked.good))
        if place == len(checked.good):
            checked.good.append(GoodRow(number, found))
        else:
            checked.twice.append(_again(number, found, checked.good, place))
    return checked


def _fields_with_rows(table: Table) -> list[str | None]:
    fields = fields_of(table)
    if not table.rows:
        said = Text("The file has headings but no rows.", "Le fichier a des en-têtes, mais aucune ligne.")
        raise BadColumnsError(said, field="file")
    return fields


def _of_sheet(error: BadColumnsError, table: Table) -> BadColumnsError:
    """Return the same, saying which sheet of a workbook was read where there are others."""
    if not table.unread:
        return error
    said = Text("Only the sheet “{sheet}” was read.", "Seule la feuille «\u00a0{sheet}\u00a0» a été lue.").format(sheet=shown(table.sheet))
    return BadColumnsError(Text(f"{error.said.en} {said.en}", f"{error.said.fr} {said.fr}"), field=error.field)


def _again(number: int, found: Particulars, good: list[GoodRow], place: int) -> Twice:
    """Return what becomes of a person's second row: the first one counts, but a wish not to be contacted is never lost."""
    first = good[place]
    wish = found.do_not_contact and not first.person.do_not_contact
    if wish:
        good[place] = replace(first, person=replace(first.person, do_not_contact=True))
    differs = bool(found.safe_contact) and found.safe_contact != first.person.safe_contact
    return Twice(number, first.number, f"{found.given_name} {found.family_name}".strip(), wish, differs)


def _refuse_what_nobody_wrote(name: str, cell: str) -> None:
    """Raise BadPersonError for an error of the spreadsheet, and for what a wrong encoding makes of letters."""
    if _ERROR.fullmatch(cell.strip()):
        said = Text("“{words}” is an error of the spreadsheet.", "«\u00a0{words}\u00a0» est une erreur de la feuille de calcul.")
        raise BadPersonError(said.format(words=shown(cell)), field=name)
    named = name in {"given_name", "family_name"}
    if _MISREAD.search(cell) or (named and any(unicodedata.category(each) in _NO_LETTERS for each in cell if not each.isascii())):
        said = Text(
            "“{words}” has signs that are no letters: look at the encoding of the file.",
            "«\u00a0{words}\u00a0» contient des signes qui ne sont pas des lettres\u00a0: vérifiez le codage du fichier.",
        )
        raise BadPersonError(said.format(words=shown(cell)), field=name)


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
    _refuse_what_nobody_wrote(name, cell)
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
