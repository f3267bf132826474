"""What the guards of the whole application look at: its source, its routes, its catalogues.

Each guard is a function that returns what is wrong, so that a test can show it a planted
fault as well as the real thing.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

from engagement.consultations.gate import EXTENSION
from engagement.kernel.policy import Audience, Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.routing import Rule

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FUNCTION = 40
LONGEST_FILE = 400
# Of templates, styles and scripts; a table row with its cells stands in one line.
LONGEST_LINE = 900
# Written in two halves, so that this file does not hold them.
MARKS = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]))


def sources(*folders: str) -> Iterator[Path]:
    """Return every Python file under the folders, the top level's own files with "."."""
    for folder in folders:
        found = ROOT.glob("*.py") if folder == "." else (ROOT / folder).rglob("*.py")
        yield from sorted(path for path in found if "versions" not in path.parts)


def pages() -> Iterator[Path]:
    """Return every file of what browsers and mail programs are given, and that people write: templates, styles, scripts."""
    yield from sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
    yield from sorted(path for path in (ROOT / "static").rglob("*") if path.suffix in {".css", ".js"})


def page_too_long(name: str, source: str) -> list[str]:
    """Return what passes the limit of a file that is not Python: 400 lines, none of them so long that it hides several."""
    lines = source.splitlines()
    found = [f"{name} has {len(lines)} lines"] if len(lines) > LONGEST_FILE else []
    return found + [f"{name}:{number} has {len(line)} characters" for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE]


def too_long(name: str, source: str) -> list[str]:
    """Return what passes the limits: files of 400 lines, functions of 40, signature and docstring counted."""
    lines = source.count("\n")
    found = [f"{name} has {lines} lines"] if lines > LONGEST_FILE else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                found.append(f"{name}: {node.name} has {length} lines")
    return found


def raw_sql(name: str, source: str) -> list[str]:
    """Return where SQL is written as text: text() and literal_column() by whatever name, a driver, strings that are executed."""
    tree = ast.parse(source)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")]
    imported = {alias.asname or alias.name for node in imports for alias in node.names if alias.name in {"text", "literal_column"}}
    called = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [node.func.id for node in called if isinstance(node.func, ast.Name) and node.func.id in imported]
    found += [node.func.attr for node in called if isinstance(node.func, ast.Attribute) and _is_raw(node, node.func)]
    # Only the driver itself takes a string; its module is the way to it.
    found += [f"import of {module}" for module in _imported(tree) if module.partition(".")[0] in {"sqlite3", "psycopg"}]
    return [f"{name}: {each}()" for each in found]


def _is_raw(call: ast.Call, func: ast.Attribute) -> bool:
    if func.attr in {"exec_driver_sql", "literal_column", "executescript"}:
        return True
    # sa.text("…"), db.text("…"): what else is called text here takes the name of a text, of our own.
    if func.attr == "text" and isinstance(func.value, ast.Name) and func.value.id in {"sa", "sqlalchemy", "db", "sql"}:
        return True
    executes = func.attr in {"execute", "executemany", "scalar", "scalars"}
    return executes and bool(call.args) and _is_string(call.args[0])


def _is_string(node: ast.expr) -> bool:
    """Return whether an expression is a string, put together or not."""
    if isinstance(node, ast.BinOp):
        return _is_string(node.left) or _is_string(node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"format", "join"}:
        return _is_string(node.func.value)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _imported(tree: ast.AST) -> list[str]:
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return names + [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def marks_left(name: str, source: str) -> list[str]:
    """Return lines that promise to come back later."""
    return [f"{name}:{number}" for number, line in enumerate(source.splitlines(), 1) if MARKS.search(line)]


def foreign_keys_by_class(name: str, source: str) -> list[str]:
    """Return foreign keys that name anything but a string, and so import another room's model."""
    return [
        f"{name}:{node.lineno}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ForeignKey"
        if not (node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str))
    ]


def views_too_long(name: str, source: str, longest: int = 15) -> list[str]:
    """Return views (functions under a route decorator, or given to add_url_rule) whose body passes ``longest`` lines."""
    found, tree = [], ast.parse(source)
    added = {each.id for node in ast.walk(tree) if _adds_a_rule(node) for each in ast.walk(node) if isinstance(each, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            node.name in added or any(_is_route(each) for each in node.decorator_list)
        ):
            length = _lines_of_body(node)
            if length > longest:
                found.append(f"{name}: {node.name} has {length} lines")
    return found


def _adds_a_rule(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_url_rule"


def _lines_of_body(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = [each for each in node.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def _is_route(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in {"route", "get", "post", "put", "patch", "delete"}


def rules(app: Flask) -> list[Rule]:
    """Return every route of the application but the static files."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def policy(app: Flask) -> Policy:
    """Return the policy table."""
    table: Policy = app.extensions[EXTENSION]
    return table


def routes_without_row(app: Flask) -> list[str]:
    """Return routes that nobody decided about."""
    return sorted({rule.endpoint for rule in rules(app)} - policy(app).keys())


def rows_without_route(app: Flask) -> list[str]:
    """Return policy rows of routes that do not exist."""
    return sorted(policy(app).keys() - {rule.endpoint for rule in rules(app)})


def badly_addressed(app: Flask) -> list[str]:
    """Return routes for members without <slug>, and ids in addresses that are not typed as UUID."""
    table, found = policy(app), []
    for rule in rules(app):
        row = table.get(rule.endpoint)
        if row is not None and row.audience is Audience.MEMBER and not rule.rule.startswith("/c/<slug>/"):
            found.append(f"{rule.rule} does not begin with /c/<slug>/")
        if row is not None and row.audience is Audience.MEMBER and row.permission is None:
            found.append(f"{rule.rule} names no permission")
        ids = [name for name in rule.arguments if name == "id" or name.endswith("_id")]
        found += [f"{rule.rule}: {name} is not typed" for name in ids if f"<uuid:{name}>" not in rule.rule]
    return found
