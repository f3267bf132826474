import re

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from engagement.consultations.models import Status
from engagement.invitations.models import HeldForm
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db, writing
from engagement.kernel.languages import COOKIE
from engagement.questionnaires.answering import DECLINED, Given
from engagement.questionnaires.models import ResponseState
from engagement.questionnaires.service import answers_of, definition_of, response_to
from engagement.questionnaires.standard import install_standard
from tests.portal.given import open_link_in
from tests.questionnaires.given import a_person, a_questionnaire, an_invitation, question_id
from tests.support.given import a_consultation


class Visit:
    """Somebody with the questionnaire open in a browser."""

    def __init__(self, client, invitation, questionnaire):
        self.client, self.invitation, self.questionnaire = client, invitation, questionnaire
        self.base = f"/i/{invitation.id}/questions"

    def get(self, path="", **query):
        return self.client.get(self.base + path, query_string=query)

    def form(self, path="", **query):
        """Return the hidden fields of a page's form, as a browser would send them."""
        page = self.get(path, **query)
        assert page.status_code == 200, page.headers.get("Location")
        return hidden(page.text)

    def post(self, path="", form=None, *, follow=True, **fields):
        return self.client.post(self.base + path, data={**(self.form(path) if form is None else form), **fields}, follow_redirects=follow)

    def stored(self, code):
        db.session.rollback()
        return answers_of(response_to(self.invitation.id).id).get(question_id(self.questionnaire, code))

    @property
    def state(self):
        db.session.rollback()
        return response_to(self.invitation.id).state


def hidden(html):
    return {name: value for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html) if name != "csrf_token"}


@pytest.fixture
def visit(client):
    consultation = a_consultation()
    questionnaire = a_questionnaire(consultation)
    invitation = an_invitation(questionnaire, a_person(consultation))
    open_link_in(client, invitation)
    return Visit(client, invitation, questionnaire)


@pytest.fixture
def started(visit):
    visit.get("/1")
    return visit


def test_looking_at_the_pages_opens_nothing_and_the_first_answer_does(visit):
    page = visit.get()
    assert "What do you think?" in page.text
    assert "Only the team" in page.text
    assert "Section 1 of 2" in visit.get("/1").text
    assert "Section 2 of 2" in visit.post("/1").text
    assert visit.get("/check").status_code == 200
    assert visit.get("/saved").status_code == 200
    assert response_to(visit.invitation.id) is None
    visit.post("/1", q_pick="b")
    assert visit.state is ResponseState.IN_PROGRESS


def test_forms_that_are_sent_as_they_stand_record_nothing_and_throw_nothing_away(visit):
    late(visit, "/2", q_story="He held my passport")
    for path in ("", "/1", "/2", "/check", "/saved"):
        send_every_form(visit, path)
    assert response_to(visit.invitation.id) is None
    assert db.session.scalar(select(func.count()).select_from(HeldForm)) == 1


def send_every_form(visit, path):
    page = visit.get(path)
    for form in BeautifulSoup(page.text, "html.parser").find_all("form", method="post"):
        data = {each["name"]: each.get("value", "") for each in form.find_all("input", type="hidden")}
        visit.client.post(form.get("action") or page.request.path, data=data)


def late(visit, path, **fields):
    """Send a page whose cookie is gone by then; open a new link in another browser."""
    form = visit.form(path)
    visit.client.delete_cookie(f"visit-{visit.invitation.id.hex}", path=f"/i/{visit.invitation.id}")
    assert visit.client.post(visit.base + path, data={**form, **fields}).status_code == 202
    visit.client = visit.client.application.test_client()
    return open_link_in(visit.client, visit.invitation)


def test_held_answers_are_not_shown_without_the_code_but_can_be_sent_or_thrown_away(visit):
    assert late(visit, "/2", q_story="He held my passport", q_count="wrong") == f"{visit.base}/2"
    page = visit.get("/2")
    assert "passport" not in page.text
    assert "Nothing was done" in visit.post("/2").text
    sent = visit.post("/2", follow=False, kept="send")
    assert sent.location.endswith("next=" + visit.base + "/2"), "a wrong number would be shown with the story beside it"
    assert "passport" not in visit.client.get(visit.base + "/2", follow_redirects=True).text
    assert visit.stored("story") == Given("He held my passport")


def test_held_answers_that_are_thrown_away_are_not_stored(visit):
    late(visit, "/2", q_story="He held my passport")
    visit.post("/2", kept="drop")
    assert response_to(visit.invitation.id) is None
    assert db.session.scalar(select(func.count()).select_from(HeldForm)) == 0


def test_sending_what_is_held_too_late_again_loses_nothing_of_it(visit):
    late(visit, "/2", q_story="He held my passport")
    late(visit, "/2", kept="send")
    visit.post("/2", kept="send")
    assert visit.stored("story") == Given("He held my passport")


