"""No form says anything in words that are not ours."""

import re
from datetime import time
from pathlib import Path

import pytest
import wtforms
from babel.messages.pofile import read_po
from flask_babel import force_locale
from flask_wtf import FlaskForm
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import DateField, SelectField, StringField
from wtforms.validators import Length, NumberRange

from engagement.kernel.form_words import WORDS, OwnWords
from engagement.kernel.forms import Form, Ticks, WallTimeField, WholeNumberField, options, read_time
from engagement.kernel.languages import french
from engagement.kernel.wording import LOCALES, time_words
from tests.app.house import ROOT, sources
from tests.app.test_french import phrases

LOCALE = Path(wtforms.__file__).parent / "locale"
# A mistake of ours in the code, a token that is checked before any form is, or a field that no form of ours has.
NEVER_SAID = re.compile(
    r"CSRF|field name|equal to|IP address|Mac address|UUID|cannot be edited|is disabled|be None|datetime|week|^Date must"
)


def sentences(catalogue):
    for message in catalogue:
        if message.id:
            yield message.id[0] if isinstance(message.id, tuple) else message.id


def all_below(kind):
    for below in kind.__subclasses__():
        yield below
        yield from all_below(below)


def of_its_own(source):
    """Return fields of WTForms that read what is typed in its own way, where the kernel has a field for it."""
    return re.findall(r"\b(?<!Wall)TimeField\b|\bIntegerField\b|\bFlaskForm\b", source)


class Asked(Form):
    at = WallTimeField("At")
    seats = WholeNumberField("Seats", validators=[NumberRange(min=0, max=100_000)])
    day = DateField("Day")
    name = StringField("Name", validators=[Length(max=20_000)])
    which = SelectField("Which", choices=options([("a", "A")]))
    several = Ticks("Several", choices=options([("a", "A")]))


def errors_of(app, language, **typed):
    with app.test_request_context(), force_locale(LOCALES[language]):
        form = Asked(MultiDict({"which": "a", "seats": "1", "at": "9:00", "day": "2026-12-08", **typed}))
        form.validate()
        return [message for messages in form.errors.values() for message in messages]


def test_every_sentence_of_wtforms_is_said_in_our_words():
    with (LOCALE / "wtforms.pot").open("rb") as source:
        theirs = list(sentences(read_po(source)))
    assert len(theirs) > 30
    assert [said for said in theirs if said not in WORDS and not NEVER_SAID.search(said)] == []
    assert [said for said in WORDS if said not in theirs] == []


def test_our_french_is_not_theirs():
    with (LOCALE / "fr/LC_MESSAGES/wtforms.po").open("rb") as source:
        theirs = {part for _, _, said in phrases(read_po(source)) for part in said}
    for said in WORDS.values():
        assert french().gettext(said._args[0]) not in theirs | {said._args[0]}


def test_every_form_asks_for_our_words(app):
    with app.test_request_context():
        kinds = [kind for kind in all_below(FlaskForm) if kind.__module__.startswith("engagement.")]
        assert len(kinds) > 40
        assert [kind for kind in kinds if not isinstance(kind.Meta().get_translations(None), OwnWords)] == []


def test_no_room_reads_a_time_or_a_number_in_a_way_of_its_own():
    read = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in sources("engagement") if path.parent.name != "kernel"}
    assert [(name, found) for name, source in read.items() if (found := of_its_own(source))] == []
    assert of_its_own("at = TimeField(_l('At'))")
    assert not of_its_own("at = WallTimeField(_l('At'))")


@pytest.mark.parametrize(
    ("typed", "english", "as_french"),
    [
        ({"at": "half past"}, "Enter a time, such as 13:30.", "Entrez une heure, par exemple 13\u00a0h\u00a030."),
        ({"seats": "many"}, "Enter a whole number.", "Entrez un nombre entier."),
        ({"seats": "100001"}, "Enter a number from 0 to 100,000.", "Entrez un nombre de 0 à 100\u00a0000."),
        ({"day": "soon"}, "Enter a date, such as 2026-12-08.", "Entrez une date, par exemple 2026-12-08."),
        ({"name": "x" * 20_001}, "Use at most 20,000 characters.", "Employez au plus 20\u00a0000 caractères."),
        ({"which": "b"}, "Choose from the list.", "Choisissez dans la liste."),
        ({"several": "b"}, "Choose from the list.", "Choisissez dans la liste."),
    ],
)
def test_what_is_wrong_is_said_in_the_language_of_the_page(app, typed, english, as_french):
    assert errors_of(app, "en", **typed) == [english]
    assert errors_of(app, "fr", **typed) == [as_french]


@pytest.mark.parametrize("typed", ["13:30", "13 h 30", "13h30", "13\u00a0h\u00a030", "13 H 30", " 13:30 ", "13:30:00"])
def test_a_time_is_read_as_either_language_writes_it(typed):
    assert read_time(typed) == time(13, 30)


@given(st.times(), st.sampled_from(["en", "fr"]))
def test_every_time_that_we_write_is_read_again(moment, language):
    assert read_time(time_words(moment, language)) == moment.replace(second=0, microsecond=0)


@pytest.mark.parametrize("typed", ["", "24:00", "9:60", "13", "h", "13 h 3", "1 30", "-1:00", "13:30 PM", "99 h"])
def test_what_is_no_time_is_not_read(typed):
    assert read_time(typed) is None


def test_a_whole_number_may_have_its_groups_apart(app):
    assert errors_of(app, "fr", seats="100 000") == []
    assert errors_of(app, "fr", seats="100\u00a0000") == []


def test_a_time_shows_again_as_a_field_for_a_time_takes_it(app):
    with app.test_request_context():
        assert 'value="13:30"' in Asked(MultiDict({"at": "13 h 30"})).at()
