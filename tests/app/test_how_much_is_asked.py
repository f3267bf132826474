"""Pages that list events and prompts ask the database no more often where there are more of them."""

import pytest
from sqlalchemy import Engine, event

from engagement.findings.service import add_prompt
from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from tests.portal.given import an_event
from tests.support.given import a_consultation, a_member, signed_in_as

PAGES = ("/c/fisheries/", "/c/fisheries/events", "/c/fisheries/findings", "/c/fisheries/findings/prompts")


def statements(client, address):
    asked = []

    def count(connection, cursor, statement, *rest):
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return len(asked)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_asks_as_often_for_ten_events_as_for_two(client, address):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))

    def asked_with(numbers):
        for number in numbers:
            made = an_event(consultation, name=f"event-{number}")
            add_prompt(consultation_id=consultation.id, wording=Text(f"What {number}?", f"Quoi {number}?"), event_id=made.id, actor=SYSTEM)
        db.session.rollback()
        client.get(address)
        return statements(client, address)

    few = asked_with(range(2))
    assert asked_with(range(2, 10)) == few
