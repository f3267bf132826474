"""Every reason that the program writes beside a message is said to the team in both languages."""

from __future__ import annotations

import ast
from pathlib import Path

from engagement.outreach.vocabulary import REASONS

ROOMS = ("mailing", "outreach", "events", "questionnaires", "referrals")
# These are given a reason among what they are given.
GIVEN = frozenset({"Dropped", "Waits", "Broken", "move", "requeue", "write_afresh", "stop", "doubt", "cancel_some", "put_back"})


def named(node: ast.expr) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def words(node: ast.expr, constants: dict[str, str]) -> set[str]:
    """Return the sentence that ``node`` is, by itself or by a name of its file."""
    said = node.value if isinstance(node, ast.Constant) else constants.get(getattr(node, "id", ""))
    return {said} if isinstance(said, str) and " " in said else set()


def constants_of(tree: ast.Module) -> dict[str, str]:
    """Return the sentences that a file names, each by itself or two in one line."""
    pairs = []
    for node in tree.body:
        if isinstance(node, ast.Assign):
            (target,) = node.targets
            several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            pairs += zip(target.elts, node.value.elts, strict=True) if several else [(target, node.value)]
    return {named(target): value.value for target, value in pairs if isinstance(value, ast.Constant)}


def reasons_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = constants_of(tree)
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and named(node.func) in GIVEN:
            found |= {said for each in node.args for said in words(each, constants)}
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and named(getattr(node.elts[0], "value", node.elts[0])) == "State":
            found |= words(node.elts[1], constants)
        elif isinstance(node, ast.Assign) and [named(each) for each in node.targets] == ["reasons"] and isinstance(node.value, ast.Dict):
            found |= {said for each in node.value.keys if each is not None for said in words(each, constants)}
    return found


def test_every_reason_has_its_words():
    root = Path(__file__).resolve().parents[2] / "engagement"
    given = {said for room in ROOMS for path in sorted((root / room).glob("*.py")) for said in reasons_in(path)}
    assert len(given) > 30
    assert given - REASONS.keys() == set()
    assert all(each.whole for each in REASONS.values())
