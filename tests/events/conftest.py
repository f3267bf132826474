import pytest

from tests.support.given import a_member, signed_in_as


@pytest.fixture
def staff(client, consultation):
    """Return a browser in which an organizer of the consultation is signed in."""
    return signed_in_as(client, a_member(consultation))
