"""Tables as files: reading CSV and workbooks (xlsx, xls, ods), writing CSV and xlsx.

Reading follows fixed rules rather than guesses, since guesses are wrong on short French files:
``encodings`` says which encoding it is, and the heading line what separates the cells. Writing guards every text that a spreadsheet
would run as a formula, and reading takes that guard off again: what was written is read back.
"""

from __future__ import annotations

import codecs
import csv
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from engagement.kernel.bilingual import Text
from engagement.kernel.encodings import NotTextError, UnknownEncodingError, decoded
from engagement.kernel.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Cell: TypeAlias = str | int | float | None

LARGEST_FILE = 20 * 1024 * 1024
MOST_ROWS = 100_000
MOST_COLUMNS = 1000
# A cell of an xlsx file takes no more.
LONGEST_CELL = 32_767
# Fitting the columns to what they hold measures every cell.
MOST_ROWS_FITTED = 5_000
GUARD = "'"
# What makes a spreadsheet take a text for a formula; the last ones are full-width.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

_READER = Path(__file__).with_name("sheet_reader.py")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_OTHER_KINDS = (b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"{\\rtf", b"\x7fELF", b"MZ", b"BM", b"7z\xbc\xaf", b"Rar!")
_SEPARATORS = (",", ";", "\t")


class UnreadableTableError(DomainError):
    """The file is not a table that can be read; the line says which file and where."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds: its headings, and the rows below that are not blank.

    A row is as long as the header, or longer where it holds something beyond the last
    heading. ``numbers`` gives for each row its number in the file, which counts the
    heading line and blank rows as a spreadsheet does. ``sheet`` is the one that was read of a
    workbook, ``unread`` the others that hold something.
    """

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numbers: list[int]
    sheet: str = ""
    unread: tuple[str, ...] = ()


def read_table(filename: str, content: bytes) -> Table:
    """Return the table in a file, by its content; ``filename`` is for the messages.

    Cells are texts with the space around them as it was. Raises UnreadableTableError.
    """
    name = "".join(character for character in filename if character.isprintable())[:80]
    if len(content) > LARGEST_FILE:
        raise _unreadable(name, "“{name}” is larger than 20 MB.", "«\u00a0{name}\u00a0» dépasse 20\u00a0Mo.")
    if not content.startswith(_WORKBOOKS):
        return _as_table(name, _csv_rows(name, content))
    book = _workbook(name, content)
    return replace(_as_table(name, book["rows"]), sheet=book["sheet"], unread=tuple(book["unread"]))


def _unreadable(name: str, english: str, french: str, **values: object) -> UnreadableTableError:
    return UnreadableTableError(Text(english, french).format(name=name, **values), field="file")


def _not_a_table(name: str) -> UnreadableTableError:
    return _unreadable(
        name,
        "“{name}” is not a spreadsheet that can be read. Choose a .csv, .xlsx, .xls or .ods file.",
        "«\u00a0{name}\u00a0» n’est pas une feuille de calcul lisible. Choisissez un fichier .csv, .xlsx, .xls ou .ods.",
    )


def _too_many(name: str) -> UnreadableTableError:
    return _unreadable(
        name,
        "“{name}” has more than 100,000 rows or 1,000 columns. Split it, or remove what lies beyond the list.",
        "«\u00a0{name}\u00a0» compte plus de 100\u00a0000 lignes ou de 1\u00a0000 colonnes. "
        "Divisez-le, ou retirez ce qui dépasse la liste.",
    )


def _as_table(name: str, lines: Iterable[Sequence[str]]) -> Table:
    header: tuple[str, ...] | None = None
    rows: list[tuple[str, ...]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, start=1):
        cells = _without_blank_end(line)
        if not cells:
            continue
        if header is None:
            header = tuple(" ".join(cell.split()) for cell in cells)
            continue
        if len(rows) == MOST_ROWS or len(cells) > MOST_COLUMNS:
            raise _too_many(name)
        rows.append(tuple(_unguarded(cell) for cell in cells) + ("",) * (len(header) - len(cells)))
        numbers.append(number)
    if header is None:
        raise _unreadable(name, "“{name}” is empty.", "«\u00a0{name}\u00a0» est vide.")
    return Table(header, rows, numbers)


