"""Choosing, checking, approving: on stored rows and real pages."""

import contextlib

from sqlalchemy import func, select

from engagement.consultations.models import Status
from engagement.invitations.models import Invitation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.crypto import address_index
from engagement.kernel.db import db, writing
from engagement.kernel.policy import Role
from engagement.mailing.models import ContactTask, Message, State, Suppression
from engagement.mailing.service import change_text
from engagement.mailing.texts import shipped_text
from engagement.mailing.worker import send_due
from engagement.outreach import planning, service
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.planning import plan_rest, plan_what_is_owed
from engagement.outreach.service import approve, draft_mailing
from engagement.roster.models import IdentifiedThrough
from engagement.roster.particulars import Particulars
from engagement.roster.service import find_or_add, put_in_batch
from tests.events.given import a_guest, an_event, ended
from tests.mailing.given import a_person
from tests.outreach.given import a_draft
from tests.questionnaires.given import a_questionnaire
from tests.roster.given import a_batch
from tests.support.given import a_consultation, a_member, signed_in_as


def count(table):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table))


def a_team(client):
    consultation = a_consultation()
    organizer = a_member(consultation)
    signed_in_as(client, organizer)
    return consultation, organizer


def the_mailing():
    db.session.rollback()
    return db.session.scalars(select(Mailing)).one()


def test_three_people_are_invited_from_the_filter_to_the_mail_that_arrives(client, post):
    consultation, _ = a_team(client)
    event = an_event(consultation)
    a_person(consultation, "ada@example.org", language="en")
    a_person(consultation, "bea@example.org", language="fr", given_name="Béa")
    a_person(consultation, "cal@example.org", language=None, given_name="Cal")
    shown = client.get("/c/fisheries/mail/new")
    assert "All 3 people found" in shown.text
    answer = client.post("/c/fisheries/mail/new", data={"about": f"event:{event.id}", "whom": "all"})
    check = client.get(answer.location)
    assert "Nothing has been sent" in check.text
    assert "Approve and send to 3 people" in check.text
    client.post(f"{answer.location}/approve")
    assert client.get(answer.location).status_code == 200
    send_due()
    subjects = sorted(str(mail["Subject"]) for mail in post.mails())
    assert len(subjects) == 3
    assert [each.startswith(("Invitation: ", "Invitation\u00a0: ")) for each in subjects] == [True] * 3
    kinds = {part.get_content_type() for part in post.mails()[0].walk()}
    assert "text/calendar" in kinds


def test_only_ticked_people_are_taken_and_nobody_from_outside_the_filter(client):
    consultation, _ = a_team(client)
    event = an_event(consultation)
    ada = a_person(consultation, "ada@example.org", region="QC")
    a_person(consultation, "bea@example.org", region="QC")
    cal = a_person(consultation, "cal@example.org", region="ON")
    chosen = {"about": f"event:{event.id}", "whom": "ticked", "region": "QC", "person": [str(ada.id), str(cal.id)]}
    client.post("/c/fisheries/mail/new", data=chosen)
    assert the_mailing().people == [str(ada.id)]
    assert the_mailing().chosen_by == {"region": "QC"}


def test_what_and_whom_are_asked_for_in_one_line_each(client):
    consultation, _ = a_team(client)
    event = an_event(consultation)
    a_person(consultation)
    for language in ("en", "fr"):
        no_subject = client.post(f"/c/fisheries/mail/new?lang={language}", data={"about": "", "whom": "all"})
        nobody = client.post(f"/c/fisheries/mail/new?lang={language}", data={"about": f"event:{event.id}", "whom": "ticked"})
        assert no_subject.text.count('class="error"') == nobody.text.count('class="error"') == 1
    assert count(Mailing) == 0


