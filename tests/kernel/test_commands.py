"""Faults that every command can meet are said in one line."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from engagement.kernel.commands import NO_TABLES, say_faults_plainly
from tests.support.given import a_consultation

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    ("demo",),
    ("track", "rates", "fisheries"),
    ("roster", "export", "fisheries", "people.csv"),
    ("users", "add", "a@b.example", "--role", "administrator"),
    ("events", "list", "fisheries"),
)


def flask(folder, *words, **environ):
    given = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "flask", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        env={**given, "CONVOKE_DATA": str(folder), **environ},
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS)
def test_before_there_are_tables_a_command_says_how_to_make_them(tmp_path, words):
    done = flask(tmp_path, *words)
    assert (done.returncode, done.stderr.strip()) == (2, NO_TABLES)


@pytest.mark.slow
def test_a_database_that_cannot_be_reached_is_said_in_one_line(tmp_path):
    for url in (f"sqlite:///{tmp_path}/nowhere/a.sqlite3", "postgresql://u@127.0.0.1:1/d"):
        done = flask(tmp_path, "track", "rates", "fisheries", DATABASE_URL=url)
        assert done.returncode == 2
        assert done.stderr.startswith("The database cannot be reached: ")
        assert len(done.stderr.strip().splitlines()) == 1


def test_an_argument_that_is_no_text_is_refused_in_one_line(app):
    a_consultation()
    result = app.test_cli_runner().invoke(args=["roster", "import", "fisheries", "people.csv", "--batch", "\udcff"])
    assert (result.exit_code, result.stderr) == (2, "BATCH is not text in UTF-8.\n")


def test_a_command_of_several_applications_is_wrapped_once():
    group = click.Group(commands={"counts": click.Command("counts", callback=lambda: click.echo(len(inspect.stack())))})
    say_faults_plainly(group)
    once = CliRunner().invoke(group, ["counts"]).output
    say_faults_plainly(group)
    assert CliRunner().invoke(group, ["counts"]).output == once


def test_a_fault_of_the_program_keeps_its_traceback():
    group = click.Group(commands={"breaks": click.Command("breaks", callback=lambda: 1 / 0)})
    say_faults_plainly(group)
    assert isinstance(CliRunner().invoke(group, ["breaks"]).exception, ZeroDivisionError)
