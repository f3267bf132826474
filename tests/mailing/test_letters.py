"""The html that is made of a plain text."""

from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from engagement.kernel.bilingual import Text
from engagement.mailing.as_html import linked
from engagement.mailing.letters import paragraphs, write
from engagement.mailing.texts import MailText

BASE = "https://convoke.example"
TAGS = {"p", "br", "a", "ul", "li", "strong", "h2"}


@given(
    st.one_of(
        st.text(max_size=200),
        st.sampled_from(
            [
                "<script>alert(1)</script>",
                '"><img src=x onerror=y>',
                'https://convoke.example/"onclick=x',
                "&lt;b&gt;",
                f"{BASE}/<b>",
                'a"b@example.org',
                "– 613-555-0142\n13:00  <b>",
            ]
        ),
    )
)
def test_text_brings_no_element_and_no_attribute_of_its_own(text):
    page = BeautifulSoup(paragraphs(f"{text}\n\n{BASE}/r/abc {text}", BASE), "html.parser")
    for tag in page.find_all(True):
        assert tag.name in TAGS
        assert set(tag.attrs) <= {"href", "style"}
        assert tag.get("href", BASE).startswith((BASE, "mailto:", "tel:+"))


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


def html_of(body, language="en", **values):
    text = MailText(Text("S", "S"), Text(body, body), {})
    return BeautifulSoup(write(text, {language: values}, language, BASE).html, "html.parser")


def test_the_personal_link_is_one_button_with_the_address_below_it():
    link = f"{BASE}/r/{'x' * 43}"
    for language, said in (("en", "Reply to the invitation"), ("fr", "Répondre à l’invitation")):
        page = html_of("Hello:\n((reply_link))\n\nBy.", language, reply_link=link, reply_by="By.")
        button, address = page.find_all("a")
        assert (button.text, button["href"], address.text, address["href"]) == (said, link, link, link)
        assert "background" in button["style"]
    assert html_of("((link))", "fr", link=link).a.text == "Répondre au questionnaire"
    assert html_of("((reply_link))", reply_link=link).a.text == "See or change your reply"


def test_a_link_amid_words_stays_where_it_stands():
    link = f"{BASE}/r/{'x' * 43}"
    page = html_of("Follow ((link)) now.", link=link)
    assert [tag.text for tag in page.find_all("a")] == [link]
    assert page.p.text == f"Follow {link} now."


def test_a_long_address_breaks_and_what_stops_mails_is_small_print():
    page = html_of("One\n\nTo stop them:\n((preferences))", preferences=f"{BASE}/u/{'x' * 43}")
    assert "overflow-wrap:anywhere" in page.body.div["style"]
    assert "font-size:15px" in page.find_all("p")[-1]["style"]


def test_an_agenda_is_a_list_and_facts_stand_out():
    page = html_of("Quand\u00a0: mardi\nOù\u00a0: Hull\n\nOrdre du jour\n13\u00a0h  Accueil\n13\u00a0h\u00a030  <Pause>", "fr")
    assert [tag.text for tag in page.find_all("strong")[:2]] == ["Quand\u00a0:", "Où\u00a0:"]
    assert page.h2.text == "Ordre du jour"
    assert [tag.text for tag in page.find_all("li")] == ["13\u00a0h Accueil", "13\u00a0h\u00a030 <Pause>"]
    assert [tag.text for tag in html_of("Days:\n– one\n– two\nEach.").find_all("li")] == ["one", "two"]


def test_a_telephone_number_and_a_mail_address_can_be_pressed():
    page = html_of("Write to team@example.org, or call 1-800-555-0142 or (613) 555-0143.\nNo 2026-12-08 and no x@y.")
    assert [tag["href"] for tag in page.find_all("a")] == ["mailto:team@example.org", "tel:+18005550142", "tel:+16135550143"]
    assert page.p.text.startswith("Write to team@example.org, or call 1-800-555-0142 or (613) 555-0143.")


def test_the_html_says_what_the_text_says():
    text = MailText(Text("S", "S"), Text("Dear A,\n\nAgenda\n13:00  Welcome\n\n((link))\n\na@example.org", "x"), {})
    written = write(text, {"en": {"link": f"{BASE}/r/abc"}}, "en", BASE)
    words = BeautifulSoup(written.html, "html.parser").body.get_text(" ").replace("Answer the questionnaire", "").split()
    assert words == written.plain.split()
