"""SPF, DMARC and DKIM records read as RFC 7208, 7489 and 6376 say."""

import base64
import ipaddress
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from engagement.mailing.domain_rules import (
    Dmarc,
    DmarcFault,
    Exchange,
    Key,
    KeyFault,
    exchange_of,
    is_public,
    parents_of,
    read_dmarc,
    read_key,
    tags_of,
)
from engagement.mailing.spf import MOST_LOOKUPS, Outcome, Result, SpfError, count_lookups, evaluate, parse_spf, spf_record, strictness


class Zone:
    """Answers of an invented DNS."""

    def __init__(self, **records):
        self.records = {name.replace("_", "."): value for name, value in records.items()}
        self.asked = []

    def _of(self, kind, name):
        self.asked.append((kind, name))
        return self.records.get(name, {}).get(kind, ())

    def txt(self, name):
        return self._of("txt", name)

    def addresses(self, name):
        return self._of("ip", name)

    def exchangers(self, name):
        return self._of("mx", name)


def saying(record, **more):
    return Zone(us_example={"txt": [record], "ip": ["192.0.2.1", "2001:db8::1"], "mx": [(10, "mx.us.example")]}, **more)


def said_of(ip, record, **more):
    return evaluate(ip, "us.example", saying(record, **more)).result


@pytest.mark.parametrize(
    ("texts", "record"),
    [
        ([], None),
        (["google-site-verification=x"], None),
        (["v=spf10 -all"], None),
        (["v=spf1"], "v=spf1"),
        (["V=SPF1 -all", "other"], "V=SPF1 -all"),
    ],
)
def test_the_record_of_a_domain_is_the_one_that_says_spf1(texts, record):
    assert spf_record(texts) == record


def test_two_records_are_an_error_whatever_they_say():
    with pytest.raises(SpfError) as error:
        evaluate("192.0.2.1", "us.example", Zone(us_example={"txt": ["v=spf1 -all", "v=spf1 ip4:192.0.2.1 -all"]}))
    assert error.value.kind == "several"


@pytest.mark.parametrize(
    "term",
    [
        "ip4", "ip4:", "ip4:1.2.3", "ip4:1.2.3.4/33", "ip4:2001:db8::1", "ip6:1.2.3.4", "include", "include:", "all:x", "all/8", "-all=x",
        "a:", "a/33", "a//129", "mx/x", "exists", "nonsense", "include:x/24", "+redirect=x", "redirect=", "ip4=1.2.3.4", "-", "é", ":x",
    ],
)  # fmt: skip
def test_a_term_that_cannot_be_spoils_the_record_and_is_named(term):
    with pytest.raises(SpfError) as error:
        parse_spf(f"v=spf1 {term} -all")
    assert (error.value.kind, error.value.about) == ("syntax", term)


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 ip4:198.51.100.0/24 -all", Result.PASS),
        ("v=spf1 ip4:203.0.113.0/24 -all", Result.FAIL),
        ("v=spf1 ip4:203.0.113.0/24 ~all", Result.SOFTFAIL),
        ("v=spf1 ip4:203.0.113.0/24 ?all", Result.NEUTRAL),
        ("v=spf1 ip4:203.0.113.0/24", Result.NEUTRAL),
        ("v=spf1 -ip4:198.51.100.7 +all", Result.FAIL),
        ("v=spf1 a -all", Result.FAIL),
        ("v=spf1 a:out.example -all", Result.PASS),
        ("v=spf1 a:near.example/24 -all", Result.PASS),
        ("v=spf1 mx -all", Result.PASS),
        ("v=spf1 exists:out.example -all", Result.PASS),
        ("v=spf1 exists:nothing.example -all", Result.FAIL),
        ("v=spf1 include:partner.example -all", Result.PASS),
        ("v=spf1 redirect=partner.example", Result.PASS),
        ("v=spf1 redirect=partner.example -all", Result.FAIL),
        ("v=spf1 x-new=1 ip4:198.51.100.7  -all", Result.PASS),
    ],
)
def test_what_a_record_says_of_a_server(record, result):
    more = {
        "mx_us_example": {"ip": ["198.51.100.7"]},
        "out_example": {"ip": ["198.51.100.7"]},
        "near_example": {"ip": ["198.51.100.99"]},
        "partner_example": {"txt": ["v=spf1 ip4:198.51.100.0/24 ~all"]},
    }
    assert said_of("198.51.100.7", record, **more) is result