def test_the_check_says_who_gets_it_in_which_language_and_who_does_not_and_why(client):
    consultation, organizer = a_team(client)
    event = an_event(consultation)
    invited = a_person(consultation, "invited@example.org", given_name="Ines")
    a_guest(event, invited)
    bounced = a_person(consultation, "bounced@example.org", given_name="Bo")
    with writing() as session:
        session.add(Suppression(address_index=address_index("bounced@example.org"), reason="bounced", at=now()))
    people = [
        invited,
        bounced,
        a_person(consultation, "en@example.org", given_name="Edith"),
        a_person(consultation, "fr@example.org", given_name="Félix", language="fr"),
        a_person(consultation, "both@example.org", given_name="Billie", language=None),
        a_person(consultation, None, given_name="Tess", phone="613-555-0100"),
        a_person(consultation, "no@example.org", given_name="Noor", do_not_contact=True),
    ]
    mailing = a_draft(event, people, organizer)
    page = client.get(f"/c/fisheries/mail/mailings/{mailing.id}").text
    for words in (
        "Will get it in English (1)",
        "Will get it in French (1)",
        "language not known (1)",
        "no address (1)",
        "Already invited (1)",
        "Asked not to be contacted (1)",
        "came back (1)",
        "613-555-0100",
    ):
        assert words in page
    approve(mailing_id=mailing.id, actor=SYSTEM)
    plan_rest(mailing.id)
    # The one without an address is invited too, and planned: whoever calls them finds what to say, and their reply has its place.
    assert count(Message) == 4
    assert count(Invitation) == 5


def test_approving_twice_sends_once(client, post):
    consultation, organizer = a_team(client)
    event = an_event(consultation)
    mailing = a_draft(event, [a_person(consultation)], organizer)
    client.post(f"/c/fisheries/mail/mailings/{mailing.id}/approve")
    client.post(f"/c/fisheries/mail/mailings/{mailing.id}/approve")
    assert count(Message) == 1
    send_due()
    send_due()
    assert len(post.received) == 1


def test_the_mail_is_shown_as_one_person_will_read_it_without_a_link_that_opens(client):
    consultation, organizer = a_team(client)
    event = an_event(consultation)
    person = a_person(consultation, language="fr", given_name="Zoé")
    mailing = a_draft(event, [person], organizer)
    for language in ("en", "fr"):
        page = client.get(f"/c/fisheries/mail/mailings/{mailing.id}/letter/{person.id}?lang={language}")
        assert "Bonjour Zoé" in page.text
        assert "/r/…" in page.text
    stranger = a_person(consultation, "other@example.org")
    assert client.get(f"/c/fisheries/mail/mailings/{mailing.id}/letter/{stranger.id}").status_code == 404


def test_a_stale_french_text_blocks_the_approval(client):
    consultation, organizer = a_team(client)
    event = an_event(consultation)
    mailing = a_draft(event, [a_person(consultation)], organizer)
    shipped = shipped_text("event_invitation")
    change_text(
        consultation_id=consultation.id,
        purpose="event_invitation",
        subject=shipped.subject,
        body=Text("Only the English is new.", shipped.body.fr),
        placeholders=("salutation", "lead", "preferences", *PLACES),
        actor=SYSTEM,
    )
    page = client.get(f"/c/fisheries/mail/mailings/{mailing.id}")
    assert "The French text of the mail is older than the English one." in page.text
    assert "Approve and send" not in page.text
    client.post(f"/c/fisheries/mail/mailings/{mailing.id}/approve")
    assert the_mailing().state is MailingState.DRAFT
    assert count(Message) == 0


PLACES = (
    "consultation_title", "event_name", "event_title", "event_kind", "when", "where", "access", "reply_link", "contact",
    "support_line", "about", "agenda", "part", "reply_by",
)  # fmt: skip


def test_an_event_whose_texts_do_not_agree_blocks_the_approval(client):
    consultation, organizer = a_team(client)
    event = an_event(consultation)
    mailing = a_draft(event, [a_person(consultation)], organizer)
    with writing() as session:
        row = session.merge(event)
        row.set_text("about", Text("New in English.", row.about_fr))
    assert "texts are not the same in both languages" in client.get(f"/c/fisheries/mail/mailings/{mailing.id}").text


def test_what_is_over_or_closed_is_not_approved(client):
    consultation, organizer = a_team(client)
    event = an_event(consultation)
    mailing = a_draft(event, [a_person(consultation)], organizer)
    where = f"/c/fisheries/mail/mailings/{mailing.id}"
    ended(event)
    assert "The event is over." in client.get(f"{where}?lang=en").text
    assert "L’événement a déjà eu lieu." in client.get(f"{where}?lang=fr").text
    with writing() as session:
        session.merge(consultation).status = Status.REPORTED
    assert "The consultation is closed: it does not invite any more." in client.get(f"{where}?lang=en").text
    client.post(f"{where}/approve")
    assert the_mailing().state is MailingState.DRAFT


