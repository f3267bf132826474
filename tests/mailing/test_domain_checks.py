"""The page on sending, over a real name server and a real mail server on this machine."""

import base64
import ipaddress
import socket
import ssl
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import func, select

from engagement.kernel.base import Base
from engagement.kernel.clock import now
from engagement.kernel.db import db
from engagement.mailing import domain_findings as says
from engagement.mailing.domain_checks import (
    Resolver,
    Sending,
    check_dkim,
    check_dmarc,
    check_exchange,
    check_reverse,
    check_sending,
    check_spf,
    check_tls,
)
from engagement.mailing.domain_findings import Grade
from engagement.mailing.domain_rules import Dmarc, DmarcFault, Exchange, Key, KeyFault
from engagement.mailing.spf import Result, SpfError
from tests.mailing.given_dns import a_name_server
from tests.support.given import a_consultation, a_member, an_account, signed_in_as

pytestmark = pytest.mark.slow

# An address of the open network; nothing is ever sent to it.
SERVER = "8.8.4.4"


@pytest.fixture
def names():
    with a_name_server() as server:
        yield server


@pytest.fixture
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def asking(names, seconds=5.0):
    return Resolver(("127.0.0.1", names.port), time.monotonic() + seconds)


def us(**changes):
    values = {
        "domain": "us.example",
        "server": "out.us.example",
        "port": 25,
        "use_tls": True,
        "use_ssl": False,
        "selector": "s1",
        **changes,
    }
    return Sending(**values)


def published(key):
    raw = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(raw).decode()}"


def all_is_well(names, key):
    names.say("us.example", "TXT", "some-verification=1", f"v=spf1 ip4:{SERVER} -all")
    names.say("us.example", "MX", "10 mx.us.example.")
    names.say("out.us.example", "A", SERVER)
    names.say("s1._domainkey.us.example", "TXT", published(key))
    names.say("_dmarc.us.example", "TXT", "v=DMARC1; p=reject; rua=mailto:d@us.example")
    names.say(f"{ipaddress.ip_address(SERVER).reverse_pointer}", "PTR", "out.us.example.")


def test_a_domain_with_everything_set_is_fine(names, key):
    all_is_well(names, key)
    for check in (check_spf, check_dkim, check_dmarc, check_exchange, check_reverse):
        found = check(us(), asking(names))
        assert (found.grade, found.record) == (Grade.FINE, None), found


def test_a_domain_with_nothing_set_is_told_each_record(names):
    names.say("out.us.example", "A", SERVER)
    names.say("us.example", "NS", "ns.us.example.")
    found = [check(us(), asking(names)) for check in (check_spf, check_dkim, check_dmarc, check_exchange, check_reverse)]
    assert {each.grade for each in found} == {Grade.TO_SET}
    assert [(each.record.name, each.record.kind) for each in found] == [
        ("us.example", "TXT"), ("s1._domainkey.us.example", "TXT"), ("_dmarc.us.example", "TXT"), ("us.example", "MX"),
        ("4.4.8.8.in-addr.arpa", "PTR"),
    ]  # fmt: skip
    assert found[0].record.value == f"v=spf1 ip4:{SERVER} -all"
    assert found[2].record.value.startswith("v=DMARC1; p=")


@pytest.mark.parametrize(
    ("records", "said", "value"),
    [
        (["v=spf1 -all", "v=spf1 a -all"], "2 records begin with v=spf1", f"v=spf1 ip4:{SERVER} -all"),
        (["v=spf1 ip4:nowhere -all"], "“ip4:nowhere” cannot be read", f"v=spf1 ip4:{SERVER} -all"),
        (
            ["v=spf1 include:_spf.partner.example ~all"],
            f"does not let {SERVER} send",
            f"v=spf1 ip4:{SERVER} include:_spf.partner.example ~all",
        ),
        ([f"v=spf1 ip4:{SERVER} +all"], "does not say no to other senders", f"v=spf1 ip4:{SERVER} -all"),
        (["v=spf1 " + " ".join(f"a:x{n}.us.example" for n in range(11)) + " -all"], "stop at ten look-ups", None),
    ],
)
def test_a_record_that_does_not_do_is_told_how_to_be(names, records, said, value):
    names.say("us.example", "TXT", *records)
    names.say("out.us.example", "A", SERVER)
    names.say("_spf.partner.example", "TXT", "v=spf1 ip4:203.0.113.0/24 -all")
    for number in range(11):
        names.say(f"x{number}.us.example", "A", "203.0.113.9")
    found = check_spf(us(), asking(names))
    assert found.grade is Grade.TO_SET
    assert said in found.said.en
    if value:
        assert found.record.value == value


