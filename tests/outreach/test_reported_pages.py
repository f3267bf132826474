"""What mail systems reported of a message is said in its history, in both languages: on the person's page and on its own."""

import pytest
from bs4 import BeautifulSoup

from tests.mailing.inbound_given import guests
from tests.support.given import a_consultation, a_member, signed_in_as

pytestmark = pytest.mark.slow


def words_of(page):
    return " ".join(BeautifulSoup(page.text, "html.parser").find("main").get_text(" ").split())


@pytest.mark.parametrize(
    ("template", "changes", "said"),
    [
        ("postfix-bounce.eml", {}, ("It came back. (5.1.1)", "Il n’a pas été distribué. (5.1.1)")),
        ("postfix-bounce.eml", {"STATUS": "4.4.7", "ACTION": "delayed"}, ("late on its way. (4.4.7)", "signale un retard. (4.4.7)")),
        ("complaint.eml", {}, ("Somebody complained about it.", "Quelqu’un s’en est plaint.")),
    ],
)
def test_a_persons_page_says_what_was_reported_of_each_message(client, post, template, changes, said):
    consultation = a_consultation()
    (jo,) = guests(consultation, post, "jo@example.org")
    jo.answers(template, **changes)
    signed_in_as(client, a_member(consultation))
    for page in (f"/c/fisheries/people/{jo.person.id}", f"/c/fisheries/mail/messages/{jo.message.id}"):
        for language, words in zip(("en", "fr"), said, strict=True):
            shown = words_of(client.get(f"{page}?lang={language}"))
            assert words in shown
            assert "came back:" not in shown
