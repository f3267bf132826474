"""The team's inbox: what waits and why, one click for each thing it can be, and nothing for those who must not know."""

import ast
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from engagement.consultations.models import ClearedFor
from engagement.consultations.service import clear
from engagement.events.models import Format
from engagement.events.posting import ask_to_come
from engagement.findings.models import Prompt, Source, Submission, SubmissionFile
from engagement.invitations.models import Channel, Choice, Mode
from engagement.invitations.service import replies_of
from engagement.kernel.audit import SYSTEM, AuditEntry
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from engagement.mailing.inbound import InboxState
from engagement.mailing.models import Message
from engagement.mailing.receiving import receive
from engagement.outreach.inbox_words import OUTCOMES, WHYS
from engagement.roster.service import add_batch, put_in_batch
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.mailing.inbound_given import guests, inbox, taken
from tests.questionnaires.given import a_questionnaire
from tests.support.client import links_to_what_is_wrong
from tests.support.given import a_consultation, a_member, an_account, signed_in_as, stored

pytestmark = pytest.mark.slow

BOX = "/c/fisheries/mail/inbox"
LETTER = (
    "From: Dr. Maude Sinclair <maude@example.net>\nTo: fisheries@example.org\nSubject: Our brief <script>alert(1)</script>\n"
    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n"
    "Please find our brief.\n\nSincerely,\n\nMaude Sinclair\nLakes Institute\n\nc.c.: The Minister\n--b\n"
    'Content-Type: application/pdf; name="../our brief.pdf"\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n--b\n'
    'Content-Type: application/x-msdownload; name="setup.exe"\nContent-Transfer-Encoding: base64\n\nTVqQAAMA\n--b--\n'
)


@pytest.fixture
def consultation(app):
    made = a_consultation()
    with writing() as session:
        session.merge(made).contact_email = "fisheries@example.org"
    return made


@pytest.fixture
def staff(client, consultation):
    """Return a browser that somebody of the team is signed in with."""
    return signed_in_as(client, a_member(consultation, Role.STAFF))


def a_mail(words="Is there a lift?", sender="jo@example.org"):
    """Receive a mail that only people can place."""
    raw = f"From: Jo <{sender}>\nTo: fisheries@example.org\nSubject: A question\n\n{words}\n"
    return receive(raw.encode()).row


def verbs_on(row):
    return set(db.session.scalars(select(AuditEntry.verb).where(AuditEntry.subject_id == row.id, AuditEntry.actor_id.is_not(None))))


def test_an_empty_inbox_says_what_comes_there(staff):
    assert "Nothing waits." in staff.get(BOX).text
    assert "No mail has been received yet." in staff.get(BOX, query_string={"show": "all"}).text


def test_what_waits_stands_in_the_list_on_the_overview_and_with_the_person(staff, consultation):
    person = a_person(consultation, "jo@example.org")
    row = a_mail()
    page = staff.get(BOX).text
    assert "A question" in page
    assert "Ada Example (guessed)" in page
    assert "Subject and sender" in page
    assert "Only people can tell what it asks." in page
    assert "Received mail that waits" in staff.get("/c/fisheries/").text
    history = staff.get(f"/c/fisheries/people/{person.id}?lang=en").text
    assert f"{BOX}/{row.id}" in history
    assert "Mail received (guessed to be theirs): Other mail" in history


def test_a_mail_is_shown_as_text_with_nothing_of_it_taken_as_markup(staff, consultation):
    a_person(consultation, "jo@example.org")
    row = a_mail("<img src=x onerror=alert(1)> <b>bold</b>")
    page = staff.get(f"{BOX}/{row.id}").text
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert 'href="mailto:jo%40example.org"' in page
    assert "Nothing to do</button>" in page
    assert "<b>bold" not in page


