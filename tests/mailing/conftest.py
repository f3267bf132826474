import pytest

from tests.mailing.given import notices_are_composed
from tests.outreach.given import a_team, never_quiet


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
