"""``flask mail receive``: one mail or a Maildir, what it prints, and what it says of what cannot be read."""

import json
import mailbox
import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from engagement.mailing.inbound import InboxState
from engagement.mailing.receiving import LARGEST
from tests.mailing.inbound_given import guests, inbox, taken
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow

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
        ("folder", "This folder holds no mail: neither new nor cur (a Maildir), nor a file whose name ends in .eml."),
        ("setting", "Name a mail or a Maildir, or set IMAP_URL."),
    ],
)
def test_what_cannot_be_received_ends_with_two_and_one_line(app, tmp_path, content, line):
    path = tmp_path / "it.eml"
    if content == "folder":
        path.mkdir()
        (path / "notes.txt").write_text("not a mail")
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


ENVELOPE = "From MAILER-DAEMON Sat Jan  3 01:05:34 2026\n"


def a_mailbox_file(path, *mails, envelope=ENVELOPE):
    """Write a mailbox as mail programs do: an empty line behind each mail, and no line of a text that begins like an envelope's."""
    quoted = (re.sub(r"(?m)^(>*From )", r">\1", mail.decode().replace("\r\n", "\n")) for mail in mails)
    path.write_text("".join(f"{envelope}{mail}\n\n" for mail in quoted), newline="")
    return path


def test_each_mail_of_a_mailbox_file_is_received_and_acts_once(app, post, tmp_path):
    jo, sam = guests(a_consultation(), post, "jo@example.org", "sam@example.org")
    mails = [jo.mail("postfix-bounce.eml"), sam.mail("outlook-accepted.eml"), PLAIN]
    box = a_mailbox_file(tmp_path / "in.mbox", *mails)
    before = box.read_bytes()
    assert [(mail["kind"], mail["outcome"]) for mail in told(app, box)] == [
        ("bounce", "bounced"),
        ("reply", "accepted"),
        ("unplaced", "waiting"),
    ]
    assert taken(sam.invitation.event_id) == 1
    assert [mail["outcome"] for mail in told(app, box)] == ["duplicate"] * 3
    assert (len(inbox()), box.read_bytes()) == (3, before)
    (tmp_path / "alone.eml").write_bytes(mails[1])
    assert told(app, tmp_path / "alone.eml")[0]["outcome"] == "duplicate"


def test_a_mailbox_file_that_pythons_own_library_wrote_is_received_whole(app, tmp_path):
    box = mailbox.mbox(tmp_path / "in.mbox")
    for number in range(3):
        box.add(PLAIN.replace(b"plain@", b"plain%d@" % number))
    box.close()
    assert [mail["message_id"] for mail in told(app, tmp_path / "in.mbox")] == [f"<plain{number}@example.org>" for number in range(3)]


@pytest.mark.parametrize(
    "envelope",
    ["From - Sat Jan 03 01:05:34 2026\n", "From 17@xxx Sat Jan 03 01:05:34 +0000 2026\n", "From a@b.c Sat, 3 Jan 2026 01:05:34 +0000\r\n"],
)
def test_the_envelope_lines_of_mail_programs_begin_a_mail(app, tmp_path, envelope):
    box = a_mailbox_file(tmp_path / "in", PLAIN, PLAIN.replace(b"plain", b"second"), envelope=envelope)
    assert [mail["message_id"] for mail in told(app, box)] == ["<plain@example.org>", "<second@example.org>"]


@pytest.mark.parametrize(
    "words",
    [
        "From 10:30 to 12:00 on Sat in room 2026\nLunch: yes", "From here on\nSubject: changes",
        "From Jo, Sat 3 Jan 2026 at 10:30 we meet:\nno header",
        "as it says\nFrom a@b.c Sat Jan  3 01:05:34 2026\nFrom: forged@example.org",
    ],
)  # fmt: skip
def test_a_line_of_a_text_that_begins_with_from_begins_no_mail(app, tmp_path, words):
    (tmp_path / "in.mbox").write_text(f"{ENVELOPE}From: a@example.org\nSubject: x\n\nhello\n\n{words}\n")
    assert len(told(app, tmp_path / "in.mbox")) == 1
    assert words in inbox()[0].text


def test_a_text_that_was_quoted_for_a_mailbox_file_is_read_as_it_was_written(app, tmp_path):
    letter = PLAIN + b"\nFrom now on\n>From now on\n"
    told(app, a_mailbox_file(tmp_path / "in.mbox", letter))
    assert inbox()[0].text == "hello\n\nFrom now on\n>From now on"


