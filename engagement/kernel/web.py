"""What every page has in common: headers, error pages, GET that cannot write, words in templates."""

from __future__ import annotations

import traceback
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask, Response, abort, current_app, flash, g, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException, MethodNotAllowed, SecurityError
from werkzeug.routing import RequestRedirect

from engagement.kernel import wording
from engagement.kernel.bilingual import Text
from engagement.kernel.clock import today
from engagement.kernel.db import db, fetching
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.languages import current_language

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

POLICY_HEADER = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY_HEADER,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
}
BARE_WORDS = (
    "Something went wrong. It is not your fault. Please try again in a few minutes.\n\n"
    "Une erreur s’est produite. Ce n’est pas de votre faute. Veuillez réessayer dans quelques minutes.\n"
)
# What is flashed under this name stands in the error summary of the next page.
REFUSED = "refused"
A_YEAR = 365 * 24 * 3600


class Application(Flask):
    """Flask, but that the log of a fault holds no address: a live link may stand in it."""

    def log_exception(self, exc_info: Any) -> None:
        """Log what failed and where, not at which address."""
        _log_fault(exc_info[1])


def set_up_pages(app: Flask) -> None:
    """Give ``app`` its headers, error pages, template words and read-only GET."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        words=lambda text: text.in_(current_language()),
        date=lambda day: wording.date_words(day, current_language()),
        shortdate=lambda day: wording.short_date(day, current_language()),
        number=lambda number: wording.number_words(number, current_language()),
        percent=_percent,
        moment=_moment,
    )
    app.jinja_env.globals.update(
        current_language=current_language,
        other_language_url=other_language_url,
        page_url=page_url,
        span_words=lambda starts, ends, zone: wording.span_words(starts, ends, zone, current_language()),
        today_in=today,
        zone_words=lambda zone: wording.zone_words(zone, current_language()),
        has_route=lambda endpoint: endpoint in current_app.view_functions,
    )
    app.before_request(_refuse_nul)
    app.before_request(_only_fetch)
    app.teardown_request(_stop_fetching)
    app.after_request(_add_headers)
    app.register_error_handler(HTTPException, _show_error)
    app.register_error_handler(AbsentError, _show_absent)
    app.register_error_handler(Exception, _show_fault)


def other_language_url() -> str:
    """Return the address of this same page in the other language.

    Where the page answers a form whose address can only be posted to, it is the address of the page that the form stands on.
    """
    return page_url(lang="en" if current_language() == "fr" else "fr")


def page_asked() -> int:
    """Return the page number in the address; the first one for anything that is no number."""
    asked = request.args.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1


def page_url(**changes: object) -> str:
    """Return the address of this page with some of its query changed; None takes a part out."""
    place = request.view_args or {}
    path = "/"
    if request.endpoint is not None:
        # Names from the query never reach url_for: some of them are its own arguments.
        path = url_for(request.endpoint, **{**place, **{name: value for name, value in changes.items() if name in place}})
    if request.method == "POST" or isinstance(request.routing_exception, MethodNotAllowed):
        path = _nearest_page(path if request.endpoint is not None else request.path)
    kept: dict[str, object] = {name: values for name, values in request.args.to_dict(flat=False).items() if name not in place}
    kept |= {name: value for name, value in changes.items() if name not in place}
    query = urlencode({name: value for name, value in kept.items() if value is not None}, doseq=True)
    return f"{path}?{query}" if query else path


def _nearest_page(path: str) -> str:
    """Return the page at ``path`` or the nearest above it that can be fetched; a form is posted to below the page that it stands on."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None  # noqa: S101 - there is a request.
    while path.strip("/"):
        try:
            adapter.match(path, method="GET")
        except RequestRedirect:
            return f"{path}/"
        except HTTPException:
            path = path.rstrip("/").rpartition("/")[0]
        else:
            return path
    return "/"


def _percent(fraction: float | None, digits: int = 1) -> str:
    return wording.percent_words(fraction, current_language(), digits=digits)


def _moment(moment: datetime | date, zone: str) -> str:
    return wording.moment_words(moment, zone, current_language())  # type: ignore[arg-type]


def _refuse_nul() -> None:
    """Refuse an address with a NUL in it: no text that we store or look up can hold one, and PostgreSQL fails on it."""
    if "\0" in request.path:
        raise AbsentError
    if any("\0" in name or "\0" in value for name, value in request.args.items(multi=True)):
        abort(400)


def _only_fetch() -> None:
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        g.fetching = ExitStack()
        g.fetching.enter_context(fetching())


def _stop_fetching(error: BaseException | None) -> None:  # noqa: ARG001
    stack = g.pop("fetching", None)
    if stack is not None:
        db.session.rollback()
        stack.close()


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=3600"
    else:
        # Whatever made the answer: nothing of it stays on a shared machine.
        response.headers["Cache-Control"] = "no-store"
    if current_app.config["SETTINGS"].base_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", f"max-age={A_YEAR}; includeSubDomains")
    return response


def _show_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    if isinstance(error, SecurityError):
        # No page of ours can be drawn under a host name that is not ours.
        return Response("This program does not answer to that host name.\n", 400, mimetype="text/plain")
    known = {400, 404, 405, 413, 429, 500}
    if isinstance(error, CSRFError):
        return _error_page("expired", 400)
    return _error_page(error.code if error.code in known else 400, error.code)


def _show_absent(error: AbsentError) -> Any:  # noqa: ARG001
    return _error_page(404, 404)


def _show_fault(error: Exception) -> Any:
    if current_app.testing:
        raise error
    db.session.rollback()
    _log_fault(error)
    return _error_page(500, 500)


def _log_fault(error: BaseException) -> None:
    # Type, route and lines are enough to find the fault; its message or the path could hold a name or a live link.
    lines = "".join(traceback.format_tb(error.__traceback__))
    current_app.logger.error("%s on %s\n%s", type(error).__qualname__, request.endpoint, lines)


def _error_page(kind: int | str, code: int) -> Any:
    try:
        return render_template("layout/error.html", kind=kind), code
    except Exception as error:
        if current_app.testing:
            raise
        # What broke the page may break this one too: these words need nothing that could fail.
        _log_fault(error)
        return Response(BARE_WORDS, 500, content_type="text/plain; charset=utf-8")


def said(text: Text) -> str:
    """Return a two-language text in the language of the page."""
    return text.in_(current_language())


def say_refusal(error: DomainError) -> None:
    """Say at the top of the next page why a verb refused, as a problem and not as something that was done."""
    flash(said(error.said), REFUSED)


@contextmanager
def refusals_said() -> Iterator[None]:
    """Say at the top of the next page why a verb in the block refused, and go on behind the block."""
    try:
        yield
    except DomainError as error:
        say_refusal(error)
