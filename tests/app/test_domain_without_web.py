"""Models, verbs and rules can be called from a view, a command, a worker and a test alike."""

import ast
from pathlib import Path

import pytest

ENGAGEMENT = Path(__file__).resolve().parents[2] / "engagement"
WEB = {"flask", "flask_login", "flask_wtf", "flask_babel", "wtforms"}
# What meets the web by its nature: pages, forms, commands, wiring, and the two rooms that are pages only.
FACES = {"views", "forms", "cli", "wiring", "gate"}
# What is neither a page nor a rule, and why it knows the program it runs in.
PROGRAM = {
    "mailing/transport.py": "it is Flask-Mail with its traps closed",
    "mailing/bell.py": "it finds the running program's queue",
    "mailing/worker.py": "it is a process of the program",
    "events/happenings.py": "what it tells of has an address to read on",
}
ROOMS_OF_PAGES = {"portal", "publication", "kernel"}


def web_imports(source: str) -> set[str]:
    """Return the web libraries that ``source`` imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found & WEB


def domain_files() -> list[Path]:
    rooms = [room for room in ENGAGEMENT.iterdir() if room.is_dir() and room.name not in ROOMS_OF_PAGES]
    files = [file for room in rooms for file in room.glob("*.py") if not any(file.stem.endswith(face) for face in FACES)]
    return [file for file in files if f"{file.parent.name}/{file.name}" not in PROGRAM]


@pytest.mark.parametrize("file", domain_files(), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_domain_file_imports_no_web_framework(file):
    assert web_imports(file.read_text(encoding="utf-8")) == set()


def test_the_rule_finds_a_planted_import():
    assert web_imports("import os\n\ndef verb():\n    from flask_login import current_user\n") == {"flask_login"}