def test_of_a_server_inside_nobody_can_say_what_others_see(names):
    names.say("us.example", "TXT", "v=spf1 include:_spf.partner.example -all")
    names.say("_spf.partner.example", "TXT", "v=spf1 ip4:203.0.113.0/24 -all")
    names.say("out.us.example", "A", "10.1.2.3")
    assert check_spf(us(), asking(names)).grade is Grade.UNKNOWN
    assert check_reverse(us(), asking(names)).grade is Grade.UNKNOWN
    assert check_spf(us(server="127.0.0.1"), asking(names)).grade is Grade.UNKNOWN


def test_a_record_that_points_to_nothing_is_found_even_where_our_server_is_inside(names):
    names.say("us.example", "TXT", "v=spf1 include:gone.example -all")
    found = check_spf(us(server="127.0.0.1"), asking(names))
    assert (found.grade, "include:gone.example" in found.said.en) == (Grade.TO_SET, True)


def every_finding():
    yield from (says.dkim_finding("us.example", "s1", fault) for fault in KeyFault)
    yield says.dkim_finding("us.example", "s1", Key("rsa", 2048))
    yield says.no_selector()
    yield from (says.dmarc_finding("us.example", "us.example", fault) for fault in DmarcFault)
    yield from (says.dmarc_finding("us.example", "us.example", Dmarc(p, p, False, False, 100, ())) for p in ("none", "reject"))
    yield from (says.exchange_finding("us.example", each) for each in Exchange)
    yield from (
        says.spf_fault("us.example", SpfError(kind, "{odd} %s"), [], "127.0.0.1") for kind in ("several", "syntax", "lookups", "void")
    )
    yield says.spf_finding("us.example", None, 0, {"2001:db8::1": Result.NONE}, "out.us.example")
    yield says.spf_finding("us.example", "v=spf1 -all", 1, {}, "out.us.example")
    yield from (says.reverse_finding("out.us.example", each, []) for each in ([], [SERVER]))


def test_every_finding_is_said_in_both_languages_with_nothing_left_open():
    for found in every_finding():
        assert found.said.whole
        assert found.title.whole
        assert found.said.en != found.said.fr
        assert "{" not in found.said.en.replace("{odd}", "")
        assert "{" not in found.said.fr.replace("{odd}", "")
        assert (found.record is None) or found.grade is Grade.TO_SET


@pytest.mark.parametrize("sender", ["a@", "a@é.example", "a@" + "x" * 70 + ".example", "a@us..example", "a@ .example"])
def test_a_sender_whose_domain_cannot_be_asked_about_breaks_no_page(app, names, sender):
    chosen = replace(app.config["SETTINGS"], mail_dns_resolver=("127.0.0.1", names.port), mail_default_sender=sender, mail_port=1)
    assert len(check_sending(chosen, seconds=3)) == 9


@pytest.mark.parametrize("name", ["mail..us.example", f"{'x' * 64}.us.example", "x." * 130 + "example"])
def test_a_name_that_cannot_be_is_one_that_does_not_exist(names, name):
    names.say("us.example", "TXT", f"v=spf1 a:{name} ip4:{SERVER} -all")
    names.say("out.us.example", "A", SERVER)
    assert check_spf(us(), asking(names)).grade is Grade.FINE
    assert check_reverse(us(server=name), asking(names)).grade is Grade.UNKNOWN
    assert check_tls(us(server=name), asking(names)).grade is Grade.UNKNOWN


def test_without_a_selector_the_key_cannot_be_found(names):
    found = check_dkim(us(selector=""), asking(names))
    assert found.grade is Grade.UNKNOWN
    assert "MAIL_DKIM_SELECTOR" in found.said.en


def test_a_policy_above_the_domain_holds_for_it(names):
    names.say("_dmarc.us.example", "TXT", "v=DMARC1; p=none; sp=reject")
    assert check_dmarc(us(domain="mail.us.example"), asking(names)).grade is Grade.FINE
    assert check_dmarc(us(), asking(names)).grade is Grade.TO_SET


def test_a_domain_that_takes_no_mail_loses_its_bounces(names):
    names.say("us.example", "MX", "0 .")
    assert "takes no mail" in check_exchange(us(), asking(names)).said.en
    names.say("us.example", "MX")
    del names.records["us.example"]["MX"]
    names.say("us.example", "A", SERVER)
    assert "no MX record" in check_exchange(us(), asking(names)).said.en


def test_a_name_that_does_not_lead_back_is_no_name(names):
    names.say("out.us.example", "A", SERVER)
    names.say("4.4.8.8.in-addr.arpa", "PTR", "other.example.")
    names.say("other.example", "A", "203.0.113.9")
    assert check_reverse(us(), asking(names)).grade is Grade.TO_SET


