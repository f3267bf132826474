"""A rehearsal walks through every mail and page as one guest, with the clock moved on, and leaves no trace."""

import ast
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from engagement.kernel.audit import SYSTEM
from engagement.kernel.base import Base
from engagement.kernel.clock import at_moment, in_utc, now
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.mailing.worker import send_due
from engagement.outreach.models import ReminderKind, ReminderSchedule
from engagement.outreach.rehearsing import scenes_for
from engagement.outreach.service import schedule
from engagement.portal.rehearsing import inert
from tests.app.house import ROOT, sources
from tests.events.given import an_event, in_weeks
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_questionnaire_draft, a_team, an_announcement, page_of, stored
from tests.questionnaires.given import a_questionnaire

pytestmark = pytest.mark.slow


def everything():
    """Return every row of every table."""
    db.session.rollback()
    return {table.name: sorted(map(repr, db.session.execute(select(table)).all())) for table in Base.metadata.sorted_tables}


def invited(client, **more):
    consultation, organizer = a_team(client)
    person = a_person(consultation, language=more.pop("language", "en"))
    return a_draft(an_event(consultation, reply_by=in_weeks(2).date(), **more), [person], organizer), person


def keys(client, mailing, person):
    return [scene.key for scene in scenes_for(stored(mailing), person)]


def test_a_rehearsal_changes_no_row_of_any_table_and_sends_nothing(client, post):
    mailing, person = invited(client)
    client.get(page_of(mailing))
    before = everything()
    for language in ("en", "fr"):
        assert client.get(page_of(mailing, f"/rehearse/{person.id}?lang={language}")).status_code == 200
        for key in keys(client, mailing, person):
            assert client.get(page_of(mailing, f"/rehearse/{person.id}/{key}?lang={language}")).status_code == 200, key
    assert everything() == before
    send_due()
    assert post.received == []


def test_an_events_rehearsal_shows_its_mails_and_pages_in_the_order_of_time(client):
    mailing, person = invited(client)
    scenes = scenes_for(mailing, person)
    assert [scene.key for scene in scenes][:3] == ["mail", "page", "confirmation"]
    assert [scene.at for scene in scenes] == sorted(scene.at for scene in scenes)
    at = page_of(mailing, f"/rehearse/{person.id}")
    assert "Invitation: Roundtable" in client.get(f"{at}/mail").text or "Session 1" in client.get(f"{at}/mail").text
    page = client.get(f"{at}/page").text
    for words in ("Will you come?", "Rehearsal: nothing is recorded", "Session 1"):
        assert words in page
    assert "You are coming in person. Your seat is kept." in client.get(f"{at}/confirmation").text
    assert "Your reply is recorded" in client.get(f"{at}/recorded").text


def test_nothing_on_a_rehearsed_page_can_be_used(client):
    mailing, person = invited(client)
    page = client.get(page_of(mailing, f"/rehearse/{person.id}/page")).text
    main = page.partition("<main")[2].partition("</main")[0]
    assert main.count("<input disabled") == main.count("<input")
    assert main.count("<button disabled") == main.count("<button")
    assert 'href="/i/' not in page
    assert client.post(page_of(mailing, f"/rehearse/{person.id}/page")).status_code == 405
    assert inert('<a class="x" href="/r/abc">a</a><button class="y">b</button><input disabled>') == (
        '<a class="x">a</a><button disabled class="y">b</button><input disabled>'
    )


@pytest.mark.parametrize(("language", "words"), [("en", "Will you come?"), ("fr", "Participerez-vous?")])
def test_a_page_is_in_the_guests_language(client, language, words):
    mailing, person = invited(client, language=language)
    page = client.get(page_of(mailing, f"/rehearse/{person.id}/page")).text
    assert f'<html lang="{language}"' in page