def test_a_questionnaire_goes_to_those_who_have_an_address_and_the_others_are_called(client, post):
    consultation, _ = a_team(client)
    questionnaire = a_questionnaire(consultation)
    a_person(consultation)
    a_person(consultation, None, given_name="Tess")
    answer = client.post("/c/fisheries/mail/new", data={"about": f"questionnaire:{questionnaire.id}", "whom": "all"})
    assert client.get(answer.location).status_code == 200
    client.post(f"{answer.location}/approve")
    assert count(Message) == count(Invitation) == the_mailing().planned == 2
    send_due()
    assert len(post.received) == 1
    assert count(ContactTask) == 1


def test_500_people_are_planned_in_short_transactions_and_a_crash_between_them_loses_nobody(client, monkeypatch):
    consultation, organizer = a_team(client)
    event = an_event(consultation, in_person=400, online=400)
    people = [a_person(consultation, f"p{number}@example.org") for number in range(60)]
    mailing = a_draft(event, people, organizer)
    approve(mailing_id=mailing.id, actor=SYSTEM)
    steps = []
    whole = planning._plan_some

    def dies_in_the_third_step(mailing_id, *_):
        if len(steps) == 2:
            raise KeyboardInterrupt
        steps.append(whole(mailing_id))
        return steps[-1]

    monkeypatch.setattr(planning, "_plan_some", dies_in_the_third_step)
    with contextlib.suppress(KeyboardInterrupt):
        plan_rest(mailing.id)
    assert count(Message) == the_mailing().planned == 20
    assert "20 of 60 people" in client.get(f"/c/fisheries/mail/mailings/{mailing.id}").text
    monkeypatch.undo()
    plan_what_is_owed()
    plan_what_is_owed()
    assert count(Message) == the_mailing().planned == 60


def test_a_mailing_that_cannot_go_on_holds_up_none_behind_it_and_its_page_says_why(client):
    consultation, organizer = a_team(client)
    asked, event = a_questionnaire(consultation), an_event(consultation)
    ada, bea = a_person(consultation, "ada@example.org"), a_person(consultation, "bea@example.org")
    offer = service.Offer(service.QUESTIONNAIRE, asked.id, asked.text("title"))
    first = draft_mailing(consultation_id=consultation.id, offer=offer, people=[ada.id], chosen_by={}, actor=SYSTEM)
    second = a_draft(event, [bea], organizer)
    for mailing in (first, second):
        approve(mailing_id=mailing.id, actor=SYSTEM)
    with writing() as session:
        row = session.merge(asked)
        row.set_text("title", Text("New in English", row.title_fr))
    plan_what_is_owed()
    db.session.rollback()
    assert db.session.scalars(select(Message.mailing_id)).all() == [second.id]
    for language, words in (("en", "It stands still: the mail to 0 of 1 people is written"), ("fr", "Envoi arrêté")):
        assert words in client.get(f"/c/fisheries/mail/mailings/{first.id}?lang={language}").text


def test_a_draft_can_be_discarded_and_not_approved_afterwards(client):
    consultation, organizer = a_team(client)
    mailing = a_draft(an_event(consultation), [a_person(consultation)], organizer)
    client.post(f"/c/fisheries/mail/mailings/{mailing.id}/discard")
    client.post(f"/c/fisheries/mail/mailings/{mailing.id}/approve")
    assert the_mailing().state is MailingState.CANCELLED
    assert count(Message) == 0
    for language in ("en", "fr"):
        assert client.get(f"/c/fisheries/mail/mailings/{mailing.id}?lang={language}").status_code == 200


def test_nothing_of_a_paused_consultation_is_sent_and_the_pages_say_so(client, post):
    consultation = a_consultation(status=Status.PAUSED)
    organizer = a_member(consultation)
    signed_in_as(client, organizer)
    mailing = a_draft(an_event(consultation), [a_person(consultation)], organizer)
    assert "while the consultation is paused" in client.get(f"/c/fisheries/mail/mailings/{mailing.id}").text
    client.post(f"/c/fisheries/mail/mailings/{mailing.id}/approve")
    send_due()
    db.session.rollback()
    assert db.session.scalars(select(Message.state)).all() == [State.PLANNED]
    for language in ("en", "fr"):
        for address in ("mail", f"mail/mailings/{mailing.id}"):
            assert ("paused" if language == "en" else "suspendue") in client.get(f"/c/fisheries/{address}?lang={language}").text


