"""A guest who quotes our mail gives nobody of the team what opens the guest's page."""

import base64
import quopri
import re

import pytest

from engagement.events.service import ask_to_come
from engagement.kernel.audit import SYSTEM
from engagement.kernel.tokens import new_token
from engagement.mailing.mime import read_mail
from engagement.mailing.receiving import receive
from engagement.mailing.worker import send_due
from engagement.outreach.reading import bytes_without_links, mail_without_links, without_links
from tests.events.given import an_event
from tests.mailing.given import a_person
from tests.outreach.given import a_team, never_quiet

SECRET = "Ab3_" * 11
HEAD = b"From: guest@example.org\nSubject: question\nContent-Type: text/plain; charset=utf-8\n"


def test_the_link_in_a_quoted_invitation_is_on_no_page_and_in_no_download(client, post):
    consultation, _ = a_team(client)
    never_quiet(consultation)
    ask_to_come(event_id=an_event(consultation).id, person_id=a_person(consultation, "guest@example.org").id, actor=SYSTEM)
    send_due()
    mail = post.mails()[0]
    text = mail.get_body(("plain",)).get_content()
    link = re.search(r"/r/([A-Za-z0-9_-]{40,})", text)[1]
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    raw = HEAD + f"In-Reply-To: {mail['Message-ID']}\n\nCan I bring a friend?\n\n{quoted}\n".encode()
    where = f"/c/fisheries/mail/inbox/{receive(raw).row.id}"
    for page in (where, f"{where}/letter", f"{where}/mail.eml"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert link not in answer.text
    assert "bring a friend" in client.get(f"{where}/mail.eml").text


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("8bit", bytes), ("base64", base64.encodebytes), ("quoted-printable", quopri.encodestring)],
)
def test_a_link_is_left_out_of_a_mail_however_it_is_encoded(encoding, encode):
    words = f"Été https://convoke.example/r/{SECRET} and https://convoke.example/u/{SECRET}\n".encode()
    raw = HEAD + f"Content-Transfer-Encoding: {encoding}\n\n".encode() + encode(words)
    mail = read_mail(mail_without_links(raw))
    assert mail.text_of(mail.parts[0]).split() == ["Été", "https://convoke.example/r/...", "and", "https://convoke.example/u/..."]


def test_a_link_is_left_out_of_headers_and_of_a_mail_within_a_mail():
    inner = b"List-Unsubscribe: <https://convoke.example/u/" + SECRET.encode() + b">\nContent-Transfer-Encoding: base64\n\n"
    inner += base64.encodebytes(b"/r/" + SECRET.encode())
    raw = b"X-Was: https://convoke.example/r/" + SECRET.encode() + b"\nContent-Type: message/rfc822\n\n" + inner
    stripped = mail_without_links(raw)
    assert SECRET.encode() not in stripped
    assert base64.b64encode(b"/r/...") in stripped


def test_a_mail_without_a_link_is_handed_over_as_it_was_received():
    raw = HEAD.replace(b"\n", b"\r\n") + b"\r\nIs there a lift?\r\n"
    assert mail_without_links(raw) == raw


LINKED = "sbyxEoE7-SRuBbUw6shR3xYKadrcAE6_Az5gVHuJ5Cw"


@pytest.mark.parametrize(
    "link",
    [
        f"https://can01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fconvoke.example%2Fr%2F{LINKED}&data=05%7C02",
        f"https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fconvoke.example%2fu%2f{LINKED}&c=E,1",
        f"https://other.example/?u=https%253A%252F%252Fconvoke.example%252Fr%252F{LINKED}",
        f"https://urldefense.proofpoint.com/v2/url?u=https-3A__convoke.example_r_{LINKED.replace('-', '-2D').replace('_', '-5F')}&d=Dw",
        f"https://urldefense.com/v3/__https://convoke.example/r/{LINKED}__;!!abc",
        f"https://www.google.com/url?q=https://convoke.example/r/{LINKED}&source=gmail",
        *(f"> https://convoke.example/r/{LINKED[:cut]}\n> {LINKED[cut:]}" for cut in (9, 20, 29, 36)),
        f"https://convoke.example/r/{LINKED[:25]}\r\n{LINKED[25:]}",
    ],
)
def test_a_link_that_another_system_rewrote_or_broke_is_left_out_too(link):
    assert len(LINKED) == len(new_token())
    for shown in (without_links(f"See {link} there"), bytes_without_links(f"See {link} there".encode()).decode()):
        for part in (LINKED[9:], LINKED[:9], LINKED[20:], LINKED[-12:]):
            assert part not in shown
            assert part.replace("-", "-2D").replace("_", "-5F") not in shown
        assert shown.startswith("See ")
        assert shown.endswith(" there")


@pytest.mark.parametrize(
    "text",
    ["/r/sincerely\nyours", "https://x.example/about/our-services\nRegards", "and/or/otherwise", f"/r/{'a' * 29}\n{'b' * 20}", "été/r/où"],
)
def test_what_is_no_link_of_ours_stays(text):
    assert without_links(text) == text
    assert bytes_without_links(text.encode()) == text.encode()


def test_a_link_in_a_subject_is_on_no_page(client):
    consultation, _ = a_team(client)
    a_person(consultation, "guest@example.org")
    row = receive(HEAD.replace(b"question", b"my page https://convoke.example/r/" + LINKED.encode()) + b"\nIs it mine?\n").row
    box = "/c/fisheries/mail/inbox"
    for page in (box, f"{box}?show=all", f"{box}/{row.id}", f"{box}/{row.id}/letter", f"{box}/{row.id}/person", f"{box}/{row.id}/mail.eml"):
        shown = client.get(page).text
        assert "my page" in shown
        assert LINKED not in shown
