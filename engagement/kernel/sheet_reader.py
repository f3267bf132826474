"""Reads the first filled sheet of a workbook, as a program of its own.

A workbook of a few kilobytes can claim billions of cells, and the library that reads it would
take all the memory there is. So tables.py runs this file in a process of its own, with limits
that the process sets itself: what goes wrong here ends here.

Standard input: the file. Standard output: JSON, {"rows": a list of rows, each a list of texts,
"sheet": the name of the sheet, "unread": the names of the others that hold something}, or
{"problem": "unreadable"} or {"problem": "too_large"}.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from datetime import date, datetime, time
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET
from zipfile import BadZipFile, ZipFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MEMORY = 1024 * 1024 * 1024
SECONDS = 60
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def cell_words(cell: object) -> str:
    """Return a cell as its reader sees it: whole numbers without a point, dates as 2026-12-08."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def read(content: bytes, most_rows: int, most_columns: int) -> dict[str, Any]:
    """Return the rows of the first sheet that is not empty, from its first row and column on, and which one it is."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - after the limits are set.

    workbook = CalamineWorkbook.from_filelike(BytesIO(content))
    names = list(workbook.sheet_names)
    for number, name in enumerate(names):
        sheet = workbook.get_sheet_by_index(number)
        if sheet.total_height > most_rows or sheet.total_width > most_columns:
            return {"problem": "too_large"}
        rows = [[cell_words(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        put_errors(rows, content, name)
        fill_merged(rows, sheet.merged_cell_ranges or ())
        if any(cell.strip() for row in rows for cell in row):
            rest = range(number + 1, len(names))
            return {"rows": rows, "sheet": name, "unread": [names[each] for each in rest if holds_something(workbook, each)]}
    return {"rows": [], "sheet": "", "unread": []}


def holds_something(workbook: Any, number: int) -> bool:
    """Return whether there is anything on a sheet; what cannot be read, such as a chart, counts for nothing."""
    try:
        return bool(workbook.get_sheet_by_index(number).height)
    except Exception:  # noqa: BLE001 - the sheet is not ours to read.
        return False


def fill_merged(rows: list[list[str]], ranges: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Put what cells that are merged downwards say in each of their rows: only the first holds it, and whoever reads sees it beside all.

    Headings that are merged stay in one row.
    """
    headings = next((at for at, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
    for (first, column), (last, _) in ranges:
        if first <= headings or first >= len(rows) or column >= len(rows[first]):
            continue
        for row in rows[first + 1 : last + 1]:
            row[column] = rows[first][column]


def put_errors(rows: list[list[str]], content: bytes, sheet: str) -> None:
    """Put errors such as #N/A where they stand in an xlsx file: the library gives an empty text for each."""
    try:
        with ZipFile(BytesIO(content)) as book:
            part = book.read(part_of(book, sheet))
    except (BadZipFile, KeyError):
        # Not an xlsx file.
        return
    for place, words in errors_in(part):
        row, column = place_of(place)
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = words


def part_of(book: ZipFile, sheet: str) -> str:
    """Return where in an xlsx file a sheet is kept. Raises KeyError where that cannot be found."""
    links = parsed(book, "xl/_rels/workbook.xml.rels").iter(f"{{{PACKAGE}}}Relationship")
    targets = {each.get("Id"): each.get("Target", "") for each in links}
    for each in parsed(book, "xl/workbook.xml").iter(f"{{{SHEETS}}}sheet"):
        if each.get("name") == sheet:
            target = targets[each.get(f"{{{LINKS}}}id")]
            return target[1:] if target.startswith("/") else f"xl/{target}"
    raise KeyError(sheet)


def parsed(book: ZipFile, part: str) -> ET.Element:
    """Return a part of the file as a tree."""
    return ET.fromstring(book.read(part))  # noqa: S314 - within the limits of this process, whatever it multiplies.


def errors_in(part: bytes) -> Iterator[tuple[str, str]]:
    """Return the cells that hold an error (ECMA-376, part 1, 18.18.11), as ("B2", "#N/A")."""
    if b't="e"' not in part:
        return
    for _, each in ET.iterparse(BytesIO(part)):  # noqa: S314 - as above.
        if each.tag == f"{{{SHEETS}}}c" and each.get("t") == "e":
            yield each.get("r", ""), each.findtext(f"{{{SHEETS}}}v") or "#N/A"
        elif each.tag == f"{{{SHEETS}}}row":
            each.clear()


def place_of(reference: str) -> tuple[int, int]:
    """Return the row and the column, counted from 0, of a place such as "B2"; one far out where there is none."""
    found = re.fullmatch(r"([A-Z]{1,3})([1-9][0-9]*)", reference)
    if found is None:
        return sys.maxsize, sys.maxsize
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]) - 1, column - 1


def main() -> None:
    """Read standard input within the limits and write the answer."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        answer = read(sys.stdin.buffer.read(), int(sys.argv[1]), int(sys.argv[2]))
    except MemoryError:
        answer = {"problem": "too_large"}
    except BaseException:  # noqa: BLE001 - the library panics on some files, and a panic is no Exception.
        answer = {"problem": "unreadable"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
