"""The html that is made of a plain text."""

from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from engagement.kernel.bilingual import Text
from engagement.mailing.letters import linked, paragraphs, write
from engagement.mailing.texts import MailText

BASE = "https://convoke.example"
TAGS = {"p", "br", "a"}


@given(
    st.one_of(
        st.text(max_size=200),
        st.sampled_from(
            ["<script>alert(1)</script>", '"><img src=x onerror=y>', 'https://convoke.example/"onclick=x', "&lt;b&gt;", f"{BASE}/<b>"]
        ),
    )
)
def test_text_brings_no_element_and_no_attribute_of_its_own(text):
    page = BeautifulSoup(paragraphs(f"{text}\n\n{BASE}/r/abc {text}", BASE), "html.parser")
    for tag in page.find_all(True):
        assert tag.name in TAGS
        assert set(tag.attrs) <= {"href"}
        assert tag.get("href", BASE).startswith(BASE)


def test_only_our_own_addresses_become_links():
    for other in (
        "https://evil.example/r/x",
        "https://convoke.example.evil.example/",
        "https://convoke.example:81/",
        "https://convoke.example@evil.example/",
        "http://convoke.example/",
    ):
        assert "<a" not in linked(f"see {other} now", BASE)
    assert linked(f"({BASE}/r/abc).", BASE) == f'(<a href="{BASE}/r/abc">{BASE}/r/abc</a>).'
    assert linked(BASE, BASE) == f'<a href="{BASE}">{BASE}</a>'


def test_nothing_in_the_html_is_remote():
    text = MailText(Text("S", "S"), Text("((name)) ((link))", "((name)) ((link))"), {})
    values = {"name": "<img src='https://evil.example/x.png'>", "link": f"{BASE}/r/abc"}
    page = BeautifulSoup(write(text, {"en": values, "fr": values}, "both", BASE).html, "html.parser")
    assert not page.find_all(["img", "script", "link", "iframe", "style"])
    assert {tag["href"] for tag in page.find_all("a")} == {f"{BASE}/r/abc"}
    assert [tag["lang"] for tag in page.find_all("div", lang=True)] == ["en", "fr"]


def test_an_empty_placeholder_leaves_no_gap():
    text = MailText(Text("S", "S"), Text("One\n\n((x))\n\nTwo", "Un\n\n((x))\n\nDeux"), {})
    assert write(text, {"en": {"x": ""}}, "en", BASE).plain == "One\n\nTwo\n"
