"""Every setting of Convoke: its name, its type, its default, and the check that it is usable.

Settings come from the environment. With none of them set, everything works on one
machine for trying out; in production the program refuses to start until those that
protect people are given, and names each one that is missing.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent
KEY_BYTES = 32
DEFAULT_PORT = 8000
DATABASE = re.compile(r"sqlite://.*|postgres(ql(\+psycopg)?)?://([^/]*@)?(\[[^\]/]*\]|[^/:@?]*)(:\d{1,5})?([/?].*)?")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_PROXIES = 9
MANY = 100_000
PORTS = (1, 2**16 - 1)
ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
# A worker's lease (15 minutes) outlasts every answer that it waits for.
LONGEST_TIMEOUT = 60
# The data folder is its owner's alone. What others may do in a folder; what the group may.
PRIVATE, OTHERS, GROUP = 0o700, 0o007, 0o070


class SettingsError(ValueError):
    """One or more settings are missing or unusable; the message names each, a line apiece."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one running program, already checked.

    ``encryption_keys`` maps a key id to 32 bytes; the first one seals, all of them open.
    """

    production: bool
    # Where the web pages are served on this machine; base_url is what people see.
    port: int
    data_folder: Path
    database_url: str
    secret_key: str
    encryption_keys: Mapping[str, bytes]
    base_url: str
    trusted_hosts: tuple[str, ...]
    mail_server: str
    mail_port: int
    mail_username: str | None
    mail_password: str | None
    mail_use_tls: bool
    mail_use_ssl: bool
    mail_default_sender: str
    imap_url: str | None
    # A mail of which nobody knows whether it arrived goes once more by itself; else staff decide.
    mail_resend_doubtful: bool = False
    # The mail system knows no plus-addresses and no envelope sender of ours: one ordinary mailbox must do.
    mail_one_mailbox: bool = False
    # The selector under which the mail server signs (DKIM); empty where it is not known.
    mail_dkim_selector: str = ""
    # The name server that the page on sending asks, as (address, port); None asks those of this machine.
    mail_dns_resolver: tuple[str, int] | None = None
    # Seconds that the mail server has for each answer, and mails that go over one connection.
    mail_timeout: int = 30
    mail_per_connection: int = 100
    # Mails a minute that one domain gets from all workers together; 0: as many as there are.
    mail_per_domain_per_minute: int = 0
    # Days that a mail's text, subject and address are kept after the last thing that happened to it.
    mail_keep_days: int = 60
    # Hours that a mail may be due with no worker there, before the team decides whether it still goes.
    mail_backlog_hours: int = 72
    # Whom to trust for the mail server's certificate, where it is not one that the whole world trusts.
    mail_ca_file: str | None = None
    # Signing in with XOAUTH2 in place of a password; a refresh token in place of the client's own consent.
    mail_oauth_token_url: str | None = None
    mail_oauth_client_id: str | None = None
    mail_oauth_client_secret: str | None = None
    mail_oauth_scope: str | None = None
    mail_oauth_refresh_token: str | None = None
    # How many web servers stand before this program and name the address that asks.
    trusted_proxies: int = 0

    @property
    def serves_local_mailbox(self) -> bool:
        """Return whether mail is kept on this machine and shown in the browser."""
        return not self.production

    @property
    def umask(self) -> int:
        """Return what is taken from the rights of every new file: all that others have, and the group unless it shares the folder."""
        shared = self.data_folder.is_dir() and self.data_folder.stat().st_mode & GROUP == GROUP
        return OTHERS if shared else OTHERS | GROUP

    @property
    def mailbox_folder(self) -> Path:
        """Return the folder in which the local mailbox keeps what it received."""
        return self.data_folder / "mailbox"

    @property
    def work_queue_file(self) -> Path:
        """Return the SQLite file that carries the worker's signals and nothing else."""
        return self.data_folder / "work.sqlite3"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the checked settings of ``environ`` (the process's own by default).

    Raises SettingsError, naming every setting that is missing or unusable.
    """
    given = dict(os.environ if environ is None else environ)
    problems: list[str] = []
    production = _is_production(given, problems)
    folder = Path(given.get("CONVOKE_DATA", ROOT / "instance")).absolute()
    local = _kept_in(folder, production, problems)
    port = _number(given, "PORT", DEFAULT_PORT, PORTS, problems)
    base_url = _base_url(given.get("BASE_URL") or f"http://127.0.0.1:{port}", production, problems)
    settings = Settings(
        production=production,
        port=port,
        data_folder=folder,
        database_url=_database_url(given.get("DATABASE_URL"), folder, problems),
        secret_key=given.get("SECRET_KEY") or local.get("SECRET_KEY", ""),
        encryption_keys=_keys(given.get("ENCRYPTION_KEYS") or local.get("ENCRYPTION_KEYS", ""), problems),
        base_url=base_url,
        trusted_hosts=_hosts(given.get("TRUSTED_HOSTS"), base_url),
        mail_server=given.get("MAIL_SERVER", "127.0.0.1"),
        mail_port=_number(given, "MAIL_PORT", 25 if production else 8025, PORTS, problems),
        mail_username=given.get("MAIL_USERNAME") or None,
        mail_password=given.get("MAIL_PASSWORD") or None,
        mail_use_tls=_flag(given, "MAIL_USE_TLS", problems),
        mail_use_ssl=_flag(given, "MAIL_USE_SSL", problems),
        mail_default_sender=given.get("MAIL_DEFAULT_SENDER", "consultations@convoke.example"),
        imap_url=given.get("IMAP_URL") or None,
        trusted_proxies=_number(given, "TRUSTED_PROXIES", 0, (0, MOST_PROXIES), problems),
        **_sending(given, problems),
    )
    problems += _at_odds(settings)
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _sending(given: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    """Return the settings of how mail is sent, apart from the server itself."""
    oauth = ("token_url", "client_id", "client_secret", "scope", "refresh_token")
    return {
        "mail_resend_doubtful": _flag(given, "MAIL_RESEND_DOUBTFUL", problems),
        "mail_one_mailbox": _flag(given, "MAIL_ONE_MAILBOX", problems),
        "mail_dkim_selector": _selector(given.get("MAIL_DKIM_SELECTOR", "").strip(), problems),
        "mail_dns_resolver": _resolver(given.get("MAIL_DNS_RESOLVER", "").strip(), problems),
        "mail_timeout": _number(given, "MAIL_TIMEOUT", 30, (1, LONGEST_TIMEOUT), problems),
        "mail_per_connection": _number(given, "MAIL_PER_CONNECTION", 100, (1, MANY), problems),
        "mail_per_domain_per_minute": _number(given, "MAIL_PER_DOMAIN_PER_MINUTE", 0, (0, MANY), problems),
        "mail_keep_days": _number(given, "MAIL_KEEP_DAYS", 60, (1, MANY), problems),
        "mail_backlog_hours": _number(given, "MAIL_BACKLOG_HOURS", 72, (1, MANY), problems),
        "mail_ca_file": given.get("MAIL_CA_FILE") or None,
        **{f"mail_oauth_{name}": given.get(f"MAIL_OAUTH_{name.upper()}") or None for name in oauth},
    }


def _is_production(given: Mapping[str, str], problems: list[str]) -> bool:
    mode = given.get("CONVOKE_ENV", "development")
    if mode not in {"development", "production"}:
        problems.append(f"CONVOKE_ENV is {mode!r}; it must be development or production.")
    if mode == "production":
        problems += _missing_in_production(given)
    return mode == "production"


def _at_odds(settings: Settings) -> list[str]:
    found = []
    if settings.mail_use_tls and settings.mail_use_ssl:
        found.append("MAIL_USE_TLS and MAIL_USE_SSL are both on; choose one.")
    if settings.serves_local_mailbox and settings.port == settings.mail_port:
        found.append(f"PORT and MAIL_PORT are both {settings.port}; the pages and the local mailbox need one each.")
    if settings.imap_url and not _names_a_mailbox(settings.imap_url):
        found.append("IMAP_URL must look like imaps://user:password@host/folder; without TLS (imap://) only this machine is called.")
    if not ADDRESS.fullmatch(settings.mail_default_sender):
        found.append("MAIL_DEFAULT_SENDER is not an address.")
    if settings.mail_ca_file and not Path(settings.mail_ca_file).is_file():
        found.append(f"MAIL_CA_FILE is {settings.mail_ca_file!r}; there is no such file.")
    found += _oauth_faults(settings)
    return found + (_unsafe_in_production(settings) if settings.production else _unsafe_in_development(settings))


def _names_a_mailbox(url: str) -> bool:
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"imap", "imaps"} and parts.hostname and parts.username and parts.port != 0
    except ValueError:
        return False
    return bool(known) and (parts.scheme == "imaps" or parts.hostname in LOOPBACK)


def _oauth_faults(settings: Settings) -> list[str]:
    """Return what is missing of signing in with XOAUTH2, where any of it is set."""
    named = {name: value for name, value in vars(settings).items() if name.startswith("mail_oauth_")}
    if not any(named.values()):
        return []
    found = []
    if not _keeps_secrets(settings.mail_oauth_token_url or "https://none"):
        found.append(f"MAIL_OAUTH_TOKEN_URL is {settings.mail_oauth_token_url!r}; it must begin with https://.")
    found += [
        f"{name.upper()} is not set; signing in with XOAUTH2 needs it."
        for name in ("mail_oauth_token_url", "mail_oauth_client_id", "mail_username")
        if not getattr(settings, name)
    ]
    if not (settings.mail_oauth_client_secret or settings.mail_oauth_refresh_token):
        found.append("MAIL_OAUTH_CLIENT_SECRET or MAIL_OAUTH_REFRESH_TOKEN must be set to sign in with XOAUTH2.")
    if settings.mail_password:
        found.append("MAIL_PASSWORD and MAIL_OAUTH_TOKEN_URL are both set; choose one way to sign in.")
    return found


def _keeps_secrets(address: str) -> bool:
    """Return whether a secret may be sent to ``address``: over https, or to this machine."""
    try:
        url = urlsplit(address)
    except ValueError:
        return False
    return bool(url.hostname) and (url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK))


def _unsafe_in_production(settings: Settings) -> list[str]:
    found = []
    own = urlsplit(settings.base_url)
    if own.scheme == "https" and own.hostname and not any(_covers(host, own.hostname) for host in settings.trusted_hosts):
        found.append(f"TRUSTED_HOSTS does not name {own.hostname}, the host of BASE_URL: no link in a mail would open.")
    if settings.mail_server not in LOOPBACK and not (settings.mail_use_tls or settings.mail_use_ssl):
        found.append("MAIL_USE_TLS or MAIL_USE_SSL must be on: mail holds personal links, and MAIL_SERVER is another machine.")
    if settings.data_folder.is_dir() and settings.data_folder.stat().st_mode & OTHERS:
        folder = settings.data_folder
        found.append(f"CONVOKE_DATA: every account of this machine can look into {folder}. Close it: chmod o-rwx {folder}")
    return found


def _unsafe_in_development(settings: Settings) -> list[str]:
    why = "only CONVOKE_ENV=production may be reached from elsewhere, since /mailbox shows every personal link to anybody."
    found = []
    if urlsplit(settings.base_url).hostname not in {None, *LOOPBACK}:
        found.append(f"BASE_URL is {settings.base_url!r}, not this machine: {why}")
    if not {_host_of(host) for host in settings.trusted_hosts} <= LOOPBACK:
        found.append(f"TRUSTED_HOSTS names more than this machine: {why}")
    return found


def _host_of(named: str) -> str:
    if named in LOOPBACK:
        return named
    try:
        return urlsplit(f"//{named}").hostname or named
    except ValueError:
        return named


def _covers(named: str, host: str) -> bool:
    """Return whether ``named``, which with a dot before it stands for everything below, lets ``host`` in."""
    known = _host_of(named)
    return host == known.removeprefix(".") or (known.startswith(".") and host.endswith(known))


def _missing_in_production(given: Mapping[str, str]) -> list[str]:
    needed = {
        "SECRET_KEY": "at least 32 random characters",
        "ENCRYPTION_KEYS": "id:base64 of 32 bytes, the newest first, separated by commas",
        "BASE_URL": "the https address under which people reach this program",
        "TRUSTED_HOSTS": "the host names it answers to, separated by commas",
        "MAIL_SERVER": "the SMTP server that takes our mail",
        "MAIL_DEFAULT_SENDER": "the address that mail comes from",
    }
    missing = [f"{name} is not set: {what}." for name, what in needed.items() if not given.get(name)]
    if given.get("SECRET_KEY") and len(given["SECRET_KEY"]) < KEY_BYTES:
        missing.append("SECRET_KEY is too short: at least 32 random characters.")
    return missing


def _kept_in(folder: Path, production: bool, problems: list[str]) -> dict[str, str]:  # noqa: FBT001
    """Make the folder where it is missing, and return the secrets in it; there are none in production."""
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        return {} if production else _local_secrets(folder)
    except OSError as error:
        problems.append(f"CONVOKE_DATA is {str(folder)!r}; it must be a folder in which we can write ({error.strerror}).")
        return {}


def _local_secrets(folder: Path) -> dict[str, str]:
    """Return the secrets of this machine's trial installation, made at the first start.

    Two processes may start at the same moment: the file is linked into place whole, and
    whoever comes second reads what the first one wrote.
    """
    path = folder / "secrets.json"
    if not path.exists():
        key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        made = {"SECRET_KEY": secrets.token_urlsafe(KEY_BYTES), "ENCRYPTION_KEYS": f"k1:{key}"}
        draft = folder / f"secrets.{secrets.token_hex(8)}"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(made), encoding="utf-8")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    loaded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _base_url(given: str, production: bool, problems: list[str]) -> str:  # noqa: FBT001
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        problems.append(f"BASE_URL is {given!r}; it must look like https://host or https://host/path.")
    elif production and parts.scheme != "https":
        problems.append("BASE_URL must begin with https:// in production.")
    return given.rstrip("/")


def _database_url(given: str | None, folder: Path, problems: list[str]) -> str:
    if not given:
        return f"sqlite:///{folder / 'convoke.sqlite3'}"
    if not DATABASE.fullmatch(given):
        # The address may hold a password: it is not said back.
        problems.append("DATABASE_URL must look like sqlite:////folder/convoke.sqlite3 or postgresql://user@host/name.")
        return "sqlite://"
    scheme, _, rest = given.partition("://")
    return given if scheme == "sqlite" else f"postgresql+psycopg://{rest}"


def _hosts(given: str | None, base_url: str) -> tuple[str, ...]:
    named = tuple(host.strip() for host in (given or "").split(",") if host.strip())
    own = urlsplit(base_url).hostname or "127.0.0.1"
    return named or (own, "127.0.0.1", "localhost")


def _number(given: Mapping[str, str], name: str, default: int, between: tuple[int, int], problems: list[str]) -> int:
    number = given.get(name) or str(default)
    if number.isascii() and number.isdigit() and len(number) < 10 and between[0] <= int(number) <= between[1]:
        return int(number)
    problems.append(f"{name} is {number[:40]!r}; it must be a number from {between[0]} to {between[1]}.")
    return default


def _selector(given: str, problems: list[str]) -> str:
    if not given or re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*", given):
        return given
    problems.append(f"MAIL_DKIM_SELECTOR is {given!r}; it must be the name before ._domainkey, such as mail2026.")
    return ""


def _resolver(given: str, problems: list[str]) -> tuple[str, int] | None:
    if not given:
        return None
    try:
        parts = urlsplit(f"//{given}" if given.count(":") < 2 or given.startswith("[") else f"//[{given}]")
        return str(ipaddress.ip_address(parts.hostname or "")), parts.port or 53
    except ValueError:
        problems.append(f"MAIL_DNS_RESOLVER is {given!r}; it must be an IP address, with :port where it is not 53.")
        return None


def _flag(given: Mapping[str, str], name: str, problems: list[str]) -> bool:
    value = given.get(name, "").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value not in {"", "0", "false", "no", "off"}:
        problems.append(f"{name} is {given[name]!r}; it must be true or false.")
    return False


def _keys(given: str, problems: list[str]) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for part in filter(None, (piece.strip() for piece in given.split(","))):
        name, _, text = part.partition(":")
        try:
            key = base64.b64decode(text, validate=True)
        except binascii.Error:
            key = b""
        if not name or len(key) != KEY_BYTES:
            problems.append(f"ENCRYPTION_KEYS: the key {name!r} is not the base64 of 32 bytes.")
        elif name in keys:
            problems.append(f"ENCRYPTION_KEYS: the id {name!r} stands before two keys.")
        keys[name] = key
    if given and not keys:
        problems.append("ENCRYPTION_KEYS holds no key: id:base64 of 32 bytes, the newest first, separated by commas.")
    return keys
