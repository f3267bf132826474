"""Only listed names expand, from plain values, once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.mailing.placeholders import (
    SecretInSubjectError,
    UnknownPlaceholderError,
    check_placeholders,
    check_subject,
    expand,
    names_in,
)

NAMES = st.sampled_from(["name", "link", "event_title"])
# Text that tries: other template languages, attribute walks, placeholders within values.
HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["((name))", "((link))", "{name.__class__}", "{{ config }}", "{% raw %}", "%(name)s", "${name}", "((", "))", "\\1", "\\g<0>"]
    ),
)


@given(
    st.lists(
        st.one_of(HOSTILE.filter(lambda text: "((" not in text and "))" not in text), NAMES.map(lambda name: f"(({name}))")), max_size=8
    ),
    st.dictionaries(NAMES, HOSTILE, min_size=3, max_size=3),
)
def test_listed_names_expand_to_their_values_and_nothing_is_looked_at_twice(pieces, values):
    text = "\0".join(pieces)
    expected = "\0".join(values[piece[2:-2]] if piece.startswith("((") and piece[2:-2] in values else piece for piece in pieces)
    assert expand(text, values) == expected


@given(st.text(alphabet="abcdefgh_.", min_size=1, max_size=12).filter(lambda name: name not in {"a", "b"}))
def test_any_other_name_is_refused_and_named(name):
    with pytest.raises(UnknownPlaceholderError) as refused:
        check_placeholders(f"Dear (({name}))", ("a", "b"), "body_fr")
    assert name in refused.value.said.en
    assert name in refused.value.said.fr
    assert refused.value.field == "body_fr"
    with pytest.raises(UnknownPlaceholderError):
        expand(f"(({name}))", {"a": "1", "b": "2"})


@pytest.mark.parametrize("text", ["((name", "name))", "((name) )", "Hello (( name", "((na(me))"])
def test_a_placeholder_that_is_not_closed_is_refused(text):
    with pytest.raises(UnknownPlaceholderError):
        check_placeholders(text, ("name",), "body_en")


def test_space_inside_the_brackets_does_not_count():
    assert expand("(( name ))", {"name": "Ada"}) == "Ada"
    assert names_in("((name)) and (( link ))") == ["name", "link"]


def test_single_brackets_are_plain_text():
    check_placeholders("Come (if you can).", (), "body_en")
    assert expand("(a) b (c)", {}) == "(a) b (c)"


@pytest.mark.parametrize(("field", "words"), [("subject_en", "subject in English"), ("subject_fr", "subject in French")])
@pytest.mark.parametrize("name", ["link", "reply_link", "code"])
def test_what_opens_somebodys_page_is_refused_in_a_subject_with_its_name_and_place(field, words, name):
    with pytest.raises(SecretInSubjectError, match=words) as refused:
        check_subject(f"Your page: (( {name} ))", field)
    assert name in refused.value.said.fr
    assert refused.value.field == field
    check_subject("For ((name))", field)
