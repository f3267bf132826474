"""The bytes of a mail: parsed back, they hold what was given and nothing else."""

import email
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.policy import compat32, default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.mailing.builder import BadMailError, Letter, build, plain_address
from tests.mailing.given import ICS

HEADERS = {
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type",
}  # fmt: skip


def a_letter(**changes):
    values = {
        "from_name": "Department", "from_address": "us@convoke.example", "to_name": "Ada", "to_address": "ada@example.org",
        "reply_to": "", "subject": "Hello", "message_id": "<1@convoke.example>", "date": datetime(2026, 11, 21, 12, tzinfo=UTC),
        "language": "en", "plain": "Text\n", "html": "<p>Text</p>", **changes,
    }  # fmt: skip
    return Letter(**values)


def shown(raw, header):
    return str(make_header(decode_header(email.message_from_bytes(raw, policy=compat32)[header])))


VISIBLE = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=200)


@given(name=VISIBLE, subject=VISIBLE, body=st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=400))
def test_what_was_given_is_what_is_read_and_no_header_more(name, subject, body):
    try:
        raw = build(a_letter(to_name=name, subject=subject, plain=body))
    except BadMailError:
        # Only the two line ends that some parsers take for one.
        assert set("\u2028\u2029\x85") & set(name + subject + body)
        return
    mail = email.message_from_bytes(raw, policy=default)
    assert set(mail.keys()) <= HEADERS
    assert len(mail.keys()) == len(set(mail.keys()))
    assert " ".join(shown(raw, "Subject").split()) == " ".join(subject.split())
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n").rstrip("\n") == body.replace("\r\n", "\n").rstrip("\n")
    assert all(len(line) <= 998 and line.isascii() for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("control", ["\r", "\n", "\r\nBcc: all@example.org", "\0", "\x1b", "\x7f", "\u2028", "\x85", "\t"])
@pytest.mark.parametrize("field", ["to_name", "from_name", "subject", "message_id", "language"])
def test_a_control_character_in_a_header_is_refused(field, control):
    with pytest.raises(BadMailError):
        build(a_letter(**{field: f"a{control}b"}))


@pytest.mark.parametrize("control", ["\0", "\x1b", "\x08", "\r"])
def test_a_control_character_in_the_text_is_refused(control):
    with pytest.raises(BadMailError):
        build(a_letter(plain=f"a{control}b"))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "a b@example.org",
        "a@b@c",
        "a\n@example.org",
        "<a@example.org>",
        "a,b@example.org",
        "a@example.org, b@example.org",
        "ö@example.org",
        "a@-..",
        "x" * 300 + "@example.org",
    ],
)
def test_what_is_not_one_address_is_refused(address):
    with pytest.raises(BadMailError):
        build(a_letter(to_address=address))


def test_a_domain_with_accents_is_written_in_ascii():
    assert plain_address("marie@québec.example") == "marie@xn--qubec-csa.example"


def test_the_name_stands_in_quotes_so_that_a_comma_makes_no_second_recipient():
    mail = email.message_from_bytes(build(a_letter(to_name='Boudreau, "Ada"')), policy=default)
    assert [(each.display_name, each.addr_spec) for each in mail["To"].addresses] == [('Boudreau, "Ada"', "ada@example.org")]


def test_the_calendar_method_must_be_the_one_inside():
    build(a_letter(calendar=("REQUEST", ICS)))
    for method, ics in (("CANCEL", ICS), ("request", ICS), ("REQUEST; x=1", ICS), ("REQUEST", b"BEGIN:VCALENDAR\r\n")):
        with pytest.raises(BadMailError):
            build(a_letter(calendar=(method, ics)))


def test_one_click_unsubscribes_by_two_headers_of_their_own():
    link = "https://convoke.example/u/" + "x" * 80 + "?a=b&c=%20"
    mail = email.message_from_bytes(build(a_letter(unsubscribe=link)), policy=default)
    assert str(mail["List-Unsubscribe"]) == f"<{link}>"
    assert str(mail["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
    plain = email.message_from_bytes(build(a_letter()), policy=default)
    assert plain["List-Unsubscribe"] is plain["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    "address",
    [
        "https://convoke.example/u/x\r\nBcc: all@example.org",
        "https://convoke.example/u/x>, <mailto:evil@example.org",
        "https://convoke.example/ü",
        "https://convoke.example/u x",
        "https://convoke.example/u\0",
        "mailto:us@convoke.example",
        "javascript:alert(1)",
        "https://",
        "https://convoke.example/" + "x" * 900,
    ],
)
def test_what_is_no_plain_address_of_a_page_unsubscribes_nobody(address):
    with pytest.raises(BadMailError):
        build(a_letter(unsubscribe=address))


def test_a_sender_without_a_name_is_an_address():
    mail = email.message_from_bytes(build(a_letter(from_name="")), policy=default)
    assert [(each.display_name, each.addr_spec) for each in mail["From"].addresses] == [("", "us@convoke.example")]


@given(VISIBLE)
def test_each_encoded_word_is_short_and_whole_in_itself(subject):
    try:
        raw = build(a_letter(subject=subject))
    except BadMailError:
        return
    lines = raw.partition(b"\r\nDate")[0].split(b"\r\n")
    for word in (part for line in lines for part in line.split() if part.startswith(b"=?utf-8?b?")):
        assert len(word) <= 75
        assert decode_header(word.decode())[0][0].decode() is not None
