import pytest

from engagement.events.models import Format, Kind
from engagement.events.service import EventParticulars, schedule_event
from engagement.findings.reading import codes_on, find_prompt, table_of
from engagement.kernel.audit import staff
from engagement.kernel.bilingual import Text
from engagement.kernel.db import db
from engagement.kernel.errors import AbsentError
from engagement.kernel.policy import Permission, Role
from tests.findings.given import a_pillar, a_prompt, a_submission, a_theme
from tests.support.client import links_to_what_is_wrong
from tests.support.given import a_consultation, a_member, access_of, signed_in_as

LANGUAGES = ["en", "fr"]


def a_room(consultation, organizer, *, restricted=False, title="Roundtable"):
    particulars = EventParticulars(
        kind=Kind.ROUNDTABLE, format=Format.IN_PERSON, zone="America/Toronto", texts={"title": Text(title, f"{title} (fr)")},
        listed=not restricted, restricted=restricted,
    )  # fmt: skip
    return schedule_event(consultation_id=consultation.id, particulars=particulars, actor=staff(organizer.id))


def a_prompt_for(client, role):
    """Sign in a member with this role, and return a prompt of their consultation."""
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation, role))
    return a_prompt(consultation)


def figures(client, prompt, language="en"):
    """Return the cells of the themes as they are taken along, a list for each row."""
    data = client.get(f"/c/fisheries/findings/{prompt.id}/themes.csv?lang={language}").data.decode("utf-8-sig")
    return [row.split(",") for row in data.splitlines()[1:]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_says_what_to_do_where_there_is_nothing_yet(client, language):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation, Role.ANALYST))
    for path in ("", "/prompts", "/prompts/new"):
        assert client.get(f"/c/fisheries/findings{path}?lang={language}").status_code == 200
    prompt = a_prompt(consultation)
    submission = a_submission(prompt, "Nothing to code with.")
    for path in ("", "/prompts", f"/{prompt.id}/edit", f"/{prompt.id}/submissions", f"/{prompt.id}/submissions/add", f"/{prompt.id}/codes"):
        assert client.get(f"/c/fisheries/findings{path}?lang={language}").status_code == 200
    assert client.get(f"/c/fisheries/findings/submissions/{submission.id}?lang={language}").status_code == 200
    assert client.get(f"/c/fisheries/findings/{prompt.id}/submissions?coded=no&lang={language}").status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_says_its_base_and_opens_to_its_submissions(client, language):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation, Role.ANALYST))
    prompt, pillar = a_prompt(consultation), a_pillar(consultation)
    beds, funds = a_theme(prompt, "Beds", under=pillar), a_theme(prompt, "Funds", under=pillar)
    for number in range(8):
        a_submission(prompt, f"Said {number}", beds, *([funds] if number % 2 else []))
    page = client.get(f"/c/fisheries/findings?lang={language}").text
    assert "N = 8" in page
    assert ("not mutually exclusive" if language == "en" else "ne sont pas mutuellement exclusifs") in page
    assert "50\u00a0%" in page
    listed = client.get(f"/c/fisheries/findings/{prompt.id}/submissions?code={funds.id}&lang={language}").text
    assert "N = 4" in listed
    assert "N = 8" in client.get(f"/c/fisheries/findings/{prompt.id}/submissions?code={pillar.id}&lang={language}").text