def test_the_link_of_a_questionnaire_leads_to_it(visit):
    answer = visit.client.get(f"/i/{visit.invitation.id}", follow_redirects=True)
    assert answer.request.path == visit.base


def test_nothing_is_chosen_beforehand(started):
    assert " checked" not in started.get("/1").text


def test_save_and_continue_keeps_the_answers_and_goes_on(started):
    page = started.post("/1", q_pick="b", q_many=["a", "b"], q_agree="yes")
    assert "Section 2 of 2" in page.text
    assert started.stored("pick") == Given("b")
    assert started.stored("many") == Given(("a", "b"))
    assert started.stored("agree") == Given("yes")
    assert started.get("/1").text.count(" checked") == 4


def test_valid_answers_are_kept_and_a_wrong_one_is_shown_back_with_what_to_do(started):
    page = started.post("/2", q_count="eleven", q_story="A long story")
    assert "There is a problem" in page.text
    assert page.text.count("Enter a whole number, such as 12.") == 2
    assert 'value="eleven"' in page.text
    assert "A long story" in page.text
    assert started.stored("story") == Given("A long story")
    assert started.stored("count") is None
    french = started.client.post(started.base + "/2?lang=fr", data={**hidden(page.text), "q_count": "99"})
    assert "Erreur\u00a0: " in french.text
    assert "égal ou inférieur à 10" in french.text


def test_what_cannot_be_taken_as_an_answer_opens_nothing(started):
    page = started.post("/2", q_count="eleven")
    assert 'id="error-summary"' in page.text
    db.session.rollback()
    assert response_to(started.invitation.id) is None


def test_a_condition_opens_its_question_and_hides_it_again(started):
    assert "The question brief?" not in started.get("/2").text
    started.post("/1", q_pick="a")
    assert "The question brief?" in started.get("/2").text
    started.post("/2", q_brief="Because")
    started.post("/1", q_pick="b")
    assert "The question brief?" not in started.get("/2").text
    assert started.stored("brief") == Given("Because")


def test_an_answer_that_leads_to_a_question_on_the_same_page_shows_it_first(client):
    consultation = a_consultation()
    questionnaire = install_standard(consultation_id=consultation.id, actor=SYSTEM)
    invitation = an_invitation(questionnaire, a_person(consultation))
    open_link_in(client, invitation)
    visit = Visit(client, invitation, questionnaire)
    page = visit.post("/1", q_pillars_keep="with_changes")
    assert "Section 1 of 8" in page.text
    assert "What would you change" in page.text
    assert "Section 2 of 8" in visit.post("/1", q_pillars_change="The order").text
    for number in range(1, 9):
        assert visit.get(f"/{number}").status_code == 200
        assert visit.get(f"/{number}", lang="fr").status_code == 200
    assert visit.get("/9").status_code == 404


def test_a_sensitive_question_can_be_declined_and_the_others_can_not(started):
    page = started.get("/2").text
    assert page.count("Prefer not to say") == 1
    started.post("/2", q_story_declined="y")
    assert started.stored("story") == DECLINED
    both = started.post("/2", q_story="Words", q_story_declined="y")
    assert "not both" in both.text
    assert "Words" in both.text


def test_a_radio_can_be_let_go_of_again(started):
    started.post("/1", q_pick="b")
    assert "Skip this question" in started.get("/1").text
    started.post("/1", q_pick="-skipped")
    assert started.stored("pick") == Given()


def test_save_and_come_back_later_says_how(started):
    page = started.post("/1", q_pick="b", later="yes")
    assert "Your answers are kept" in page.text
    assert "six digits" in page.text
    assert started.get("/saved", lang="fr").status_code == 200


def test_checking_shows_every_answer_and_what_is_open_with_links_back(started):
    started.post("/1", q_pick="b", q_agree="no")
    page = started.get("/check").text
    assert "Choice B" in page
    assert "Not answered" in page
    assert "Submit what I have" in page
    assert "/1?from=check#q_pick" in page
    back = started.post("/1?from=check", form=started.form("/1"), q_pick="b", q_agree="yes")
    assert "Check your answers" in back.text


def test_an_empty_questionnaire_is_not_sent(started):
    page = started.post("/check")
    assert page.text.count("Answer at least one question before you submit.") == 1
    assert response_to(started.invitation.id) is None


def test_part_of_it_can_be_sent_once(started):
    form = started.form("/check")
    started.post("/1", q_pick="b")
    assert "Thank you: your answers were sent" in started.post("/check", form).text
    assert started.state is ResponseState.SUBMITTED_IN_PART
    assert "Thank you" in started.post("/check", form).text
    assert "You left some questions out" in started.get(lang="fr").text or "laissé" in started.get(lang="fr").text


def test_answering_everything_sends_it_complete(started):
    started.post("/1", q_pick="b", q_many=["a"], q_agree="no")
    started.post("/2", q_count="3", q_story="Once")
    assert "Nothing is left open" in started.get("/check").text
    started.post("/check")
    assert started.state is ResponseState.SUBMITTED


