"""The pages on which somebody answers a questionnaire: start, one section a page, check, sent."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.invitations.held import TooLargeToHoldError, hold_form
from engagement.kernel.audit import by_link
from engagement.kernel.errors import DomainError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import LINK, Policy
from engagement.portal.answering_forms import (
    SubmitForm,
    changed_since,
    name_of,
    section_form,
    show_again,
    was_name,
)
from engagement.portal.blueprint import portal
from engagement.portal.drafts import Draft, draft_here, is_locked, remember_saved
from engagement.portal.session import HELD_FIELD, NEVER_HELD, held_fields, held_here, let_go_here, opened_invitation, posted_fields
from engagement.questionnaires.answering import NOTHING, mark
from engagement.questionnaires.opening import Standing
from engagement.questionnaires.service import NotOpenError, Saved, SubmittedError, answer_invitation, submit_invited

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from engagement.portal.answering_forms import SectionForm
    from engagement.questionnaires.completeness import SectionShown
    from engagement.questionnaires.definition import QuestionAsked
    from engagement.questionnaires.service import Typed

POLICY_ANSWERING: Policy = {
    "portal.questions": LINK,
    "portal.question_page": LINK,
    "portal.check_answers": LINK,
    "portal.answers_saved": LINK,
}
CHECK = "check"


def while_answering(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let ``view`` be reached with an unsent questionnaire that takes answers; it gets the draft.

    What is posted to one that takes none right now is held, not lost. Without the six digits
    nothing that was stored or held earlier is shown, while a POST still stores what it brings.
    """

    @wraps(view)
    def guarded(invitation_id: UUID, **arguments: Any) -> Any:
        draft = draft_here()
        if draft.submitted:
            return _to_start(invitation_id)
        if draft.standing is not Standing.OPEN:
            return _not_open(draft.standing)
        if request.method == "GET" and is_locked(draft):
            return _to_code(invitation_id)
        try:
            return view(invitation_id=invitation_id, draft=draft, **arguments)
        except NotOpenError as error:
            return _not_open(error.standing)
        except SubmittedError:
            return _to_start(invitation_id)

    return guarded


def _to_start(invitation_id: UUID) -> Any:
    return redirect(url_for("portal.questions", invitation_id=invitation_id))


def _to_code(invitation_id: UUID) -> Any:
    return redirect(url_for("portal.code", invitation_id=invitation_id, next=request.path))


def _not_open(standing: Standing) -> Any:
    held = request.method == "POST" and _hold()
    return render_template("portal/questionnaire_closed.html", standing=standing, held=held)


def _hold() -> bool:
    """Keep what was posted to this page beside the answers; return whether it could be kept."""
    if HELD_FIELD in request.form:
        # It is held already.
        return held_here() is not None
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in NEVER_HELD]
    arguments = {name: str(value) for name, value in (request.view_args or {}).items()}
    try:
        hold_form(invitation_id=g.invitation.id, endpoint=request.endpoint or "", arguments=arguments, fields=fields)
    except TooLargeToHoldError:
        return False
    return True


@portal.get("/i/<uuid:invitation_id>/questions")
@opened_invitation
def questions(invitation_id: UUID) -> Any:  # noqa: ARG001
    """Say what the questionnaire is, and where it starts; show that it was sent, or that it is closed."""
    draft = draft_here()
    if draft.submitted:
        return render_template("portal/questionnaire_sent.html", draft=draft)
    if draft.standing is not Standing.OPEN:
        return render_template("portal/questionnaire_closed.html", standing=draft.standing, held=False)
    return render_template("portal/questionnaire_start.html", draft=draft, go_on=_go_on(draft))


def _go_on(draft: Draft) -> str:
    """Return the address of the first section with something open, else of the page to check the answers."""
    return _page(draft.first_open())


def _page(section: SectionShown | None) -> str:
    if section is None:
        return url_for("portal.check_answers", invitation_id=g.invitation.id)
    return url_for("portal.question_page", invitation_id=g.invitation.id, number=section.number)


@portal.route("/i/<uuid:invitation_id>/questions/<int:number>", methods=["GET", "POST"])
@opened_invitation
@while_answering
def question_page(invitation_id: UUID, draft: Draft, number: int) -> Any:  # noqa: ARG001
    """Ask the questions of one section and keep what is answered."""
    section = draft.section(number)
    if request.method == "POST":
        return _take(draft, section)
    if held_here() and not g.visit.unlocked:
        return render_template("portal/questionnaire_held.html", draft=draft, held=held_here())
    if not section.questions:
        return redirect(_go_on(draft))
    posted = held_fields()
    shown = _on_page(section, posted) if posted else section.questions
    form = section_form(shown, draft.answers, current_language(), posted)
    return _ask(draft, section, form, shown, posted)


