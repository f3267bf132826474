from dataclasses import replace
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from engagement.kernel.bilingual import Text
from engagement.questionnaires.answering import DECLINED, NOTHING, Given
from engagement.questionnaires.conditions import asked, is_met
from engagement.questionnaires.definition import Condition, OptionAsked, QuestionAsked
from engagement.questionnaires.models import QuestionKind

WORDS = Text("?", "?")


def yes_no(code: str, *, after: QuestionAsked | None = None, value: str = "yes") -> QuestionAsked:
    condition = Condition(after.id, value) if after else None
    return QuestionAsked(id=uuid4(), code=code, kind=QuestionKind.YES_NO, wording=WORDS, condition=condition)


def test_a_question_without_a_condition_is_always_asked():
    one = yes_no("one")
    assert asked([one], {}) == {one.id}


def test_a_condition_waits_for_its_value():
    one = yes_no("one")
    two = yes_no("two", after=one)
    assert two.id not in asked([one, two], {})
    assert two.id not in asked([one, two], {one.id: Given("no")})
    assert two.id in asked([one, two], {one.id: Given("yes")})


def test_preferring_not_to_say_opens_nothing():
    condition = Condition(uuid4(), "yes")
    assert not is_met(condition, DECLINED)
    assert not is_met(condition, NOTHING)
    assert not is_met(condition, None)


def test_among_several_choices_one_is_enough():
    assert is_met(Condition(uuid4(), "b"), Given(("a", "b")))
    assert not is_met(Condition(uuid4(), "c"), Given(("a", "b")))


def test_a_chain_falls_with_any_of_its_links_and_a_hidden_answer_opens_nothing():
    one = yes_no("one")
    two = yes_no("two", after=one)
    three = yes_no("three", after=two)
    answers = {one.id: Given("yes"), two.id: Given("yes"), three.id: Given("yes")}
    assert asked([one, two, three], answers) == {one.id, two.id, three.id}
    assert asked([one, two, three], {**answers, one.id: Given("no")}) == {one.id}


def test_a_condition_on_itself_or_on_a_later_question_is_never_met():
    one, two = yes_no("one"), yes_no("two")
    one, itself = replace(one, condition=Condition(two.id, "yes")), replace(two, condition=Condition(two.id, "yes"))
    answers = {one.id: Given("yes"), two.id: Given("yes")}
    assert asked([one, two], answers) == {two.id}
    assert asked([itself], answers) == frozenset()


@st.composite
def questionnaires(draw):
    """Draw some questions, each of which may hang on any other, and answers to some of them."""
    ids = [UUID(int=number) for number in range(draw(st.integers(1, 8)))]
    questions = []
    for each in ids:
        condition = draw(st.none() | st.builds(Condition, st.sampled_from(ids), st.sampled_from(["yes", "no", "a"])))
        questions.append(
            QuestionAsked(
                id=each,
                code=f"q{each.int}",
                kind=QuestionKind.SINGLE,
                wording=WORDS,
                condition=condition,
                options=(OptionAsked("a", WORDS),),
            )
        )
    value = st.sampled_from([NOTHING, DECLINED, Given("yes"), Given("no"), Given(("a", "no"))])
    return questions, draw(st.dictionaries(st.sampled_from(ids), value))


@given(questionnaires())
def test_whatever_is_asked_has_its_condition_met_by_an_earlier_asked_question(drawn):
    questions, answers = drawn
    shown = asked(questions, answers)
    for place, question in enumerate(questions):
        condition = question.condition
        earlier = {each.id for each in questions[:place]}
        met = condition is None or (condition.question_id in shown & earlier and is_met(condition, answers.get(condition.question_id)))
        assert (question.id in shown) == met


@given(questionnaires())
def test_answers_to_hidden_questions_change_nothing_about_what_is_asked(drawn):
    questions, answers = drawn
    shown = asked(questions, answers)
    assert asked(questions, {key: value for key, value in answers.items() if key in shown}) == shown