def test_after_submission_no_page_takes_an_answer(started):
    form = started.form("/1")
    started.post("/1", q_pick="b")
    started.post("/check")
    assert "Thank you" in started.post("/1", form, q_pick="a").text
    assert started.stored("pick") == Given("b")


def test_two_pages_open_on_one_questionnaire_do_not_undo_each_other(started):
    first, second = started.form("/1"), started.form("/1")
    started.post("/1", first, q_pick="b", q_many=["a"])
    started.post("/1", second, q_agree="yes")
    assert (started.stored("pick"), started.stored("many"), started.stored("agree")) == (Given("b"), Given(("a",)), Given("yes"))
    started.post("/1", second, q_pick="a")
    assert started.stored("pick") == Given("a")


def test_switching_the_language_keeps_the_answers(started):
    started.post("/1", q_pick="b")
    page = started.get("/1", lang="fr")
    assert "Choix B" in page.text
    assert page.text.count(" checked") == 1


def test_a_draft_is_read_back_with_a_code_only(started, app):
    started.post("/2", q_story="A sentence only I may read")
    elsewhere = app.test_client()
    open_link_in(elsewhere, started.invitation)
    for path in ("/1", "/2", "/check"):
        answer = elsewhere.get(started.base + path)
        assert answer.status_code == 302
        assert "/code" in answer.location
    start = elsewhere.get(started.base).text
    assert "only I may read" not in start
    assert "Go on where you stopped" in start


def test_without_the_code_what_is_posted_is_kept_and_nothing_is_shown(started, app):
    started.post("/2", q_story="A sentence only I may read")
    form = started.form("/2")
    elsewhere = app.test_client()
    open_link_in(elsewhere, started.invitation)
    answer = elsewhere.post(started.base + "/2", data={**form, "q_count": "4", "q_story": "A sentence only I may read"})
    assert "/code" in elsewhere.get(answer.location).location
    assert started.stored("count") == Given(4)
    wrong = elsewhere.post(started.base + "/2", data={**form, "q_count": "wrong", "q_story": "A sentence only I may read"})
    assert "/code" in wrong.location
    sent = elsewhere.post(started.base + "/check", data=form)
    assert "/code" in sent.location
    assert started.state is ResponseState.IN_PROGRESS


def test_a_page_that_was_open_too_long_loses_nothing(started):
    form = started.form("/1")
    started.client.delete_cookie(f"visit-{started.invitation.id.hex}", path=f"/i/{started.invitation.id}")
    late = started.client.post(started.base + "/1", data={**form, "q_pick": "b"})
    assert late.status_code == 202
    assert response_to(started.invitation.id) is None
    where = open_link_in(started.client, started.invitation)
    assert where.endswith("/questions/1")
    page = started.get("/1").text
    assert "Send it as I wrote it" in page
    assert " checked" not in page
    started.post("/1", kept="send")
    assert started.stored("pick") == Given("b")
    assert db.session.scalar(select(func.count()).select_from(HeldForm)) == 0


def test_a_paused_consultation_takes_nothing_and_loses_nothing(started):
    form = started.form("/1")
    consultation = a_consultation_of(started)
    with writing():
        consultation.status = Status.PAUSED
    page = started.post("/1", form, q_pick="b")
    assert "This consultation is paused" in page.text
    assert "was put aside" in page.text
    assert response_to(started.invitation.id) is None
    assert "suspendue" in started.get(lang="fr").text
    with writing():
        a_consultation_of(started).status = Status.OPEN
    assert "Send it as I wrote it" in started.get("/1", lang="en").text


def test_a_closed_questionnaire_says_so_calmly(visit):
    with writing():
        a_consultation_of(visit).status = Status.REPORTED
    page = visit.get()
    assert "This questionnaire is closed" in page.text
    assert visit.get(lang="fr").status_code == 200


def test_the_pages_of_another_invitation_do_not_open(started, app):
    consultation = a_consultation_of(started)
    other = an_invitation(started.questionnaire, a_person(consultation, "Otto"))
    assert started.client.get(f"/i/{other.id}/questions/1").status_code == 403
    with app.test_client() as stranger:
        assert stranger.get(started.base).status_code == 403


def test_every_page_reads_in_french(started):
    started.client.set_cookie(COOKIE, "fr")
    for path in ("", "/1", "/2", "/check", "/saved"):
        assert started.get(path).status_code == 200
    assert "Erreur\u00a0: " in started.post("/check").text
    started.post("/1", q_pick="b")
    assert "Merci" in started.post("/check").text


def a_consultation_of(visit):
    from engagement.consultations.models import Consultation

    db.session.rollback()
    return db.session.get_one(Consultation, visit.invitation.consultation_id)


def test_the_definition_is_shown_in_its_order(started):
    assert [question.code for question in definition_of(started.questionnaire.id).questions()] == [
        "pick", "many", "agree", "count", "brief", "story",
    ]  # fmt: skip