def test_an_address_of_version_six_is_matched_by_its_own_terms():
    assert said_of("2001:db8:5::7", "v=spf1 ip6:2001:db8:5::/48 -all") is Result.PASS
    assert said_of("2001:db8::ff", "v=spf1 a//120 -all") is Result.PASS
    assert said_of("2001:db8::ff", "v=spf1 a/24 -all") is Result.FAIL


def test_a_domain_without_a_record_says_nothing():
    assert evaluate("192.0.2.1", "us.example", Zone()) == Outcome(Result.NONE)


@pytest.mark.parametrize("record", ["v=spf1 include:none.example -all", "v=spf1 redirect=none.example"])
def test_pointing_to_a_domain_without_a_record_is_an_error(record):
    with pytest.raises(SpfError):
        said_of("198.51.100.7", record)


def test_a_loop_of_includes_ends_at_the_limit():
    zone = Zone(us_example={"txt": ["v=spf1 include:us.example -all"]})
    with pytest.raises(SpfError) as error:
        evaluate("198.51.100.7", "us.example", zone)
    assert error.value.kind == "lookups"
    assert count_lookups("us.example", zone) == MOST_LOOKUPS + 1


def test_three_names_without_an_answer_are_too_many():
    with pytest.raises(SpfError) as error:
        said_of("198.51.100.7", "v=spf1 a:a.example a:b.example a:c.example -all")
    assert error.value.kind == "void"


@given(here=st.integers(0, 9), there=st.integers(0, 9))
def test_look_ups_are_counted_through_every_include(here, there):
    zone = Zone(
        us_example={"txt": ["v=spf1 " + "exists:x.example " * here + "include:partner.example -all"]},
        partner_example={"txt": ["v=spf1 " + "mx:x.example " * there + "-all"]},
    )
    assert count_lookups("us.example", zone) == min(here + 1 + there, max(here + 1 + there, MOST_LOOKUPS + 1))


def test_a_macro_is_not_guessed_at():
    assert evaluate("198.51.100.7", "us.example", saying("v=spf1 exists:%{i}.x.example -all")) == Outcome(Result.FAIL, certain=False)


@pytest.mark.parametrize(
    ("record", "strict"),
    [
        ("v=spf1 -all", "-"),
        ("v=spf1 ~all", "~"),
        ("v=spf1 ?all", "?"),
        ("v=spf1 all", "+"),
        ("v=spf1 a", ""),
        ("v=spf1 redirect=x.example", "-"),
    ],
)
def test_how_strict_a_record_is(record, strict):
    assert strictness(parse_spf(record)) == strict


@given(record=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80))
def test_any_record_is_read_or_refused_by_name(record):
    try:
        ended = said_of("198.51.100.7", f"v=spf1 {record}")
    except SpfError as error:
        ended = error.kind
    assert ended in {*Result, "several", "syntax", "lookups", "void"}


@given(network=st.ip_addresses(v=4), length=st.integers(8, 32), server=st.ip_addresses(v=4))
def test_ip4_means_exactly_the_addresses_of_its_network(network, length, server):
    inside = server in ipaddress.ip_network(f"{network}/{length}", strict=False)
    assert (said_of(str(server), f"v=spf1 ip4:{network}/{length} -all") is Result.PASS) == inside


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        ([], DmarcFault.MISSING),
        (["v=spf1 -all"], DmarcFault.MISSING),
        (["v=DMARC2; p=none"], DmarcFault.MISSING),
        (["p=none; v=DMARC1"], DmarcFault.MISSING),
        (["v=dmarc1; p=none"], DmarcFault.MISSING),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], DmarcFault.SEVERAL),
        (["v=DMARC1"], DmarcFault.BROKEN),
        (["v=DMARC1; p=maybe"], DmarcFault.BROKEN),
        (["v=DMARC1; p=none; p=reject"], DmarcFault.BROKEN),
        (["v=DMARC1; nonsense"], DmarcFault.BROKEN),
        (["v=DMARC1; p=maybe; rua=mailto:d@us.example"], Dmarc("none", "none", False, False, 100, ("mailto:d@us.example",))),
        (["v=DMARC1;p=reject;"], Dmarc("reject", "reject", False, False, 100, ())),
        (
            ["v = DMARC1 ; p = Quarantine ; sp=none; adkim=s; aspf=s; pct=20; rua=mailto:a@x.example, https://y.example"],
            Dmarc("quarantine", "none", True, True, 20, ("mailto:a@x.example",)),
        ),
        (["v=DMARC1; p=none; pct=lots"], Dmarc("none", "none", False, False, 100, ())),
    ],
)
def test_what_a_dmarc_record_says(texts, read):
    assert read_dmarc(texts) == read