def test_a_reply_by_mail_is_recorded_as_it_was_received(staff, consultation, post):
    (jo,) = guests(consultation, post, "jo@example.org")
    row = a_mail("I would be glad to come.")
    sitting = f"{jo.invitation.id}:{jo.entry().sitting_id}"
    answer = staff.post(f"{BOX}/{row.id}/reply", data={"about": sitting, "choice": "accepted", "mode": ""})
    assert answer.location == BOX
    (reply,) = replies_of(jo.invitation.id)
    assert (reply.channel, reply.choice, reply.received_at) == (Channel.EMAIL, Choice.ACCEPTED, row.received_at)
    assert taken(jo.invitation.event_id) == 1
    settled = stored(row)
    assert (settled.state, settled.outcome, settled.invitation_id) == (InboxState.FILED, "recorded", jo.invitation.id)
    assert settled.settled_by is not None
    assert "record_mail" in verbs_on(row)


def test_a_calendar_reply_without_its_kind_of_seat_is_settled_in_one_click(staff, consultation, post):
    (jo,) = guests(consultation, post, "jo@example.org", form=Format.HYBRID)
    row = jo.answers("outlook-accepted.eml").row
    page = staff.get(f"{BOX}/{row.id}").text
    assert 'value="accepted"' in page
    around = page[: page.index('value="accepted"')].rpartition("<input")[2] + page[page.index('value="accepted"') :].partition(">")[0]
    assert "checked" in around
    sitting = f"{jo.invitation.id}:{jo.entry().sitting_id}"
    wrong = staff.post(f"{BOX}/{row.id}/reply", data={"about": sitting, "choice": "accepted", "mode": ""})
    assert "Choose in person or online." in wrong.text
    assert stored(row).state is InboxState.WAITING
    staff.post(f"{BOX}/{row.id}/reply", data={"about": sitting, "choice": "accepted", "mode": "online"})
    assert replies_of(jo.invitation.id)[0].mode is Mode.ONLINE
    assert taken(jo.invitation.event_id) == 1


def test_a_reply_to_an_invitation_that_is_not_offered_is_not_taken(staff, consultation, post):
    jo, sam = guests(consultation, post, "jo@example.org", "sam@example.org")
    row = a_mail()
    page = staff.post(f"{BOX}/{row.id}/reply", data={"about": str(sam.invitation.id), "choice": "accepted", "mode": ""})
    assert page.status_code == 200
    assert replies_of(sam.invitation.id) == replies_of(jo.invitation.id) == []


def test_a_reply_to_a_mail_that_is_settled_changes_nothing(staff, consultation, post):
    (jo,) = guests(consultation, post, "jo@example.org")
    row = a_mail()
    staff.post(f"{BOX}/{row.id}/dismiss")
    said = staff.post(f"{BOX}/{row.id}/reply", data={"about": str(jo.invitation.id), "choice": "accepted"}, follow_redirects=True)
    assert "Nothing was changed" in said.text
    assert jo.stands().choice is None


def test_a_letter_is_filed_with_its_signature_and_its_documents(staff, consultation):
    row = receive(LETTER.encode()).row
    page = staff.get(f"{BOX}/{row.id}/letter").text
    assert 'value="Maude Sinclair"' in page
    assert 'value="The Minister"' in page
    typed = {"signatory": "Maude Sinclair", "organization": "Lakes Institute", "copies": "The Minister", "language": "en"}
    refused = staff.post(f"{BOX}/{row.id}/letter", data={**typed, "words": "Please find our brief.", "files": ["0", "1"]})
    assert "One of these files is no PDF" in refused.text
    assert (db.session.scalars(select(Submission)).all(), stored(row).state) == ([], InboxState.WAITING)
    answer = staff.post(f"{BOX}/{row.id}/letter", data={**typed, "words": "Please find our brief.", "files": ["0"]})
    submission = db.session.scalars(select(Submission)).one()
    assert (submission.source, submission.signatory, submission.organization) == (Source.LETTER, "Maude Sinclair", "Lakes Institute")
    assert answer.location.endswith(str(submission.id))
    shown = staff.get(answer.location).text
    assert "our brief.pdf" in shown
    assert "Received by mail" in shown
    assert "Written in a letter" not in shown
    assert f"{BOX}/{row.id}" in shown
    assert "The Minister" in shown
    assert (stored(row).state, stored(row).outcome) == (InboxState.FILED, "filed")
    assert "file_mail" in verbs_on(row)
    assert staff.post(f"{BOX}/{row.id}/letter", data={**typed, "words": "Again"}).status_code == 200
    assert len(db.session.scalars(select(Submission)).all()) == 1