def test_the_figures_can_be_taken_along(client):
    prompt = a_prompt_for(client, Role.VIEWER)
    theme = a_theme(prompt, "Beds")
    for number in range(6):
        a_submission(prompt, f"Said {number}", theme)
    data = client.get(f"/c/fisheries/findings/{prompt.id}/themes.csv")
    assert data.data.decode("utf-8-sig").splitlines() == ["theme,pillar,n,percent,N", "Beds,,6,100,6"]
    french = client.get(f"/c/fisheries/findings/{prompt.id}/themes.csv?lang=fr")
    assert "Beds (fr)" in french.data.decode("utf-8-sig")
    assert client.get(f"/c/fisheries/findings/{prompt.id}/themes.svg").data.startswith(b"<?xml")
    assert client.get(f"/c/fisheries/findings/{prompt.id}/themes.png").data.startswith(b"\x89PNG")
    assert "attachment" in data.headers["Content-Disposition"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_viewer_sees_no_count_from_one_to_four_in_any_form(client, language):
    prompt = a_prompt_for(client, Role.VIEWER)
    often, seldom = a_theme(prompt, "Often"), a_theme(prompt, "Seldom")
    for number in range(7):
        a_submission(prompt, f"Said {number}", often, *([seldom] if number < 3 else []))
    page = client.get(f"/c/fisheries/findings?lang={language}").text
    hidden = "not shown" if language == "en" else "non indiqué"
    assert hidden in page
    assert "43\u00a0%" not in page
    assert [hidden, "", "7"] in [row[2:] for row in figures(client, prompt, language)]
    assert client.get(f"/c/fisheries/findings/{prompt.id}/submissions").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_viewer_does_not_learn_that_all_but_one_spoke_of_a_theme(client, language):
    prompt = a_prompt_for(client, Role.VIEWER)
    nearly_all, some = a_theme(prompt, "Nearly all"), a_theme(prompt, "Some")
    for number in range(12):
        a_submission(prompt, f"Said {number}", *([nearly_all] if number < 11 else []), *([some] if number < 6 else []))
    page = client.get(f"/c/fisheries/findings?lang={language}").text
    assert "92\u00a0%" not in page
    assert "92%" not in page
    assert ("of the themes whose" if language == "en" else "parmi les thèmes dont") in page.lower()
    assert [row[2] for row in figures(client, prompt, language)] == ["6", "not shown" if language == "en" else "non indiqué"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_fewer_than_five_submissions_a_viewer_learns_nothing(client, language):
    prompt = a_prompt_for(client, Role.VIEWER)
    theme, never = a_theme(prompt, "All"), a_theme(prompt, "Never")
    for number in range(3):
        a_submission(prompt, f"Said {number}", theme)
    assert never
    assert client.get(f"/c/fisheries/findings?lang={language}").status_code == 200
    hidden = ["not shown", "", "1 to 4"] if language == "en" else ["non indiqué", "", "de 1 à 4"]
    assert [row[2:] for row in figures(client, prompt, language)] == [hidden, hidden]


def test_the_order_of_hidden_themes_does_not_tell_which_is_larger(app):
    consultation = a_consultation()
    prompt = a_prompt(consultation)
    fewer, more = a_theme(prompt, "Fewer"), a_theme(prompt, "More")
    for number in range(7):
        a_submission(prompt, f"Said {number}", *([fewer] if number < 1 else []), *([more] if number < 3 else []))
    reads, guarded = (access_of(a_member(consultation, role), consultation) for role in (Role.ANALYST, Role.VIEWER))
    assert [line.code.id for line in table_of(reads, prompt).themes] == [more.id, fewer.id]
    assert [line.code.id for line in table_of(guarded, prompt).themes] == [fewer.id, more.id]


def test_coding_replaces_what_was_ticked_and_goes_on_to_the_next_without_a_code(client):
    consultation = a_consultation()
    analyst = a_member(consultation, Role.ANALYST)
    signed_in_as(client, analyst)
    prompt = a_prompt(consultation)
    beds, funds = a_theme(prompt, "Beds"), a_theme(prompt, "Funds")
    first, second = a_submission(prompt, "One", beds), a_submission(prompt, "Two")
    answer = client.post(f"/c/fisheries/findings/submissions/{first.id}", data={"codes": [str(funds.id)], "next": "yes"})
    assert answer.location.endswith(f"/findings/submissions/{second.id}")
    db.session.rollback()
    assert [code.id for code in codes_on([first.id])[first.id]] == [funds.id]
    last = client.post(f"/c/fisheries/findings/submissions/{second.id}", data={"codes": [str(beds.id), str(funds.id)], "next": "yes"})
    assert last.location.endswith(f"/findings/{prompt.id}/submissions")
    db.session.rollback()
    assert {code.id for code in codes_on([second.id])[second.id]} == {beds.id, funds.id}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_of_another_prompt_is_refused_and_nothing_changes(client, language):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation, Role.ANALYST))
    prompt, other = a_prompt(consultation), a_prompt(consultation, "Something else")
    theme, foreign = a_theme(prompt), a_theme(other)
    submission = a_submission(prompt, "One", theme)
    page = client.post(f"/c/fisheries/findings/submissions/{submission.id}?lang={language}", data={"codes": [str(foreign.id)]})
    assert 'id="error-summary"' in page.text
    db.session.rollback()
    assert [code.id for code in codes_on([submission.id])[submission.id]] == [theme.id]