@pytest.mark.slow
def test_of_a_mail_in_a_mailbox_file_that_is_too_large_the_headers_are_kept_and_those_behind_it_are_received(app, tmp_path):
    a_mailbox_file(tmp_path / "in.mbox", PLAIN + b"x" * 70 * 400_000, PLAIN.replace(b"plain", b"second"))
    large, second = told(app, tmp_path / "in.mbox")
    assert (large["message_id"], second["message_id"]) == ("<plain@example.org>", "<second@example.org>")
    sizes = sorted((row.size > LARGEST, len(row.raw) < 200) for row in inbox())
    assert sizes == [(False, True), (True, True)]


def test_a_folder_of_letters_is_received_in_the_order_of_their_names_and_stays_as_it_is(app, guest, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "2.eml").write_bytes(guest.mail("outlook-accepted.eml"))
    (folder / "1.EML").write_bytes(PLAIN)
    (folder / "notes.txt").write_bytes(PLAIN.replace(b"plain", b"other"))
    (folder / "3.eml").write_bytes(b"")
    (folder / "4.eml").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "5.eml")
    result = run(app, folder, "--json")
    assert [mail["kind"] for mail in json.loads(result.stdout)] == ["unplaced", "reply"]
    assert result.stderr.splitlines() == [
        "A file is empty; it stays where it is.",
        "A file was gone before it could be read.",
        "Something in it is no file; it stays where it is.",
    ]
    assert sorted(file.name for file in folder.iterdir()) == ["1.EML", "2.eml", "3.eml", "4.eml", "5.eml", "notes.txt"]
    assert [mail["outcome"] for mail in told(app, folder)] == ["duplicate"] * 2


def test_a_pipe_is_refused_and_not_waited_for(app, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    result = run(app, tmp_path / "pipe")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", "It is neither a file nor a folder.\n")


def test_a_name_that_is_too_long_ends_with_two_and_one_line(app):
    result = run(app, "x" * 300, "--json")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", "It cannot be read: File name too long.\n")


@pytest.mark.parametrize("which", ["new", "file", "folder", "inside", "emls"])
def test_what_may_not_be_read_ends_with_two_and_one_line(app, maildir, which):
    (maildir / "new" / "1.mail").write_bytes(PLAIN)
    (maildir / "tmp" / "1.eml").write_bytes(PLAIN)
    locked = {"new": maildir / "new", "file": maildir / "new" / "1.mail", "folder": maildir}.get(which, maildir / "tmp")
    asked = {"new": maildir, "inside": maildir / "tmp" / "1.eml"}.get(which, locked)
    with locked_away(locked):
        result = run(app, asked, "--json")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", "It cannot be read: Permission denied.\n")
    assert inbox() == []


@contextmanager
def locked_away(path):
    """Go on as somebody who may not read what lies at ``path``; whoever runs the tests as root may read everything."""
    path.chmod(0)
    as_root = os.geteuid() == 0
    for folder in path.parents if as_root else ():
        if folder.is_relative_to(tempfile.gettempdir()) and folder != Path(tempfile.gettempdir()):
            folder.chmod(0o755)
    if as_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if as_root:
            os.seteuid(0)
        path.chmod(0o755)


def test_a_mail_whose_file_cannot_be_moved_is_received_and_that_is_said(app, tmp_path):
    (tmp_path / "box" / "new").mkdir(parents=True)
    (tmp_path / "box" / "cur").write_text("no folder")
    (tmp_path / "box" / "new" / "1.mail").write_bytes(PLAIN)
    for outcome in ("waiting", "duplicate"):
        result = run(app, tmp_path / "box", "--json")
        assert (result.exit_code, json.loads(result.stdout)[0]["outcome"]) == (0, outcome)
        assert (
            result.stderr == "A file was received and cannot be moved to cur (File exists); each time it is read again it does nothing.\n"
        )
    assert (tmp_path / "box" / "new" / "1.mail").exists()


@pytest.mark.parametrize("before", [b"\r\n", b"\n\n", b"\xef\xbb\xbf\r\n"])
def test_empty_lines_before_the_headers_cost_no_header(app, guest, tmp_path, before):
    (tmp_path / "m.eml").write_bytes(before + guest.mail("outlook-accepted.eml").replace(b"\n", b"\r\n"))
    (mail,) = told(app, tmp_path / "m.eml")
    assert (mail["message_id"], mail["outcome"]) == ("<OUTLOOK0001@mail.example.org>", "accepted")


def test_a_mail_whose_lines_end_in_cr_alone_is_read_as_the_mail_that_it_is(app, guest, tmp_path):
    (tmp_path / "m.eml").write_bytes(guest.mail("outlook-accepted.eml").replace(b"\n", b"\r"))
    assert told(app, tmp_path / "m.eml")[0]["outcome"] == "accepted"
