"""Pages on which a mailing begins: what is sent and to whom, by a filter or by a pasted list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext

from engagement.consultations.gate import current_access
from engagement.kernel.errors import DomainError
from engagement.kernel.forms import options
from engagement.kernel.policy import Permission, Policy, member
from engagement.kernel.web import said
from engagement.outreach.again import EVERYBODY
from engagement.outreach.choosing import Whom, answer_groups, first_of, people_asked, reply_groups
from engagement.outreach.forms import PastedForm
from engagement.outreach.pasted import Checked, check_list
from engagement.outreach.service import EVENT, Offer, draft_mailing, find_offer, offers_to
from engagement.outreach.views import outreach
from engagement.roster.models import IdentifiedThrough
from engagement.roster.service import batches_of
from engagement.roster.vocabulary import IDENTIFIED_THROUGH, LANGUAGES_SPOKEN, REGIONS, SECTORS

if TYPE_CHECKING:
    from uuid import UUID

    from engagement.consultations.access import Access
    from engagement.outreach.models import Mailing

MOST_TICKED = 500
# So many lines of a pasted list are shown; the rest are counted.
MOST_PROBLEMS = 100
# Nothing is chosen beforehand: a forgotten tick must not write to everybody.
WHOM = ("all", "ticked")

POLICY: Policy = {
    "outreach.new_mailing": member(Permission.INVITE),
    "outreach.pasted_list": member(Permission.INVITE),
}


@outreach.route("/c/<slug>/mail/new", methods=["GET", "POST"])
def new_mailing(slug: str) -> Any:
    """Choose what is sent, and to whom."""
    access = current_access()
    asked = Whom.from_query(request.values)
    if request.method == "GET":
        return _show_choice(access, asked, None)
    offer = find_offer(access, request.form.get("about", ""))
    if offer is None:
        return _show_choice(access, asked, ("about", gettext("Choose what people are invited to.")))
    if request.form.get("whom") not in WHOM:
        return _show_choice(access, asked, ("people", gettext("Choose whom it is for: everybody found, or only those ticked.")))
    try:
        made = _draft(access, offer, asked)
    except DomainError as error:
        return _show_choice(access, asked, ("people", said(error.said)))
    return redirect(url_for(".mailing", slug=slug, mailing_id=made.id))


def _draft(access: Access, offer: Offer, asked: Whom) -> Mailing:
    found, chosen_by = people_asked(access, asked), asked.as_query()
    if request.form.get("whom") == "ticked":
        ticked = set(request.form.getlist("person"))
        found = [each for each in found if str(each) in ticked]
    else:
        # Sent again, it goes to those too whom the same filter finds by then.
        chosen_by[EVERYBODY] = "all"
    return draft_mailing(consultation_id=access.consultation.id, offer=offer, people=found, chosen_by=chosen_by, actor=access.actor)


def _show_choice(access: Access, asked: Whom, problem: tuple[str, str] | None) -> Any:
    return render_template(
        "outreach/new_mailing.html",
        offers=offer_options(access),
        invites=any(not offer.announces for offer in offers_to(access)),
        about=request.values.get("about", ""),
        whom=request.form.get("whom", ""),
        ticked=set(request.form.getlist("person")),
        asked=asked,
        people=first_of(access, asked, MOST_TICKED),
        batches=batches_of(access),
        replies=reply_groups(access),
        answers=answer_groups(access),
        sectors=SECTORS,
        regions=REGIONS,
        languages=LANGUAGES_SPOKEN,
        throughs={each: IDENTIFIED_THROUGH[each] for each in IdentifiedThrough},
        problem=problem,
    )


def offer_options(access: Access) -> list[tuple[str, str]]:
    """Return what this member can send, as (key, words) for a list to choose from."""
    return [(offer.key, _offer_words(offer)) for offer in offers_to(access)]


def _offer_words(offer: Offer) -> str:
    title = said(offer.title)
    words = gettext("Questionnaire: %(title)s", title=title)
    if offer.announces:
        words = gettext("Announcement about: %(title)s", title=title) if offer.kind else gettext("Announcement")
    elif offer.kind == EVENT:
        words = gettext("Event: %(title)s", title=title)
    return f"{words} {gettext('(restricted)')}" if offer.restricted else str(words)


@outreach.route("/c/<slug>/mail/new/list", methods=["GET", "POST"])
def pasted_list(slug: str) -> Any:
    """Choose people by their addresses, each checked against the roster."""
    access = current_access()
    form = PastedForm(data={"about": request.args.get("about", "")})
    form.about.choices = options([("", gettext("Choose")), *offer_options(access)])
    found = Checked([], [])
    if form.validate_on_submit():
        try:
            found = check_list(access, form.addresses.data or "")
            if not found.problems or form.leave_out.data:
                return redirect(url_for(".mailing", slug=slug, mailing_id=_draft_list(access, form, found)))
        except DomainError as error:
            form.refuse(error)
    shown, more = found.problems[:MOST_PROBLEMS], max(0, len(found.problems) - MOST_PROBLEMS)
    return render_template("outreach/pasted_list.html", form=form, found=found, problems=shown, more=more)


def _draft_list(access: Access, form: PastedForm, found: Checked) -> UUID:
    offer = find_offer(access, form.about.data)
    assert offer is not None  # noqa: S101 - the field takes no other.
    made = draft_mailing(
        consultation_id=access.consultation.id, offer=offer, people=found.people, chosen_by={EVERYBODY: "list"}, actor=access.actor
    )
    return made.id
