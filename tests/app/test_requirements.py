"""What is installed with the program is what was tested: every package at one version, those that others bring along too."""

import re
from importlib.metadata import requires, version

from packaging.requirements import Requirement

from tests.app.house import ROOT

PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s;]+)")
# They come with Python itself.
TOOLS = {"pip", "setuptools", "wheel"}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file):
    lines = [line for line in (ROOT / file).read_text(encoding="utf-8").splitlines() if line and not line.startswith(("#", "-r ", "-c "))]
    found = [PIN.fullmatch(line) for line in lines]
    assert [line for line, pin in zip(lines, found, strict=True) if pin is None] == [], "pinned exactly, and from no named place"
    return {normal(pin[1]): pin[2] for pin in found}


def test_what_is_required_is_pinned_as_it_was_tested():
    every = pins("constraints.txt")
    for file in ("requirements.txt", "requirements-dev.txt"):
        assert {name: version for name, version in pins(file).items() if every.get(name) != version} == {}
    assert "-c constraints.txt" in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()


def brought_along(names):
    """Return the version of everything that these packages need here, as it is installed."""
    found, waiting = {}, [Requirement(name) for name in names]
    while waiting:
        wanted = waiting.pop()
        name = normal(wanted.name)
        for line in requires(name) or []:
            needs = Requirement(line)
            extras = [{"extra": extra} for extra in wanted.extras] or [{"extra": ""}]
            if (needs.marker is None or any(needs.marker.evaluate(each) for each in extras)) and normal(needs.name) not in found:
                waiting.append(needs)
        found[name] = version(name)
    return found


def test_everything_that_others_bring_along_is_pinned():
    every = pins("constraints.txt")
    needed = brought_along([*pins("requirements.txt"), *pins("requirements-dev.txt"), "psycopg[binary]"])
    assert len(needed) > len(pins("requirements.txt")) + len(pins("requirements-dev.txt"))
    assert {name: there for name, there in needed.items() if every.get(name) != there and name not in TOOLS} == {}
