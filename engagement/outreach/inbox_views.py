"""Pages of received mail: what waits for the team, one mail with what can be done about it, and its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.events.entry_shown import entry_shown
from engagement.findings.letters import MOST_FILES, can_be_filed
from engagement.findings.signing import guess
from engagement.kernel.clock import on_the_wall
from engagement.kernel.errors import AbsentError, DomainError
from engagement.kernel.forms import options
from engagement.kernel.languages import current_language
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import said, say_refusal
from engagement.kernel.wording import span_words
from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.inbox import dismiss, file_content, files_listed, files_with_content, link_person
from engagement.mailing.mime import read_mail
from engagement.mailing.quoting import words_brought
from engagement.mailing.sorting import calendars_of
from engagement.outreach.inbox import (
    Guest,
    Row,
    file_from_mail,
    find_mail,
    guests_in,
    list_inbox,
    record_reply_from_mail,
    send_questionnaire_for,
)
from engagement.outreach.inbox_forms import LetterForm, MailReplyForm, QuestionnaireForm
from engagement.outreach.inbox_words import KINDS, STATES, outcome_words, why_words
from engagement.outreach.reading import bytes_without_links, mail_without_links, without_links
from engagement.outreach.views import outreach
from engagement.questionnaires.service import questionnaires_of
from engagement.roster.filters import Filter, list_people
from engagement.roster.service import find_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from engagement.consultations.access import Access
    from engagement.events.entry_shown import EntryShown
    from engagement.mailing.inbound_models import InboundMail

POLICY: Policy = {
    "outreach.inbox": member(Permission.SEE_MAIL),
    "outreach.inbound": member(Permission.SEE_MAIL),
    "outreach.inbound_raw": member(Permission.SEE_MAIL),
    "outreach.inbound_file": member(Permission.SEE_MAIL),
    "outreach.inbound_reply": member(Permission.RECORD_REPLIES),
    "outreach.inbound_person": member(Permission.RECORD_REPLIES),
    "outreach.inbound_dismiss": member(Permission.RECORD_REPLIES),
    "outreach.inbound_questionnaire": member(Permission.INVITE),
    "outreach.inbound_letter": member(Permission.CODE_SUBMISSIONS),
}


outreach.add_app_template_filter(without_links, "without_links")


@outreach.app_context_processor
def _words() -> dict[str, object]:
    return {"INBOX_KINDS": KINDS, "INBOX_STATES": STATES, "inbox_outcome": outcome_words, "inbox_why": why_words}


@outreach.get("/c/<slug>/mail/inbox")
def inbox(slug: str) -> Any:  # noqa: ARG001
    """List the mail that waits for the team, or all that was received."""
    waiting = request.args.get("show") != "all"
    found = list_inbox(current_access(), waiting=waiting, page=request.args.get("page", 1, type=int))
    return render_template("outreach/inbox.html", found=found, waiting=waiting)


@outreach.get("/c/<slug>/mail/inbox/<uuid:inbound_id>")
def inbound(slug: str, inbound_id: UUID) -> Any:  # noqa: ARG001
    """Show one received mail: what it says, why it waits, and what can be done about it."""
    access = current_access()
    row = find_mail(access, inbound_id)
    return _show(access, row, _reply_form(access, row, filled=True))


def _show(access: Access, row: Row, form: MailReplyForm) -> str:
    waits = row.mail.state is InboxState.WAITING
    return render_template(
        "outreach/inbound.html", row=row, mail=row.mail, text=without_links(row.mail.text), files=files_listed(row.mail), form=form,
        questionnaires=_questionnaire_form(access), may_record=waits and access.may(Permission.RECORD_REPLIES),
        may_file=waits and access.may(Permission.CODE_SUBMISSIONS), may_invite=waits and access.may(Permission.INVITE),
        has_bytes=row.mail.raw_sealed is not None, entry=_entry_in(row.mail) if waits else None,
    )  # fmt: skip


def _entry_in(mail: InboundMail) -> EntryShown | None:
    """Return what the calendar's answer in a mail says; None for a mail without one."""
    raw = mail.raw if mail.kind is Kind.REPLY else None
    calendars = calendars_of(read_mail(raw)) if raw is not None else []
    return entry_shown(without_links(calendars[0][0])) if calendars else None