def test_lines_that_are_pasted_become_submissions_numbered_on(client):
    prompt = a_prompt_for(client, Role.ANALYST)
    a_submission(prompt, "There already")
    fields = {"words": "First\r\n\r\nSecond", "several": "y", "language": "en", "source": "in_room"}
    client.post(f"/c/fisheries/findings/{prompt.id}/submissions/add", data=fields)
    page = client.get(f"/c/fisheries/findings/{prompt.id}/submissions").text
    assert "N = 3" in page
    assert "Second" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_missing_is_said_where_it_is_missing(client, language):
    prompt = a_prompt_for(client, Role.ANALYST)
    theme = a_theme(prompt)
    posts = {
        "/prompts/new": {"wording_en": "", "wording_fr": "", "event_id": ""},
        f"/{prompt.id}/edit": {"wording_en": "", "wording_fr": "Seulement", "event_id": ""},
        f"/{prompt.id}/submissions/add": {"words": "", "source": "in_room"},
        f"/{prompt.id}/codes": {"name_en": "Only English", "name_fr": "", "parent_id": ""},
        f"/{prompt.id}/codes/{theme.id}": {"name_en": "Only English", "name_fr": "", "parent_id": ""},
    }
    for path, fields in posts.items():
        page = client.post(f"/c/fisheries/findings{path}?lang={language}", data=fields)
        assert 'id="error-summary"' in page.text, path
    page = client.post(f"/c/fisheries/findings/prompts/new?lang={language}", data={"wording_en": "", "wording_fr": "", "event_id": ""})
    assert links_to_what_is_wrong(page) == ["#wording_en", "#wording_fr"]
    too_many = {"words": "x\n" * 501, "several": "y", "language": "en", "source": "in_room"}
    page = client.post(f"/c/fisheries/findings/{prompt.id}/submissions/add?lang={language}", data=too_many)
    assert "501" in page.text
    assert "N = " not in client.get(f"/c/fisheries/findings/{prompt.id}/submissions").text


def test_the_code_book_takes_themes_and_pillars_and_shows_which_name_is_older(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation, Role.ANALYST))
    prompt = a_prompt(consultation)
    book = f"/c/fisheries/findings/{prompt.id}/codes"
    client.post(book, data={"name_en": "Prevention", "name_fr": "Prévention", "parent_id": "", "is_pillar": "y"})
    theme = a_theme(prompt, "Beds", under=a_pillar(consultation, "Protection"))
    page = client.get(book).text
    assert "Prévention" in page
    assert "Protection" in page
    fields = {"name_en": "Shelter beds", "name_fr": "Beds (fr)", "parent_id": ""}
    client.post(f"{book}/{theme.id}", data=fields)
    for language in LANGUAGES:
        assert client.get(f"{book}/{theme.id}?lang={language}").status_code == 200
    db.session.rollback()
    assert theme.stale_texts() == {"name": "fr"}
    assert theme.parent_id is None


@pytest.mark.parametrize("role", [Role.STAFF, Role.ANALYST, Role.VIEWER])
def test_what_was_asked_at_a_restricted_event_is_absent_for_who_is_not_cleared(client, role):
    consultation = a_consultation()
    organizer = a_member(consultation)
    room = a_room(consultation, organizer, restricted=True, title="Held back")
    prompt = a_prompt(consultation, "Asked in confidence", event_id=room.id)
    submission = a_submission(prompt, "Told in confidence", a_theme(prompt, "Secret theme"))
    member = a_member(consultation, role)
    signed_in_as(client, member)
    assert "confidence" not in client.get("/c/fisheries/findings").text
    paths = (f"/{prompt.id}/submissions", f"/submissions/{submission.id}", f"/{prompt.id}/themes.csv", f"/{prompt.id}/codes")
    assert all(client.get(f"/c/fisheries/findings{path}").status_code == 404 for path in paths)
    with pytest.raises(AbsentError):
        find_prompt(access_of(member, consultation), prompt.id, Permission.VIEW_FIGURES)
    signed_in_as(client, organizer)
    assert "Asked in confidence" in client.get("/c/fisheries/findings").text


def test_a_note_taker_reads_what_was_said_at_their_event_and_nowhere_else(client):
    consultation = a_consultation()
    organizer = a_member(consultation)
    mine, theirs = a_room(consultation, organizer, title="Mine"), a_room(consultation, organizer, title="Theirs")
    here, there = a_prompt(consultation, "Asked here", event_id=mine.id), a_prompt(consultation, "Asked there", event_id=theirs.id)
    heard, unheard = a_submission(here, "Heard"), a_submission(there, "Unheard")
    signed_in_as(client, a_member(consultation, Role.NOTE_TAKER, event_id=mine.id))
    assert "/c/fisheries/findings/prompts" in client.get("/c/fisheries/events").text
    listed = client.get("/c/fisheries/findings/prompts").text
    assert "Asked here" in listed
    assert "Asked there" not in listed
    assert client.get(f"/c/fisheries/findings/submissions/{heard.id}").status_code == 200
    assert client.get(f"/c/fisheries/findings/submissions/{unheard.id}").status_code == 404
    assert client.post(f"/c/fisheries/findings/submissions/{heard.id}", data={}).status_code == 404
    assert client.get("/c/fisheries/findings").status_code == 404


def test_another_consultations_rows_are_absent(client):
    theirs, mine = a_consultation("other"), a_consultation()
    prompt = a_prompt(theirs)
    submission = a_submission(prompt, "Theirs", a_theme(prompt))
    signed_in_as(client, a_member(mine))
    for path in (f"/{prompt.id}/submissions", f"/{prompt.id}/codes", f"/submissions/{submission.id}", f"/{prompt.id}/themes.svg"):
        assert client.get(f"/c/fisheries/findings{path}").status_code == 404
