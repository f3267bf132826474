"""``flask questionnaires``: answers as a file."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from engagement.consultations.cli import give_up
from engagement.consultations.service import find_consultation
from engagement.kernel.audit import SYSTEM, note_read
from engagement.kernel.errors import AbsentError
from engagement.kernel.tables import write_csv, write_xlsx
from engagement.questionnaires.definition import definition_of
from engagement.questionnaires.reading import export_header, export_rows
from engagement.questionnaires.service import find_questionnaire

questionnaires_group = AppGroup("questionnaires", help="Questionnaires and their answers.")


@questionnaires_group.command("export")
@click.argument("questionnaire", metavar="SLUG/NAME")
@click.argument("file", type=click.Path(path_type=Path))
def export(questionnaire: str, file: Path) -> None:
    """Write what was submitted into FILE (.csv or .xlsx), one row for each response: all of them, for whoever runs the installation."""
    ending = file.suffix.lower()
    if ending not in {".csv", ".xlsx"}:
        give_up(f"{file.name}: answers are written as .csv or .xlsx; {ending or 'a file without an ending'} is not one of them.")
    slug, _, name = questionnaire.partition("/")
    try:
        consultation = find_consultation(slug)
        definition = definition_of(find_questionnaire(consultation.id, name).id)
    except AbsentError:
        give_up(f"There is no questionnaire {questionnaire}; name it as SLUG/NAME.")
    note_read("export_answers", "questionnaire", definition.id, SYSTEM, consultation.id)
    header, rows = export_header(definition), list(export_rows(definition, consultation.zone, access=None))
    try:
        file.write_bytes(write_csv(header, rows) if ending == ".csv" else write_xlsx(header, rows))
    except OSError as error:
        give_up(f"{file}: {error.strerror}.")
    click.echo(f"{len(rows)} {'response' if len(rows) == 1 else 'responses'} written to {file}.")
