"""``flask mail receive``: one mail or a Maildir, what it prints, and what it says of what cannot be read."""

import json
import os

import pytest

from engagement.mailing.inbound import InboxState
from engagement.mailing.receiving import LARGEST
from tests.mailing.inbound_given import guests, inbox
from tests.support.given import a_consultation

PLAIN = b"From: a@example.org\nSubject: hello\nMessage-ID: <plain@example.org>\n\nhello\n"
KEYS = {"message_id", "kind", "person", "invitation", "outcome", "why"}


@pytest.fixture
def guest(app, post):
    """Return somebody who was sent an invitation."""
    return guests(a_consultation(), post, "jo@example.org")[0]


@pytest.fixture
def maildir(tmp_path):
    """Return an empty Maildir."""
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    return tmp_path / "box"


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["mail", "receive", *map(str, arguments)])


def told(app, *arguments):
    result = run(app, *arguments, "--json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_one_mail_is_told_as_one_object_in_a_list(app, guest, tmp_path):
    (tmp_path / "reply.eml").write_bytes(guest.mail("outlook-accepted.eml"))
    (mail,) = told(app, tmp_path / "reply.eml")
    assert mail == {
        "message_id": "<OUTLOOK0001@mail.example.org>",
        "kind": "reply",
        "person": str(guest.person.id),
        "invitation": str(guest.invitation.id),
        "outcome": "accepted",
        "why": "",
    }
    (again,) = told(app, tmp_path / "reply.eml")
    assert (again["outcome"], again["kind"], again["invitation"]) == ("duplicate", "reply", str(guest.invitation.id))


@pytest.mark.parametrize(
    ("template", "kind"),
    [("apple-declined.eml", "reply"), ("postfix-bounce.eml", "bounce"), ("complaint.eml", "unsubscribe"), ("away-fr.eml", "auto")],
)
def test_the_kind_of_a_mail_is_told_in_a_closed_list_of_words(app, guest, tmp_path, template, kind):
    (tmp_path / "mail.eml").write_bytes(guest.mail(template))
    (mail,) = told(app, tmp_path / "mail.eml")
    assert mail.keys() == KEYS
    assert mail["kind"] == kind


def test_people_are_told_a_line_without_anybodys_name_or_address(app, guest, tmp_path):
    (tmp_path / "reply.eml").write_bytes(guest.mail("gmail-tentative.eml"))
    said = run(app, tmp_path / "reply.eml").output
    assert said == "reply: tentative\n"


def test_a_maildir_is_received_in_order_and_its_files_are_kept_as_seen(app, guest, maildir):
    (maildir / "new" / "1700000002.b").write_bytes(guest.mail("apple-declined.eml"))
    (maildir / "cur" / "1700000001.a:2,R").write_bytes(PLAIN)
    (maildir / "cur" / "1700000000.z:2,S").write_bytes(PLAIN.replace(b"hello", b"read long ago"))
    assert [mail["kind"] for mail in told(app, maildir)] == ["unplaced", "reply"]
    names = sorted(file.name for file in (maildir / "cur").iterdir())
    assert names == ["1700000000.z:2,S", "1700000001.a:2,RS", "1700000002.b:2,S"]
    assert list((maildir / "new").iterdir()) == []
    assert told(app, maildir) == []
    assert inbox()[0].received_at.timestamp() == 1700000001


def test_a_file_that_vanishes_is_passed_over_with_a_line_and_the_others_are_received(app, maildir):
    (maildir / "new" / "1.gone").symlink_to(maildir / "nowhere")
    (maildir / "new" / "2.empty").write_bytes(b"")
    (maildir / "new" / "3.folder").mkdir()
    (maildir / "new" / "4.mail").write_bytes(PLAIN)
    result = run(app, maildir, "--json")
    assert result.exit_code == 0
    assert [mail["message_id"] for mail in json.loads(result.stdout)] == ["<plain@example.org>"]
    assert result.stderr.splitlines()[:2] == ["A file was gone before it could be read.", "A file is empty; it stays where it is."]
    assert len(result.stderr.splitlines()) == 3
    assert (maildir / "new" / "2.empty").exists()


def test_a_pipe_in_a_maildir_holds_nothing_up(app, maildir):
    os.mkfifo(maildir / "new" / "1.pipe")
    (maildir / "new" / "2.mail").write_bytes(PLAIN)
    result = run(app, maildir, "--json")
    assert (result.exit_code, len(json.loads(result.stdout))) == (0, 1)
    assert result.stderr.splitlines()[0] == "Something in it is no file; it stays where it is."


def test_a_mail_whose_file_has_the_name_of_another_overwrites_no_mail(app, maildir):
    for number in range(3):
        (maildir / "new" / "1700000001.a").write_bytes(PLAIN.replace(b"plain@", b"plain%d@" % number))
        assert told(app, maildir)[0]["message_id"] == f"<plain{number}@example.org>"
    kept = {file.name: file.read_bytes() for file in (maildir / "cur").iterdir()}
    assert sorted(kept) == ["1700000001.a:2,S", "1700000001.a_1:2,S", "1700000001.a_2:2,S"]
    assert len(set(kept.values())) == 3


def test_garbage_in_a_maildir_is_kept_for_people(app, maildir):
    (maildir / "new" / "1.garbage").write_bytes(bytes(range(256)) * 40)
    assert [(mail["kind"], mail["outcome"]) for mail in told(app, maildir)] == [("unplaced", "waiting")]
    assert inbox()[0].raw == bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "There is no such file or folder."),
        (b"", "The file is empty."),
        (b"\n\n\n", "The file is empty."),
        (b"\x00\x01\x02 garbage", "The file is no mail: it does not begin with a header."),
        (b"just a line", "The file is no mail: it does not begin with a header."),
        ("folder", "This folder is no Maildir: it has neither new nor cur."),
        ("setting", "Name a mail or a Maildir, or set IMAP_URL."),
    ],
)
def test_what_cannot_be_received_ends_with_two_and_one_line(app, tmp_path, content, line):
    path = tmp_path / "it.eml"
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    result = run(app, *([] if content == "setting" else [path]), "--json")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{line}\n")
    assert inbox() == []


