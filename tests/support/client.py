"""A client that lints every page it fetches: no page can be tested without being checked."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup, Tag
from flask import g, has_app_context
from flask.testing import FlaskClient

from tests.support.lint import problems_of


class LintingClient(FlaskClient):
    """Flask's test client; a page with a fault fails the test that fetched it."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send the request and lint what comes back.

        A test holds an application context, which Flask then shares among requests: what one
        request kept in ``g`` (who is signed in, say) is dropped before the next, as in life.
        """
        if has_app_context():
            vars(g).clear()
        response = super().open(*args, **kwargs)
        # A mail that is shown as it came is somebody else's page, and shut in by its policy.
        ours = "sandbox" not in response.headers.get("Content-Security-Policy", "")
        if ours and response.mimetype == "text/html" and response.status_code not in {301, 302, 303, 307, 308}:
            found = problems_of(response.get_data(as_text=True))
            assert not found, f"{response.request.path}: " + "; ".join(found)
        return response


def links_to_what_is_wrong(page: Any) -> list[str]:
    """Return where the links of a page's error summary lead, in their order."""
    summary = BeautifulSoup(page.text, "html.parser").find(id="error-summary")
    return [str(link["href"]) for link in summary.find_all("a")] if isinstance(summary, Tag) else []
