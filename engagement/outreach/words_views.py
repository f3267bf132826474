"""Pages on which a draft gets its words: written here, begun from what is usually said or from a saved text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.kernel.bilingual import LANGUAGES
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.ports import ports
from engagement.kernel.web import refusals_said
from engagement.mailing.texts import MailText, shipped_text, text_of
from engagement.outreach.forms import MailTextForm, SaveWordsForm
from engagement.outreach.models import Mailing, MailingState
from engagement.outreach.reading import sample
from engagement.outreach.service import find_mailing, title_of
from engagement.outreach.views import outreach
from engagement.outreach.words import (
    change_words,
    drop_saved,
    find_saved,
    needed_of,
    own_words,
    places_of,
    save_words,
    saved_texts,
    strange_places,
    use_usual_words,
    words_of,
)

if TYPE_CHECKING:
    from engagement.consultations.access import Access
    from engagement.kernel.forms import Form

POLICY: Policy = {
    "outreach.words": member(Permission.INVITE),
    "outreach.usual_words": member(Permission.INVITE),
    "outreach.keep_words": member(Permission.EDIT_TEMPLATES),
    "outreach.drop_words": member(Permission.EDIT_TEMPLATES),
}


@outreach.route("/c/<slug>/mail/mailings/<uuid:mailing_id>/words", methods=["GET", "POST"])
def words(slug: str, mailing_id: UUID) -> Any:
    """Change what this one mailing says."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    if found.state is not MailingState.DRAFT:
        return redirect(url_for(".mailing", slug=slug, mailing_id=mailing_id))
    form = MailTextForm(data=_fields(_begun_from(access, found)))
    if form.validate_on_submit():
        try:
            _change(access, found, form)
        except DomainError as error:
            form.refuse(error)
        else:
            flash(gettext("Saved."))
            return redirect(url_for(".words", slug=slug, mailing_id=mailing_id))
    return _show(access, found, form, SaveWordsForm(formdata=None))


def _change(access: Access, found: Mailing, form: MailTextForm) -> None:
    change_words(
        mailing_id=found.id,
        subject=form.bilingual("subject"),
        body=form.bilingual("body"),
        confirmed=form.confirm_texts.data,
        actor=access.actor,
    )


def _begun_from(access: Access, found: Mailing) -> MailText:
    """Return the text that the page begins with: what stands, or what the address names."""
    begin = request.args.get("from", "")
    if begin == "shipped":
        return shipped_text(found.purpose)
    if begin == "usual":
        return text_of(found.consultation_id, found.purpose)
    try:
        row = find_saved(access.consultation.id, UUID(begin))
    except (ValueError, AbsentError):
        return words_of(found)
    return MailText(row.text("subject"), row.text("body"), {})


def _fields(text: MailText) -> dict[str, str]:
    return {f"{part}_{side}": getattr(text, part).in_(side) for part in ("subject", "body") for side in LANGUAGES}


def _show(access: Access, found: Mailing, form: MailTextForm, keep: Form) -> Any:
    standing, composer = words_of(found), ports().composers.get(found.purpose)
    readable = standing.subject.whole and standing.body.whole and not strange_places(found)
    return render_template(
        "outreach/words.html",
        mailing=found,
        title=title_of(found),
        form=form,
        keep=keep,
        standing=standing,
        own=own_words(found) is not None,
        places=places_of(found),
        needed=needed_of(found),
        saved=saved_texts(access.consultation.id, found.purpose),
        begun=request.args.get("from", ""),
        shown={language: sample(standing, composer, language) for language in LANGUAGES} if readable else {},
    )


@outreach.post("/c/<slug>/mail/mailings/<uuid:mailing_id>/words/usual")
def usual_words(slug: str, mailing_id: UUID) -> Any:
    """Have a draft say what mails of its kind usually say."""
    access = current_access()
    find_mailing(access, mailing_id)
    with refusals_said():
        use_usual_words(mailing_id=mailing_id, actor=access.actor)
        flash(gettext("It says what mails of this kind usually say."))
    return redirect(url_for(".words", slug=slug, mailing_id=mailing_id))


@outreach.post("/c/<slug>/mail/mailings/<uuid:mailing_id>/words/keep")
def keep_words(slug: str, mailing_id: UUID) -> Any:
    """Keep what a mailing says under a name."""
    access = current_access()
    found = find_mailing(access, mailing_id)
    keep = SaveWordsForm()
    if keep.validate_on_submit():
        try:
            save_words(mailing_id=mailing_id, name=keep.name.data or "", actor=access.actor)
        except DomainError as error:
            keep.refuse(error)
        else:
            flash(gettext("Kept. Other mailings of this kind can begin with it."))
            return redirect(url_for(".words", slug=slug, mailing_id=mailing_id))
    return _show(access, found, MailTextForm(formdata=None, data=_fields(words_of(found))), keep)


@outreach.post("/c/<slug>/mail/mailings/<uuid:mailing_id>/words/kept/<uuid:saved_id>/drop")
def drop_words(slug: str, mailing_id: UUID, saved_id: UUID) -> Any:
    """Throw a saved text away."""
    access = current_access()
    find_mailing(access, mailing_id)
    drop_saved(consultation_id=access.consultation.id, saved_id=saved_id, actor=access.actor)
    flash(gettext("Thrown away. Mailings that began with it keep their words."))
    return redirect(url_for(".words", slug=slug, mailing_id=mailing_id))