def _reply_form(access: Access, row: Row, *, filled: bool = False) -> MailReplyForm:
    guests, details = guests_in(access, row), row.mail.details
    # What somebody else's mail answers is for the team to say: a name that stands there already is too easily believed.
    theirs = [value for guest in guests if row.person and guest.person.id == row.person.id for value, _ in _abouts(guest)]
    meant = [value for value in theirs if len(theirs) == 1 or value.endswith(f":{details.get('sitting_id')}")]
    data = {"choice": details.get("choice"), "about": meant[0] if meant else "", "may_wait": True} if filled else None
    form = MailReplyForm(formdata=None, data=data) if filled else MailReplyForm()
    abouts = [about for guest in guests for about in _abouts(guest)]
    form.offer_words([("", gettext("Choose who replies, and to what")), *abouts] if abouts else [])
    return form


def _abouts(guest: Guest) -> list[tuple[str, str]]:
    """Return what one guest can reply to, as the form offers it: the event, and each of several sittings."""
    head = f"{guest.person.name} – {said(guest.event.title)}"
    whole = str(guest.invitation.id)
    days = [
        (f"{whole}:{each.id}", f"{head}, {span_words(each.starts_wall, each.ends_wall, guest.event.zone, current_language())}")
        for each in guest.sittings
    ]
    return days if len(days) == 1 else [(whole, head), *days]


def _questionnaire_form(access: Access) -> QuestionnaireForm:
    form = QuestionnaireForm()
    rows = questionnaires_of(access.consultation.id)
    form.questionnaire_id.choices = options((str(each.id), said(each.text("title"))) for each in rows)
    return form


@outreach.get("/c/<slug>/mail/inbox/<uuid:inbound_id>/mail.eml")
def inbound_raw(slug: str, inbound_id: UUID) -> Any:  # noqa: ARG001
    """Hand over a mail as it was received, without what opens somebody's page."""
    raw = find_mail(current_access(), inbound_id).mail.raw
    return download(mail_without_links(raw) if raw is not None else None, "mail.eml")


@outreach.get("/c/<slug>/mail/inbox/<uuid:inbound_id>/files/<int:position>")
def inbound_file(slug: str, inbound_id: UUID, position: int) -> Any:  # noqa: ARG001
    """Hand over one file of a mail."""
    mail = find_mail(current_access(), inbound_id).mail
    content = file_content(mail, position)
    return download(bytes_without_links(content), files_listed(mail)[position].name or f"file-{position + 1}")


def download(content: bytes | None, name: str) -> Response:
    """Return bytes that a stranger sent: always as a download, never as what they say they are."""
    if content is None:
        raise AbsentError
    answer = Response(content, mimetype="application/octet-stream")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@outreach.post("/c/<slug>/mail/inbox/<uuid:inbound_id>/reply")
def inbound_reply(slug: str, inbound_id: UUID) -> Any:
    """Record the reply that a mail gives."""
    access = current_access()
    row = find_mail(access, inbound_id)
    form = _reply_form(access, row)
    if row.mail.state is not InboxState.WAITING or not form.about.choices:
        return _back(slug, gettext("Nothing was changed: this mail is settled, or nobody is known whose reply it could be."))
    if form.validate_on_submit():
        try:
            record_reply_from_mail(inbound_id=inbound_id, invitation_id=form.invitation_id(), answers=form.answers(), actor=access.actor)
            return _back(slug, gettext("Recorded."))
        except DomainError as error:
            form.refuse(error)
    return _show(access, row, form)


@outreach.route("/c/<slug>/mail/inbox/<uuid:inbound_id>/letter", methods=["GET", "POST"])
def inbound_letter(slug: str, inbound_id: UUID) -> Any:
    """File a mail as a written submission, after a look at who signed it."""
    access = current_access()
    row = find_mail(access, inbound_id)
    form = _letter_form(access, row)
    if form.validate_on_submit():
        try:
            filed = file_from_mail(mail=row.mail, letter=form.letter(), positions=form.positions(), actor=access.actor)
            flash(gettext("Filed as a written submission."))
            return redirect(url_for("findings.submission", slug=slug, submission_id=filed.id))
        except DomainError as error:
            form.refuse(error)
    return render_template("outreach/inbound_letter.html", form=form, row=row, mail=row.mail)


