"""Reads the first filled sheet of a workbook, as a program of its own.

A workbook of a few kilobytes can claim billions of cells, and the library that reads it would
take all the memory there is. So tables.py runs this file in a process of its own, with limits
that the process sets itself: what goes wrong here ends here.

Standard input: the file. Standard output: a JSON list of rows, each a list of texts, or
{"problem": "unreadable"} or {"problem": "too_large"}.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import date, datetime, time
from io import BytesIO

MEMORY = 1024 * 1024 * 1024
SECONDS = 60


def cell_words(cell: object) -> str:
    """Return a cell as its reader sees it: whole numbers without a point, dates as 2026-12-08."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def read(content: bytes, most_rows: int, most_columns: int) -> list[list[str]] | dict[str, str]:
    """Return the rows of the first sheet that is not empty, from its first row and column on."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - after the limits are set.

    workbook = CalamineWorkbook.from_filelike(BytesIO(content))
    for number in range(len(workbook.sheet_names)):
        sheet = workbook.get_sheet_by_index(number)
        if sheet.total_height > most_rows or sheet.total_width > most_columns:
            return {"problem": "too_large"}
        rows = [[cell_words(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        if any(cell.strip() for row in rows for cell in row):
            return rows
    return []


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
