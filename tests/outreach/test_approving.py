"""The yes to a mailing is a yes to what was looked at."""

from engagement.kernel.audit import SYSTEM
from engagement.kernel.bilingual import Text
from engagement.outreach.models import MailingState
from engagement.outreach.words import change_words
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_draft, a_team, never_quiet, stored


def test_what_somebody_else_changed_since_it_was_looked_at_is_not_approved(client, post):
    consultation, organizer = a_team(client)
    never_quiet(consultation)
    mailing = a_draft(an_event(consultation), [a_person(consultation, "p@example.org")], organizer)
    url = f"/c/fisheries/mail/mailings/{mailing.id}"
    seen = client.get(url).text.partition('name="seen" value="')[2].partition('"')[0]
    subject, body = Text("Other words", "Autres mots"), Text("See ((reply_link))", "Voir ((reply_link))")
    change_words(mailing_id=mailing.id, subject=subject, body=body, confirmed=False, actor=SYSTEM)
    page = client.post(f"{url}/approve", data={"seen": seen}, follow_redirects=True).text
    assert "Something has changed since you looked at it" in page
    assert stored(mailing).state is MailingState.DRAFT
    seen = client.get(url).text.partition('name="seen" value="')[2].partition('"')[0]
    client.post(f"{url}/approve", data={"seen": seen})
    assert stored(mailing).state is MailingState.APPROVED