def test_files_are_handed_over_as_downloads_and_never_as_pages(staff, consultation):
    row = receive(LETTER.encode()).row
    for address in (f"{BOX}/{row.id}/files/0", f"{BOX}/{row.id}/mail.eml"):
        answer = staff.get(address)
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.mimetype == "application/octet-stream"
    assert staff.get(f"{BOX}/{row.id}/files/0").data == b"%PDF-1.4\n"
    assert staff.get(f"{BOX}/{row.id}/files/9").status_code == 404


def test_the_questionnaire_goes_to_whose_mail_it_is(staff, consultation):
    person = a_person(consultation, "jo@example.org")
    a_questionnaire(consultation, "first")
    second = a_questionnaire(consultation, "second")
    row = a_mail("Please send me the questionnaire.")
    staff.post(f"{BOX}/{row.id}/questionnaire", data={"questionnaire_id": str(second.id)})
    message = db.session.scalars(select(Message)).one()
    assert (message.person_id, message.purpose) == (person.id, "questionnaire_invitation")
    assert stored(row).outcome == "asked"


def test_a_questionnaire_is_sent_to_nobody_where_nobody_is_known(staff, consultation):
    questionnaire = a_questionnaire(consultation)
    row = a_mail(sender="who@example.net")
    page = staff.post(f"{BOX}/{row.id}/questionnaire", data={"questionnaire_id": str(questionnaire.id)}, follow_redirects=True)
    assert "Say first whose mail it is" in page.text
    assert stored(row).state is InboxState.WAITING


def test_whose_mail_it_is_can_be_found_and_said(staff, consultation):
    person = a_person(consultation, "jo@example.org")
    row = a_mail(sender="private@example.net")
    nobody = staff.get(f"{BOX}/{row.id}/person").text
    assert "Nobody on the roster fits." in nobody
    assert 'href="/c/fisheries/people/new"' in nobody
    assert "Ada Example" in staff.get(f"{BOX}/{row.id}/person", query_string={"search": "ada"}).text
    staff.post(f"{BOX}/{row.id}/person", data={"person_id": str(person.id)})
    assert (stored(row).person_id, stored(row).person_sure, stored(row).state) == (person.id, True, InboxState.WAITING)
    assert "link_mail" in verbs_on(row)


def test_what_asks_for_nothing_waits_no_more_and_stays_on_record(staff, consultation):
    row = a_mail(sender="who@example.net")
    assert "It does not wait any more." in staff.post(f"{BOX}/{row.id}/dismiss", follow_redirects=True).text
    assert stored(row).state is InboxState.DISMISSED
    assert "A question" in staff.get(BOX, query_string={"show": "all"}).text
    assert "settled already" in staff.post(f"{BOX}/{row.id}/dismiss", follow_redirects=True).text


def test_mail_about_a_restricted_event_is_absent_for_those_who_are_not_cleared(client, consultation, post):
    event = an_event(consultation, "The quiet room", form=Format.IN_PERSON, restricted=True)
    (jo,) = guests(consultation, post, "jo@example.org", event=event)
    row = jo.answers("outlook-accepted.eml", FROM="colleague@example.org").row
    member = a_member(consultation, Role.STAFF)
    signed_in_as(client, member)
    hidden = [client.get(f"{BOX}/{row.id}{rest}").status_code for rest in ("", "/mail.eml", "/letter", "/person", "/files/0")]
    assert hidden == [404] * 5
    assert client.post(f"{BOX}/{row.id}/dismiss").status_code == 404
    assert "Roundtable" not in client.get(BOX).text
    assert "Received mail that waits" not in client.get("/c/fisheries/").text
    clear(consultation_id=consultation.id, user_id=member.id, kind=ClearedFor.EVENT, subject_id=event.id, actor=SYSTEM)
    assert client.get(f"{BOX}/{row.id}").status_code == 200


