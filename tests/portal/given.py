"""Guests with links that open."""

from __future__ import annotations

from datetime import timedelta

from bs4 import BeautifulSoup

from engagement.events.models import Event, Format, Kind, Sitting
from engagement.invitations.links import draft_link
from engagement.invitations.models import Invitation
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import in_utc, now, on_the_wall
from engagement.kernel.crypto import address_index
from engagement.kernel.db import writing
from engagement.roster.models import IdentifiedThrough, Person
from tests.support.given import keep

ZONE = "America/Toronto"


def a_guest(consultation, email="ada@example.org", *, given="Ada", family="Roy", language="en"):
    """Store a person of the roster."""
    with writing() as session:
        person = Person(
            consultation_id=consultation.id, given_name=given, family_name=family, name_key=f"{family} {given}".casefold(),
            email=email, email_index=address_index(email) if email else None, language=language,
            identified_through=IdentifiedThrough.STAFF, created_at=now(),
        )  # fmt: skip
        session.add(person)
    return person


def an_event(consultation, name="autumn", *, days=1, event_format=Format.HYBRID, in_person=10, online=10, starts_in=30, **values):
    """Store an event with so many sittings, a day apart, from 13:00 to 15:00."""
    first = (on_the_wall(now(), ZONE) + timedelta(days=starts_in)).replace(hour=13, minute=0, second=0, microsecond=0, tzinfo=None)
    with writing() as session:
        event = Event(
            consultation_id=consultation.id, name=name, kind=Kind.ROUNDTABLE, format=event_format, zone=ZONE, created_at=now(), **values
        )
        event.with_texts(
            title=Text("Roundtable on the coast", "Table ronde sur la côte"),
            venue=Text("Town hall, Gatineau", "Hôtel de ville, Gatineau"),
            access=Text("Step-free.", "Sans marche."),
            about=Text("We listen.", "Nous écoutons."),
        )
        session.add(event)
        session.flush()
        for day in range(days):
            starts, ends = first + timedelta(days=day), first + timedelta(days=day, hours=2)
            session.add(
                Sitting(
                    event_id=event.id, position=day + 1, starts_wall=starts, ends_wall=ends,
                    starts_at=in_utc(starts, ZONE), ends_at=in_utc(ends, ZONE), seats_in_person=in_person, seats_online=online,
                )
            )  # fmt: skip
    return event


def an_invitation(person, *, event=None, questionnaire=None, **values):
    """Store an invitation of ``person`` to an event or a questionnaire."""
    with writing() as session:
        invitation = Invitation(
            consultation_id=person.consultation_id, person_id=person.id, created_at=now(),
            event_id=event.id if event else None, questionnaire_id=questionnaire.id if questionnaire else None, **values,
        )  # fmt: skip
        session.add(invitation)
    return invitation


def a_link(invitation, *, lasts=timedelta(days=30), **values):
    """Store a link of ``invitation`` and return its token."""
    token, link = draft_link(invitation.id, now() + lasts)
    keep(link, **values)
    return token


def open_link_in(client, invitation):
    """Open a new link of ``invitation`` in the browser and return the address it leads to."""
    answer = client.get(f"/r/{a_link(invitation)}")
    assert answer.status_code == 302
    return answer.location


def seal_of(page):
    """Return the hidden seal that stands in the forms of a page."""
    return BeautifulSoup(page.text, "html.parser").find("input", attrs={"name": "form_seal"})["value"]


def send(client, address, *, form_from=None, **fields):
    """Fetch the page with its form, fill it in, and send it."""
    page = client.get(form_from or address)
    sealed = BeautifulSoup(page.text, "html.parser").find("input", attrs={"name": "form_seal"})
    return client.post(address, data={"form_seal": sealed["value"] if sealed else "", **fields})
