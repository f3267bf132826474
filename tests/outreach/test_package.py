"""Approval on paper: one content, one hash; what voids it and what does not; a document that nobody's words can spoil."""

import copy
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engagement.events.models import Event
from engagement.invitations.models import Channel, Choice
from engagement.invitations.service import record_reply
from engagement.kernel.audit import SYSTEM, AuditEntry, by_link
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now, today
from engagement.kernel.db import db, writing
from engagement.kernel.errors import AbsentError
from engagement.mailing.models import Hold, Message
from engagement.mailing.service import change_text
from engagement.mailing.worker import send_due
from engagement.outreach.document import as_pdf
from engagement.outreach.facts import facts_of, hash_of, why_void
from engagement.outreach.models import ApprovalPackage, Mailing, MailingState
from engagement.outreach.package import (
    BadApprovalError,
    ChangedSinceError,
    HiddenPeopleError,
    content_of,
    make_package,
    read_content,
    record_approval,
)
from engagement.outreach.service import NotReadyError, faults_before_sending, schedule
from engagement.outreach.words import change_words
from tests.events.given import an_event, the_sitting
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_team, page_of, sent_on_its_way, stored
from tests.outreach.test_mailings import add_to_restricted
from tests.outreach.test_words import BODY, SUBJECT
from tests.roster.given import a_batch
from tests.support.client import links_to_what_is_wrong
from tests.support.given import a_consultation, a_member, access_of

ZONE = "America/Toronto"


@pytest.fixture
def office(client):
    """Return a draft to three people, with the access of who made it."""
    consultation, organizer = a_team(client)
    people = [a_person(consultation, f"p{each}@example.org", given_name=f"Ann{each}", language="en") for each in range(3)]
    mailing = a_draft(an_event(consultation), people, organizer)
    return access_of(organizer, consultation), mailing, people


def signed(access, mailing, package, **more):
    values = {
        "start_of_hash": package.hash[:8],
        "approver": "Dr. A. Director",
        "approved_on": today(ZONE),
        "file_number": "2026-17",
        **more,
    }
    return record_approval(access=access, mailing_id=mailing.id, package_id=package.id, **values)


def moved(mailing):
    with writing() as session:
        sitting = session.merge(the_sitting(session.get(Event, mailing.event_id)))
        sitting.starts_wall += timedelta(hours=1)
        sitting.starts_at += timedelta(hours=1)


def test_a_yes_on_paper_lets_the_mailing_go_under_its_hash(client, post, office):
    access, mailing, _ = office
    package = make_package(access=access, mailing_id=mailing.id)
    signed(access, mailing, package)
    row = stored(mailing)
    assert (row.state, row.package_hash, row.approver, row.file_number) == (
        MailingState.APPROVED,
        package.hash,
        "Dr. A. Director",
        "2026-17",
    )
    assert b"Director" not in row.approver_sealed
    send_due()
    assert len(post.received) == 3
    for language in ("en", "fr"):
        page = client.get(page_of(mailing) + f"?lang={language}").text
        assert "Dr. A. Director" in page
        assert "2026-17" in page


def test_the_package_names_recipients_exclusions_both_texts_and_the_schedule(office):
    access, mailing, people = office
    with writing() as session:
        session.merge(people[1]).do_not_contact = True
        session.merge(people[2]).language = None
    schedule(mailing_id=mailing.id, day=today(ZONE) + timedelta(days=3), at=now().time().replace(microsecond=0), zone=ZONE, actor=SYSTEM)
    content = read_content(make_package(access=access, mailing_id=mailing.id))
    assert {(row["name"], row["language"]) for row in content["recipients"]} == {("Ann0 Example", "en"), ("Ann2 Example", "both")}
    assert [(row["name"], row["why"]) for row in content["left_out"]] == [("Ann1 Example", "do_not_contact")]
    assert content["facts"]["send_at"].startswith(str(stored(mailing).send_at.date()))
    assert content["facts"]["attachments"] == []
    for language, greeting, foot in (
        ("en", "Dear Dominique Tremblay,", "To choose which mails you get, or to stop them:"),
        ("fr", "Bonjour Dominique Tremblay,", "Pour choisir les courriels que vous recevez"),
    ):
        assert greeting in content["sample"][language]["text"]
        assert content["sample"][language]["text"].count(foot) == 1


