"""Convoke: run a consultation from the first spreadsheet to the published report.

``create_app`` makes the application. This file is the only one that knows all capabilities:
it plugs each one in, joins their policy rows into one table, and puts the gate before it.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from config import PRIVATE, Settings, SettingsError, read_settings
from engagement.accounts import wiring as accounts
from engagement.consultations import wiring as consultations
from engagement.consultations.gate import stand_guard
from engagement.demo import wiring as demo
from engagement.events import wiring as events
from engagement.findings import wiring as findings
from engagement.invitations import wiring as invitations
from engagement.kernel.commands import say_faults_plainly
from engagement.kernel.crypto import keys
from engagement.kernel.db import db, engine_settings
from engagement.kernel.languages import set_up_languages
from engagement.kernel.migrations import MigrationCommands
from engagement.kernel.policy import join_policies
from engagement.kernel.ports import EXTENSION, Ports
from engagement.kernel.start import start
from engagement.kernel.web import Application, set_up_pages
from engagement.mailing import wiring as mailing
from engagement.outreach import wiring as outreach
from engagement.portal import wiring as portal
from engagement.portal.unsubscribing import CSRF_EXEMPT
from engagement.publication import wiring as publication
from engagement.questionnaires import wiring as questionnaires
from engagement.referrals import wiring as referrals
from engagement.roster import wiring as roster
from engagement.tracking import wiring as tracking

if TYPE_CHECKING:
    from types import ModuleType

    from flask import Flask

ROOT = Path(__file__).resolve().parents[1]

CAPABILITIES: tuple[ModuleType, ...] = (
    accounts,
    consultations,
    roster,
    mailing,
    invitations,
    events,
    questionnaires,
    referrals,
    tracking,
    findings,
    outreach,
    portal,
    publication,
    demo,
)

csrf = CSRFProtect()


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application, made from ``settings`` (the environment's by default).

    Ends the program with one line per problem where a setting is missing or unusable.
    """
    if settings is None:
        try:
            settings = read_settings()
        except SettingsError as error:
            raise SystemExit(f"Convoke cannot start.\n{error}") from None
    app = Application(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(_flask_settings(settings))
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)  # type: ignore[method-assign]
    keys.use(settings.encryption_keys)
    db.init_app(app)
    set_up_languages(app)
    set_up_pages(app)
    csrf.init_app(app)
    # The only form that is taken without a token: a mail program posts it, and it stops mailings only (RFC 8058).
    csrf.exempt(CSRF_EXEMPT)
    app.cli.add_command(start)
    app.cli.add_command(MigrationCommands(app))
    ports = Ports()
    app.extensions[EXTENSION] = ports
    stand_guard(app, join_policies(*(capability.plug_in(app, ports) for capability in CAPABILITIES)))
    say_faults_plainly(app.cli)
    return app


def _flask_settings(settings: Settings) -> dict[str, object]:
    settings.data_folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    secure = settings.base_url.startswith("https://")
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        **engine_settings(settings.database_url),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_NAME": "__Host-session" if secure else "session",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=24),
        # As long as a form that was left open is still taken.
        "WTF_CSRF_TIME_LIMIT": 24 * 3600,
        "MAX_CONTENT_LENGTH": 64 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 8 * 1024 * 1024,
        "MAX_FORM_PARTS": 5000,
        "TRUSTED_HOSTS": list(settings.trusted_hosts),
        "MAIL_SERVER": settings.mail_server,
        "MAIL_PORT": settings.mail_port,
        "MAIL_USERNAME": settings.mail_username,
        "MAIL_PASSWORD": settings.mail_password,
        "MAIL_USE_TLS": settings.mail_use_tls,
        "MAIL_USE_SSL": settings.mail_use_ssl,
        "MAIL_DEFAULT_SENDER": settings.mail_default_sender,
    }
