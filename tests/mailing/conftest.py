import pytest

from tests.mailing.given import a_post_office, notices_are_composed


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