def test_the_same_content_is_the_same_package_and_the_same_bytes(office):
    access, mailing, _ = office
    first, second = (make_package(access=access, mailing_id=mailing.id) for _ in range(2))
    assert first.id == second.id
    assert as_pdf(first) == as_pdf(second)
    assert as_pdf(first).startswith(b"%PDF-")


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            yield from leaves(each, (*path, number))
    else:
        yield path


def test_any_change_of_any_fact_changes_the_hash(office):
    access, mailing, people = office
    with writing() as session:
        session.merge(people[0]).do_not_contact = True
    content = content_of(access, stored(mailing))
    whole = hash_of(content)
    places = list(leaves(content))
    assert len(places) > 50
    for path in places:
        other = copy.deepcopy(content)
        part = other
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = "something else"
        assert hash_of(other) != whole, path


FACTS = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=4), each, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), FACTS, max_size=4), st.dictionaries(st.text(max_size=4), FACTS, max_size=4))
def test_two_contents_have_one_hash_only_if_they_are_the_same(one, other):
    import json

    assert (hash_of(one) == hash_of(other)) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


@given(st.dictionaries(st.text(max_size=4), FACTS, max_size=5))
def test_the_order_in_which_facts_were_written_does_not_count(facts):
    assert hash_of(dict(reversed(list(facts.items())))) == hash_of(facts)


def test_the_order_of_people_is_no_fact(office):
    access, mailing, _ = office
    before = hash_of(content_of(access, mailing))
    with writing() as session:
        session.merge(stored(mailing)).people = list(reversed(mailing.people))
    assert hash_of(content_of(access, stored(mailing))) == before


def other_words(mailing):
    change_words(mailing_id=mailing.id, subject=SUBJECT, body=BODY, actor=SYSTEM)


def other_template(mailing):
    places = ("salutation", "reply_link")
    change_text(
        consultation_id=mailing.consultation_id, purpose="event_invitation", subject=SUBJECT, body=BODY, placeholders=places, actor=SYSTEM
    )


def other_time(mailing):
    schedule(mailing_id=mailing.id, day=today(ZONE) + timedelta(days=3), at=now().time(), zone=ZONE, actor=SYSTEM)


def other_people(mailing):
    with writing() as session:
        session.merge(stored(mailing)).people = mailing.people[:2]


def other_place(mailing):
    with writing() as session:
        session.get(Event, mailing.event_id).set_text("venue", Text("Elsewhere", "Ailleurs"))


@pytest.mark.parametrize("change", [other_words, other_template, other_time, other_people, other_place, moved])
def test_a_change_between_the_paper_and_the_signature_asks_for_a_new_package(client, office, change):
    access, mailing, _ = office
    package = make_package(access=access, mailing_id=mailing.id)
    change(mailing)
    with pytest.raises(ChangedSinceError):
        signed(access, mailing, package)
    assert stored(mailing).state is MailingState.DRAFT
    for language, words in (("en", "No: something has changed since"), ("fr", "Non\u00a0: quelque chose a changé depuis")):
        assert words in client.get(page_of(mailing, f"/package?lang={language}")).text
    signed(access, mailing, make_package(access=access, mailing_id=mailing.id))
    assert stored(mailing).state is MailingState.APPROVED


