"""The French of the program: whole, said in one way, and up to date with the code."""

import subprocess
from collections import defaultdict
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.app.house import ROOT

CATALOGUES = sorted(ROOT.glob("translations/*/fr/LC_MESSAGES/messages.po"))
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
# French says zero in the singular: "0 personne". These never count zero, and read better in words.
SHOWN_ONLY_WHERE_THERE_ARE_SOME = "its line is left out at zero"
NEVER_ZERO = {
    "And one more line.": SHOWN_ONLY_WHERE_THERE_ARE_SOME,
    "And one more.": SHOWN_ONLY_WHERE_THERE_ARE_SOME,
    "One more follows when these are recorded.": SHOWN_ONLY_WHERE_THERE_ARE_SOME,
    "One more person was asked whom you may not see; the same rules hold for them.": SHOWN_ONLY_WHERE_THERE_ARE_SOME,
    "One more person was chosen by somebody else of the team; you may not see who.": SHOWN_ONLY_WHERE_THERE_ARE_SOME,
    "The one message": "it stands above a list that is not empty",
    "The one person found": "it stands above a list that is not empty",
    "One day before each sitting": "zero days before has words of its own",
    "One day before it closes": "zero days before has words of its own",
    "One day before the last day to reply": "zero days before has words of its own",
}
OPTIONS = {"**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}


def read(source):
    with source.open("rb") as opened:
        return read_po(opened, locale="fr")


def phrases(catalogue):
    """Return (English, French) of a catalogue; of a plural, both forms."""
    for message in catalogue:
        if message.id:
            english = message.id if isinstance(message.id, tuple) else (message.id,)
            french = message.string if isinstance(message.string, tuple) else (message.string,)
            yield message, english, french


def unfinished(catalogue):
    """Return texts without French, with doubtful French, or whose places differ."""
    found = []
    for message, english, french in phrases(catalogue):
        if message.fuzzy or not all(part and part.strip() for part in french):
            found.append(english[0])
        elif places(english[-1]) != places(french[-1]):
            found.append(f"{english[0]}: other places")
    return found


def places(text):
    import re

    return sorted(re.findall(r"%\([a-z_]+\)s", text))


def wrongly_set(catalogue):
    """Return French with a straight apostrophe, quotes of the wrong kind, or a space that may break."""
    import re

    found = []
    for _message, _english, french in phrases(catalogue):
        found += [text for text in french if text and re.search(r"[A-Za-zé]'[A-Za-zéê]|\"| [:%»](?!\()|« |[\u00a0\u202f ][;!?]", text)]
    return found


def without_their_number(catalogue):
    """Return texts that count something and whose French singular, which also says zero, has no number in it."""
    counted = [(english, french) for message, english, french in phrases(catalogue) if isinstance(message.id, tuple)]
    return [english[0] for english, french in counted if places(english[-1]) != places(french[0]) and english[0] not in NEVER_ZERO]


def said_in_two_ways(catalogues):
    """Return English that has two different French texts."""
    said = defaultdict(set)
    for catalogue in catalogues:
        for message, english, french in phrases(catalogue):
            said[message.context, english].add(french)
    return [english[0] for (_, english), ways in said.items() if len(ways) > 1]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-4])
def test_every_text_has_its_french(path):
    assert unfinished(read(path)) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-4])
def test_french_is_set_as_french_is(path):
    assert wrongly_set(read(path)) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-4])
def test_nobody_reads_as_zero_people_and_not_as_one(path):
    assert without_their_number(read(path)) == []


def test_what_never_counts_zero_is_still_said():
    said = {english[0] for path in CATALOGUES for message, english, _ in phrases(read(path)) if isinstance(message.id, tuple)}
    assert set(NEVER_ZERO) <= said


def test_the_same_words_have_the_same_french_everywhere():
    assert said_in_two_ways([read(path) for path in CATALOGUES]) == []


def texts_of(room):
    """Return the texts that a room says, as ``make french`` finds them."""
    found = set()
    for folder in (ROOT / "templates" / room, ROOT / "engagement" / room):
        if folder.is_dir():
            for _file, _line, message, _comments, context in extract_from_dir(folder, METHODS, OPTIONS, KEYWORDS):
                found.add((context, message if isinstance(message, str) else message[0]))
    return {(context, text) for context, text in found if text}


@pytest.mark.parametrize("room", sorted(path.name for path in (ROOT / "templates").iterdir() if path.name != "mail"))
def test_the_catalogue_of_a_room_holds_exactly_what_the_room_says(room):
    path = ROOT / "translations" / room / "fr/LC_MESSAGES/messages.po"
    held = {(message.context, english[0]) for message, english, _ in phrases(read(path))} if path.exists() else set()
    said = texts_of(room)
    assert sorted(text for _, text in said - held) == []
    assert sorted(text for _, text in held - said) == []


def a_catalogue(*pairs):
    catalogue = Catalog(locale="fr")
    for english, french in pairs:
        catalogue.add(english, french)
    return catalogue


def test_planted_faults_are_found():
    assert unfinished(a_catalogue(("Yes", ""))) == ["Yes"]
    assert unfinished(a_catalogue(("Hello %(name)s", "Bonjour"))) == ["Hello %(name)s: other places"]
    people = ("One person", "%(num)s people")
    assert without_their_number(a_catalogue((people, ("Une personne", "%(num)s personnes")))) == ["One person"]
    assert without_their_number(a_catalogue((people, ("%(num)s personne", "%(num)s personnes")))) == []
    assert said_in_two_ways([a_catalogue(("Send", "Envoyer")), a_catalogue(("Send", "Expédier"))]) == ["Send"]
    for french in ("l'avenir", "« oui »", "Oui : non", "9 %", "Vraiment\u00a0?"):
        assert wrongly_set(a_catalogue(("x", french))), french
    for french in ("l’avenir", "«\u00a0oui\u00a0»", "Oui\u00a0: non", "9\u00a0%", "Vraiment?"):
        assert not wrongly_set(a_catalogue(("x", french))), french
    doubtful = read_po(BytesIO(b'#, fuzzy\nmsgid "Yes"\nmsgstr "Oui"\n'), locale="fr")
    assert unfinished(doubtful) == ["Yes"]


def test_mail_is_written_in_both_languages():
    for path in (ROOT / "templates/mail").rglob("*.en.txt"):
        assert path.with_name(path.name.replace(".en.", ".fr.")).read_text(encoding="utf-8").strip(), path


def test_no_compiled_catalogue_is_kept():
    listed = subprocess.run(["git", "ls-files", "*.mo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert listed.stdout == ""
