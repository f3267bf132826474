"""Which language a page is in, and the French of what the program itself says.

Catalogues are read as they were written (``translations/<capability>/fr/LC_MESSAGES/messages.po``):
there is no compiled copy that could be older than its source.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import current_app, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale

from engagement.kernel.bilingual import LANGUAGES
from engagement.kernel.wording import LOCALES

if TYPE_CHECKING:
    from babel import Locale
    from flask import Flask, Response

# English is what stands in the code.
AS_WRITTEN = NullTranslations()
CATALOGUES = Path(__file__).resolve().parents[2] / "translations"
COOKIE = "language"
A_YEAR = 365 * 24 * 3600


@cache
def french() -> Translations:
    """Return all French catalogues as one."""
    joined = Translations()
    for path in sorted(CATALOGUES.glob("*/fr/LC_MESSAGES/messages.po")):
        compiled = BytesIO()
        with path.open("rb") as source:
            write_mo(compiled, read_po(source, locale="fr"))
        compiled.seek(0)
        catalogue = Translations(compiled)
        joined.merge(catalogue)
        # merge() keeps the words but not the rule for plurals.
        joined.plural = catalogue.plural
    return joined


class Catalogues(Domain):
    """The texts of the program, English in the code and French from the catalogues."""

    def get_translations(self) -> NullTranslations:
        """Return the texts for the language of the current page."""
        return french() if current_language() == "fr" else AS_WRITTEN


class TwoLanguages(Babel):
    """Flask-Babel, with our catalogues as its only domain."""

    domain_instance = Catalogues()


def current_language() -> str:
    """Return the language of the current page, "en" or "fr"."""
    locale = get_locale()
    return "fr" if locale is not None and locale.language == "fr" else "en"


def _in_this_language(said: str) -> str:
    return str(french().gettext(said)) if current_language() == "fr" else said


def _of_a_kind_in_this_language(kind: str, said: str) -> str:
    """Return what English says in one way and French in several: "All" is "Tous" of sectors and "Toutes" of regions."""
    return str(french().pgettext(kind, said)) if current_language() == "fr" else said


def _counted_in_this_language(one: str, many: str, count: int) -> str:
    texts = french() if current_language() == "fr" else AS_WRITTEN
    return str(texts.ngettext(one, many, count))


def _choose_locale() -> Locale:
    asked = request.args.get("lang") if has_request_context() else None
    if asked in LANGUAGES:
        return LOCALES[asked]
    kept = request.cookies.get(COOKIE)
    if kept in LANGUAGES:
        return LOCALES[kept]
    preferred = getattr(g, "preferred_language", None)
    if preferred in LANGUAGES:
        return LOCALES[preferred]
    return LOCALES[request.accept_languages.best_match(LANGUAGES, "en")]


def _keep_language(response: Response) -> Response:
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        response.set_cookie(
            COOKIE, asked, max_age=A_YEAR, httponly=True, samesite="Lax", secure=current_app.config["SESSION_COOKIE_SECURE"]
        )
    response.headers.setdefault("Content-Language", current_language())
    return response


def set_up_languages(app: Flask) -> None:
    """Let pages be in English or French: asked for in the address, kept in a cookie, else preferred."""
    TwoLanguages().init_app(app, default_locale=str(LOCALES["en"]), locale_selector=_choose_locale)
    # A page says twenty things or more: they are looked up without asking twice in which language.
    install = app.jinja_env.install_gettext_callables  # type: ignore[attr-defined]
    install(_in_this_language, _counted_in_this_language, newstyle=True, pgettext=_of_a_kind_in_this_language)
    # Templates write _("…"): under this name the extension would look the other one up each time.
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"]
    app.after_request(_keep_language)