def _letter_form(access: Access, row: Row) -> LetterForm:
    files, words = files_listed(row.mail), words_brought(row.mail.subject, without_links(row.mail.text))
    seems = guess(words, row.person.name if row.person else row.mail.sender_name)
    form = LetterForm(
        data={
            "signatory": seems.signatory,
            "copies": seems.copies,
            "organization": (row.person.organization_name if row.person else "") or seems.organization,
            "received_on": on_the_wall(row.mail.received_at, access.consultation.zone).date(),
            "language": seems.language or (row.person.language if row.person else None),
            "words": words,
            "files": _fileable(row) if request.method == "GET" else [],
        }
    )
    form.files.choices = options((str(each.position), each.name or gettext("File %(n)s", n=each.position + 1)) for each in files)
    return form


def _fileable(row: Row) -> list[str]:
    """Return the places of the files that can be kept with a letter, as many as are kept."""
    good = [str(file.position) for file, content in files_with_content(row.mail) if can_be_filed(file.name, content)]
    return good[:MOST_FILES]


@outreach.post("/c/<slug>/mail/inbox/<uuid:inbound_id>/questionnaire")
def inbound_questionnaire(slug: str, inbound_id: UUID) -> Any:
    """Send a questionnaire to whose mail it is."""
    access = current_access()
    find_mail(access, inbound_id)
    form = _questionnaire_form(access)
    if not form.validate_on_submit():
        flash(gettext("Choose a questionnaire."))
        return redirect(url_for(".inbound", slug=slug, inbound_id=inbound_id))
    verb = lambda: send_questionnaire_for(  # noqa: E731 - it is one call, with its words beside it.
        inbound_id=inbound_id, questionnaire_id=UUID(form.questionnaire_id.data), actor=access.actor
    )
    return _done(slug, inbound_id, verb, gettext("The questionnaire goes to them by mail."))


@outreach.route("/c/<slug>/mail/inbox/<uuid:inbound_id>/person", methods=["GET", "POST"])
def inbound_person(slug: str, inbound_id: UUID) -> Any:
    """Find whose mail it is on the roster, and say so."""
    access = current_access()
    row = find_mail(access, inbound_id)
    if request.method == "POST":
        chosen = request.form.get("person_id", type=UUID)
        person = find_person(access, chosen) if chosen else None
        if person is not None:
            verb = lambda: link_person(inbound_id=inbound_id, person_id=person.id, actor=access.actor)  # noqa: E731 - as above.
            return _done(slug, inbound_id, verb, gettext("It is their mail now."), stay=True)
    asked = Filter.from_query({"search": request.args.get("search", "") or row.mail.sender})
    people = list_people(access, asked, size=25)
    return render_template("outreach/inbound_person.html", row=row, mail=row.mail, people=people, asked=asked)


@outreach.post("/c/<slug>/mail/inbox/<uuid:inbound_id>/dismiss")
def inbound_dismiss(slug: str, inbound_id: UUID) -> Any:
    """Write down that a mail asks nothing of the team."""
    access = current_access()
    find_mail(access, inbound_id)
    return _done(slug, inbound_id, lambda: dismiss(inbound_id=inbound_id, actor=access.actor), gettext("It does not wait any more."))


def _done(slug: str, inbound_id: UUID, verb: Callable[[], object], words: str, *, stay: bool = False) -> Any:
    try:
        verb()
    except DomainError as error:
        say_refusal(error)
        return redirect(url_for(".inbound", slug=slug, inbound_id=inbound_id))
    if stay:
        flash(words)
        return redirect(url_for(".inbound", slug=slug, inbound_id=inbound_id))
    return _back(slug, words)


def _back(slug: str, words: str) -> Any:
    flash(words)
    return redirect(url_for(".inbox", slug=slug))
