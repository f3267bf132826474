import pytest

from tests.mailing.given import a_post_office


@pytest.fixture
def post(app):
    """Return a real SMTP server that takes what the application sends."""
    with a_post_office(app) as office:
        yield office
