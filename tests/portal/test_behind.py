"""What stands behind a link is asked in few questions, and is always what is stored now."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import select

from engagement.events.models import AgendaItem, AgendaKind, AgendaPart, Part, Sitting
from engagement.events.replies import Answer, NeedsStated, reply_to_event
from engagement.invitations.links import find_link
from engagement.invitations.models import Choice, Mode, PersonalLink
from engagement.invitations.service import withdraw
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.portal.behind import behind_link
from tests.portal.given import a_guest, a_link, an_event, an_invitation, open_link_in, seal_of, send
from tests.support.given import a_consultation
from tests.support.statements import counted

# The link with all that belongs to a visit, the replies that count, the sittings with seats and needs,
# the agenda, the questionnaires that could be sent instead.
QUESTIONS_OF_A_PAGE = 5
# On PostgreSQL one more locks the invitation's row.
STEPS_OF_A_REPLY = {"sqlite": 17, "postgresql": 18}

IN_ANOTHER_PROCESS = """
from sqlalchemy import select
from app import app
from engagement.events.models import Event, Sitting
from engagement.kernel.bilingual import Text
from engagement.kernel.db import writing
with app.app_context(), writing() as session:
    event = session.scalars(select(Event)).one()
    event.with_texts(title=Text("A walk along the shore", "Une marche au bord de l’eau"))
    for sitting in session.scalars(select(Sitting)):
        sitting.seats_in_person = 0
"""


def an_agenda(event, guest):
    with writing() as session:
        sitting = session.scalars(select(Sitting).where(Sitting.event_id == event.id).order_by(Sitting.position)).first()
        for minutes in (0, 30):
            starts = sitting.starts_wall + timedelta(minutes=minutes)
            item = AgendaItem(sitting_id=sitting.id, kind=AgendaKind.PANEL, starts_wall=starts, ends_wall=starts + timedelta(minutes=30))
            session.add(item.with_texts(title=Text("The coast", "La côte")))
            session.flush()
            session.add(AgendaPart(agenda_item_id=item.id, person_id=guest.id, part=Part.PANELIST, published=True))


@pytest.fixture
def event_and_guest(app):
    consultation = a_consultation()
    event, guest = an_event(consultation, days=3), a_guest(consultation)
    an_agenda(event, guest)
    return event, an_invitation(guest, event=event)


def test_a_guests_page_asks_the_database_few_questions_however_much_it_shows(client, event_and_guest):
    _, invitation = event_and_guest
    address = open_link_in(client, invitation)
    with counted() as statements:
        page = client.get(address)
    assert page.text.count("Ada Roy") == 2
    assert statements.count("select") <= QUESTIONS_OF_A_PAGE
    for choice in (Choice.TENTATIVE, Choice.ACCEPTED):
        answer = Answer(choice, Mode.ONLINE)
        reply_to_event(invitation_id=invitation.id, answers=answer, needs=NeedsStated("A ramp"), actor=SYSTEM)
    with counted() as statements:
        page = client.get(address)
    assert "You have told us." in page.text
    assert statements.count("select") <= QUESTIONS_OF_A_PAGE


def test_a_reply_takes_few_steps_on_the_database(client, app):
    consultation = a_consultation()
    address = open_link_in(client, an_invitation(a_guest(consultation), event=an_event(consultation)))
    most = STEPS_OF_A_REPLY[db.engine.dialect.name]
    for choice in ("online", "maybe", "in_person", "online"):
        form = client.get(f"{address}/change")
        with counted() as statements:
            answer = client.post(f"{address}/change", data={"form_seal": seal_of(form), "choice": choice})
        assert answer.status_code == 302
        assert sum(statements.count(step) for step in ("select", "insert", "update", "delete")) <= most
        assert statements.count("insert into reply") == 1
        assert statements.count("insert into audit_entry") == 2


@pytest.mark.slow
def test_an_edit_of_the_event_shows_on_the_next_page_of_every_process(client, app, event_and_guest):
    _, invitation = event_and_guest
    address = open_link_in(client, invitation)
    before = client.get(address)
    assert "Roundtable on the coast" in before.text
    assert "Yes, in person" in before.text
    # This test shares its session with the browser: no page of its own may stand open.
    db.session.rollback()
    settings = app.config["SETTINGS"]
    environ = {"CONVOKE_DATA": str(settings.data_folder), "DATABASE_URL": settings.database_url}
    secrets = {"SECRET_KEY": settings.secret_key, "ENCRYPTION_KEYS": "test:" + "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}
    subprocess.run([sys.executable, "-c", IN_ANOTHER_PROCESS], env={**os.environ, **environ, **secrets}, check=True)
    after = client.get(address)
    assert "Roundtable on the coast" not in after.text
    assert "A walk along the shore" in after.text
    assert "Yes, in person" not in after.text


def test_a_seat_that_somebody_else_takes_is_gone_on_the_next_page(client, app):
    consultation = a_consultation()
    event = an_event(consultation, in_person=1)
    address = open_link_in(client, an_invitation(a_guest(consultation), event=event))
    assert "All these seats are taken" not in client.get(address).text
    other = an_invitation(a_guest(consultation, "bo@example.org", given="Bo"), event=event)
    reply_to_event(invitation_id=other.id, answers=Answer(Choice.ACCEPTED, Mode.IN_PERSON), actor=SYSTEM)
    assert "All these seats are taken" in client.get(address).text


@pytest.mark.parametrize("why", ["revoked", "expired", "withdrawn"])
def test_a_link_that_opens_no_more_shows_nothing_from_the_next_page_on(client, event_and_guest, why):
    _, invitation = event_and_guest
    address = open_link_in(client, invitation)
    assert client.get(address).status_code == 200
    if why == "withdrawn":
        withdraw(invitation_id=invitation.id, actor=SYSTEM)
    else:
        with writing() as session:
            for link in session.scalars(select(PersonalLink)):
                link.revoked_at, link.expires_at = (now() if why == "revoked" else None), now()
    assert client.get(address).status_code == 403
    assert send(client, address, choice="online").status_code == 403


def test_behind_a_link_stands_its_own_invitation_and_no_other(event_and_guest):
    event, invitation = event_and_guest
    link = find_link(a_link(invitation))
    found = behind_link(link.id, invitation.id)
    assert (found.invitation, found.event, found.person.id, found.holds_forms) == (invitation, event, invitation.person_id, False)
    consultation = a_consultation("second")
    other = an_invitation(a_guest(consultation), event=an_event(consultation))
    assert behind_link(link.id, other.id) is None
    db.session.rollback()
