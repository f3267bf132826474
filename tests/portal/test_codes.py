"""What is sensitive is read back with six digits only."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engagement.invitations.codes import CODE_COMPOSER
from engagement.invitations.models import AccessCode
from engagement.kernel.bulk import store_all
from engagement.kernel.clock import now
from engagement.kernel.db import db, writing
from engagement.kernel.ports import ports
from engagement.mailing.models import Message
from tests.portal.given import a_guest, an_event, an_invitation, open_link_in, send
from tests.support.given import a_consultation


@pytest.fixture
def ada(app):
    consultation = a_consultation()
    return an_invitation(a_guest(consultation), event=an_event(consultation))


def compose(message):
    """Write the mail as the outbox does, and return the six digits in it."""
    composed = ports().composers["access_code"].compose(message)
    with writing() as session:
        store_all(session, composed.rows)
    assert composed.to_address == "ada@example.org"
    return composed.values["en"]["code"]


def messages():
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.purpose == "access_code").order_by(Message.created_at)))


def with_needs(client, invitation):
    address = open_link_in(client, invitation)
    send(client, address, choice="in_person")
    send(client, f"{address}/needs", access="A quiet room", diet="No nuts", interpretation=["asl"])
    return address


def test_what_was_typed_in_this_visit_is_shown_without_a_code(client, ada):
    address = with_needs(client, ada)
    page = client.get(f"{address}/needs").text
    assert "A quiet room" in page
    assert "No nuts" in page


def test_another_visit_needs_a_code_and_coming_shows_without(client, app, ada):
    address = with_needs(client, ada)
    other = app.test_client()
    open_link_in(other, ada)
    assert "You are coming, in person." in other.get(address).text
    assert "A quiet room" not in other.get(f"{address}/needs").text
    assert "A quiet room" not in other.get(f"{address}/recorded").text
    answer = send(other, f"{address}/code/send?next={address}/needs", form_from=f"{address}/code")
    assert answer.status_code == 302
    assert "on its way" in other.get(answer.location).text
    digits = compose(messages()[0])
    answer = send(other, f"{address}/code?next={address}/needs", digits=digits)
    assert answer.location == f"{address}/needs"
    assert "A quiet room" in other.get(answer.location).text


def test_a_page_that_was_open_before_does_not_show_what_is_typed_elsewhere_later(client, app, ada):
    other = app.test_client()
    open_link_in(other, ada)
    address = with_needs(client, ada)
    assert "A quiet room" not in other.get(f"{address}/needs").text


def test_leaving_the_page_empty_without_a_code_does_not_wipe_what_stands(client, app, ada):
    address = with_needs(client, ada)
    other = app.test_client()
    open_link_in(other, ada)
    send(other, f"{address}/needs")
    assert "A quiet room" in client.get(f"{address}/needs").text


def test_a_code_holds_for_five_tries_and_for_one_use(client, app, ada):
    address = with_needs(client, ada)
    send(client, f"{address}/code/send", form_from=f"{address}/code")
    digits = compose(messages()[0])
    wrong = f"{(int(digits.replace(' ', '')) + 1) % 1_000_000:06d}"
    for _ in range(4):
        assert "This code does not open the page." in send(client, f"{address}/code", digits=wrong).text
    assert send(client, f"{address}/code", digits=digits).status_code == 302
    assert "This code does not open the page." in send(client, f"{address}/code", digits=digits).text
    send(client, f"{address}/code/send", form_from=f"{address}/code")
    second = compose(messages()[1])
    wrong = f"{(int(second.replace(' ', '')) + 1) % 1_000_000:06d}"
    for _ in range(5):
        send(client, f"{address}/code", digits=wrong)
    assert "This code does not open the page." in send(client, f"{address}/code", digits=second).text


def test_a_code_is_too_old_after_ten_minutes_and_is_stored_as_a_fingerprint(client, ada):
    address = with_needs(client, ada)
    send(client, f"{address}/code/send", form_from=f"{address}/code")
    digits = compose(messages()[0]).replace(" ", "")
    row = db.session.scalars(select(AccessCode)).one()
    assert timedelta(minutes=9) < row.expires_at - now() <= timedelta(minutes=10)
    assert digits.encode() not in row.code_index
    with writing() as session:
        session.scalars(select(AccessCode)).one().expires_at = now()
    assert "This code does not open the page." in send(client, f"{address}/code", digits=digits).text


def test_the_code_of_one_guest_opens_nothing_of_another(client, ada):
    consultation = a_consultation("second")
    bo = an_invitation(a_guest(consultation, "bo@example.org"), event=an_event(consultation))
    address = with_needs(client, ada)
    send(client, f"{address}/code/send", form_from=f"{address}/code")
    digits = compose(messages()[0])
    other = open_link_in(client, bo)
    assert "This code does not open the page." in send(client, f"{other}/code", digits=digits).text


def test_at_most_four_codes_are_sent_in_an_hour(client, ada):
    address = with_needs(client, ada)
    answers = [send(client, f"{address}/code/send", form_from=f"{address}/code") for _ in range(6)]
    assert [answer.status_code for answer in answers[:4]] == [302] * 4
    assert len(messages()) in {4, 5, 6}  # the hour of the clock may end in between
    if len(messages()) == 4:
        assert "We have sent several codes already." in answers[-1].text


def test_a_guest_without_an_address_is_told_to_call(client, app):
    consultation = a_consultation()
    invitation = an_invitation(a_guest(consultation, None), event=an_event(consultation))
    address = open_link_in(client, invitation)
    assert "no email address" in send(client, f"{address}/code/send", form_from=f"{address}/code").text
    assert "aucune adresse" in send(client, f"{address}/code/send?lang=fr", form_from=f"{address}/code").text
    assert messages() == []


@pytest.mark.parametrize("digits", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "1" * 100_000, "12\x00456"])
def test_what_cannot_be_a_code_does_not_count_as_a_try(client, ada, digits):
    address = with_needs(client, ada)
    send(client, f"{address}/code/send", form_from=f"{address}/code")
    compose(messages()[0])
    assert "Enter the six digits of the code." in send(client, f"{address}/code", digits=digits).text
    db.session.rollback()
    assert db.session.scalars(select(AccessCode.tries_left)).one() == 5


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/c/fisheries/", "/i/../c/", "\\evil", "/i/other"])
def test_after_the_code_one_stays_on_the_pages_of_this_invitation(client, ada, wanted):
    address = with_needs(client, ada)
    send(client, f"{address}/code/send", form_from=f"{address}/code")
    digits = compose(messages()[0])
    answer = send(client, f"{address}/code?next={wanted}", form_from=f"{address}/code", digits=digits)
    assert answer.location == address


def test_the_mail_is_private_and_goes_although_nothing_else_may(app, ada):
    assert CODE_COMPOSER.private
    assert CODE_COMPOSER.asked_for
    assert db.session.scalar(select(func.count()).select_from(AccessCode)) == 0


def test_the_field_for_the_digits_stands_there_as_soon_as_a_code_was_asked_for(client, app, ada):
    address = open_link_in(client, ada)
    assert 'name="digits"' not in client.get(f"{address}/code").text
    for language, said in (("en", "on its way"), ("fr", "Un code a été envoyé")):
        answer = send(client, f"{address}/code/send?lang={language}", form_from=f"{address}/code")
        page = client.get(answer.location).text
        assert said in page
        assert 'name="digits"' in page
    assert db.session.scalars(select(AccessCode)).all() == []


def test_a_code_whose_mail_will_never_go_has_no_field(client, app, ada):
    address = open_link_in(client, ada)
    send(client, f"{address}/code/send", form_from=f"{address}/code")
    with writing() as session:
        session.scalars(select(Message).where(Message.purpose == "access_code")).one().not_after = now()
    assert 'name="digits"' not in client.get(f"{address}/code").text
