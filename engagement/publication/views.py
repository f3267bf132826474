"""Pages that anybody may read."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, send_file, url_for

from engagement.consultations.service import find_document, public_consultations
from engagement.kernel.audit import SYSTEM
from engagement.kernel.clock import now
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import PUBLIC, Policy
from engagement.kernel.throttle import Throttle
from engagement.publication.forms import AskForm
from engagement.publication.service import can_be_asked_for, closed_since, documents_of, gatherings_of, published
from engagement.publication.statuses import EXPLAINED, SHORT
from engagement.referrals.service import request_questionnaire

EXTENSION = "convoke_public_throttle"

publication = Blueprint("publication", __name__)
POLICY: Policy = {
    "publication.index": PUBLIC,
    "publication.consultation": PUBLIC,
    "publication.document": PUBLIC,
    "publication.ask": PUBLIC,
    "publication.asked": PUBLIC,
}


@publication.get("/")
def index() -> Any:
    """List the consultations that the public may read about."""
    return render_template("publication/index.html", consultations=public_consultations(), short=SHORT)


@publication.get("/consultation/<slug>")
def consultation(slug: str) -> Any:
    """Show what is being consulted on, when and with whom, and how to take part."""
    found = published(slug)
    return render_template(
        "publication/consultation.html",
        consultation=found,
        short=SHORT,
        explained=EXPLAINED,
        gatherings=gatherings_of(found),
        documents=sorted(documents_of(found), key=lambda document: document.language != current_language()),
        can_ask=can_be_asked_for(found),
        closed_since=closed_since(found),
    )


@publication.get("/consultation/<slug>/document/<language>")
def document(slug: str, language: str) -> Any:
    """Hand over the background document in one language; the browser saves it, and never shows it in our name."""
    kept = find_document(published(slug).id, language)
    if kept is None:
        raise AbsentError
    sent = send_file(BytesIO(kept.content), mimetype=kept.media_type, as_attachment=True, download_name=kept.filename)
    sent.headers["Content-Language"] = language
    return sent


@publication.route("/consultation/<slug>/questionnaire", methods=["GET", "POST"])
def ask(slug: str) -> Any:
    """Take a request for the questionnaire; the answer is the same whoever is on the roster."""
    found = published(slug)
    if not can_be_asked_for(found):
        return render_template("publication/not_now.html", consultation=found, closed_since=closed_since(found))
    form = AskForm()
    if form.validate_on_submit() and _ask(form, found.id):
        return redirect(url_for(".asked", slug=slug))
    return render_template("publication/ask.html", consultation=found, form=form)


def _ask(form: AskForm, consultation_id: Any) -> bool:
    throttle: Throttle = current_app.extensions[EXTENSION]
    if not throttle.allows(request.remote_addr or "", now()):
        abort(429)
    try:
        request_questionnaire(
            consultation_id=consultation_id,
            given_name=form.given_name.data,
            family_name=form.family_name.data,
            email=form.email.data,
            organization=form.organization.data or "",
            language=form.language.data,
            actor=SYSTEM,
        )
    except DomainError as error:
        form.refuse(error)
        return False
    return True


@publication.get("/consultation/<slug>/questionnaire/asked")
def asked(slug: str) -> Any:
    """Say what happens next."""
    return render_template("publication/asked.html", consultation=published(slug))
