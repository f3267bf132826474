"""What every answer carries, and whom the program answers at all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.kernel.redirects import safe_next
from tests.app.house import ROOT, rules
from tests.app.test_policy import address_of
from tests.support.given import a_consultation, a_member, signed_in_as

NEEDED = {
    "Content-Security-Policy": r"^default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'; base-uri 'none'$",
    "Cross-Origin-Opener-Policy": "^same-origin$",
    "Cross-Origin-Resource-Policy": "^same-origin$",
    "Referrer-Policy": "^same-origin$",
    "X-Content-Type-Options": "^nosniff$",
    "X-Frame-Options": "^DENY$",
    "X-Robots-Tag": "noindex",
}


def lacking(answer):
    """Return the headers that an answer should have and has not."""
    found = [name for name, form in NEEDED.items() if not re.search(form, answer.headers.get(name, ""))]
    if "unsafe" in answer.headers.get("Content-Security-Policy", ""):
        found.append("the policy allows something unsafe")
    if "no-store" not in answer.headers.get("Cache-Control", "") and not answer.request.path.startswith("/static/"):
        found.append("Cache-Control")
    return found


def test_every_answer_carries_the_headers(app, client):
    signed_in_as(client, a_member(a_consultation()))
    for rule in rules(app):
        if "GET" in rule.methods:
            answer = client.get(address_of(app, rule, "fisheries"))
            assert lacking(answer) == [], (rule, answer.status_code)
    for address in ("/static/convoke.css", "/no-such-page", "/c/nothing/"):
        with client.get(address) as answer:
            assert lacking(answer) == [], address


def test_a_page_that_drops_the_policy_is_found(planted):
    @planted.after_request
    def _spoil(response):
        response.headers["Content-Security-Policy"] = "default-src 'self' 'unsafe-inline'"
        return response

    planted.after_request_funcs[None].reverse()
    assert lacking(planted.test_client().get("/no-such-page"))


def test_a_fault_answers_with_a_page_and_the_headers(planted, caplog):
    planted.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)

    told = "Margaret " + "secret".title()

    def fault():
        raise ValueError(told)

    planted.view_functions["accounts.sign_in_page"] = fault
    answer = planted.test_client().get("/sign-in")
    assert answer.status_code == 500
    assert lacking(answer) == []
    assert "accounts.sign_in_page" in caplog.text
    assert told not in caplog.text + answer.text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:80", "localhost@evil.example", ""])
def test_a_forged_host_is_refused(app, host):
    answer = app.test_client().get("/sign-in", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_a_forged_forwarded_host_changes_no_link(app, client):
    answer = client.get("/sign-in", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert answer.status_code == 200
    assert "evil" not in answer.text


def test_every_template_compiles(app):
    names = app.jinja_env.list_templates(extensions=["html", "txt"])
    assert names
    for name in names:
        if not name.startswith("mail/"):
            app.jinja_env.get_template(name)


def test_no_template_holds_an_inline_script_or_style_or_marks_text_as_safe():
    for path in (ROOT / "templates").rglob("*.html"):
        source = path.read_text(encoding="utf-8")
        if path.parent.name == "mail":
            continue  # a mail has no stylesheet to link to
        assert not re.search(r"<script(?![^>]*\bsrc=)", source), path
        assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=\"", source), path
        assert not re.search(r"\|\s*safe\b|autoescape\s+false", source), path


LOCAL = st.from_regex(r"/[a-z0-9/_.-]{0,30}(\?[a-z0-9=&]{0,20})?", fullmatch=True).filter(lambda path: not path.startswith("//"))


@given(LOCAL)
def test_a_local_path_is_followed(path):
    assert safe_next(path, "/home") == path


@given(
    st.sampled_from(["", "/", "//", "\\", "/\\", "\t", "\n", "\x00", "http:", "https://", "javascript:", "/\t/", "/%09/", " /", "///"]),
    st.text(max_size=30),
)
def test_whatever_is_asked_the_browser_stays_here(start, rest):
    from urllib.parse import urljoin, urlsplit

    went = safe_next(start + rest, "/home")
    # Browsers read a backslash as a slash, and drop tabs and line ends.
    as_read = re.sub(r"[\t\r\n]", "", went).replace("\\", "/")
    assert urlsplit(urljoin("https://convoke.example/sign-in", as_read)).netloc == "convoke.example"
    assert as_read.startswith("/")
