"""What the team adds to a mail about a change, and hostile text in it."""

import pytest

from engagement.events.tellings import BadNoteError, NothingToTellError
from engagement.events.told import told_so_far
from engagement.kernel.bilingual import Text
from tests.events.given import a_person, an_event, the_sitting
from tests.events.letters_read import delivered
from tests.events.telling_given import a_told_guest, asked, behind, messages, moved, placed, tell
from tests.support.given import a_consultation


@pytest.fixture
def consultation(app):
    return a_consultation()


@pytest.mark.parametrize("side", ["en", "fr"])
def test_the_note_in_one_language_only_is_refused(consultation, post, side):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 14)
    note = Text("Bring a coat.", "") if side == "en" else Text("", "Apportez un manteau.")
    with pytest.raises(BadNoteError) as refused:
        tell(event, note_words=note)
    assert refused.value.field == ("note_fr" if side == "en" else "note_en")
    assert messages("event_change") == []


@pytest.mark.parametrize("note", ["x" * 5001, "a\x00b", "a\u2028b", "a\x0bb"])
def test_a_note_that_cannot_be_sent_is_refused(consultation, post, note):
    event = an_event(consultation)
    with pytest.raises(BadNoteError):
        tell(event, note_words=Text(note, "Bien"))


def test_a_second_note_is_said_with_the_first_where_the_mail_has_not_gone_yet(consultation, post):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 14)
    tell(event, note_words=Text("Bring a coat.", "Apportez un manteau."))
    moved(the_sitting(event), 15)
    tell(event, note_words=Text("And a hat.", "Et un chapeau."))
    (mail,) = delivered(post)
    assert mail.plain.index("15:00") < mail.plain.index("Bring a coat.") < mail.plain.index("And a hat.")
    assert behind(event) == []
    assert [told.coming for told in told_so_far(event.id)] == [0, 0]


def test_nothing_is_told_again_without_a_note_while_the_mail_that_says_it_waits(consultation, post):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 14)
    tell(event)
    with pytest.raises(NothingToTellError):
        tell(event)


def test_a_note_of_hostile_text_stays_in_the_text(consultation, post):
    event, _ = a_told_guest(consultation, post)
    moved(the_sitting(event), 14)
    note = "Hello\r\nBcc: evil@example.org\r\nATTENDEE:mailto:evil@example.org ((reply_link)) ((code)) <b>x</b>"
    tell(event, note_words=Text(note, note))
    (mail,) = delivered(post)
    assert mail.mail["Bcc"] is None
    assert "evil@example.org" not in mail.ics
    assert "((reply_link)) ((code)) <b>x</b>" in mail.plain
    assert "&lt;b&gt;x&lt;/b&gt;" in mail.mail.get_body(("html",)).get_content()
    assert len(mail.event.attendee_list) == 1


def test_a_hostile_place_and_title_add_no_line_to_the_calendar(consultation, post):
    event = an_event(consultation)
    asked(event, a_person(consultation, 'Eve "E" \\, ;x'))
    delivered(post)
    bad = "Hall\r\nATTENDEE:mailto:evil@example.org;,\\"
    title = bad.replace("\r\n", " ")
    placed(event, texts={"venue": Text(bad, bad), "title": Text(title, title)})
    tell(event)
    (mail,) = delivered(post)
    assert len(mail.event.attendee_list) == 1
    assert not any(line.startswith("ATTENDEE:mailto:evil") for line in mail.ics.split("\r\n"))
