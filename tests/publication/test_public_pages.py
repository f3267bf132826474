from datetime import date, datetime

import pytest
from sqlalchemy import func, select

from engagement.consultations.models import Status
from engagement.consultations.service import keep_document
from engagement.events.models import Format, Kind
from engagement.events.service import EventParticulars, SittingPlan, schedule_event
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db, writing
from engagement.kernel.throttle import Throttle
from engagement.mailing.models import Message
from engagement.publication.views import EXTENSION
from engagement.questionnaires.standard import install_standard
from engagement.roster.models import Person
from tests.support.given import a_consultation, a_member, signed_in_as

LANGUAGES = ["en", "fr"]
ASKING = {"given_name": "Odile", "family_name": "Grandpré", "email": "odile@example.org", "organization": "", "language": "fr"}


@pytest.fixture(autouse=True)
def _nobody_has_asked_yet(app):
    app.extensions[EXTENSION] = Throttle()


def an_event(consultation, *, title="Roundtable", listed=True, restricted=False, sittings=(), note=""):
    texts = {"title": Text(title, f"{title} (fr)"), "date_note": Text(note, f"{note} (fr)" if note else "")}
    particulars = EventParticulars(
        kind=Kind.ROUNDTABLE, format=Format.IN_PERSON, zone="America/Vancouver", texts=texts, listed=listed, restricted=restricted
    )
    return schedule_event(consultation_id=consultation.id, particulars=particulars, sittings=sittings, actor=SYSTEM)


def changed(consultation, **values):
    with writing() as session:
        for name, value in values.items():
            setattr(session.get_one(type(consultation), consultation.id), name, value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_says_what_to_do_where_there_is_no_consultation(client, language):
    page = client.get(f"/?lang={language}")
    assert ("use the link in your invitation" if language == "en" else "utilisez le lien") in page.text
    signed_in_as(client, a_member(a_consultation(is_public=False)))
    assert "/consultations" in client.get(f"/?lang={language}").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_lists_public_consultations_only(client, language):
    a_consultation("fisheries")
    a_consultation("hidden", is_public=False)
    page = client.get(f"/?lang={language}").text
    assert "/consultation/fisheries" in page
    assert "hidden" not in page
    assert "/sign-in" in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", list(Status))
def test_a_public_page_reads_in_every_status(client, status, language):
    a_consultation(status=status)
    page = client.get(f"/consultation/fisheries?lang={language}").text
    assert ("Because it matters." if language == "en" else "Parce que c’est important.") in page
    paused = "is paused" if language == "en" else "est suspendue"
    assert (paused in page) == (status is Status.PAUSED)
    assert ("Not published yet" if language == "en" else "Pas encore publié") in page


def test_a_private_page_is_absent_like_one_that_does_not_exist(client):
    a_consultation(is_public=False)
    there, nowhere = client.get("/consultation/fisheries"), client.get("/consultation/nothing1")
    assert there.status_code == nowhere.status_code == 404
    assert client.get("/consultation/fisheries/questionnaire").status_code == 404
    assert client.get("/consultation/fisheries/document/en").status_code == 404


def test_a_page_with_a_stale_text_is_not_shown_at_all(client):
    consultation = a_consultation()
    with writing() as session:
        session.get_one(type(consultation), consultation.id).set_text("why", Text("Because it matters now.", "Parce que c’est important."))
    assert client.get("/consultation/fisheries").status_code == 404
    assert "fisheries" not in client.get("/").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_listed_events_are_announced_each_by_invitation(client, language):
    consultation = a_consultation()
    plan = SittingPlan(starts_wall=datetime(2026, 12, 8, 13), ends_wall=datetime(2026, 12, 8, 15), seats_in_person=20)  # noqa: DTZ001
    an_event(consultation, title="Open roundtable", sittings=[plan])
    an_event(consultation, title="Later meeting", note="Date not published")
    an_event(consultation, title="Quiet meeting", listed=False)
    an_event(consultation, title="Held back", listed=False, restricted=True)
    page = client.get(f"/consultation/fisheries?lang={language}").text
    assert "Open roundtable" in page
    assert "Date not published" in page
    assert "Quiet meeting" not in page
    assert "Held back" not in page
    by_invitation, when = (
        ("By invitation", "13:00 to 15:00 (Pacific, UTC−07:00)") if language == "en" else ("Sur invitation", "heure du Pacifique")
    )
    assert by_invitation in page
    assert when in page


def test_a_background_document_is_saved_by_the_browser_in_its_own_language(client):
    consultation = a_consultation()
    for language, content in (("en", b"%PDF-1.4 en"), ("fr", b"%PDF-1.4 fr")):
        keep_document(
            consultation_id=consultation.id, language=language, title="", filename=f"paper-{language}.pdf", content=content, actor=SYSTEM
        )
    french = client.get("/consultation/fisheries/document/fr")
    assert french.data == b"%PDF-1.4 fr"
    assert french.mimetype == "application/pdf"
    assert french.headers["Content-Disposition"].startswith("attachment")
    assert french.headers["Content-Language"] == "fr"
    assert client.get("/consultation/fisheries/document/de").status_code == 404
    assert "paper-en.pdf" in client.get("/consultation/fisheries").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_questionnaire_is_asked_for_only_while_it_is_open(client, language):
    consultation = a_consultation()
    asking = f"/consultation/fisheries/questionnaire?lang={language}"
    assert "<form" not in client.get(asking).text
    install_standard(consultation_id=consultation.id, actor=SYSTEM)
    assert 'name="email"' in client.get(asking).text
    changed(consultation, status=Status.PAUSED)
    assert 'name="email"' not in client.get(asking).text
    assert "questionnaire" in client.get(f"/consultation/fisheries?lang={language}").text
    client.post(asking, data=ASKING)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Person)) == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_privacy_notice_stands_before_the_fields(client, language):
    install_standard(consultation_id=a_consultation().id, actor=SYSTEM)
    page = client.get(f"/consultation/fisheries/questionnaire?lang={language}").text
    notice = "We keep what you tell us safe." if language == "en" else "Nous protégeons ce que vous nous dites."
    assert page.index(notice) < page.index('name="given_name"')


