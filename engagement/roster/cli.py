"""``flask roster``: people in from a file, and out to one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from flask.cli import AppGroup

from engagement.consultations.service import find_consultation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.tables import read_table
from engagement.roster.checking import Checked, check_rows
from engagement.roster.exporting import export_open, kind_of
from engagement.roster.importing import already_there, apply_chunk, keep_import, news_of
from engagement.roster.models import IdentifiedThrough
from engagement.roster.service import add_batch, find_batch_named

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.consultations.models import Consultation

roster_commands = AppGroup("roster", help="The people of a consultation.")


def give_up(line: str) -> NoReturn:
    """End the command as a user's error: one line on standard error, exit code 2."""
    click.echo(line, err=True)
    sys.exit(2)


@roster_commands.command("import")
@click.argument("slug")
@click.argument("file")
@click.option("--batch", help="Put everybody in the file in this batch; it is created if it does not exist.")
@click.option("--dry-run", is_flag=True, help="Check the file and store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def import_people(slug: str, file: str, batch: str | None, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001
    """Put the people in FILE (.csv, .xlsx, .xls, .ods) on the roster of SLUG.

    Either the whole file is good, or nothing of it is stored; the page on which a file is
    imported can leave bad rows out. People who are on the roster already stay as they are, but
    that whoever asks in the file not to be contacted is not contacted any more.
    """
    consultation = _consultation(slug)
    try:
        checked = check_rows(read_table(Path(file).name, _content(file)), IdentifiedThrough.STAFF)
        report = _report(consultation, file, checked, batch, dry_run)
        if not checked.problems and not dry_run:
            report["added"] = _store(consultation, file, checked, batch)
    except DomainError as error:
        give_up(error.said.en)
    if checked.problems and not dry_run:
        rest = "--dry-run lists every problem, and the roster’s page imports the other rows."
        give_up(f"{_first_problem(checked)} Nothing was imported; {rest}")
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print(report)
    if checked.problems:
        give_up(f"{_first_problem(checked)} Nothing would be imported.")


def _store(consultation: Consultation, file: str, checked: Checked, batch: str | None) -> int:
    kept = keep_import(
        consultation_id=consultation.id,
        filename=Path(file).name,
        checked=checked,
        batch_id=_batch(consultation, batch, create=True),
        actor=SYSTEM,
    )
    with click.progressbar(length=len(checked.good), label="Importing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        while not kept.applied:
            before = kept.rows_done
            kept = apply_chunk(kept, SYSTEM)
            bar.update(kept.rows_done - before)
    return kept.people_added


def _report(consultation: Consultation, file: str, checked: Checked, batch: str | None, dry_run: bool) -> dict[str, Any]:  # noqa: FBT001
    there = already_there(consultation.id, checked.good, _batch(consultation, batch, create=False))
    wishes, differs = news_of(checked.good, there)
    return {
        "consultation": consultation.slug,
        "file": Path(file).name,
        "batch": batch,
        "dry_run": dry_run,
        "rows": checked.rows,
        "new": len(checked.good) - len(there),
        "added": 0,
        "already": sorted(there),
        "not_contacted_any_more": sorted(wishes),
        "safe_contact_left_out": sorted(differs | {each.row for each in checked.twice if each.differs}),
        "sheet": checked.sheet,
        "sheets_not_read": list(checked.unread),
        "twice": [{"row": each.row, "first": each.first} for each in checked.twice],
        "problems": [{"row": each.row, "column": each.column, "problem": each.said.en} for each in checked.problems],
    }


def _print(report: dict[str, Any]) -> None:
    count = report["new"] if report["dry_run"] else report["added"]
    verb = "would be added" if report["dry_run"] else "added"
    rows = "1 row" if report["rows"] == 1 else f"{report['rows']} rows"
    click.echo(f"{rows}: {count} {verb}, {len(report['already'])} already on the roster, {len(report['twice'])} twice.")
    for each in report["twice"]:
        click.echo(f"Row {each['row']} is the same person as row {each['first']}.")
    _print_news(report)
    for each in report["problems"]:
        click.echo(f"Row {each['row']}, {each['column']}: {each['problem']}")


def _print_news(report: dict[str, Any]) -> None:
    if report["sheets_not_read"]:
        click.echo(f"Only the sheet “{report['sheet']}” was read, not {', '.join(report['sheets_not_read'])}.")
    verb = "would not be" if report["dry_run"] else "is not"
    for row in report["not_contacted_any_more"]:
        click.echo(f"Row {row}: this person, who is on the roster, {verb} contacted any more.")
    for row in report["safe_contact_left_out"]:
        click.echo(f"Row {row} says something else about safe contact than what stands; it was left out.")


def _first_problem(checked: Checked) -> str:
    first = checked.problems[0]
    more = len({problem.row for problem in checked.problems}) - 1
    others = f" ({more} more {'row has' if more == 1 else 'rows have'} problems.)" if more else ""
    return f"Row {first.row}, {first.column}: {first.said.en}{others}"


@roster_commands.command("export")
@click.argument("slug")
@click.argument("file")
def export_people(slug: str, file: str) -> None:
    """Write the people of SLUG to FILE (.csv, .xlsx).

    People who are known through restricted batches only are in no file of this command.
    """
    consultation = _consultation(slug)
    try:
        content, count = export_open(consultation.id, kind_of(file))
        Path(file).write_bytes(content)
    except DomainError as error:
        give_up(error.said.en)
    except OSError as error:
        give_up(f"{file} cannot be written: {error.strerror}.")
    click.echo(f"{count} {'person' if count == 1 else 'people'} written to {file}.")


def _consultation(slug: str) -> Consultation:
    try:
        return find_consultation(slug)
    except AbsentError:
        give_up(f"There is no consultation {slug}.")


def _content(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        give_up(f"{file} cannot be read: {error.strerror}.")


def _batch(consultation: Consultation, name: str | None, *, create: bool) -> UUID | None:
    if name is None:
        return None
    found = find_batch_named(consultation.id, name)
    if found is None and create:
        found = add_batch(consultation_id=consultation.id, name=name, actor=SYSTEM)
    return found.id if found else None
