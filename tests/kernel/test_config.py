"""Settings: nothing is needed to try the program out; in production each missing one is named."""

import base64
from dataclasses import replace

import pytest
from flask import request

from config import SettingsError, read_settings
from engagement import create_app

KEY = base64.b64encode(b"k" * 32).decode()
OTHER_KEY = base64.b64encode(b"o" * 32).decode()
PRODUCTION = {
    "CONVOKE_ENV": "production",
    "SECRET_KEY": "s" * 40,
    "ENCRYPTION_KEYS": f"k1:{KEY}",
    "BASE_URL": "https://convoke.example",
    "TRUSTED_HOSTS": "convoke.example",
    "MAIL_SERVER": "mail.example",
    "MAIL_USE_TLS": "true",
    "MAIL_DEFAULT_SENDER": "consultations@convoke.example",
}


@pytest.fixture
def production(tmp_path):
    return {**PRODUCTION, "CONVOKE_DATA": str(tmp_path)}


def test_without_any_setting_it_runs_on_this_machine(tmp_path):
    settings = read_settings({"CONVOKE_DATA": str(tmp_path)})
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.database_url.startswith(f"sqlite:///{tmp_path}")
    assert settings.serves_local_mailbox
    assert len(settings.secret_key) >= 32


def test_the_local_secrets_stay_the_same_and_are_private(tmp_path):
    first, second = (read_settings({"CONVOKE_DATA": str(tmp_path)}) for _ in range(2))
    assert first == second
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_the_address_follows_the_port(tmp_path):
    assert read_settings({"CONVOKE_DATA": str(tmp_path), "PORT": "8111"}).base_url == "http://127.0.0.1:8111"


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "CONVOKE_ENV"])
def test_production_refuses_to_start_and_names_what_is_missing(production, name):
    del production[name]
    with pytest.raises(SettingsError, match=rf"^{name} ") as refused:
        read_settings(production)
    assert len(str(refused.value).splitlines()) <= 2


def test_production_names_everything_that_is_missing_at_once():
    with pytest.raises(SettingsError) as refused:
        read_settings({"CONVOKE_ENV": "production"})
    assert all(name in str(refused.value) for name in PRODUCTION if name not in {"CONVOKE_ENV", "MAIL_USE_TLS"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("ENCRYPTION_KEYS", "k1:not base64"),
        ("ENCRYPTION_KEYS", "k1:" + base64.b64encode(b"short").decode()),
        ("ENCRYPTION_KEYS", ","),
        ("ENCRYPTION_KEYS", f"k1:{KEY},k1:{OTHER_KEY}"),
        ("BASE_URL", "http://convoke.example"),
        ("BASE_URL", "convoke.example"),
        ("BASE_URL", "https://convoke.example/?x=1"),
        ("MAIL_PORT", "many"),
        ("MAIL_PORT", "0"),
        ("PORT", "70000"),
        ("MAIL_USE_TLS", "perhaps"),
        ("MAIL_DEFAULT_SENDER", "nobody"),
        ("MAIL_DEFAULT_SENDER", "Team <team@convoke.example>"),
        ("MAIL_TIMEOUT", "0"),
        ("MAIL_TIMEOUT", "61"),
        ("MAIL_TIMEOUT", "9" * 5000),
        ("MAIL_PER_CONNECTION", "0"),
        ("MAIL_PER_DOMAIN_PER_MINUTE", "-1"),
        ("MAIL_KEEP_DAYS", "0"),
        ("MAIL_KEEP_DAYS", "²"),
        ("MAIL_BACKLOG_HOURS", "three"),
        ("MAIL_CA_FILE", "/no/such/file"),
        ("MAIL_OAUTH_TOKEN_URL", "http://login.example/token"),
        ("MAIL_OAUTH_TOKEN_URL", "file:///etc/passwd"),
        ("MAIL_OAUTH_TOKEN_URL", "https://["),
        ("TRUSTED_HOSTS", "other.example"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "many"),
        ("CONVOKE_ENV", "staging"),
    ],
)
def test_an_unusable_setting_is_named_in_one_line(production, name, value):
    with pytest.raises(SettingsError) as refused:
        read_settings({**production, name: value})
    assert name in str(refused.value).splitlines()[0]