@pytest.mark.parametrize("change", [other_template, other_place, moved])
def test_a_change_after_the_signature_stops_the_mailing_until_it_is_approved_anew(client, post, office, change):
    access, mailing, _ = office
    signed(access, mailing, make_package(access=access, mailing_id=mailing.id))
    change(mailing)
    send_due()
    assert post.received == []
    assert "changed since" in faults_before_sending(stored(mailing))[-1].en
    for language, words in (("en", "What was approved on paper has changed"), ("fr", "Ce qui a été approuvé sur papier a changé")):
        assert words in client.get(page_of(mailing) + f"?lang={language}").text
    again = make_package(access=access, mailing_id=mailing.id)
    client.post(
        page_of(mailing, "/package"),
        data={
            "package_id": again.id,
            "start_of_hash": again.hash[:8],
            "approver": "Director",
            "approved_on": today(ZONE),
            "file_number": "",
        },
    )
    assert why_void(stored(mailing)) is None
    send_due()
    assert len(post.received) == 3


def test_what_was_planned_and_not_sent_is_held_when_the_approval_holds_no_more(client, post, office):
    access, mailing, _ = office
    signed(access, mailing, make_package(access=access, mailing_id=mailing.id))
    from engagement.outreach.planning import plan_rest

    plan_rest(mailing.id)
    moved(mailing)
    send_due()
    assert post.received == []
    db.session.rollback()
    assert set(db.session.scalars(select(Message.held_because))) == {Hold.MAILING}
    assert stored(mailing).state is MailingState.PAUSED
    client.post(page_of(mailing, "/resume"))
    assert stored(mailing).state is MailingState.PAUSED
    signed(access, mailing, make_package(access=access, mailing_id=mailing.id))
    send_due()
    assert len(post.received) == 3


def test_who_opts_out_or_replies_after_the_signature_is_not_written_to_and_voids_nothing(client, post, office):
    access, mailing, people = office
    package = make_package(access=access, mailing_id=mailing.id)
    with writing() as session:
        session.merge(people[0]).do_not_contact = True
    signed(access, mailing, package)
    from engagement.outreach.planning import plan_rest

    plan_rest(mailing.id)
    db.session.rollback()
    message = db.session.scalars(select(Message).where(Message.person_id == people[1].id)).one()
    record_reply(invitation_id=message.invitation_id, choice=Choice.DECLINED, channel=Channel.WEB, actor=by_link(message.invitation_id))
    assert why_void(stored(mailing)) is None
    send_due()
    assert [address for _, address in post.envelopes] == ["p2@example.org"]


def test_somebody_left_out_on_the_paper_who_would_be_written_to_now_asks_for_a_new_package(office):
    access, mailing, people = office
    with writing() as session:
        session.merge(people[0]).do_not_contact = True
    package = make_package(access=access, mailing_id=mailing.id)
    with writing() as session:
        session.merge(people[0]).do_not_contact = False
    with pytest.raises(ChangedSinceError):
        signed(access, mailing, package)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"start_of_hash": "0" * 8}, "start_of_hash"),
        ({"start_of_hash": ""}, "start_of_hash"),
        ({"approver": "  "}, "approver"),
        ({"approver": "x" * 201}, "approver"),
        ({"file_number": "x" * 101}, "file_number"),
        ({"approved_on": today(ZONE) + timedelta(days=1)}, "approved_on"),
        ({"approved_on": today(ZONE) - timedelta(days=400)}, "approved_on"),
    ],
)
def test_what_cannot_have_been_signed_is_refused_at_its_field(client, office, more, field):
    access, mailing, _ = office
    package = make_package(access=access, mailing_id=mailing.id)
    with pytest.raises(BadApprovalError) as said:
        signed(access, mailing, package, **more)
    assert said.value.field == field
    fields = {
        "package_id": package.id,
        "start_of_hash": package.hash[:8],
        "approver": "A",
        "approved_on": today(ZONE),
        "file_number": "",
        **more,
    }
    for language in ("en", "fr"):
        assert f'href="#{field}"' in client.post(page_of(mailing, f"/package?lang={language}"), data=fields).text
    assert stored(mailing).state is MailingState.DRAFT


