"""Which of two texts is out of date."""

from hypothesis import given
from hypothesis import strategies as st

from engagement.kernel.bilingual import Text, stale_side, together_after
from engagement.kernel.crypto import keys

keys.use({"test": b"k" * 32})

words = st.sampled_from(["", "one", "two", "three"])
texts = st.builds(Text, words, words)


def after(*edits):
    """Return the text and its pair after a history of edits that starts from nothing."""
    text, pair = Text("", ""), None
    for edit in edits:
        pair = together_after(text, edit, pair)
        text = edit
    return text, pair


@given(st.lists(texts, max_size=8), st.builds(Text, st.sampled_from(["one", "two"]), st.sampled_from(["one", "two"])))
def test_after_both_sides_are_edited_at_once_nothing_is_stale(history, last):
    text, _pair = after(*history)
    if text.en != last.en and text.fr != last.fr:
        assert stale_side(*after(*history, last)) is None


@given(st.lists(texts, max_size=8), st.sampled_from(["en", "fr"]))
def test_editing_one_side_alone_makes_the_other_stale(history, side):
    text, _ = after(*history, Text("A", "B"), Text("C", "D"))
    edited = Text("new", text.fr) if side == "en" else Text(text.en, "new")
    assert stale_side(*after(*history, Text("A", "B"), Text("C", "D"), edited)) == ("fr" if side == "en" else "en")


@given(st.lists(texts, max_size=8))
def test_a_missing_text_is_never_called_stale(history):
    text, pair = after(*history)
    if not text.whole:
        assert stale_side(text, pair) is None


@given(st.lists(texts, max_size=8))
def test_saving_without_a_change_changes_nothing(history):
    text, pair = after(*history)
    assert stale_side(text, together_after(text, text, pair)) == stale_side(text, pair)


def test_translating_the_stale_side_mends_it_and_so_does_taking_the_change_back():
    start, changed = Text("A", "B"), Text("A2", "B")
    assert stale_side(*after(start, changed)) == "fr"
    assert stale_side(*after(start, changed, Text("A2", "B2"))) is None
    assert stale_side(*after(start, changed, start)) is None
    assert stale_side(*after(start, changed, Text("A3", "B"))) == "fr"


def test_space_around_a_text_is_no_change():
    assert stale_side(*after(Text("A", "B"), Text(" A ", "B"))) is None
