from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.kernel.bilingual import Text
from engagement.questionnaires.answering import (
    DECLINED,
    NOTHING,
    BadAnswerError,
    Given,
    check,
    from_json,
    mark,
    to_json,
)
from engagement.questionnaires.completeness import counting, progress, sections_shown
from engagement.questionnaires.definition import Condition, Definition, OptionAsked, QuestionAsked, SectionAsked
from engagement.questionnaires.models import QuestionKind

WORDS = Text("Words", "Des mots")
KINDS = st.sampled_from(list(QuestionKind))


def question(kind: QuestionKind, **more) -> QuestionAsked:
    options = tuple(OptionAsked(code, WORDS) for code in ("a", "b", "c")) if kind in {"single", "multiple"} else ()
    return QuestionAsked(id=uuid4(), code="q", kind=kind, wording=WORDS, options=options, **more)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("single", "a", "a"), ("single", "", None),
        ("multiple", ["c", "a"], ("a", "c")), ("multiple", [], None),
        ("yes_no", "no", "no"),
        ("number", " 1\u00a0234 ", 1234), ("number", "-7", -7), ("number", "", None),
        ("short", "  words ", "words"), ("short", "   ", None),
        ("long", "one\r\ntwo", "one\ntwo"),
    ],
)  # fmt: skip
def test_what_was_typed_is_taken_in_the_form_of_its_kind(kind, raw, value):
    assert check(question(QuestionKind(kind)), raw) == Given(value)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("single", "z"), ("multiple", ["a", "z"]), ("yes_no", "maybe"),
        ("number", "twelve"), ("number", "1.5"), ("number", "9" * 400), ("number", "²"),
        ("short", "x" * 501), ("long", "x" * 20_001),
    ],
)  # fmt: skip
def test_what_cannot_be_an_answer_is_refused_in_both_languages(kind, raw):
    with pytest.raises(BadAnswerError) as refused:
        check(question(QuestionKind(kind)), raw)
    assert refused.value.said.whole
    assert refused.value.field == "q"


def test_a_text_as_long_as_it_may_be_is_taken():
    assert check(question(QuestionKind.SHORT), "é" * 500).value == "é" * 500
    assert check(question(QuestionKind.LONG), "é" * 20_000).value == "é" * 20_000


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-60, 60))
def test_a_number_is_taken_exactly_from_the_least_to_the_most(one, other, number):
    least, most = sorted((one, other))
    asked = question(QuestionKind.NUMBER, least=least, most=most)
    if least <= number <= most:
        assert check(asked, str(number)).value == number
    else:
        with pytest.raises(BadAnswerError):
            check(asked, str(number))


def test_not_saying_is_offered_on_sensitive_questions_only_and_never_with_an_answer():
    sensitive = question(QuestionKind.LONG, sensitive=True)
    assert check(sensitive, "", declined=True) == DECLINED
    with pytest.raises(BadAnswerError):
        check(sensitive, "typed all the same", declined=True)
    with pytest.raises(BadAnswerError):
        check(question(QuestionKind.LONG), "", declined=True)


@given(KINDS, st.text(max_size=600) | st.lists(st.text(max_size=5), max_size=4))
def test_whatever_is_posted_is_taken_or_refused_and_what_is_taken_survives_storage(kind, raw):
    try:
        taken = check(question(kind), raw)
    except BadAnswerError:
        return
    assert from_json(to_json(taken.value)) == taken.value
    again = check(question(kind), "" if taken.value is None else taken.value)
    assert again == taken


def test_an_answer_is_marked_by_what_it_says(app):
    different = [NOTHING, DECLINED, Given("a"), Given("b"), Given(("a",)), Given(1), Given("1")]
    assert len({mark(each) for each in different}) == len(different)
    assert mark(Given("a")) == mark(Given("a"))


def three_questions(sufficient: int = 1) -> Definition:
    first = question(QuestionKind.YES_NO)
    second = question(QuestionKind.SHORT, condition=Condition(first.id, "yes"))
    third = question(QuestionKind.LONG, sensitive=True)
    sections = (SectionAsked(uuid4(), WORDS, WORDS, (first,)), SectionAsked(uuid4(), WORDS, WORDS, (second, third)))
    return Definition(uuid4(), uuid4(), "q", WORDS, WORDS, WORDS, 1, sufficient, sections)


GIVEN = st.sampled_from([NOTHING, DECLINED, Given("yes"), Given("no")])


@given(st.integers(1, 4), st.tuples(GIVEN, GIVEN, GIVEN))
def test_complete_means_that_every_asked_question_is_answered_or_declined(sufficient, given_answers):
    definition = three_questions(sufficient)
    questions = list(definition.questions())
    answers = {each.id: given for each, given in zip(questions, given_answers, strict=True)}
    asked = [each for each in questions if each.code and (each is not questions[1] or answers[questions[0].id].value == "yes")]
    done = progress(definition, answers)
    assert done.asked == len(asked)
    assert done.complete == all(answers[each.id].settled for each in asked)
    assert done.answered + done.declined + done.open == done.asked
    assert done.answered == sum(given.value is not None for key, given in counting(definition, answers).items() if key)
    assert done.sufficient == (done.complete or done.answered >= sufficient)


def test_a_section_in_which_nothing_is_asked_is_passed_over():
    definition = three_questions()
    first, second, third = definition.questions()
    alone = Definition(*(getattr(definition, name) for name in (
        "id", "consultation_id", "name", "title", "introduction", "thanks", "version", "sufficient_answers",
    )), sections=(definition.sections[0], SectionAsked(uuid4(), WORDS, WORDS, (second,))))  # fmt: skip
    assert [each.number for each in sections_shown(alone, {})] == [1]
    assert [each.number for each in sections_shown(alone, {first.id: Given("yes")})] == [1, 2]
    assert [each.number for each in sections_shown(definition, {})] == [1, 2]
    assert sections_shown(definition, {})[1].questions == (third,)