def test_a_policy_may_stand_above_the_domain_and_never_at_the_top():
    assert list(parents_of("mail.dept.gov.example.")) == ["mail.dept.gov.example", "dept.gov.example", "gov.example"]
    assert list(parents_of("localhost")) == ["localhost"]


def an_rsa_key(bits):
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.fixture(scope="module")
def good():
    return an_rsa_key(2048)


def test_keys_of_a_good_length_count(good):
    assert read_key([f"v=DKIM1; k=rsa; p={good}"]) == Key("rsa", 2048)
    assert read_key([f"p={good[:100]} {good[100:]}"]) == Key("rsa", 2048)
    assert read_key(["v=DKIM1; k=ed25519; p=" + base64.b64encode(b"k" * 32).decode()]) == Key("ed25519", 256)
    assert read_key([f"v=DKIM1; h=sha1:sha256; s=email; t=s; p={good}"]) == Key("rsa", 2048)
    assert read_key([f"v=DKIM1; p={an_rsa_key(1024)}"]) is KeyFault.SHORT


def test_keys_that_do_not_count_say_why(good):
    elliptic = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for texts, fault in (
        ([], KeyFault.MISSING),
        ([f"p={good}", f"p={good}"], KeyFault.SEVERAL),
        (["v=DKIM1; p="], KeyFault.REVOKED),
        ([f"v=DKIM2; p={good}"], KeyFault.BROKEN),
        (["v=DKIM1; k=rsa"], KeyFault.BROKEN),
        (["v=DKIM1; p=!!!"], KeyFault.BROKEN),
        (["v=DKIM1; p=AAAA"], KeyFault.BROKEN),
        (["p=" + base64.b64encode(elliptic).decode()], KeyFault.BROKEN),
        ([f"k=dsa; p={good}"], KeyFault.BROKEN),
        (["k=ed25519; p=AAAA"], KeyFault.BROKEN),
        ([f"h=sha1; p={good}"], KeyFault.BROKEN),
        ([f"s=tlsrpt; p={good}"], KeyFault.NOT_FOR_MAIL),
        ([f"t=y:s; p={good}"], KeyFault.TESTING),
    ):
        assert read_key(texts) is fault, texts


@given(st.lists(st.text(max_size=120), max_size=3))
def test_any_texts_are_read_without_a_fault(texts):
    assert isinstance(read_dmarc(texts), Dmarc | DmarcFault)
    assert isinstance(read_key(texts), Key | KeyFault)


NAMES = st.from_regex(re.compile("[a-z][a-z0-9_]{0,8}"), fullmatch=True)


@given(st.dictionaries(NAMES, st.from_regex(re.compile("[!-:<-~]{1,20}"), fullmatch=True), min_size=1, max_size=6), st.booleans())
def test_tags_are_read_back_as_they_were_written(tags, spaced):
    between = " ; " if spaced else ";"
    assert tags_of(between.join(f"{name}={value}" for name, value in tags.items())) == tags


def test_where_mail_that_comes_back_goes():
    assert exchange_of([(10, "mx.us.example")], []) is Exchange.NAMED
    assert exchange_of([(0, ".")], ["192.0.2.1"]) is Exchange.REFUSED
    assert exchange_of([], ["192.0.2.1"]) is Exchange.BY_ADDRESS
    assert exchange_of([], []) is Exchange.NOWHERE


def test_which_addresses_others_see():
    assert is_public("8.8.8.8")
    assert not any(is_public(each) for each in ("127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fe80::1", "192.0.2.1"))
