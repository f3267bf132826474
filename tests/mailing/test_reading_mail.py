"""Whatever the bytes of a received mail are, reading them ends soon, takes little room and never fails."""

import base64
import tracemalloc
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.events.itip import read_answer
from engagement.mailing.automatic import is_automatic
from engagement.mailing.inbound import Kind
from engagement.mailing.mime import MOST_PARTS, attachments_of, clean_name, decoded, in_letters, plain_text, read_mail, words_of_html
from engagement.mailing.quoting import own_words
from engagement.mailing.receiving import _arrival, key_of
from engagement.mailing.reports import read_report
from engagement.mailing.wordings import asks_for_the_questionnaire
from tests.mailing.inbound_given import MAILS, parsed

TEMPLATES = [path.read_bytes() for path in sorted(MAILS.glob("*.eml"))]


def everything_read(raw):
    """Read all that is ever read of a mail."""
    from engagement.kernel.clock import now

    arrival = _arrival(read_mail(raw), now(), whole=True)
    for part in attachments_of(arrival.mail):
        arrival.mail.content(part)
    read_answer(arrival.calendar)
    assert len(key_of(arrival.mail, len(raw))) == 64
    for words in (arrival.subject, arrival.sender, arrival.sender_name, arrival.text):
        words.encode()
        assert "\0" not in words
    assert not {"\r", "\n"} & {*arrival.subject, *arrival.sender, *arrival.sender_name}
    return arrival


@given(st.binary(max_size=3000))
def test_no_bytes_at_all_make_reading_fail(raw):
    everything_read(raw)


@given(st.sampled_from(TEMPLATES), st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 40), st.binary(max_size=30)), max_size=8))
def test_a_mail_that_was_damaged_anywhere_is_read_as_far_as_it_goes(raw, wounds):
    for at, length, instead in wounds:
        raw = raw[:at] + instead + raw[at + length :]
    everything_read(raw)


LINES = st.sampled_from(
    [
        "--b", "--b--", "--c", "", "Content-Type: multipart/mixed; boundary=b", 'Content-Type: multipart/alternative; boundary="c"',
        "Content-Type: text/plain; charset=no-such", "Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: quoted-printable",
        "Content-Type: message/delivery-status", "Content-Type: message/feedback-report", "Content-Type: text/calendar; method=REPLY",
        "BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", "UID:x", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.c", "SEQUENCE:99999999999",
        "DTSTAMP:20260230T250000Z", "END:VEVENT", "Subject: =?x?b?????=", "From: (((((", "Final-Recipient: rfc822; a@b", "Status: 5.1.1",
        "Content-Disposition: attachment; filename*=utf-8''%ff%0d%0a..%2fx",
        "=3D=", "QUJD", "Content-Type: text/html", "<script>", "=?utf-7?q?+?=",
    ]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(LINES, max_size=60))
def test_no_order_of_the_lines_of_mail_makes_reading_fail(lines):
    everything_read("\n".join(lines).encode())


@given(st.binary(max_size=400), st.text(max_size=30))
def test_no_encoding_makes_letters_fail(content, charset):
    in_letters(content, charset).encode()


@given(st.text(max_size=300))
def test_a_files_name_holds_no_folder_and_nothing_unseen(name):
    clean = clean_name(name)
    assert len(clean) <= 120
    assert not set('/\\\0\r\n"<>:|?*;') & set(clean)
    assert not clean.startswith(".")


