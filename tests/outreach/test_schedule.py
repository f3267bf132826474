"""A mailing goes at its time, on the clocks of the consultation."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from engagement.consultations.models import Consultation
from engagement.kernel.audit import SYSTEM
from engagement.kernel.db import db
from engagement.mailing.models import Message
from engagement.mailing.worker import send_due
from engagement.outreach.models import MailingState
from engagement.outreach.service import BadScheduleError, NotADraftError, NotReadyError, approve, schedule
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_team, never_quiet, page_of, sent_on_its_way, stored

ZONE = "America/Toronto"


@pytest.fixture
def draft(client):
    consultation, organizer = a_team(client)
    return a_draft(an_event(consultation), [a_person(consultation)], organizer)


def at(mailing, day, wall, zone=ZONE):
    return schedule(mailing_id=mailing.id, day=day, at=wall, zone=zone, actor=SYSTEM)


def messages():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Message))


@pytest.mark.parametrize(
    ("day", "zone", "utc"),
    [
        (date(2027, 1, 15), ZONE, datetime(2027, 1, 15, 14, tzinfo=UTC)),
        (date(2027, 7, 15), ZONE, datetime(2027, 7, 15, 13, tzinfo=UTC)),
        (date(2027, 1, 15), "America/Vancouver", datetime(2027, 1, 15, 16, tzinfo=UTC)),
        (date(2027, 1, 15), "America/St_Johns", datetime(2027, 1, 15, 12, 30, tzinfo=UTC)),
    ],
)
def test_the_wall_time_of_the_zone_is_kept_in_utc_in_summer_and_in_winter(client, draft, day, zone, utc):
    with time_machine.travel(datetime(2026, 12, 1, 12, tzinfo=UTC), tick=False):
        assert at(draft, day, time(9), zone).send_at == utc


def test_a_time_that_is_past_or_that_the_clocks_skip_is_refused_in_one_line(client, draft):
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=False):
        for day, wall, field in (
            (date(2027, 3, 1), time(6, 59), "day"),
            (date(2027, 3, 14), time(2, 30), "at"),
            (date(2027, 3, 2), None, "at"),
            (None, time(9), "day"),
            (date(1, 1, 1), time(9), "day"),
        ):
            with pytest.raises(BadScheduleError) as said:
                at(draft, day, wall)
            assert said.value.field == field
        # Of an hour that comes twice, the first is meant.
        assert at(draft, date(2027, 11, 7), time(1, 30)).send_at == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    assert stored(draft).send_at is not None


def test_the_page_says_when_it_goes_in_both_languages(client, draft):
    client.post(page_of(draft, "/schedule"), data={"day": "2027-11-22", "at": "09:00"})
    assert "Approving sends it on Monday 22 November 2027, 09:00 (Eastern)." in client.get(page_of(draft) + "?lang=en").text
    assert "le\u00a0lundi 22 novembre 2027, 9\u00a0h (heure de l’Est)" in client.get(page_of(draft) + "?lang=fr").text
    for language in ("en", "fr"):
        assert 'value="2027-11-22"' in client.get(page_of(draft, f"/schedule?lang={language}")).text


@pytest.mark.parametrize(
    "fields",
    [{"day": "2020-01-01", "at": "09:00"}, {"day": "x", "at": "y"}, {"day": "", "at": "09:00"}, {"day": "99999-01-01", "at": "25:00"}],
)
def test_bad_input_is_said_on_the_page_and_changes_nothing(client, draft, fields):
    for language in ("en", "fr"):
        answer = client.post(page_of(draft, f"/schedule?lang={language}"), data=fields)
        assert answer.status_code == 200
        assert "error-summary" in answer.text
    assert stored(draft).send_at is None


def test_nothing_is_planned_before_its_time_and_all_of_it_then(client, post, draft):
    with time_machine.travel(datetime.now(tz=UTC), tick=False) as clock:
        never_quiet(db.session.get(Consultation, draft.consultation_id))
        tomorrow = datetime.now(tz=UTC) + timedelta(days=1)
        at(draft, tomorrow.date(), time(12), "UTC")
        sent_on_its_way(draft, type("A", (), {"id": None}))
        send_due()
        assert messages() == 0
        for language, words in (("en", "Until then nothing is sent."), ("fr", "D’ici là, rien n’est envoyé.")):
            assert words in client.get(page_of(draft) + f"?lang={language}").text
        clock.shift(timedelta(days=2))
        send_due()
        assert len(post.received) == 1


def test_it_is_not_approved_once_its_time_has_passed(client, draft):
    with time_machine.travel(datetime.now(tz=UTC), tick=False) as clock:
        at(draft, datetime.now(tz=UTC).date() + timedelta(days=1), time(12), "UTC")
        clock.shift(timedelta(days=3))
        with pytest.raises(NotReadyError):
            approve(mailing_id=draft.id, actor=SYSTEM)
        client.post(page_of(draft, "/approve"))
    assert stored(draft).state is MailingState.DRAFT


def test_nothing_in_both_fields_is_as_soon_as_it_is_approved(client, draft):
    at(draft, date(2099, 1, 1), time(9))
    client.post(page_of(draft, "/schedule"), data={"day": "", "at": ""})
    assert stored(draft).send_at is None
    assert "Approving sends it at once" in client.get(page_of(draft) + "?lang=en").text


def test_after_the_yes_the_time_stands(client, draft):
    sent_on_its_way(draft, type("A", (), {"id": None}))
    with pytest.raises(NotADraftError):
        at(draft, date(2099, 1, 1), time(9))
    assert client.get(page_of(draft, "/schedule")).status_code == 302
