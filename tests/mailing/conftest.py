import pytest

from tests.mailing.given import a_post_office, notices_are_composed
from tests.outreach.given import a_team, never_quiet


@pytest.fixture
def post(app):
    """Return a real SMTP server that takes what the application sends."""
    with a_post_office(app) as office:
        yield office


@pytest.fixture
def notices(app):
    """Return the composer of the purpose "notice"."""
    with notices_are_composed() as composer:
        yield composer


@pytest.fixture
def team(client):
    """Return a consultation without quiet hours, and its organizer, who is signed in."""
    consultation, organizer = a_team(client)
    never_quiet(consultation)
    return consultation, organizer