@contextmanager
def at_most(megabytes):
    """Assert that the block never holds more than this at once."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < megabytes * 1024 * 1024


def nested(depth):
    """Return a mail of parts within parts."""
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return f"From: a@example.org\nSubject: deep\n{head}Content-Type: text/plain\n\nat the bottom\n".encode()


def test_a_thousand_parts_within_each_other_are_not_followed_and_it_is_said():
    with at_most(5):
        arrival = everything_read(nested(1000))
    assert (arrival.kind, arrival.mail.cut) == (Kind.UNPLACED, "depth")


def test_parts_within_parts_as_mail_programs_make_them_are_read():
    assert plain_text(read_mail(nested(8))) == "at the bottom"


def test_of_a_million_parts_two_hundred_are_looked_at():
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 1_000_000
    with at_most(60):
        arrival = everything_read(raw)
    assert arrival.mail.cut == "parts"
    assert len(arrival.mail.parts) <= MOST_PARTS


@pytest.mark.slow
def test_one_line_of_twenty_megabytes_is_read_in_little_more_room_than_it_has():
    with at_most(150):
        everything_read(b"From: a@example.org\nSubject: " + b"x" * 20_000_000)
        everything_read(b"From: a@example.org\n\n" + b"(" * 20_000_000)
        everything_read(b"From: a@example.org\nContent-Type: text/html\n\n" + b"<" * 20_000_000)


def test_base64_that_is_broken_gives_what_can_be_read():
    assert decoded(b"QUJD!RE\n\0VG=", "base64").startswith(b"ABC")
    assert decoded(b"QUJDR", "base64") == b"ABC"
    assert decoded(b"", "base64") == b""


def test_a_charset_that_does_not_exist_costs_single_letters_at_most():
    raw = "Content-Type: text/plain; charset=x-klingon\n\nd\u00e9j\u00e0 vu".encode()
    assert plain_text(read_mail(raw)) == "d\u00e9j\u00e0 vu"
    assert plain_text(read_mail(b"Content-Type: text/plain; charset=x-klingon\n\nd\xe9j\xe0 vu")) == "d\u00e9j\u00e0 vu"
    assert plain_text(read_mail(b"Content-Type: text/plain; charset=punycode\n\nabc")) == "abc"


def test_control_characters_and_line_ends_in_headers_stay_inside_their_header():
    raw = b"From: a@example.org\nSubject: =?utf-8?q?one=0D=0ABcc:_x@example.org=00=E2=80=AE?=\nX: y\n\nhello"
    arrival = everything_read(raw)
    assert arrival.subject == "one Bcc: x@example.org"
    assert arrival.mail.headers.first("bcc") == ""
    assert arrival.text == "hello"


def test_a_name_that_looks_like_an_address_is_not_taken_for_one():
    assert read_mail(b'From: "victim@example.org" <other@example.net>\n\n').sender() == ("victim@example.org", "other@example.net")


def test_html_gives_its_words_without_tags_and_scripts():
    page = "<style>p{}</style><p>One&nbsp;&amp; two<br>three</p><script>alert('x')</script><p>four"
    assert words_of_html(page) == "One & two\nthree\n\nfour"


def test_what_stands_inside_a_forwarded_mail_is_not_read_as_the_mail_itself():
    inner = (MAILS / "gmail-tentative.eml").read_bytes()
    raw = (
        b"From: a@example.org\nContent-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: message/rfc822\n\n"
        + inner
        + b"\n--out--\n"
    )
    arrival = everything_read(raw)
    assert (arrival.kind, arrival.calendar) == (Kind.UNPLACED, "")


@pytest.mark.parametrize("template", ["outlook-accepted.eml", "gmail-tentative.eml", "apple-declined.eml"])
def test_a_second_parser_finds_the_same_calendar_parts(template):
    raw = (MAILS / template).read_bytes()
    theirs = [
        part.get_payload(decode=True) for part in parsed(raw).walk() if part.get_content_type() in {"text/calendar", "application/ics"}
    ]
    mail = read_mail(raw)
    ours = [mail.content(part) for part in mail.parts if part.kind in {"text/calendar", "application/ics"}]
    assert [each.strip() for each in ours] == [each.strip() for each in theirs]


def test_a_calendar_answer_in_base64_and_without_a_method_in_its_header_is_found():
    event = b"BEGIN:VEVENT\r\nUID:a@b\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:A@b.c\r\nEND:VEVENT\r\n"
    ics = b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n" + event + b"END:VCALENDAR\r\n"
    raw = b"From: a@b.c\nContent-Type: application/octet-stream; name=x.ics\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(
        ics
    )
    arrival = everything_read(raw)
    assert (arrival.kind, arrival.method) == (Kind.REPLY, "REPLY")
    assert read_answer(arrival.calendar).attendees[0].address == "a@b.c"


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated; type=x", "X-Autoreply: yes", "Precedence: auto_reply",
        "Precedence: bulk", "Subject: Automatic reply: Invitation", "Subject: Out of Office: back Monday", "Subject: Absence du bureau",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique_:_Invitation?=", "Subject: Message d’absence",
    ],
)  # fmt: skip
def test_machines_that_answer_for_somebody_are_known(headers):
    assert is_automatic(read_mail(f"{headers}\n\nhello".encode()))


@pytest.mark.parametrize(
    "headers", ["Auto-Submitted: no", "Subject: Absence de services en français", "Subject: Re: Invitation", "Precedence: normal"]
)
def test_people_are_not_taken_for_machines(headers):
    assert not is_automatic(read_mail(f"{headers}\n\nhello".encode()))


@pytest.mark.parametrize(
    "words",
    [
        "Hello,\nplease send me the\nquestionnaire. Thank you", "Could I have the questionnaire instead?",
        "I would like to fill out the survey.",
        "Bonjour, veuillez m’envoyer le questionnaire.", "Pourriez-vous me faire parvenir le questionnaire? Merci",
        "J’aimerais recevoir le questionnaire.", "Envoyez-moi le questionnaire s.v.p.",
    ],
)  # fmt: skip
def test_a_request_for_the_questionnaire_is_understood_in_both_languages(words):
    assert asks_for_the_questionnaire("Hello", own_words(words))


@pytest.mark.parametrize(
    "words",
    [
        "Please do not send me the questionnaire.", "I have filled out the questionnaire.", "Ne m’envoyez pas le questionnaire.",
        "What is the questionnaire about?", "> please send me the questionnaire\n\nThis is what I wrote.",
        "Je ne souhaite pas recevoir le questionnaire.", "Please send me the questionnaire. " + "And another thing. " * 100,
    ],
)  # fmt: skip
def test_what_is_no_plain_request_is_left_to_people(words):
    assert not asks_for_the_questionnaire("Hello", own_words(words))


@pytest.mark.parametrize(
    ("text", "status", "action"),
    [
        ("Final-Recipient: rfc822; a@b.c\nAction: failed\nStatus: 5.1.1", "5.1.1", "failed"),
        ("Final-Recipient: rfc822; a@b.c\nAction: delayed\nStatus: 4.4.7", "4.4.7", "delayed"),
        ("Final-Recipient: RFC822;<A@B.C>\nAction: FAILED\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 no", "5.1.1", "failed"),
        ("Final-Recipient: rfc822; a@b.c\nStatus: 4.0.0 (oh)", "4.0.0", "delayed"),
        ("Original-Recipient: rfc822; a@b.c", "", "failed"),
        # Exim says 5.0.0 whatever it is, and the server that refused it has words only.
        ("Action: failed\nFinal-Recipient: rfc822;a@b.c\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 No Such User Here", "5.1.1", "failed"),
        ("Action: failed\nFinal-Recipient: rfc822;a@b.c\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 utilisateur inconnu", "5.1.1", "failed"),
        ("Action: failed\nFinal-Recipient: rfc822;a@b.c\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 mailbox full", "5.0.0", "failed"),
        (
            "Action: failed\nFinal-Recipient: rfc822;a@b.c\nStatus: 5.7.1\nDiagnostic-Code: smtp; 550 unknown user or spam",
            "5.7.1",
            "failed",
        ),
        ("Action: failed\nFinal-Recipient: rfc822;a@b.c\nStatus: 4.0.0\nDiagnostic-Code: smtp; 450 user unknown", "4.0.0", "failed"),
    ],
)
def test_what_a_delivery_report_says_of_a_recipient(text, status, action):
    head = "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
    (recipient,) = read_report(read_mail(f"{head}{text}\n--b--\n".encode())).recipients
    assert (recipient.addresses, recipient.status, recipient.action) == ({"a@b.c"}, status, action)
