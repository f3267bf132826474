"""The French of the program is set as French is: which spaces may not break, and where there is none."""

import re

import pytest

from tests.app.house import ROOT, sources
from tests.app.test_french import CATALOGUES, phrases, read
from tests.app.typesetting import PLACE, badly_spaced, french_in

# A row of marks alone is no text.
SAYS_SOMETHING = re.compile(rf"[\w{PLACE}]")
# A colon that a template sets itself is English: French has a space before it. "host:port" is no text.
COLON = re.compile(r"\}\}:(?!\{)|~ [\"']:|%\}: |heads\.\w+\):")


def faults_in_python(name, source):
    return [f"{name}:{line}: {fault}" for line, words in french_in(source) if SAYS_SOMETHING.search(words) for fault in badly_spaced(words)]


def colons_of_their_own(name, source):
    return [f"{name}: {found.group()}" for found in COLON.finditer(source)]


def test_french_in_the_code_has_the_spaces_that_french_has():
    found = [
        fault for path in sources("engagement", ".") for fault in faults_in_python(path.relative_to(ROOT), path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-4])
def test_french_in_the_catalogues_has_the_spaces_that_french_has(path):
    assert [fault for _, _, french in phrases(read(path)) for words in french for fault in badly_spaced(words)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.fr.txt")), ids=lambda path: "/".join(path.parts[-2:]))
def test_french_mail_has_the_spaces_that_french_has(path):
    assert badly_spaced(path.read_text(encoding="utf-8")) == []


def test_no_template_sets_a_colon_of_its_own():
    pages = [path for ending in ("*.html", "*.typ") for path in sorted((ROOT / "templates").rglob(ending))]
    found = [fault for path in pages for fault in colons_of_their_own(path.relative_to(ROOT), path.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    "french",
    [
        "« oui\u00a0»",
        "«\u00a0oui »",
        "Hybride : en personne",
        "Hybride: en personne",
        "%(name)s: présent",
        "((lead)) : oui",
        "avant 15 h",
        "13\u00a0h 30",
        "23 %",
        "23%",
        "{n} %",
        "%(n)s ko",
        "jusqu’à 10 Mo",
        "de 0 à 100 000",
        "Vraiment ?",
        "Vraiment\u00a0?",
        "oui\u202f; non",
        "N° 3",
    ],
)
def test_planted_spaces_are_found(french):
    assert badly_spaced(french)
    assert faults_in_python("planted.py", f'SAID = Text("English", "{french}")')
    assert faults_in_python("planted.py", f'SAID = Text("English", fr="{french}" if asked else "")')


@pytest.mark.parametrize("written", ['_bad(question, "No.", "« oui »")', 'f"{name} : {other}"', '("15 h", "9 h")'])
def test_planted_french_is_found_outside_of_a_text_too(written):
    assert faults_in_python("planted.py", f"SAID = {written}")


def test_a_planted_colon_is_found():
    beside_a_filter, after_an_end = "{{ mode | words }}: {{ count }}", "{% if several %}: {{ day }}{% endif %}"
    for source in (beside_a_filter, after_an_end, "#both(given.heads.hash): #given.hash", '{{ title ~ ": " ~ name }}'):
        assert colons_of_their_own("planted", source), source
    for source in ("{{ server }}:{{ port }}", '{{ _("Error:") }}'):
        assert not colons_of_their_own("planted", source), source


@pytest.mark.parametrize(
    "french",
    [
        "«\u00a0oui\u00a0», à 13\u00a0h\u00a030; vraiment? 9,3\u00a0%, 1\u00a0234 personnes, 10\u00a0Mo",
        "Voir https://exemple.ca/page",
        "Ouvrez %(address)s\u00a0:\n%(link)s",
        "10:30",
        "le 8 décembre 2026",
        "2018 et 2026",
    ],
)
def test_what_is_set_well_is_let_be(french):
    assert badly_spaced(french) == []
