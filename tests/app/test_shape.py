"""Rules about the source as a whole; each is shown to catch a planted fault."""

import pytest

from tests.app import house
from tests.app.house import ROOT, sources


def the_faults(check, *folders, but=()):
    return [
        fault
        for path in sources(*folders)
        if path.relative_to(ROOT).as_posix() not in but
        for fault in check(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]


def test_files_and_functions_stay_short():
    assert the_faults(house.too_long, ".", "engagement", "tests", "benchmarks") == []


def test_templates_styles_and_scripts_stay_short():
    files = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in house.pages()}
    assert {name.rpartition(".")[2] for name in files} >= {"html", "txt", "css", "js"}
    assert [fault for name, source in files.items() for fault in house.page_too_long(name, source)] == []


def test_views_stay_short():
    assert the_faults(house.views_too_long, "engagement") == []


def test_sql_is_written_as_text_in_the_kernel_only():
    kernel = [path.relative_to(ROOT).as_posix() for path in sources("engagement/kernel")]
    assert the_faults(house.raw_sql, "engagement", but=kernel) == []


def test_nothing_is_left_for_later():
    assert the_faults(house.marks_left, ".", "engagement", "tests", "benchmarks") == []


def test_foreign_keys_name_tables_as_strings():
    assert the_faults(house.foreign_keys_by_class, "engagement") == []


def test_the_stylesheet_stays_small():
    assert (ROOT / "static/convoke.css").stat().st_size <= 15_000


def test_every_folder_says_what_it_owns():
    for folder in sorted((ROOT / "engagement").iterdir()):
        if folder.is_dir() and folder.name != "__pycache__":
            assert (folder / "__init__.py").read_text(encoding="utf-8").startswith('"""'), folder.name


# Forty-one lines, of which the body makes thirty-seven.
LONG_FUNCTION = 'def long(\n    given,\n):\n    """Be long."""\n' + "    pass\n" * 37
LONG_ASYNC_VIEW = "@room.get('/')\nasync def page():\n    '''Show.'''\n" + "    pass\n" * 16
LONG_ADDED_VIEW = "def page():\n    '''Show.'''\n" + "    pass\n" * 16 + "room.add_url_rule('/', view_func=page)\n"
LONG_VIEW = "@room.get('/')\ndef page():\n    '''Show.'''\n" + "    pass\n" * 16


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        (house.too_long, LONG_FUNCTION),
        (house.too_long, "# a line\n" * 401),
        (house.views_too_long, LONG_VIEW),
        (house.views_too_long, LONG_ASYNC_VIEW),
        (house.views_too_long, LONG_ADDED_VIEW),
        (house.page_too_long, "<p>\n" * 401),
        (house.page_too_long, "p { } " * 151),
        (house.raw_sql, "from sqlalchemy import text\ntext('SELECT 1')\n"),
        (house.raw_sql, "import sqlalchemy as sa\nsa.text('SELECT 1')\n"),
        (house.raw_sql, "db.text('SELECT 1')\n"),
        (house.raw_sql, "driver.execute('SELECT 1')\n"),
        (house.raw_sql, "driver.execute(f'SELECT {name}')\n"),
        (house.raw_sql, "driver.execute('SELECT ' + name)\n"),
        (house.raw_sql, "driver.execute('SELECT {}'.format(name))\n"),
        (house.raw_sql, "driver.executescript(words)\n"),
        (house.raw_sql, "import sqlite3\n"),
        (house.raw_sql, "from sqlalchemy import text as sql\nsql('SELECT 1')\n"),
        (house.raw_sql, "connection.exec_driver_sql('SELECT 1')\n"),
        (house.marks_left, "x = 1  # TO" + "DO: later\n"),
        (house.foreign_keys_by_class, "ForeignKey(User.id)\n"),
    ],
)
def test_a_planted_fault_is_found(check, fault):
    assert check("planted.py", fault)
    assert not check("clean.py", "def short():\n    return 1\n")