def test_a_questionnaires_rehearsal_shows_its_mail_and_where_it_begins(client):
    consultation, organizer = a_team(client)
    person = a_person(consultation)
    mailing = a_questionnaire_draft(a_questionnaire(consultation), [person], organizer)
    at = page_of(mailing, f"/rehearse/{person.id}")
    assert "Your questionnaire" in client.get(f"{at}/page").text
    assert "What do you think?" in client.get(f"{at}/mail").text


def test_an_announcements_rehearsal_is_its_mail(client):
    consultation, organizer = a_team(client)
    person = a_person(consultation)
    mailing = an_announcement(consultation, [person], organizer, about=an_event(consultation))
    assert keys(client, mailing, person) == ["mail"]
    assert "It is out." in client.get(page_of(mailing, f"/rehearse/{person.id}/mail")).text


def test_the_clock_is_moved_on_to_each_step(client):
    """A guest who opens the link after the event reads that it is over, because the mailing goes so late."""
    mailing, person = invited(client)
    schedule(mailing_id=mailing.id, day=now().date() + timedelta(weeks=10), at=time(9), zone="America/Toronto", actor=SYSTEM)
    page = client.get(page_of(mailing, f"/rehearse/{person.id}/page?lang=en")).text
    assert "Will you come?" not in page
    assert "over" in page or "last day" in page


def test_a_reminder_stands_at_the_time_that_the_team_has_set(client):
    mailing, person = invited(client)
    heard = []

    def never(message):
        raise AssertionError(message)

    def preview(sketch):
        heard.append(now())
        return {}

    shipped = ports().composers["event_reminder"]
    ports().composers["event_reminder"] = replace(shipped, compose=never, preview=preview)
    try:
        before = client.get(page_of(mailing, f"/rehearse/{person.id}?lang=en")).text
        deadline = in_weeks(2).date()
        with writing() as session:
            session.add(
                ReminderSchedule(
                    consultation_id=mailing.consultation_id, event_id=mailing.event_id, kind=ReminderKind.REPLY_DEADLINE, days_before=2,
                    at=time(8, 30), created_at=now(),
                )
            )  # fmt: skip
        reminder = next(scene for scene in scenes_for(stored(mailing), person) if scene.key == "reminder")
        expected = in_utc(datetime.combine(deadline - timedelta(days=2), time(8, 30)), "America/Toronto")
        assert reminder.at == expected
        after = client.get(page_of(mailing, f"/rehearse/{person.id}?lang=en")).text
        assert before.count("only if the team sets it up") == after.count("only if the team sets it up") + 1
        assert client.get(page_of(mailing, f"/rehearse/{person.id}/reminder")).status_code == 200
    finally:
        ports().composers["event_reminder"] = shipped


def test_a_rehearsal_of_another_mailing_or_person_is_absent(client):
    mailing, _ = invited(client)
    stranger = a_person(type("C", (), {"id": mailing.consultation_id}), "other@example.org")
    assert client.get(page_of(mailing, f"/rehearse/{stranger.id}")).status_code == 404
    assert client.get(page_of(mailing, f"/rehearse/{stranger.id}/mail")).status_code == 404
    _, person = mailing, next(iter(mailing.people))
    assert client.get(page_of(mailing, f"/rehearse/{person}/nothing")).status_code == 404


def test_the_clock_moves_for_its_block_only_and_needs_a_zone():
    moment = datetime(2027, 1, 2, 3, 4, tzinfo=UTC)
    with at_moment(moment):
        assert now() == moment
        with at_moment(moment + timedelta(days=1)):
            assert now().day == 3
        assert now() == moment
    assert now() != moment
    with pytest.raises(ValueError, match="zone"), at_moment(datetime(2027, 1, 2)):  # noqa: DTZ001 - that is the fault.
        pass


def test_only_rehearsals_move_the_clock():
    users = [
        path.relative_to(ROOT).as_posix()
        for path in sources("engagement")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and any(alias.name == "at_moment" for alias in node.names)
    ]
    assert users == ["engagement/outreach/rehearsing.py"]