OAUTH = {
    "MAIL_USERNAME": "team@convoke.example",
    "MAIL_OAUTH_TOKEN_URL": "https://login.example/token",
    "MAIL_OAUTH_CLIENT_ID": "convoke",
    "MAIL_OAUTH_CLIENT_SECRET": "a secret",
}


def test_the_settings_of_sending_have_sensible_defaults(tmp_path):
    settings = read_settings({"CONVOKE_DATA": str(tmp_path)})
    assert (settings.mail_timeout, settings.mail_per_connection, settings.mail_per_domain_per_minute) == (30, 100, 0)
    assert (settings.mail_keep_days, settings.mail_backlog_hours, settings.mail_one_mailbox) == (60, 72, False)


@pytest.mark.parametrize("name", list(OAUTH))
def test_signing_in_with_a_token_needs_all_its_settings(production, name):
    assert read_settings({**production, **OAUTH}).mail_oauth_client_id == "convoke"
    with pytest.raises(SettingsError, match=name):
        read_settings({**production, **{key: value for key, value in OAUTH.items() if key != name}})


def test_a_refresh_token_stands_for_the_clients_secret_and_a_password_beside_it_is_refused(production):
    given = {**production, **OAUTH, "MAIL_OAUTH_REFRESH_TOKEN": "kept"}
    del given["MAIL_OAUTH_CLIENT_SECRET"]
    assert read_settings(given).mail_oauth_refresh_token == "kept"  # noqa: S105
    with pytest.raises(SettingsError, match="choose one way"):
        read_settings({**given, "MAIL_PASSWORD": "a password"})


def test_both_kinds_of_tls_at_once_are_refused(production):
    with pytest.raises(SettingsError, match="choose one"):
        read_settings({**production, "MAIL_USE_TLS": "true", "MAIL_USE_SSL": "true"})


@pytest.mark.parametrize("hosts", ["other.example, convoke.example", ".example", "convoke.example:443"])
def test_the_host_of_the_links_is_among_the_trusted_ones(production, hosts):
    assert read_settings({**production, "TRUSTED_HOSTS": hosts}).base_url == "https://convoke.example"


def test_mail_leaves_this_machine_under_tls_only(production):
    del production["MAIL_USE_TLS"]
    with pytest.raises(SettingsError, match="MAIL_USE_TLS or MAIL_USE_SSL"):
        read_settings(production)
    assert read_settings({**production, "MAIL_USE_SSL": "true"})
    assert read_settings({**production, "MAIL_SERVER": "localhost"})


@pytest.mark.parametrize(("name", "value"), [("BASE_URL", "http://convoke.example"), ("TRUSTED_HOSTS", "localhost,convoke.example")])
def test_whoever_tries_it_out_is_not_reached_from_elsewhere(tmp_path, name, value):
    with pytest.raises(SettingsError, match=rf"^{name} .*CONVOKE_ENV=production"):
        read_settings({"CONVOKE_DATA": str(tmp_path), "TRUSTED_HOSTS": "localhost", name: value})
    assert read_settings({"CONVOKE_DATA": str(tmp_path), "BASE_URL": "http://[::1]:8000", "TRUSTED_HOSTS": "localhost:8000,[::1]"})


@pytest.mark.parametrize(("proxies", "place"), [(0, "10.0.0.1"), (1, "203.0.113.7")])
def test_whose_address_counts_is_told_by_as_many_proxies_as_are_trusted(the_app, proxies, place):
    app = create_app(replace(the_app.config["SETTINGS"], trusted_proxies=proxies))
    places = []
    app.before_request(lambda: places.append(request.remote_addr))
    forged = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7", "X-Forwarded-Proto": "https"}
    app.test_client().get("/sign-in", headers=forged, environ_base={"REMOTE_ADDR": "10.0.0.1"})
    assert places == [place]


def test_the_program_ends_with_the_lines_and_no_traceback(monkeypatch):
    monkeypatch.setenv("CONVOKE_ENV", "production")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    with pytest.raises(SystemExit, match="SECRET_KEY is not set"):
        create_app()