def test_whoever_asks_joins_the_roster_once_and_gets_one_mail(client):
    install_standard(consultation_id=a_consultation().id, actor=SYSTEM)
    first = client.post("/consultation/fisheries/questionnaire", data=ASKING)
    again = client.post("/consultation/fisheries/questionnaire", data=ASKING | {"email": "ODILE@example.org"})
    assert first.status_code == again.status_code == 302
    assert first.location == again.location
    db.session.rollback()
    assert [person.name for person in db.session.scalars(select(Person))] == ["Odile Grandpré"]
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1
    for language in LANGUAGES:
        assert client.get(f"{first.location}?lang={language}").status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_missing_is_said_and_nobody_joins(client, language):
    install_standard(consultation_id=a_consultation().id, actor=SYSTEM)
    wrong = ASKING | {"email": "odile at example", "language": ""}
    page = client.post(f"/consultation/fisheries/questionnaire?lang={language}", data=wrong)
    assert 'id="error-summary"' in page.text
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Person)) == 0


def test_one_place_cannot_ask_without_end(app, client):
    app.extensions[EXTENSION] = Throttle(limit=2)
    install_standard(consultation_id=a_consultation().id, actor=SYSTEM)
    answers = [client.post("/consultation/fisheries/questionnaire", data=ASKING | {"email": f"p{n}@example.org"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]


def test_a_form_without_its_token_is_refused(client, csrf):
    install_standard(consultation_id=a_consultation().id, actor=SYSTEM)
    assert client.post("/consultation/fisheries/questionnaire", data=ASKING).status_code == 400


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_demonstration_says_so_on_every_public_page(client, language):
    consultation = a_consultation(is_demo=True)
    install_standard(consultation_id=consultation.id, actor=SYSTEM)
    said = "invented" if language == "en" else "inventées"
    for path in ("/", "/consultation/fisheries", "/consultation/fisheries/questionnaire", "/consultation/fisheries/questionnaire/asked"):
        assert said in client.get(f"{path}?lang={language}").text


@pytest.mark.parametrize(
    ("language", "said"), [("en", "The questionnaire closed on 12 Oct 2018."), ("fr", "Le questionnaire est clos depuis le 12 oct. 2018.")]
)
def test_a_closed_questionnaire_says_since_when(client, language, said):
    consultation = a_consultation(status=Status.ANALYSING)
    asked = install_standard(consultation_id=consultation.id, actor=SYSTEM)
    changed(asked, closes_on=date(2018, 10, 12))
    assert said in client.get(f"/consultation/fisheries?lang={language}").text
    assert said in client.get(f"/consultation/fisheries/questionnaire?lang={language}").text
    changed(asked, open_call=False)
    assert "2018" not in client.get(f"/consultation/fisheries?lang={language}").text