@pytest.mark.slow
def test_a_mail_of_fifty_megabytes_is_kept_with_its_headers_only(app, tmp_path):
    path = tmp_path / "large.eml"
    with path.open("wb") as file:
        file.write(b"From: a@example.org\r\nSubject: large\r\nMessage-ID: <large@example.org>\r\n\r\n")
        for _ in range(50):
            file.write(b"x" * 1024 * 1024)
    (mail,) = told(app, path)
    assert (mail["kind"], mail["outcome"], mail["message_id"]) == ("unplaced", "waiting", "<large@example.org>")
    assert inbox()[0].size > 2 * LARGEST
    assert len(inbox()[0].raw) < 100
    assert told(app, path)[0]["outcome"] == "duplicate"


def test_a_mail_from_a_mailbox_file_may_begin_with_its_envelope_line(app, tmp_path):
    (tmp_path / "m.eml").write_bytes(b"From a@example.org Wed Dec  2 12:00:00 2026\n" + PLAIN)
    assert told(app, tmp_path / "m.eml")[0]["message_id"] == "<plain@example.org>"
    assert inbox()[0].state is InboxState.WAITING


def test_a_mail_that_an_editor_saved_with_its_mark_is_read_as_the_mail_that_it_is(app, guest, tmp_path):
    (tmp_path / "m.eml").write_bytes(b"\xef\xbb\xbf" + guest.mail("outlook-accepted.eml"))
    (mail,) = told(app, tmp_path / "m.eml")
    assert (mail["kind"], mail["outcome"], mail["invitation"]) == ("reply", "accepted", str(guest.invitation.id))
