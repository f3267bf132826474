"""The reply pages of an invitation: will you come, why not, what do you need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.events.guests import GuestView, guest_view, needs_of, needs_stated_at
from engagement.events.replies import Answer, NeedsStated, SeatTakenError, reply_to_event, state_needs
from engagement.invitations.models import Choice
from engagement.kernel.audit import by_link
from engagement.kernel.bilingual import Text
from engagement.kernel.errors import DomainError
from engagement.kernel.languages import current_language
from engagement.kernel.policy import LINK, Policy
from engagement.kernel.wording import span_words
from engagement.portal.blueprint import portal
from engagement.portal.choosing import MEANS, Offer, Way, offers
from engagement.portal.declining import decline
from engagement.portal.forms import NeedsForm, ReasonForm, reply_form
from engagement.portal.session import (
    held_fields,
    held_here,
    let_go_here,
    may_read_back,
    opened_invitation,
    posted_fields,
    remember_typed,
)
from engagement.portal.showing import (
    coming_sittings,
    dates_of,
    has_replied,
    lines_of,
    may_come_in_person,
    offered_questionnaire,
    what_happens_next,
    why_closed,
)

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.kernel.forms import Form
    from engagement.questionnaires.models import Questionnaire

POLICY_REPLIES: Policy = {
    "portal.reply_page": LINK,
    "portal.change_reply": LINK,
    "portal.reply_each": LINK,
    "portal.reason": LINK,
    "portal.needs": LINK,
    "portal.recorded": LINK,
}
NEEDS = "needs"
# The pages that ask the same question.
ASKING = ("portal.reply_page", "portal.change_reply", "portal.reply_each")
QUESTIONS = "portal.questions"
# The hidden field in which a page says which dates it asked for.
DATES = "dates"


class DatesChangedError(DomainError):
    """A date was added, moved or cancelled since the page was shown: a yes was not said to what stands now."""

    def __init__(self) -> None:
        """Say so above the dates that stand."""
        super().__init__(
            Text(
                "The dates have changed since this page was opened. Look at them, then reply.",
                "Les dates ont changé depuis l’ouverture de cette page. Regardez-les, puis répondez.",
            )
        )


@portal.route("/i/<uuid:invitation_id>", methods=["GET", "POST"])
@opened_invitation
def reply_page(invitation_id: UUID) -> Any:
    """Show what somebody is invited to: the question, or what they have replied."""
    if g.invitation.event_id is None:
        return redirect(url_for(QUESTIONS, invitation_id=invitation_id))
    view = guest_view(invitation_id)
    if request.method == "GET" and has_replied(view) and not held_here():
        return _show_standing(view)
    return _ask(view, each=False)


@portal.route("/i/<uuid:invitation_id>/change", methods=["GET", "POST"])
@opened_invitation
def change_reply(invitation_id: UUID) -> Any:
    """Ask again; the last answer counts."""
    return _ask(guest_view(invitation_id), each=False)


@portal.route("/i/<uuid:invitation_id>/each", methods=["GET", "POST"])
@opened_invitation
def reply_each(invitation_id: UUID) -> Any:
    """Ask for each sitting by itself."""
    return _ask(guest_view(invitation_id), each=True)


def _ask(view: GuestView, *, each: bool) -> Any:
    if why_closed(view, g.consultation):
        return _show_standing(view)
    questions = _questions(view, each=each)
    form = reply_form(questions, posted_fields() if request.method == "POST" else held_fields())
    if request.method == "POST" and form.validate():
        try:
            return _take(view, form, [name for name, *_ in questions], each=each)
        except SeatTakenError as error:
            # The seats are others now: ask again, with what is left and nothing chosen.
            view = guest_view(view.invitation_id)
            questions = _questions(view, each=each)
            form = reply_form(questions, None)
            form.refuse(error)
        except DomainError as error:
            form.refuse(error)
    return render_template(
        "portal/reply.html",
        form=form,
        view=view,
        questions=questions,
        each=each,
        held=held_here(),
        coming=coming_sittings(view),
        dates=dates_of(coming_sittings(view)),
        questionnaire=_instead(),
    )


def _instead() -> Questionnaire | None:
    """Return the questionnaire that this guest can have sent instead of coming, if there is one."""
    return offered_questionnaire(g.consultation) if g.has_questionnaires and g.person.email else None


def _questions(view: GuestView, *, each: bool) -> list[tuple[str, str, tuple[Offer, ...]]]:
    coming = coming_sittings(view)
    if not each or len(coming) < 2:
        return [("choice", gettext("Will you come?"), offers(view.modes, coming, view.venue))]
    return [
        (f"choice_{sitting.id.hex}", _day_question(view, sitting), offers(view.modes, [sitting], view.venue))
        for sitting in coming
    ]  # fmt: skip


def _day_question(view: GuestView, sitting: Any) -> str:
    when = span_words(sitting.starts_wall, sitting.ends_wall, view.zone, current_language())
    return str(gettext("Will you come on %(when)s?", when=when))


def _take(view: GuestView, form: Form, names: list[str], *, each: bool) -> Any:
    given = [MEANS[Way(form[name].data)] for name in names]
    coming = coming_sittings(view)
    if posted_fields().get(DATES, dates_of(coming)) != dates_of(coming):
        raise DatesChangedError
    answers: dict[UUID, Answer] | Answer = given[0]
    if coming:
        by_day = given if each and len(given) == len(coming) else given[:1] * len(coming)
        answers = dict(zip((sitting.id for sitting in coming), by_day, strict=True))
    reply_to_event(invitation_id=view.invitation_id, answers=answers, actor=by_link(view.invitation_id))
    let_go_here(*ASKING)
    declined = all(answer.choice is Choice.DECLINED for answer in given)
    return redirect(url_for("portal.reason" if declined else "portal.needs", invitation_id=view.invitation_id))


def _show_standing(view: GuestView, *, just_now: bool = False) -> Any:
    return render_template(
        "portal/standing.html",
        view=view,
        lines=lines_of(view),
        closed=why_closed(view, g.consultation),
        what_next=what_happens_next(view, g.consultation, by_mail=just_now and bool(g.person.email)),
        just_now=just_now,
    )


@portal.get("/i/<uuid:invitation_id>/recorded")
@opened_invitation
def recorded(invitation_id: UUID) -> Any:
    """Confirm what was recorded, and say what happens next."""
    view = guest_view(invitation_id)
    if view.standing is None:
        return redirect(url_for("portal.reply_page", invitation_id=invitation_id))
    return _show_standing(view, just_now=True)


@portal.route("/i/<uuid:invitation_id>/reason", methods=["GET", "POST"])
@opened_invitation
def reason(invitation_id: UUID) -> Any:
    """Ask, of somebody who cannot come, for the reason and whether they would rather answer in writing."""
    view = guest_view(invitation_id)
    if view.standing is None or view.standing.choice is not Choice.DECLINED or why_closed(view, g.consultation):
        return redirect(url_for("portal.reply_page", invitation_id=invitation_id))
    questionnaire = _instead()
    held = held_here()
    form = ReasonForm(formdata=posted_fields() if request.method == "POST" else _readable_held())
    if request.method == "POST" and form.validate():
        decline(view, reason=form.reason.data or "", questionnaire=questionnaire if form.wants_questionnaire.data else None)
        let_go_here()
        return redirect(url_for("portal.recorded", invitation_id=invitation_id))
    return render_template("portal/reason.html", form=form, questionnaire=questionnaire, held=held)


def _readable_held() -> Any:
    return held_fields() if g.visit.unlocked else None


@portal.route("/i/<uuid:invitation_id>/needs", methods=["GET", "POST"])
@opened_invitation
def needs(invitation_id: UUID) -> Any:
    """Ask what somebody needs to take part; what was stated before is shown only with a code."""
    view = guest_view(invitation_id)
    if view.standing is None or why_closed(view, g.consultation):
        return redirect(url_for("portal.reply_page", invitation_id=invitation_id))
    stated_at = needs_stated_at(invitation_id)
    readable = stated_at is None or may_read_back(NEEDS, stated_at)
    form = _needs_form(invitation_id, readable=readable)
    if request.method == "POST" and form.validate():
        _keep_needs(invitation_id, form, readable=readable)
        return redirect(url_for("portal.recorded", invitation_id=invitation_id))
    eats = may_come_in_person(view)
    return render_template("portal/needs.html", form=form, eats=eats, readable=readable, stated_at=stated_at, held=held_here())


def _needs_form(invitation_id: UUID, *, readable: bool) -> NeedsForm:
    if request.method == "POST":
        return NeedsForm(formdata=posted_fields())
    held = _readable_held()
    if held is not None:
        return NeedsForm(formdata=held)
    stated = needs_of(invitation_id) if readable else None
    given = stated or NeedsStated()
    return NeedsForm(formdata=None, data={"access": given.access, "diet": given.diet, "interpretation": list(given.interpretation)})


def _keep_needs(invitation_id: UUID, form: NeedsForm, *, readable: bool) -> None:
    stated = NeedsStated(form.access.data or "", form.diet.data or "", tuple(form.interpretation.data or ()))
    # Somebody who could not see what stands there does not wipe it by leaving the page empty.
    if readable or stated != NeedsStated():
        stored_at = state_needs(invitation_id=invitation_id, needs=stated, actor=by_link(invitation_id))
        if stored_at is not None:
            remember_typed(NEEDS, stored_at)
    let_go_here()