def test_in_production_cookies_are_secure_and_there_is_no_local_mailbox(production):
    app = create_app(read_settings(production))
    assert app.config["SESSION_COOKIE_SECURE"]
    assert app.config["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert not [rule for rule in app.url_map.iter_rules() if "mailbox" in rule.rule]
    answer = app.test_client().get("/no-such-page", base_url="https://convoke.example")
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("given", ["postgres://u@h/d", "postgresql://u@h/d"])
def test_the_usual_postgresql_addresses_are_understood(production, given):
    assert read_settings({**production, "DATABASE_URL": given}).database_url == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", None),
        ("127.0.0.1", ("127.0.0.1", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("::1", ("::1", 53)),
        ("[::1]:5353", ("::1", 5353)),
    ],
)
def test_a_name_server_is_an_address_with_or_without_a_port(production, given, read):
    assert read_settings({**production, "MAIL_DNS_RESOLVER": given}).mail_dns_resolver == read


@pytest.mark.parametrize("given", ["dns.example", "127.0.0.1:x", "127.0.0.1:99999", "1.2.3", "[::1", "::1:::"])
def test_a_name_server_that_cannot_be_is_named(production, given):
    with pytest.raises(SettingsError, match="MAIL_DNS_RESOLVER"):
        read_settings({**production, "MAIL_DNS_RESOLVER": given})


@pytest.mark.parametrize("given", ["mail2026", "s1.mail", "Selector-1"])
def test_a_selector_is_a_name_of_the_dns(production, given):
    assert read_settings({**production, "MAIL_DKIM_SELECTOR": f" {given} "}).mail_dkim_selector == given


@pytest.mark.parametrize("given", ["a b", "-x", "x.", "s1._domainkey.us.example.", "é", "x" * 64, "a\nb"])
def test_a_selector_that_cannot_be_is_named(production, given):
    with pytest.raises(SettingsError, match="MAIL_DKIM_SELECTOR"):
        read_settings({**production, "MAIL_DKIM_SELECTOR": given})


@pytest.mark.parametrize(
    "url", ["mail.example.org", "imap://u:p@mail.example.org/INBOX", "imaps://mail.example.org", "imaps://u:p@host:port/"]
)
def test_a_mailbox_that_cannot_be_fetched_from_is_named(production, url):
    with pytest.raises(SettingsError, match=r"^IMAP_URL must look like"):
        read_settings({**production, "IMAP_URL": url})


def test_a_mailbox_is_reached_with_tls_or_on_this_machine(production):
    for url in ("imaps://u:p@mail.example.org/INBOX", "imap://u:p@127.0.0.1:143/"):
        assert read_settings({**production, "IMAP_URL": url}).imap_url == url


@pytest.mark.parametrize("given", ["bogus://", "mysql://u:secret@h/d", "postgresql://u@h:abc/d", "convoke.sqlite3", "http://h/d"])
def test_a_database_that_we_cannot_use_is_said_in_one_line_without_its_password(tmp_path, given):
    with pytest.raises(SettingsError) as refused:
        read_settings({"CONVOKE_DATA": str(tmp_path), "DATABASE_URL": given})
    assert len(str(refused.value).splitlines()) == 1
    assert str(refused.value).startswith("DATABASE_URL must look like")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "given", ["sqlite:////tmp/a.sqlite3", "postgresql+psycopg://u:p@[::1]:5433/d", "postgresql+psycopg://p:@/d?host=/tmp/x"]
)
def test_a_database_that_we_can_use_stays_as_it_was_given(tmp_path, given):
    assert read_settings({"CONVOKE_DATA": str(tmp_path), "DATABASE_URL": given}).database_url == given


def test_a_folder_that_cannot_be_made_is_said_in_one_line(tmp_path, production):
    (tmp_path / "file").write_text("")
    for environ in ({}, production):
        with pytest.raises(SettingsError) as refused:
            read_settings({**environ, "CONVOKE_DATA": str(tmp_path / "file" / "below")})
        assert len(str(refused.value).splitlines()) == 1
        assert str(refused.value).startswith("CONVOKE_DATA is ")


def test_the_pages_and_the_local_mailbox_do_not_share_a_port(tmp_path, production):
    with pytest.raises(SettingsError, match="PORT and MAIL_PORT are both 8123"):
        read_settings({"CONVOKE_DATA": str(tmp_path), "PORT": "8123", "MAIL_PORT": "8123"})
    assert read_settings({**production, "PORT": "8123", "MAIL_PORT": "8123"}).port == 8123