def _on_page(section: SectionShown, posted: Any) -> tuple[QuestionAsked, ...]:
    """Return the questions that stood on the page that was posted, whatever is asked by now."""
    return tuple(question for question in section.section.questions if was_name(question) in posted)


def _take(draft: Draft, section: SectionShown) -> Any:
    """Store what can be taken; show the page again where something cannot."""
    fields = posted_fields()
    # What was held may be somebody else's to read: sending it shows none of it.
    locked = is_locked(draft) or (fields is not request.form and not g.visit.unlocked)
    shown = _on_page(section, fields)
    form = section_form(shown, draft.answers, current_language(), fields)
    form.validate()
    changes = changed_since(form, shown, fields)
    saved = _save(changes) if changes else Saved(0)
    after = draft_here()
    if not locked and after.response is not None:
        remember_saved(after.response)
    if not saved.problems and not form.errors:
        let_go_here()
        return redirect(_next_page(after, section, shown))
    if locked:
        # Showing the page again would show what was stored before.
        if fields is request.form:
            _hold()
        return _to_code(g.invitation.id)
    fresh = section_form(shown, after.answers, current_language())
    show_again(form, fresh, shown, saved.problems, current_language())
    return _ask(after, section, fresh, shown, None)


def _save(changes: Mapping[str, Typed]) -> Saved:
    invitation_id: UUID = g.invitation.id
    return answer_invitation(invitation_id=invitation_id, language=current_language(), typed=changes, actor=by_link(invitation_id))


def _ask(draft: Draft, section: SectionShown, form: SectionForm, shown: Sequence[QuestionAsked], posted: Any) -> Any:
    marks = {question.code: mark(draft.answers.get(question.id, NOTHING)) for question in shown}
    if posted:
        marks = {question.code: posted.get(was_name(question), "") for question in shown}
    return render_template(
        "portal/questionnaire_section.html",
        draft=draft,
        section=section,
        questions=shown,
        form=form,
        marks=marks,
        held=held_here(),
        back=_page(draft.before(section.number)) if draft.before(section.number) else None,
    )


def _next_page(draft: Draft, section: SectionShown, shown: Sequence[QuestionAsked]) -> str:
    """Return where to go after a section was stored: to a question that it has just opened, first of all."""
    if "later" in request.form:
        return url_for("portal.answers_saved", invitation_id=g.invitation.id)
    now = next((each for each in draft.sections if each.number == section.number), None)
    seen = {question.id for question in shown}
    opened = [question for question in (now.questions if now else ()) if question.id not in seen]
    back = request.args.get("from")
    if opened:
        flash(gettext("Your answer leads to another question on this page."))
        return url_for(
            "portal.question_page", invitation_id=g.invitation.id, number=section.number, _anchor=name_of(opened[0]), **_from(back)
        )
    return _page(None) if back == CHECK else _page(draft.after(section.number))


def _from(back: str | None) -> dict[str, Any]:
    return {"from": CHECK} if back == CHECK else {}


@portal.route("/i/<uuid:invitation_id>/questions/check", methods=["GET", "POST"])
@opened_invitation
@while_answering
def check_answers(invitation_id: UUID, draft: Draft) -> Any:
    """Show all answers before they are sent, and send them."""
    form = SubmitForm()
    if request.method == "POST" and is_locked(draft):
        return _to_code(invitation_id)
    if request.method == "POST" and form.validate():
        try:
            submit_invited(invitation_id=invitation_id, language=current_language(), actor=by_link(invitation_id))
        except NotOpenError:
            raise
        except DomainError as error:
            form.refuse(error)
        else:
            let_go_here()
            return _to_start(invitation_id)
    return render_template("portal/questionnaire_check.html", draft=draft, form=form, NOTHING=NOTHING)


@portal.get("/i/<uuid:invitation_id>/questions/saved")
@opened_invitation
def answers_saved(invitation_id: UUID) -> Any:
    """Say that everything is kept, and how to come back."""
    draft = draft_here()
    if draft.submitted:
        return _to_start(invitation_id)
    return render_template("portal/questionnaire_saved.html", draft=draft, go_on=_go_on(draft))