def test_mail_of_somebody_in_a_restricted_batch_is_absent_for_those_who_are_not_cleared(client, consultation):
    person = a_person(consultation, "jo@example.org")
    batch = add_batch(consultation_id=consultation.id, name="Quiet", restricted=True, actor=SYSTEM)
    put_in_batch(batch_id=batch.id, person_ids=[person.id], actor=SYSTEM)
    row = a_mail()
    member = a_member(consultation, Role.ORGANIZER)
    signed_in_as(client, member)
    assert client.get(f"{BOX}/{row.id}").status_code == 404
    assert "A question" not in client.get(BOX, query_string={"show": "all"}).text
    clear(consultation_id=consultation.id, user_id=member.id, kind=ClearedFor.BATCH, subject_id=batch.id, actor=SYSTEM)
    assert "A question" in client.get(BOX).text


def test_a_member_of_another_consultation_finds_nothing(client, consultation):
    row = a_mail()
    other = a_consultation("forests")
    signed_in_as(client, a_member(other))
    assert client.get(f"/c/forests/mail/inbox/{row.id}").status_code == 404
    assert client.get(f"{BOX}/{row.id}").status_code == 404


def test_an_administrator_gives_a_mail_of_no_consultation_to_one(client, consultation):
    raw = b"From: jo@example.org\nSubject: For whom\n\nhello\n"
    person = a_person(consultation, "jo@example.org")
    with writing() as session:
        session.merge(a_person(a_consultation("forests"), "jo@example.org"))
    row = receive(raw).row
    assert row.consultation_id is None
    signed_in_as(client, a_member(consultation))
    assert client.get("/mail/inbox").status_code == client.get(f"/mail/inbox/{row.id}").status_code == 404
    signed_in_as(client, an_account("admin@example.org", administrator=True))
    assert "For whom" in client.get("/mail/inbox").text
    assert "Choose a consultation." in client.post(f"/mail/inbox/{row.id}", data={"consultation_id": ""}).text
    client.post(f"/mail/inbox/{row.id}", data={"consultation_id": str(consultation.id)})
    assert (stored(row).consultation_id, stored(row).person_id, stored(row).state) == (consultation.id, person.id, InboxState.WAITING)
    assert "No such mail waits." in client.get("/mail/inbox").text
    assert client.get(f"/mail/inbox/{row.id}").status_code == 404


def test_an_administrator_settles_a_mail_that_asks_for_nothing(client, app):
    row = receive(b"From: who@example.net\nSubject: buy\n\nhello\n").row
    signed_in_as(client, an_account("admin@example.org", administrator=True))
    assert client.get(f"/mail/inbox/{row.id}/mail.eml").data.endswith(b"hello\n")
    client.post(f"/mail/inbox/{row.id}/dismiss")
    assert stored(row).state is InboxState.DISMISSED


@pytest.mark.parametrize("way", ["", "/person", "/letter"])
def test_the_pages_read_in_french(staff, consultation, way):
    a_person(consultation, "jo@example.org")
    row = receive(LETTER.encode()).row
    page = staff.get(f"{BOX}/{row.id}{way}", query_string={"lang": "fr"}).text
    assert "Courriels reçus" in page


REASONS_GIVEN_IN = (
    "mailing/receiving", "mailing/answering", "events/calendar_replies", "events/itip", "referrals/requests", "findings/letters",
)  # fmt: skip