def test_a_package_that_would_name_somebody_hidden_is_refused_and_read_by_nobody_who_may_not(client, office):
    access, mailing, people = office
    consultation = access.consultation
    batch = a_batch(consultation, "Lived experience", restricted=True)
    hidden = add_to_restricted(consultation, batch)
    cleared = access_of(a_member(consultation, email="cleared@example.org"), consultation)
    from dataclasses import replace

    cleared = replace(cleared, cleared=frozenset({batch.id}))
    with writing() as session:
        session.merge(stored(mailing)).people = [*mailing.people, str(hidden.id)]
    with pytest.raises(HiddenPeopleError):
        make_package(access=access, mailing_id=mailing.id)
    package = make_package(access=cleared, mailing_id=mailing.id)
    assert client.get(page_of(mailing, f"/package/{package.id}.pdf")).status_code == 404
    assert package.hash[:8] not in client.get(page_of(mailing, "/package")).text
    with pytest.raises(AbsentError):
        signed(access, mailing, package)
    for language, words in (("en", "whom you may not know of"), ("fr", "dont vous ne pouvez pas connaître")):
        answer = client.post(page_of(mailing, f"/package/make?lang={language}"), follow_redirects=True)
        assert words in answer.text
    assert len(people) == 3


def test_a_download_is_on_record_and_an_attachment(client, office):
    access, mailing, _ = office
    package = make_package(access=access, mailing_id=mailing.id)
    answer = client.get(page_of(mailing, f"/package/{package.id}.pdf"))
    assert answer.get_data().startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    db.session.rollback()
    assert db.session.scalar(select(AuditEntry.actor_id).where(AuditEntry.verb == "download_approval_package")) == access.user_id


def test_a_mailing_with_a_fault_has_no_package(office):
    access, mailing, _ = office
    with writing() as session:
        session.get(Event, mailing.event_id).set_text("title", Text("Only English changed", session.get(Event, mailing.event_id).title.fr))
    with pytest.raises(NotReadyError):
        make_package(access=access, mailing_id=mailing.id)


def test_the_content_is_sealed_where_it_is_stored(office):
    access, mailing, _ = office
    package = make_package(access=access, mailing_id=mailing.id)
    db.session.rollback()
    row = db.session.get(ApprovalPackage, package.id, populate_existing=True)
    assert b"Ann0" in row.content
    assert b"Ann0" not in row.content_sealed


def test_a_package_of_another_mailing_or_consultation_is_absent(client, office):
    access, mailing, people = office
    package = make_package(access=access, mailing_id=mailing.id)
    other = a_draft(db.session.get(Event, mailing.event_id), people, type("U", (), {"id": access.user_id}))
    assert client.get(page_of(other, f"/package/{package.id}.pdf")).status_code == 404
    with pytest.raises(AbsentError):
        signed(access, other, package)
    theirs = a_consultation("other")
    strange = a_draft(an_event(theirs), [a_person(theirs)], a_member(theirs))
    assert client.get(page_of(strange, "/package")).status_code == 404
    typed = {"package_id": "x", "approved_on": today(ZONE), "start_of_hash": package.hash[:8], "approver": "A"}
    assert client.post(page_of(mailing, "/package"), data=typed).status_code == 404


def test_a_mailing_without_a_paper_is_never_void(office):
    _, mailing, _ = office
    row = sent_on_its_way(mailing, type("U", (), {"id": None}))
    moved(row)
    assert why_void(stored(row)) is None
    assert isinstance(row, Mailing)
    assert facts_of(row)["people"] == sorted(row.people)


def test_an_empty_signature_says_all_that_is_missing_at_once(client, office):
    access, mailing, _ = office
    package = make_package(access=access, mailing_id=mailing.id)
    for language in ("en", "fr"):
        page = client.post(page_of(mailing, f"/package?lang={language}"), data={"package_id": package.id})
        assert links_to_what_is_wrong(page) == ["#start_of_hash", "#approver", "#approved_on"]