def _without_blank_end(line: Sequence[str]) -> Sequence[str]:
    end = len(line)
    while end and not line[end - 1].strip():
        end -= 1
    return line[:end]


def _workbook(name: str, content: bytes) -> dict[str, Any]:
    """Read a workbook in a process of its own; see sheet_reader for what it answers."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own file.
            [sys.executable, "-I", str(_READER), str(MOST_ROWS + 1), str(MOST_COLUMNS)],
            input=content,
            capture_output=True,
            timeout=90,
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        raise _not_a_table(name) from None
    if "problem" in answer:
        raise _too_many(name) if answer["problem"] == "too_large" else _not_a_table(name)
    return answer


def _csv_rows(name: str, content: bytes) -> Iterator[list[str]]:
    text = _decoded(name, content)
    separator, text = _separator(text)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _unreadable(
                name,
                "Row {number} of “{name}” cannot be read: look for a quotation mark that is missing or one too many.",
                "La ligne {number} de «\u00a0{name}\u00a0» est illisible\u00a0: cherchez un guillemet manquant ou de trop.",
                number=number,
            ) from None


def _decoded(name: str, content: bytes) -> str:
    if content.startswith(_OTHER_KINDS):
        raise _not_a_table(name)
    try:
        return decoded(content)
    except NotTextError:
        raise _not_a_table(name) from None
    except UnknownEncodingError as error:
        raise _unreadable(
            name,
            "Line {line} of “{name}” is written in an encoding other than UTF-8 or Windows-1252. Save the file as “CSV UTF-8”.",
            "La ligne {line} de «\u00a0{name}\u00a0» n’est codée ni en UTF-8 ni en Windows-1252. "
            "Enregistrez le fichier au format «\u00a0CSV UTF-8\u00a0».",
            line=error.line,
        ) from None


def _separator(text: str) -> tuple[str, str]:
    """Return what separates the cells, counted in the heading line outside quotes, and the text to read."""
    if text[:4].lower() == "sep=" and text[5:6] in {"\r", "\n"}:
        # Excel's own way to name it, on a line that is not part of the table; kept blank so that rows keep their numbers.
        return text[4], text[5:]
    heading, quoted = text.lstrip("\r\n"), False
    counts = dict.fromkeys(_SEPARATORS, 0)
    for character in heading[:100_000]:
        if character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character in "\r\n":
            break
        elif character in counts:
            counts[character] += 1
    return max(_SEPARATORS, key=lambda separator: counts[separator]), text


def guarded(cell: str) -> str:
    """Return a text that no spreadsheet runs: an apostrophe goes before what looks like a formula.

    So does one before a text that already begins with such a guard, so that reading can take
    off exactly one.
    """
    return GUARD + cell if cell.lstrip(GUARD).startswith(FORMULA_STARTS) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith(GUARD) and cell.lstrip(GUARD).startswith(FORMULA_STARTS) else cell


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    return guarded(cell) if isinstance(cell, str) else str(cell)


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a table as CSV (RFC 4180) in UTF-8 with a byte order mark, which Excel needs to see accents."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([guarded(heading) for heading in header])
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return codecs.BOM_UTF8 + out.getvalue().encode("utf-8", "replace")


def write_xlsx(header: Sequence[str], rows: Iterable[Sequence[Cell]], sheet: str = "Convoke") -> bytes:
    """Return a table as a workbook with one sheet: headings bold and fixed, numbers as numbers.

    A text of more than 32,767 characters, which no cell takes, ends in "[…]".
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 - large, and wanted now and then.

    out = BytesIO()
    with Workbook(out, {"in_memory": True, "constant_memory": False}) as book:
        page = book.add_worksheet(sheet)
        bold = book.add_format({"bold": True})
        for column, heading in enumerate(header):
            page.write_string(0, column, guarded(heading), bold)
        number = 0
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, int | float) and not isinstance(cell, bool):
                    page.write_number(number, column, cell)
                elif cell not in {None, ""}:
                    page.write_string(number, column, _short(_written(cell)))
        page.freeze_panes(1, 0)
        if number < MOST_ROWS_FITTED:
            page.autofit()
    return out.getvalue()


def _short(words: str) -> str:
    return words if len(words) <= LONGEST_CELL else f"{words[: LONGEST_CELL - 4]} […]"
