"""Pages on which a team changes what its mails say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.kernel.bilingual import LANGUAGES, Language
from engagement.kernel.errors import DomainError
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.ports import ports
from engagement.mailing.composing import Composer
from engagement.mailing.letters import Written
from engagement.mailing.service import change_text, use_shipped_text
from engagement.mailing.texts import MailText, text_of
from engagement.outreach.forms import MailTextForm
from engagement.outreach.reading import sample
from engagement.outreach.views import outreach
from engagement.outreach.vocabulary import purpose_name

if TYPE_CHECKING:
    from engagement.consultations.access import Access

POLICY: Policy = {
    "outreach.texts": member(Permission.SEE_MAIL),
    "outreach.text": member(Permission.EDIT_TEMPLATES),
    "outreach.drop_text": member(Permission.EDIT_TEMPLATES),
}


def _composer(purpose: str) -> Composer:
    found: Composer | None = ports().composers.get(purpose)
    if found is None:
        abort(404)
    return found


@outreach.get("/c/<slug>/mail/texts")
def texts(slug: str) -> Any:  # noqa: ARG001
    """List the kinds of mail, and which of them the team has changed."""
    consultation_id = current_access().consultation.id
    rows = [(purpose, text_of(consultation_id, purpose)) for purpose in sorted(ports().composers)]
    return render_template("outreach/texts.html", rows=rows)


@outreach.route("/c/<slug>/mail/texts/<purpose>", methods=["GET", "POST"])
def text(slug: str, purpose: str) -> Any:
    """Change what one kind of mail says, and read what comes of it."""
    access, composer = current_access(), _composer(purpose)
    standing = text_of(access.consultation.id, purpose)
    form = MailTextForm(data=_as_fields(standing))
    if form.validate_on_submit():
        try:
            _change(access, composer, form)
        except DomainError as error:
            form.refuse(error)
        else:
            flash(gettext("Saved."))
            return redirect(url_for(".text", slug=slug, purpose=purpose))
    shown = _samples(standing, composer)
    return render_template("outreach/text.html", form=form, name=purpose_name(purpose), standing=standing, composer=composer, shown=shown)


def _change(access: Access, composer: Composer, form: MailTextForm) -> None:
    change_text(
        consultation_id=access.consultation.id,
        purpose=composer.purpose,
        subject=form.bilingual("subject"),
        body=form.bilingual("body"),
        placeholders=composer.placeholders,
        needed=composer.needed,
        confirmed=form.confirm_texts.data,
        actor=access.actor,
    )


def _samples(standing: MailText, composer: Composer) -> dict[Language, Written]:
    if not (standing.subject.whole and standing.body.whole):
        return {}
    return {language: sample(standing, composer, language) for language in LANGUAGES}


def _as_fields(standing: MailText) -> dict[str, str]:
    return {
        "subject_en": standing.subject.en,
        "subject_fr": standing.subject.fr,
        "body_en": standing.body.en,
        "body_fr": standing.body.fr,
    }


@outreach.post("/c/<slug>/mail/texts/<purpose>/drop")
def drop_text(slug: str, purpose: str) -> Any:
    """Go back to the text that comes with Convoke."""
    access = current_access()
    _composer(purpose)
    use_shipped_text(consultation_id=access.consultation.id, purpose=purpose, actor=access.actor)
    flash(gettext("The text that comes with Convoke is used again."))
    return redirect(url_for(".text", slug=slug, purpose=purpose))