@pytest.mark.slow
def test_a_name_server_that_is_silent_or_broken_keeps_nobody_waiting(app, names, key):
    all_is_well(names, key)
    names.silent = {"us.example", "_dmarc.us.example"}
    names.broken = {"s1._domainkey.us.example"}
    chosen = replace(
        app.config["SETTINGS"], mail_dns_resolver=("127.0.0.1", names.port), mail_default_sender="a@us.example", mail_dkim_selector="s1",
        mail_port=1,
    )  # fmt: skip
    began = time.monotonic()
    found = check_sending(chosen, seconds=3)
    assert time.monotonic() - began < 4.5
    assert [each.grade for each in found[:4]] == [Grade.UNKNOWN] * 4
    assert "us.example" in found[0].said.en


@contextmanager
def a_mail_server(context=None, *, hostname="127.0.0.1"):
    class Nobody:
        pass

    with socket.create_server((hostname, 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Nobody(), hostname=hostname, port=port, tls_context=context)
    controller.start()
    yield port
    controller.stop()


@pytest.fixture
def certificate(tmp_path, key):
    """Return a certificate for this machine that nobody vouches for, and where it is."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, path


def here(port, **changes):
    return us(server="127.0.0.1", port=port, **changes)


def test_a_server_that_offers_no_encryption_where_it_is_asked_for_is_told(names):
    with a_mail_server() as port:
        found = check_tls(here(port), asking(names))
        assert (found.grade, "no STARTTLS" in found.said.en) == (Grade.TO_SET, True)
        assert check_tls(here(port, use_tls=False), asking(names)).grade is Grade.FINE


def test_a_certificate_that_nobody_vouches_for_does_not_hold(names, certificate, monkeypatch):
    context, path = certificate
    with a_mail_server(context) as port:
        found = check_tls(here(port), asking(names))
        assert (found.grade, "does not hold" in found.said.en) == (Grade.TO_SET, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert check_tls(here(port), asking(names)).grade is Grade.FINE


def test_a_private_certificate_holds_where_mail_is_sent_under_it(names, certificate):
    context, path = certificate
    with a_mail_server(context) as port:
        assert check_tls(here(port, ca_file=str(path)), asking(names)).grade is Grade.FINE


def test_a_server_that_cannot_be_reached_is_not_blamed(names):
    found = check_tls(here(1), asking(names))
    assert (found.grade, "cannot be reached" in found.said.en) == (Grade.UNKNOWN, True)


def counted():
    db.session.rollback()
    return {table.name: db.session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables}


def test_administrators_check_the_domain_and_nothing_is_stored(app, client, names, key, monkeypatch):
    all_is_well(names, key)
    signed_in_as(client, an_account(administrator=True))
    assert "/administration/mail" in client.get("/consultations").text
    with a_mail_server() as port:
        chosen = replace(
            app.config["SETTINGS"], mail_dns_resolver=("127.0.0.1", names.port), mail_default_sender="a@us.example",
            mail_server="127.0.0.1", mail_port=port, mail_dkim_selector="s1",
        )  # fmt: skip
        monkeypatch.setitem(app.config, "SETTINGS", chosen)
        before = counted()
        page = client.get("/administration/mail?lang=en")
        assert "Nothing has been checked yet." in page.text
        assert not names.asked
        for language, title, sure in (("en", "To be set", "There is a key (rsa, 2048)"), ("fr", "À régler", "Il y a une clé (rsa, 2048)")):
            page = client.post(f"/administration/mail?lang={language}")
            assert page.status_code == 200
            assert title in page.text
            assert sure in page.text
    assert ("us.example", "TXT") in names.asked
    assert counted() == before


def test_what_the_settings_alone_say(app):
    from engagement.mailing.setting_findings import setting_findings

    chosen = app.config["SETTINGS"]
    assert [each.grade for each in setting_findings(chosen)] == [Grade.TO_SET, Grade.UNKNOWN]
    well = replace(chosen, base_url="https://convoke.example", mail_one_mailbox=True)
    assert [each.grade for each in setting_findings(well)] == [Grade.FINE] * 2
    assert all(each.said.whole and each.title.whole for each in setting_findings(chosen) + setting_findings(well))


def test_the_page_is_for_administrators_only(client):
    consultation = a_consultation()
    signed_in_as(client, a_member(consultation))
    assert client.get("/administration/mail").status_code == 404
    assert client.post("/administration/mail").status_code == 404
    assert "/administration/mail" not in client.get("/consultations").text
