"""Production settings over TLS: the policy holds in a real browser, cookies are secure, signing in works."""

import base64
import secrets
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.journeys.pages import assert_accessible
from tests.journeys.program import Program, settings_for, started

pytestmark = pytest.mark.journey

SERVE = ["-m", "gunicorn", "--config", "python:engagement.kernel.serving", "app:app"]


def a_certificate(folder):
    """Write a certificate for localhost that this test made itself; return the paths of it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    moment = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(hours=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return certificate, private


@contextmanager
def in_production(folder):
    """Run the web pages with production settings, TLS ended by the server itself."""
    certificate, key = a_certificate(folder)
    environ = settings_for(
        folder,
        CONVOKE_ENV="production",
        SECRET_KEY=secrets.token_urlsafe(40),
        ENCRYPTION_KEYS="k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        TRUSTED_HOSTS="localhost",
        MAIL_SERVER="127.0.0.1",
        MAIL_DEFAULT_SENDER="consultations@convoke.example",
        BASE_URL="https://localhost",
    )
    url = environ["BASE_URL"] = f"https://localhost:{environ['PORT']}"
    program = Program(url, environ)
    program.flask("db", "upgrade")
    with started([*SERVE, "--certfile", str(certificate), "--keyfile", str(key)], environ, folder / "production.log", tls=True):
        yield program


def test_somebody_signs_in_and_starts_a_consultation_over_tls(tmp_path, new_page):
    with in_production(tmp_path) as program:
        told = program.flask("users", "add", "boss@department.example", "--role", "administrator")
        password = told.split("shown once:")[1].split()[0]
        page = new_page(ignore_https_errors=True)
        broken = []
        page.on("console", lambda message: broken.append(message.text) if "Content Security Policy" in message.text else None)
        page.goto(f"{program.url}/sign-in")
        assert "consult-and-listen" not in page.content()
        assert_accessible(page)
        page.fill("#email", "boss@department.example")
        page.fill("#password", password)
        page.click("main form button")
        page.wait_for_url("**/consultations")
        page.goto(f"{program.url}/consultations/new")
        page.fill("#slug", "forests")
        page.fill("#title_en", "The future of forests")
        page.fill("#title_fr", "L’avenir des forêts")
        page.locator("main form button").last.click()
        page.wait_for_url("**/c/forests/")
        assert_accessible(page)
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
        assert cookies["__Host-session"]["httpOnly"]
        assert all(cookie["secure"] for cookie in cookies.values()), cookies
        assert page.goto(f"{program.url}/mailbox").status == 404
        answer = page.goto(f"{program.url}/")
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
        assert broken == []


def test_the_browser_holds_to_the_policy(tmp_path, browser):
    """The control: a script and a style put into the page do not run, and the browser says so."""
    with in_production(tmp_path) as program:
        page = browser.new_page(ignore_https_errors=True)
        refused = []
        page.on("console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None)
        page.goto(f"{program.url}/sign-in")
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=/none onerror=\"document.title=1\">')")
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'document.title = 2'}))")
        page.wait_for_timeout(500)
        assert page.title() not in {"1", "2"}
        assert len(refused) >= 2
        page.close()