def test_a_mailing_about_a_restricted_event_is_known_to_cleared_members_only(client):
    consultation, organizer = a_team(client)
    event = an_event(consultation, "Survivors", restricted=True)
    mailing = a_draft(event, [a_person(consultation)], organizer)
    approve(mailing_id=mailing.id, actor=SYSTEM)
    plan_rest(mailing.id)
    message = db.session.scalars(select(Message)).one()
    for address in (f"mailings/{mailing.id}", f"messages/{message.id}"):
        assert client.get(f"/c/fisheries/mail/{address}").status_code == 404
    page = client.get("/c/fisheries/mail").text
    assert "Survivors" not in page
    assert str(message.id) not in page
    assert client.post("/c/fisheries/mail/new", data={"about": f"event:{event.id}"}).status_code == 200
    assert client.post(f"/c/fisheries/mail/mailings/{mailing.id}/approve").status_code == 404


def test_who_may_not_invite_finds_no_way_to(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation, Role.ANALYST))
    assert client.get("/c/fisheries/mail").status_code == 404
    assert client.get("/c/fisheries/mail/new").status_code == 404


def test_another_consultations_mailing_is_absent(client):
    a_team(client)
    other = a_consultation("other")
    mailing = a_draft(an_event(other), [a_person(other)], a_member(other))
    assert client.get(f"/c/fisheries/mail/mailings/{mailing.id}").status_code == 404


def test_somebody_known_through_a_restricted_batch_stays_hidden_from_who_is_not_cleared(client):
    consultation, organizer = a_team(client)
    event = an_event(consultation)
    batch = a_batch(consultation, "Lived experience", restricted=True)
    hidden = add_to_restricted(consultation, batch)
    shown = a_person(consultation, "ada@example.org")
    mailing = a_draft(event, [hidden, shown], organizer)
    page = client.get(f"/c/fisheries/mail/mailings/{mailing.id}").text
    assert "Ada Example" in page
    assert hidden.family_name not in page
    assert "One more person was chosen by somebody else" in page
    assert client.get(f"/c/fisheries/mail/mailings/{mailing.id}/letter/{hidden.id}").status_code == 404
    approve(mailing_id=mailing.id, actor=SYSTEM)
    plan_rest(mailing.id)
    assert count(Message) == 2
    listed = client.get("/c/fisheries/mail").text
    assert "Ada Example" in listed
    assert hidden.family_name not in listed


def add_to_restricted(consultation, batch):
    hidden = find_or_add(
        consultation_id=consultation.id,
        particulars=Particulars(
            given_name="Robin", family_name="Secretname", email="robin@example.org", identified_through=IdentifiedThrough.STAFF
        ),
        batch_id=batch.id,
        actor=SYSTEM,
    )[0]
    put_in_batch(batch_id=batch.id, person_ids=[hidden.id], actor=SYSTEM)
    return hidden


def test_the_figures_of_a_mailing_open_to_its_own_messages(client):
    consultation, organizer = a_team(client)
    event = an_event(consultation)
    first = a_draft(event, [a_person(consultation, "a@example.org", given_name="Ann")], organizer)
    second = a_draft(event, [a_person(consultation, "b@example.org", given_name="Ben")], organizer)
    for mailing in (first, second):
        approve(mailing_id=mailing.id, actor=SYSTEM)
        plan_rest(mailing.id)
    for language in ("en", "fr"):
        page = client.get(f"/c/fisheries/mail?state=planned&mailing={first.id}&lang={language}").text
        assert "Ann Example" in page
        assert "Ben Example" not in page


def test_planning_gives_the_write_lock_back_after_every_few_people(app):
    consultation = a_consultation()
    event = an_event(consultation, days=2)
    people = [a_person(consultation, f"p{number}@example.org") for number in range(planning.AT_ONCE * 3)]
    mailing = a_draft(event, people, a_member(consultation))
    approve(mailing_id=mailing.id, actor=SYSTEM)
    for step in (1, 2, 3):
        planning._plan_some(mailing.id)
        db.session.rollback()
        assert db.session.get(Mailing, mailing.id).planned == planning.AT_ONCE * step