def sentences_of_rooms():
    """Return every sentence that the code gives as a reason: constants in capitals, and words given to done() and waits()."""
    root = Path(__file__).resolve().parents[2] / "engagement"
    given = set()
    for name in REASONS_GIVEN_IN:
        for node in ast.walk(ast.parse((root / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"done", "waits", "Decision"}:
                given |= {each.value for each in node.args if isinstance(each, ast.Constant) and " " in str(each.value)}
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and " " in str(node.value.value):
                given.add(node.value.value)
            if isinstance(node, ast.Dict) and "COUNTER" in {getattr(key, "value", "") for key in node.keys}:
                given |= {each.value for each in node.values}
    return given


def test_every_reason_is_said_in_both_languages():
    assert len(sentences_of_rooms()) > 30
    assert sentences_of_rooms() - WHYS.keys() == set()
    assert all(words.whole for words in [*WHYS.values(), *OUTCOMES.values()])


def test_letters_stand_under_a_prompt_of_their_own_with_files_that_can_be_downloaded(staff, consultation):
    row = receive(LETTER.encode()).row
    staff.post(f"{BOX}/{row.id}/letter", data={"signatory": "Maude Quagmire", "language": "fr", "words": "", "files": ["0"]})
    prompt = db.session.scalars(select(Prompt).where(Prompt.for_letters)).one()
    file = db.session.scalars(select(SubmissionFile)).one()
    assert (file.media_type, file.name) == ("application/pdf", "our brief.pdf")
    assert "Written submissions" in staff.get("/c/fisheries/findings/prompts").text
    submission = db.session.scalars(select(Submission)).one()
    answer = staff.get(f"/c/fisheries/findings/submissions/{submission.id}/files/0")
    assert (answer.data, answer.mimetype) == (b"%PDF-1.4\n", "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "Maude Quagmire" in staff.get(f"/c/fisheries/findings/{prompt.id}/submissions").text
    assert len(inbox()) == 1


def test_a_filed_mail_leads_to_who_wrote_it_for_those_who_may_know_of_them(client, staff, consultation):
    person = a_person(consultation, "maude@example.net", given_name="Maude")
    row = receive(LETTER.encode()).row
    answer = staff.post(f"{BOX}/{row.id}/letter", data={"signatory": "M", "language": "en", "words": "We wrote.", "files": []})
    assert f"/c/fisheries/people/{person.id}" in staff.get(answer.location).text
    batch = add_batch(consultation_id=consultation.id, name="Lived experience", restricted=True, actor=SYSTEM)
    put_in_batch(batch_id=batch.id, person_ids=[person.id], actor=SYSTEM)
    signed_in_as(client, a_member(consultation, Role.ORGANIZER, email="other@example.org"))
    page = client.get(answer.location)
    assert page.status_code == 200
    assert str(person.id) not in page.text


def test_nothing_is_chosen_beforehand_where_a_mail_could_answer_several(staff, consultation, post):
    (jo,) = guests(consultation, post, "jo@example.org")
    row = a_mail()
    ask_to_come(event_id=an_event(consultation, title="Another").id, person_id=jo.person.id, actor=SYSTEM)
    for language, said in (("en", "Choose who replies, and to what"), ("fr", "Choisissez qui répond, et à quoi")):
        offered = BeautifulSoup(staff.get(f"{BOX}/{row.id}?lang={language}").text, "html.parser").find(id="about").find_all("option")
        assert (offered[0]["value"], offered[0].text) == ("", said)
        assert not [each for each in offered[1:] if each.has_attr("selected")]
    refused = staff.post(f"{BOX}/{row.id}/reply", data={"about": "", "choice": "accepted", "mode": ""})
    assert links_to_what_is_wrong(refused) == ["#about"]
    assert replies_of(jo.invitation.id) == []


def test_the_invitation_of_somebody_else_than_the_sender_is_not_chosen_beforehand(staff, consultation, post):
    (jo,) = guests(consultation, post, "jo@example.org")
    row = jo.answers("outlook-accepted.eml", FROM="colleague@example.net").row
    offered = BeautifulSoup(staff.get(f"{BOX}/{row.id}").text, "html.parser").find(id="about").find_all("option")
    assert [each["value"] for each in offered] == ["", f"{jo.invitation.id}:{jo.entry().sitting_id}"]
    assert not offered[1].has_attr("selected")


def test_the_only_invitation_of_the_sender_is_chosen_beforehand(staff, consultation, post):
    (jo,) = guests(consultation, post, "jo@example.org")
    row = a_mail()
    offered = BeautifulSoup(staff.get(f"{BOX}/{row.id}").text, "html.parser").find(id="about").find_all("option")
    assert [each["value"] for each in offered if each.has_attr("selected")] == [f"{jo.invitation.id}:{jo.entry().sitting_id}"]


def test_a_refusal_stands_in_the_error_summary_of_the_next_page(staff, consultation):
    row = a_mail()
    assert 'class="done"' in staff.post(f"{BOX}/{row.id}/dismiss", follow_redirects=True).text
    page = staff.post(f"{BOX}/{row.id}/dismiss", follow_redirects=True).text
    assert 'id="error-summary"' in page
    assert "<title>Error: " in page
    assert 'class="done"' not in page
